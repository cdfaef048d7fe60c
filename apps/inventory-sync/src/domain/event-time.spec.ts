import { judgeEventTime } from './event-time';
import { defaultPolicy } from './policy';

const NOW = 1_291_191_960_000;
const { max_future_ms, max_past_ms } = defaultPolicy;

test.each([
  ['now', 0, 1, 'fine'],
  ['as far ahead as a clock may drift', max_future_ms, 1, 'fine'],
  ['further ahead', max_future_ms + 1, 1, 'too_far_ahead'],
  ['further ahead, but of a source that is played fast', max_future_ms + 1, 20_000, 'fine'],
  ['late', -max_past_ms, 1, 'fine'],
  ['of another age', -max_past_ms - max_future_ms - 1, 1, 'too_far_behind'],
] as const)('%s', (_name, by_ms, speed, judgement) => {
  expect(judgeEventTime(NOW + by_ms, { now_ms: NOW, speed }, defaultPolicy)).toBe(judgement);
});
