import { NervelineError } from '@nerveline/kernel';
import { Counter, Histogram } from 'prom-client';
import { measure, metrics, timed } from './metrics';

const value = async (name: string) => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value;

test('a figure is read when somebody asks, and one of the same name takes its place', async () => {
  let waiting = 3;
  measure('nerveline_spec_waiting_requests', 'Requests that wait.', () => waiting);
  expect(await value('nerveline_spec_waiting_requests')).toBe(3);
  waiting = 5;
  expect(await value('nerveline_spec_waiting_requests')).toBe(5);
  measure('nerveline_spec_waiting_requests', 'Requests that wait.', () => 7);
  expect(await value('nerveline_spec_waiting_requests')).toBe(7);
});

test('an answer is timed, a refusal is counted by its code and goes on to the caller', async () => {
  const refused = new Counter({ name: 'refused_total', help: 'x', labelNames: ['code'], registers: [] });
  const seconds = new Histogram({ name: 'seconds', help: 'x', buckets: [1], registers: [] });
  const door = { seconds, refused };
  expect(await timed(door, () => Promise.resolve('answer'))).toBe('answer');
  const refusal = new NervelineError('NL-API-004', { detail: 'no' });
  await expect(timed(door, () => Promise.reject(refusal))).rejects.toBe(refusal);
  expect((await refused.get()).values).toEqual([{ labels: { code: 'NL-API-004' }, value: 1 }]);
  expect((await seconds.get()).values.find(({ metricName }) => metricName === 'seconds_count')?.value).toBe(1);
});
