import { paymentDecision } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { KeyedQueue } from '../playback/keyed-queue';
import { Pace, type Playing } from '../playback/pace';
import { recordedPayments } from '../playback/payments-file';
import type { Refuse } from '../playback/playable';
import type { Payment } from '../world/payers';
import { declareAndWait } from './declare-event-clock';
import { Counts, countRefused, type Actor } from './actor';

/** Payments on their way at once; those of one card go one after another. */
const IN_FLIGHT = 64;

/** Plays a file of recorded payments. */
export class RecordedPaymentsActor implements Actor {
  readonly name = 'recorded_payments';
  readonly #counts = new Counts();

  constructor(
    private readonly options: Playing & { readonly path: string; readonly refuse: Refuse },
    private readonly fraud: ServiceClient,
    private readonly database: SourceDatabase,
  ) {}

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(): Promise<void> {}

  async run(signal: AbortSignal): Promise<void> {
    const queue = new KeyedQueue(IN_FLIGHT);
    let pace: Pace | undefined;
    const { path, refuse } = this.options;
    for await (const payment of recordedPayments(path, countRefused(this.#counts, refuse))) {
      pace ??= await this.#begin(payment.event_ms, signal);
      if (!(await pace.until(payment.event_ms))) break;
      await queue.add([payment.card], () => this.#pay(payment));
    }
    await queue.drain();
    if (!signal.aborted) this.#counts.add('finished');
  }

  async #begin(first_event_ms: number, signal: AbortSignal): Promise<Pace> {
    await declareAndWait({
      database: this.database,
      service: this.fraud,
      source: 'payments',
      event_ms: first_event_ms,
      speed: this.options.speed,
      signal,
    });
    return new Pace(first_event_ms, this.options, signal);
  }

  async #pay(payment: Payment): Promise<void> {
    this.#counts.add('sent');
    const { status, body } = await this.fraud.post('/v1/payments/decisions', payment);
    this.#counts.add(status < 300 ? paymentDecision.parse(body).verdict : `refused_${status}`);
  }
}
