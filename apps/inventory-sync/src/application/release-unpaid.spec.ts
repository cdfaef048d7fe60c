import type { DecisionRecord } from '@nerveline/contracts';
import { NervelineError, type ErrorCode } from '@nerveline/kernel';
import { ReleaseUnpaid, type DecidedPayment, type UnpaidOutcome } from './release-unpaid';
import type { SettleRequest } from './settle-reservation';

function decided(verdict: 'allow' | 'review' | 'block', reservation_id?: string): DecidedPayment {
  const request = { payment_id: 'p-1', ...(reservation_id !== undefined && { reservation_id }) };
  const record = { request, decision: { verdict }, principal: { tenant_id: 'demo' } } as unknown as DecisionRecord;
  return { decided: record, at: { topic: 'fraud.decisions', partition: 2, offset: 7 as never } };
}

/** Takes payments, and tells what was settled and how it was counted. */
async function handle(payments: readonly DecidedPayment[], answer: 'released' | 'expired' | ErrorCode = 'released') {
  const settled: SettleRequest[] = [];
  const outcomes: UnpaidOutcome[] = [];
  const settle = async (request: SettleRequest) => {
    settled.push(request);
    if (answer.startsWith('NL-')) throw new NervelineError(answer as ErrorCode, { detail: 'told' });
    return { reservation_id: request.reservation_id, status: answer as 'released' | 'expired' };
  };
  await new ReleaseUnpaid({ settle }, (outcome) => outcomes.push(outcome)).handle(payments);
  return { settled, outcomes };
}

test('only a blocked payment that names a reservation gives one back', async () => {
  const { settled } = await handle([decided('block'), decided('allow', 'r-1'), decided('review', 'r-2')]);
  expect(settled).toEqual([]);
});

test('the ledger learns which payment it was, and where its decision stands', async () => {
  const { settled, outcomes } = await handle([decided('block', 'r-1')]);
  const reason = 'blocked payment p-1: fraud.decisions 2/7';
  expect(settled).toEqual([{ reservation_id: 'r-1', settlement: 'release', reason }]);
  expect(outcomes).toEqual(['released']);
});

test.each([
  ['has expired', 'expired', 'expired'],
  ['was sold', 'NL-INV-007', 'committed'],
  ['never was', 'NL-INV-004', 'unknown'],
] as const)('a reservation that %s is left alone, and counted', async (_name, answer, outcome) => {
  expect((await handle([decided('block', 'r-1')], answer)).outcomes).toEqual([outcome]);
});

test('what may pass by itself is raised, so that the payment comes again', async () => {
  await expect(handle([decided('block', 'r-1')], 'NL-INV-014')).rejects.toMatchObject({ code: 'NL-INV-014' });
});
