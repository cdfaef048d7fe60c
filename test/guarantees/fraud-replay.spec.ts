import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { offset } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { digest } from '../../apps/fraud-scoring/src/adapters/digest';
import {
  replayDecisions,
  type Difference,
  type ReplayPorts,
} from '../../apps/fraud-scoring/src/application/replay-decisions';
import { defaultPolicy } from '../../apps/fraud-scoring/src/domain/default-policy';
import type { Policy } from '../../apps/fraud-scoring/src/domain/policy';
import { openFraudScoring, payment, type FraudContext } from '../integration/fraud-context';

const seed = Number(process.env['NERVELINE_SEED'] ?? randomInt(2 ** 31));
const CARDS = ['a', 'b', 'c'];
const MINUTE_MS = 60_000;

/** What happens to the service, one thing after another. */
const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      card: fc.constantFrom(...CARDS),
      age_ms: fc.integer({ min: -10 * MINUTE_MS, max: 60 * 60 * MINUTE_MS }),
      amount_minor: fc.integer({ min: 0, max: 4_000_00 }),
      currency: fc.constantFrom('EUR', 'USD', 'JPY'),
      country: fc.constantFrom('DE', 'BR'),
      lat: fc.double({ min: -80, max: 80, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('block' as const), card: fc.constantFrom(...CARDS) }) },
  // A row that nobody can read: it is a dead letter, live as in a replay.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('poison' as const), card: fc.constantFrom(...CARDS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unblock' as const), card: fc.constantFrom(...CARDS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('profile' as const),
      card: fc.constantFrom(...CARDS),
      limit_minor: fc.integer({ min: 1, max: 2_000_00 }),
    }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

async function live(fraud: FraudContext, step: Step): Promise<void> {
  const listed = { tenant_id: 'demo', kind: 'card', value: step.card, reason: 'stolen', added_by: 'clerk' };
  switch (step.kind) {
    case 'pay': {
      const { card, amount_minor, currency, country, lat } = step;
      const event_ms = Date.now() - step.age_ms;
      const outcome = await fraud.post(
        JSON.stringify(payment({ card, amount_minor, currency, country, event_ms, location: { lat, lon: 8 } })),
      );
      expect(outcome.status).toBe(200);
      return;
    }
    case 'block':
      return fraud.changes.put('fraud.block_list', listed);
    case 'poison':
      return fraud.changes.put('fraud.block_list', { ...listed, reason: 'x'.repeat(257) });
    case 'unblock':
      return fraud.changes.remove('fraud.block_list', listed);
    case 'profile': {
      const { card, limit_minor } = step;
      const row = { tenant_id: 'demo', card, home_country: 'DE', payment_limit_minor: limit_minor, currency: 'EUR' };
      return fraud.changes.put('fraud.card_profiles', row);
    }
  }
}

async function replay(
  data_directory: string,
  policies: readonly Policy[],
  view: (log: Log) => ReplayPorts['log'] = (log) => log,
) {
  const log = await openLog({ service: 'reader', data_directory });
  try {
    const differences: Difference[] = [];
    const report = await replayDecisions({
      log: view(log),
      policies,
      digest,
      onDifference: (difference) => differences.push(difference),
    });
    return { ...report, differences };
  } finally {
    await log.close();
  }
}

type Value = Record<string, unknown>;

/** The log with other values in one topic. */
function withValues(topic: string, change: (value: Value) => object) {
  return (log: Log): ReplayPorts['log'] => ({
    tail: (...place) => log.tail(...place),
    partitionCount: (name) => log.partitionCount(name),
    read: async (request) => {
      const batch = await log.read(request);
      if (request.topic !== topic) return batch;
      const records = batch.records.map((record) => {
        if (record.value === null) return record;
        const value = JSON.parse(new TextDecoder().decode(record.value)) as Value;
        return { ...record, value: new TextEncoder().encode(JSON.stringify(change(value))) };
      });
      return { ...batch, records };
    },
  });
}

/** The block list as it would be if nobody had ever been put on it. */
const withoutBlockList = withValues('cdc.fraud.block_list', ({ after: _row, ...change }) => ({
  ...change,
  op: 'd',
  after: null,
}));

/** Decisions as they were written before they kept their inputs. */
const withoutInputs = withValues('fraud.decisions', ({ inputs: _kept, ...record }) => ({
  ...record,
  format_version: 1,
}));

