import { randomInt } from 'node:crypto';
import fc from 'fast-check';
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

/** The log as it would be without what happened to the block list. */
function withoutBlockList(log: Log): ReplayPorts['log'] {
  const tail: Log['tail'] = async (topic, partition) => {
    const found = await log.tail(topic, partition);
    return topic === 'cdc.fraud.block_list' ? { ...found, next_offset: found.start_offset } : found;
  };
  return {
    tail,
    read: (request) => log.read(request),
    partitionCount: (topic) => log.partitionCount(topic),
  };
}

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

  expect(await replay(fraud.data_directory, [defaultPolicy])).toEqual({ decisions, different: 0, differences: [] });

  // It compares indeed: other rules under the same name, or lists that lack a change, are found out.
  const stricter = { ...defaultPolicy, payment_limit_minor: defaultPolicy.payment_limit_minor / 2 };
  expect((await replay(fraud.data_directory, [stricter])).different).toBeGreaterThan(0);
  expect((await replay(fraud.data_directory, [defaultPolicy], withoutBlockList)).different).toBeGreaterThan(0);
  await expect(replay(fraud.data_directory, [])).rejects.toMatchObject({ code: 'NL-FRD-006' });
}, 120_000);
