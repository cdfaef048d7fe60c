import { stepsOf } from './event-life';
import { RecentEvents, type PassingRecord } from './recent-events';

const passing = (offset: number, change: Partial<PassingRecord> = {}): PassingRecord => ({
  topic: { name: 'fraud.decisions', owner: 'fraud-scoring' },
  partition: 0,
  offset,
  tenant_id: 'demo',
  headers: { source_position: `1:1:0/${offset}:0`, committed_ms: '1000' },
  appended_ms: 1_002,
  ...change,
});

test('what one change brought about is found together', () => {
  const recent = new RecentEvents();
  const headers = { source_position: '1:1:0/A:0', committed_ms: '1000' };
  recent.add(passing(1, { headers, topic: { name: 'cdc.fraud.block_list', owner: 'cdc-relay' } }), 1_005);
  recent.add(passing(2), undefined);
  recent.add(passing(3, { headers, appended_ms: 1_003 }), 1_006);
  const caused = recent.causedBy('1:1:0/A:0');
  expect(caused.map(({ offset }) => offset)).toEqual([1, 3]);
  expect(stepsOf(caused).map(({ step, after_ms }) => [step, after_ms])).toEqual([
    ['committed', 0],
    ['in_log', 2],
    ['decided', 3],
    ['pushed', 5],
    ['pushed', 6],
  ]);
  expect(recent.find({ topic: 'fraud.decisions', partition: 0, offset: 3 })?.pushed_ms).toBe(1_006);
});

test('the oldest is forgotten, with its index', () => {
  const recent = new RecentEvents();
  for (let n = 0; n < 10_005; n += 1) recent.add(passing(n), undefined);
  expect(recent.causedBy('1:1:0/4:0')).toEqual([]);
  expect(recent.causedBy('1:1:0/5:0')).toHaveLength(1);
  expect(recent.find({ topic: 'fraud.decisions', partition: 0, offset: 4 })).toBeUndefined();
});

test('a record that no change of the source caused has a life, too', () => {
  const recent = new RecentEvents();
  const event = recent.add(passing(1, { headers: {} }), 1_010);
  expect(stepsOf([event]).map(({ step }) => step)).toEqual(['decided', 'pushed']);
});

test('the life of what came over HTTP begins with the request', () => {
  const event = new RecentEvents().add(passing(1, { headers: { received_ms: '1000' } }), 1_010);
  expect(stepsOf([event]).map(({ step, where, after_ms }) => [step, where, after_ms])).toEqual([
    ['received', 'fraud-scoring', 0],
    ['decided', 'log fraud.decisions/0 @ 1', 2],
    ['pushed', 'clients fraud.decisions/0 @ 1', 10],
  ]);
});
