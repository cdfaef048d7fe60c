import { offset } from '@nerveline/kernel';
import type { Sabotage } from './processor-simulation/faulty-log';
import { simulate } from './processor-simulation/simulate';

/*
 * The processor's own code in simulated processes: a disk and a network that fail, a group that moves partitions while
 * somebody is stopped, handlers that fail, hang and come too late, and kills at every step.
 */

const long = process.env['NERVELINE_LONG'] === '1';
const base = Number(process.env['NERVELINE_SEED'] ?? 1) % 1_000_000;
const SCHEDULES = long ? 20_000 : 500;
/** Each of these is run once for each step that it has. */
const KILLED_AT_EVERY_STEP = long ? 500 : 2;
const LAST_STEP_TO_KILL_AT = 650;

jest.setTimeout(long ? 4 * 3_600_000 : 300_000);

test(`${SCHEDULES} random schedules of kills, faults, hangs and moves give what an undisturbed run gives`, async () => {
  let parked = 0;
  let crashes = 0;
  for (let seed = base; seed < base + SCHEDULES; seed += 1) {
    const result = await simulate({ seed });
    expect({ seed, troubles: result.troubles }).toEqual({ seed, troubles: [] });
    parked += result.parked;
    crashes += result.crashes;
  }
  // The schedules do what they are for.
  expect(crashes).toBeGreaterThan(SCHEDULES);
  expect(parked).toBeGreaterThan(SCHEDULES);
});

test('dead letters that are sent again by all, while owners die, are applied once', async () => {
  for (let seed = base; seed < base + SCHEDULES; seed += 1) {
    const { troubles } = await simulate({ seed, redriven: true });
    expect({ seed, troubles }).toEqual({ seed, troubles: [] });
  }
});

test(`a kill at every step of a schedule changes nothing that comes out`, async () => {
  for (let seed = base; seed < base + KILLED_AT_EVERY_STEP; seed += 1) {
    for (let step = 1; step < LAST_STEP_TO_KILL_AT; step += 1) {
      const { troubles } = await simulate({ seed, crash_at: [step] });
      expect({ seed, step, troubles }).toEqual({ seed, step, troubles: [] });
    }
  }
});

test('an undisturbed run handles everything, and parks nothing', async () => {
  for (let seed = base; seed < base + 20; seed += 1) {
    expect(await simulate({ seed, undisturbed: true })).toMatchObject({ troubles: [], parked: 0, crashes: 0 });
  }
});

/** What must show in the outputs when it is broken. */
const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a position that passes a gap loses records': {
    commit: (commit) => [
      {
        ...commit,
        positions: (commit.positions ?? []).map((position) => ({
          ...position,
          next_offset: offset(Math.max(position.next_offset, ...position.applied_above.map((applied) => applied + 1))),
          applied_above: [],
        })),
      },
    ],
  },
  'what was applied above the position is applied again when nobody remembers it': {
    positions: (positions) => positions.map((position) => ({ ...position, applied_above: [] })),
  },
  'a new owner that reads no parked records before its first one loses or overtakes them': {
    read: (batch, { topic, max_records }) =>
      topic === 'parked' && max_records !== 1 ? { ...batch, records: [], next_offset: batch.tail_offset } : batch,
  },
  'an owner that was paused writes over its successor when no generation is checked': { ignores_generation: true },
  'effects that are durable before their position are applied twice': {
    commit: ({ ownership, positions = [], ...effects }) => [
      { ...(ownership && { ownership }), ...effects },
      { ...(ownership && { ownership }), positions },
    ],
  },
  'positions that are durable before their effects lose them': {
    commit: ({ ownership, positions = [], ...effects }) => [
      { ...(ownership && { ownership }), positions },
      { ...(ownership && { ownership }), ...effects },
    ],
  },
};

test.each(Object.entries(SABOTAGES))('the simulation can fail: %s', async (_, sabotage) => {
  for (let seed = base; seed < base + 300; seed += 1) {
    const { troubles } = await simulate({ seed, sabotage });
    if (troubles.length > 0) return;
  }
  throw new Error('300 schedules did not notice');
});
