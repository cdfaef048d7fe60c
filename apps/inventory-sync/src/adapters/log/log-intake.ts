import { topics } from '@nerveline/contracts';
import {
  LogTransport,
  type EventTopic,
  type HeldNews,
  type Log,
  type LogTransportOptions,
  type Processor,
} from '@nerveline/log';
import type { Check } from '@nerveline/service-defaults';
import { CHANNEL_VIEWS_GROUP, ledgerTopics } from '../../application/follow-ledger';

/** Names the handlers of the event clock. */
export const EVENT_CLOCK = Symbol('inventory:event-clock');
/** Names the handlers of the ledger, and of the tables that stand beside it. */
export const CHANNEL_VIEWS = Symbol('inventory:channel-views');
/** Names the handlers of refusals. */
export const REFUSALS = Symbol('inventory:refusals');
/** Names the handler of decided payments. */
export const PAYMENT_DECISIONS = Symbol('inventory:payment-decisions');
/** Names the handlers of the pages' commands, and is the injection token of what answers them. */
export const COMMANDS = Symbol('inventory:commands');

interface Group {
  readonly id: symbol;
  readonly group: string;
  readonly topics: readonly EventTopic[];
  readonly more?: Partial<LogTransportOptions>;
}

/** How far each group is stands in the log under its name: another name would begin from the start. */
const GROUPS: readonly Group[] = [
  { id: EVENT_CLOCK, group: 'inventory-sync.event-clock', topics: [topics.eventClock] },
  { id: CHANNEL_VIEWS, group: CHANNEL_VIEWS_GROUP, topics: ledgerTopics },
  { id: REFUSALS, group: 'inventory-sync.refusals', topics: [topics.reservationRefusals] },
  {
    id: PAYMENT_DECISIONS,
    group: 'inventory-sync.payment-decisions',
    topics: [topics.decisions],
    more: {
      // A database that is away has nothing to do with a card: nothing is parked for it, and nothing given up.
      retry: { in_place_ms: Infinity, give_up_after_ms: Infinity },
      // Most decisions concern no hold, and those that do may come again: a position need not be durable with each.
      commit_interval_ms: 100,
    },
  },
];

export interface LogIntakeOptions {
  readonly log: Log;
  /** Takes up what is kept beside the log. */
  readonly restore: () => Promise<void>;
  /** It is tried again: the error passes by itself. */
  readonly onRetry: (error: unknown, failures: number) => void;
  /** A record can't be handled: it waits, or lies among the dead letters. */
  readonly onHeld: (held: HeldNews) => void;
  /** Nothing can be read any more. */
  readonly onFatal: (error: unknown) => void;
}

/** Everything that this service reads from the log, and what it is asked by keys of the log, as transports of Nest. */
export class LogIntake {
  readonly transports: readonly LogTransport[];
  /** Answers the pages' commands. It reads nothing itself. */
  readonly commands: LogTransport;
  #is_caught_up = false;

  constructor(private readonly options: LogIntakeOptions) {
    const { log, onRetry, onHeld, onFatal } = options;
    this.transports = GROUPS.map(({ id, group, topics: names, more }) => {
      const transport = new LogTransport({
        log,
        group,
        topics: names,
        failures: { parked: topics.inventoryParked.name, dead_letters: topics.inventoryDeadLetters.name },
        on_invalid: 'dlq',
        // A view is made of what the last commit left: two batches side by side would each miss the other's.
        concurrency: 1,
        // Handlers do nothing that could hang, and what a sales channel waits for waits for no company.
        deadline_ms: Infinity,
        commit_interval_ms: 0,
        onRetry,
        onHeld,
        onFatal,
        ...more,
      });
      transport.setTransportId(id);
      return transport;
    });
    this.commands = new LogTransport({
      log,
      group: 'inventory-sync.commands',
      topics: [],
      failures: 'stop',
      owns_through: () => this.processors,
    });
    this.commands.setTransportId(COMMANDS);
  }

  /** Before the first record. */
  restore(): Promise<void> {
    return this.options.restore();
  }

  get processors(): readonly Processor[] {
    return this.transports.flatMap(({ processors }) => processors);
  }

  check(): Check {
    return this.#is_caught_up ? { ready: true } : { ready: false, detail: 'reading what has happened' };
  }

  /** Ready when everything that is in the log now has been handled; nobody who asks waits for old payments. */
  watch(): void {
    const needed = this.transports.filter(({ transportId }) => transportId !== PAYMENT_DECISIONS);
    Promise.all(needed.map((transport) => transport.caughtUp())).then(
      () => (this.#is_caught_up = true),
      () => {
        // What ended has told onFatal, what was stopped is meant to be.
      },
    );
  }

  /** Ends what is in hand, and commits it. */
  async stop(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.close()));
  }
}