test(`a replay of the log makes every decision again, byte for byte [seed ${seed}]`, async () => {
  const [steps = []] = fc.sample(fc.array(anyStep, { minLength: 400, maxLength: 400 }), { numRuns: 1, seed });
  await using fraud = await openFraudScoring();
  await live(fraud, { kind: 'block', card: 'a' });
  await fraud.listsApplied();
  await fraud.decide(payment({ card: 'a' }));
  // Lists change while payments are decided: what a decision saw is told by its read vector alone.
  const pending: Promise<void>[] = [];
  for (const [index, step] of steps.entries()) {
    pending.push(live(fraud, step));
    if (index % 8 === 7) await Promise.all(pending.splice(0));
    if (index === 200) {
      await Promise.all(pending.splice(0));
      await fraud.restart();
    }
  }
  await Promise.all(pending);
  const decisions = (await fraud.readAll('fraud.decisions')).length;
  expect(decisions).toBe(1 + steps.filter(({ kind }) => kind === 'pay').length);

  const same = { decisions, different: 0, unknown: 0, differences: [] };
  const whole = await replay(fraud.data_directory, [defaultPolicy]);
  expect(whole).toEqual({ ...same, from_record: decisions, from_log: decisions });
  const old = await replay(fraud.data_directory, [defaultPolicy], withoutInputs);
  expect(old).toEqual({ ...same, from_record: 0, from_log: decisions });

  // It compares indeed: other rules under the same name, or lists that lack a change, are found out.
  const stricter = { ...defaultPolicy, payment_limit_minor: defaultPolicy.payment_limit_minor / 2 };
  expect((await replay(fraud.data_directory, [stricter])).different).toBeGreaterThan(0);
  const unlisted = await replay(fraud.data_directory, [defaultPolicy], withoutBlockList);
  expect(new Set(unlisted.differences.map(({ inputs_from }) => inputs_from))).toEqual(new Set(['log']));
  await expect(replay(fraud.data_directory, [])).rejects.toMatchObject({ code: 'NL-FRD-006' });
}, 120_000);

const listed = { tenant_id: 'demo', kind: 'card', value: 'c', reason: '', added_by: 'clerk' };

/** Decides payments of two cards while the block list changes, until compaction has taken how it was. */
async function decideAndCompact(fraud: FraudContext): Promise<void> {
  for (const reason of ['stolen', 'cloned', 'lost']) {
    await fraud.changes.put('fraud.block_list', { ...listed, reason });
    await fraud.listsApplied();
    await fraud.decide(payment({ card: 'c' }));
    await fraud.changes.remove('fraud.block_list', listed);
    await fraud.listsApplied();
    await fraud.decide(payment({ card: 'c' }));
    await fraud.decide(payment({ card: 'other' }));
  }
  await fraud.changes.compacted('fraud.block_list', listed);
}

const EAGER = { housekeeping_interval_ms: 5, compaction_min_records: 1 };

test('a decision is made again, byte for byte, when compaction has taken what it looked at', async () => {
  await using fraud = await openFraudScoring({ compaction: EAGER });
  await decideAndCompact(fraud);
  const report = await replay(fraud.data_directory, [defaultPolicy]);
  expect(report).toMatchObject({ decisions: 9, different: 0, unknown: 0, from_record: 9 });
  // That the log has forgotten is the point of this test.
  expect(report.from_log).toBeLessThan(9);

  // Without what the records kept the decisions can not be made again: they are counted, not guessed.
  const forgotten = await replay(fraud.data_directory, [defaultPolicy], withoutInputs);
  expect(forgotten).toMatchObject({ different: 0, from_record: 0 });
  expect(forgotten.unknown).toBeGreaterThan(0);
  // And what is kept is what decides: with an empty list in its place the replay differs.
  const emptied = withValues('fraud.decisions', (record) => ({
    ...record,
    inputs: { ...(record['inputs'] as object), card_block: null },
  }));
  expect((await replay(fraud.data_directory, [defaultPolicy], emptied)).different).toBe(3);
});

/** What retention does: drops the first decisions of each partition that has any. */
async function truncateDecisions({ data_directory }: FraudContext, before: number): Promise<void> {
  const log = await openLog({ service: 'fraud-scoring', data_directory });
  const topic = 'fraud.decisions';
  for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
    const { next_offset } = await log.tail(topic, partition);
    if (next_offset > 0) await log.truncateBefore(topic, partition, offset(before));
  }
  await log.close();
}

test('a decision is made again, byte for byte, when retention has taken how its card began', async () => {
  await using fraud = await openFraudScoring();
  const event_ms = Date.now();
  for (let i = 0; i < 8; i += 1) await fraud.decide(payment({ card: 'c', event_ms }));
  await fraud.restart(() => truncateDecisions(fraud, 4));
  await fraud.decide(payment({ card: 'c', event_ms }));
  const kept = { decisions: 5, different: 0, differences: [] };
  expect(await replay(fraud.data_directory, [defaultPolicy])).toEqual({
    ...kept,
    unknown: 0,
    from_record: 5,
    from_log: 4,
  });
  const forgotten = await replay(fraud.data_directory, [defaultPolicy], withoutInputs);
  expect(forgotten).toEqual({ ...kept, unknown: 5, from_record: 0, from_log: 0 });
});
