import { isNervelineError, type Clock, type Principal } from '@nerveline/kernel';
import type { ReservationId } from '@nerveline/contracts';
import type { DecidedCommand } from './decide-batch';
import type { StockClocks } from './stock-clocks';
import type { SettleReservation } from './settle-reservation';

/** Which holds end next. */
export interface Deadlines {
  /** The earliest deadline of a live hold, by tenant. */
  earliest(): Promise<readonly { readonly tenant_id: string; readonly expires_at_ms: number }[]>;
  /** Live holds of a tenant, earliest deadline first, at most `limit`. */
  next(
    tenant_id: string,
    limit: number,
  ): Promise<readonly { readonly reservation_id: ReservationId; readonly expires_at_ms: number }[]>;
}

const BATCH_RESERVATIONS = 200;
/** How long it trusts its own list of deadlines: an instance that ended may have granted something. */
const LOOK_AGAIN_MS = 30_000;
/**
 * How long it leaves alone a database that failed: doubled with each failure in a row. The first pause is short, since
 * most failures are a connection that broke and is replaced at once, and a hold must not outlive its deadline for that.
 */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Frees what was held too long, by the event clock. It sleeps until the next deadline is due, so that nothing runs while
 * nothing is due, and is woken when an earlier deadline appears or the clock is set.
 */
export class ExpireReservations {
  readonly #deadlines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** By the wall: when the database is asked for deadlines that nobody told of, whatever else is due. */
  #look_at_ms = 0;
  /** By the wall: nothing is tried before, because the last try failed. */
  #pause_until_ms = 0;
  #failures = 0;
  #started = false;
  #stopped = false;

  constructor(
    private readonly options: {
      readonly deadlines: Deadlines;
      readonly settle: SettleReservation;
      readonly clocks: StockClocks;
      readonly wall: Clock;
      readonly onError: (error: unknown) => void;
    },
  ) {
    options.clocks.watch(() => this.#arm());
  }

  /** Begins with what is held already. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  /** Takes note of the holds that a batch has made. */
  note(decided: readonly DecidedCommand[]): void {
    let is_earlier = false;
    for (const { command, outcome } of decided) {
      if (outcome.kind !== 'reservation' || outcome.answer.kind !== 'granted') continue;
      is_earlier = this.#noteOne(command.by.tenant_id, outcome.answer.expires_at_ms) || is_earlier;
    }
    if (is_earlier) this.#arm();
  }

  /** Wakes it from any sleep; what is under way in the database is finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #noteOne(tenant_id: string, expires_at_ms: number): boolean {
    if (expires_at_ms >= (this.#deadlines.get(tenant_id) ?? Infinity)) return false;
    this.#deadlines.set(tenant_id, expires_at_ms);
    return true;
  }

  /** Sets the one timer to whatever is due next. Every sleep is this timer, so that a stop ends every sleep. */
  #arm(): void {
    if (!this.#started || this.#stopped || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    const wall_ms = this.options.wall.now_ms();
    let wait_ms = this.#look_at_ms - wall_ms;
    for (const [tenant_id, expires_at_ms] of this.#deadlines) {
      const clock = this.options.clocks.of(tenant_id);
      wait_ms = Math.min(wait_ms, (expires_at_ms - clock.now_ms()) / clock.speed);
    }
    wait_ms = Math.max(0, wait_ms, this.#pause_until_ms - wall_ms);
    this.#timer = setTimeout(() => this.#run(), Math.ceil(wait_ms));
  }

  #run(): void {
    this.#running = this.#work()
      .then(
        () => void (this.#failures = 0),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => {
        this.#running = undefined;
        this.#arm();
      });
  }

  async #work(): Promise<void> {
    if (this.options.wall.now_ms() >= this.#look_at_ms) await this.#lookAgain();
    for (const tenant_id of this.#deadlines.keys()) await this.#expireDue(tenant_id);
  }

  /** The deadlines are known no longer: they are asked for again, after a pause that leaves the database room to come back. */
  #fail(error: unknown): void {
    const wall_ms = this.options.wall.now_ms();
    this.#look_at_ms = wall_ms;
    this.#pause_until_ms = wall_ms + Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.options.onError(error);
  }

  async #lookAgain(): Promise<void> {
    for (const { tenant_id, expires_at_ms } of await this.options.deadlines.earliest()) {
      this.#noteOne(tenant_id, expires_at_ms);
    }
    this.#look_at_ms = this.options.wall.now_ms() + LOOK_AGAIN_MS;
  }

  async #expireDue(tenant_id: string): Promise<void> {
    const { deadlines, clocks } = this.options;
    const clock = clocks.of(tenant_id);
    while (!this.#stopped && (this.#deadlines.get(tenant_id) ?? Infinity) <= clock.now_ms()) {
      // Forgotten before the query, so that a hold which is made meanwhile lowers it again.
      this.#deadlines.delete(tenant_id);
      const held = await deadlines.next(tenant_id, BATCH_RESERVATIONS);
      const now_ms = clock.now_ms();
      const due = held.filter(({ expires_at_ms }) => expires_at_ms <= now_ms);
      await Promise.all(due.map(({ reservation_id }) => this.#expire(tenant_id, reservation_id)));
      const next = held[due.length] ?? (held.length === BATCH_RESERVATIONS ? held.at(-1) : undefined);
      if (next !== undefined) this.#noteOne(tenant_id, next.expires_at_ms);
    }
  }

  async #expire(tenant_id: string, reservation_id: ReservationId): Promise<void> {
    try {
      await this.options.settle.settle({ reservation_id, settlement: 'expire' }, serviceOf(tenant_id));
    } catch (error) {
      // Its holder may have been quicker; that is fine. Everything else is not.
      if (!isNervelineError(error) || error.retriable) throw error;
    }
  }
}

const serviceOf = (tenant_id: string): Principal => ({
  tenant_id,
  subject: 'inventory-sync',
  roles: ['service'],
  scopes: [],
});
