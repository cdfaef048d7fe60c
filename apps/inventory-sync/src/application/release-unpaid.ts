import type { DecisionRecord, ReservationStatus } from '@nerveline/contracts';
import { isNervelineError, type Principal } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import type { SettleReservation } from './settle-reservation';

/** A decided payment, and where its decision stands in the log. */
export interface DecidedPayment {
  readonly decided: DecisionRecord;
  readonly at: Pick<LogRecord, 'topic' | 'partition' | 'offset'>;
}

/** How a reservation stands whose payment was blocked. */
export type UnpaidOutcome = Exclude<ReservationStatus['status'], 'held'> | 'unknown';

/**
 * Gives back what is held for a payment that was blocked. The reservation's own state makes it once, however often the
 * decision comes: one that was sold, given back or has expired is left alone. The ledger keeps the decision as the cause.
 */
export class ReleaseUnpaid {
  constructor(
    private readonly settle: Pick<SettleReservation, 'settle'>,
    private readonly onSettled: (outcome: UnpaidOutcome) => void,
  ) {}

  /** @throws NervelineError `NL-INV-013`, `NL-INV-014`, `NL-INV-015`: the same payments again do no harm */
  async handle(payments: readonly DecidedPayment[]): Promise<void> {
    await Promise.all(payments.map((payment) => this.#handle(payment)));
  }

  async #handle({ decided, at }: DecidedPayment): Promise<void> {
    const { request, decision, principal } = decided;
    if (decision.verdict !== 'block' || request.reservation_id === undefined) return;
    const { payment_id, reservation_id } = request;
    const reason = `blocked payment ${payment_id}: ${at.topic} ${at.partition}/${at.offset}`;
    try {
      const release = { reservation_id, settlement: 'release', reason } as const;
      const { status } = await this.settle.settle(release, serviceOf(principal.tenant_id));
      if (status !== 'held') this.onSettled(status);
    } catch (error) {
      this.onSettled(leftAlone(error));
    }
  }
}

/** What a caller may name and a release can't change: the units were sold, or nothing was ever held. */
function leftAlone(error: unknown): UnpaidOutcome {
  if (isNervelineError(error, 'NL-INV-007')) return 'committed';
  if (isNervelineError(error, 'NL-INV-004')) return 'unknown';
  throw error;
}

const serviceOf = (tenant_id: string): Principal => ({
  tenant_id,
  subject: 'fraud-scoring',
  roles: ['service'],
  scopes: [],
});
