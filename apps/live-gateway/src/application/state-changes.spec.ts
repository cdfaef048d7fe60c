import { topics } from '@nerveline/contracts';
import { offset, type InputPosition } from '@nerveline/kernel';
import { eventually } from '@nerveline/testing';
import { stepsOf } from './event-life';
import { RecentEvents, type PassingRecord } from './recent-events';
import { StateChanges } from './state-changes';

const TAKEN_MS = 1_004;

const passing = (at: number, topic = topics.blockList.name): PassingRecord => ({
  topic: { name: topic, owner: 'cdc-relay' },
  partition: 1,
  offset: at,
  tenant_id: 'demo',
  headers: { source_position: `1:1:0/${at}:0`, committed_ms: '1000' },
  appended_ms: 1_002,
});

function open() {
  const looked: string[] = [];
  const pauses_ms: number[] = [];
  let next_offset = 0;
  let applied_above: readonly number[] = [];
  let waiting: (() => void) | undefined;
  const changes = new StateChanges({
    clock: { now_ms: () => TAKEN_MS },
    onError: (error) => {
      throw error;
    },
    pause: (duration_ms, signal) =>
      new Promise<void>((resolve, reject) => {
        pauses_ms.push(duration_ms);
        waiting = resolve;
        signal.addEventListener('abort', () => reject(new Error('a pause that was cut short')));
      }),
    log: {
      positions: async (group): Promise<readonly InputPosition[]> => {
        looked.push(group);
        const place = { group, topic: topics.blockList.name, partition: 1 };
        return [{ ...place, next_offset: offset(next_offset), applied_above: applied_above.map(offset) }];
      },
    },
  });
  const look = async () => {
    await eventually(() => waiting !== undefined, { what: 'a pause between two looks' });
    const looks = looked.length;
    const resolve = waiting;
    waiting = undefined;
    resolve?.();
    await eventually(() => looked.length > looks, { what: 'the next look' });
  };
  return {
    changes,
    look,
    looked,
    pauses_ms,
    /** Moves the group's position. */
    take: (next: number, above: readonly number[] = []) => {
      next_offset = next;
      applied_above = above;
    },
  };
}

test('a change that only a state shows is handled once the position of its group is behind it', async () => {
  const { changes, look, take } = open();
  const event = new RecentEvents().add(passing(7), 1_005);
  changes.expect(event);
  take(7);
  await look();
  expect(event.taken).toBeUndefined();
  take(8);
  await look();
  await eventually(() => event.taken !== undefined, { what: 'the change taken' });
  expect(stepsOf([event]).map(({ step, where, after_ms }) => [step, where, after_ms])).toEqual([
    ['committed', 'PostgreSQL', 0],
    ['in_log', 'log cdc.fraud.block_list/1 @ 7', 2],
    ['handled', 'state of fraud-scoring.lists past cdc.fraud.block_list/1 @ 7', 4],
    ['pushed', 'clients cdc.fraud.block_list/1 @ 7', 5],
  ]);
});

test('a change behind a parked one is handled, the parked one is not', async () => {
  const { changes, look, take } = open();
  const recent = new RecentEvents();
  const [parked, done] = [recent.add(passing(7), 1_005), recent.add(passing(8), 1_005)];
  changes.expect(parked);
  changes.expect(done);
  take(7, [8]);
  await look();
  await eventually(() => done.taken !== undefined, { what: 'the later change taken' });
  expect(parked.taken).toBeUndefined();
});

test('looks grow rarer while nothing happens, and a change that comes in then is looked for at once', async () => {
  const { changes, look, looked, pauses_ms, take } = open();
  const recent = new RecentEvents();
  changes.expect(recent.add(passing(7), 1_005));
  for (let looks = 0; looks < 10; looks += 1) await look();
  await eventually(() => pauses_ms.length === 11, { what: 'the longest pause' });
  expect(pauses_ms).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);

  take(9);
  const late = recent.add(passing(8), 1_005);
  changes.expect(late);
  await eventually(() => late.taken !== undefined, { what: 'the late change taken' });
  expect(looked).toHaveLength(12);
});

test('nothing is looked for that leaves a record of its own', () => {
  const { changes, looked } = open();
  changes.expect(new RecentEvents().add(passing(7, topics.stockLedger.name), 1_005));
  expect(looked).toEqual([]);
});

test('a look that was under way when the watch stopped notes nothing any more', async () => {
  const { changes, looked, take } = open();
  const event = new RecentEvents().add(passing(7), 1_005);
  take(8);
  changes.expect(event);
  changes.stop();
  await new Promise(setImmediate);
  expect(looked).toEqual(['fraud-scoring.lists']);
  expect(event.taken).toBeUndefined();
});
