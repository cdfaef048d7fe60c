import { consume, type Consumer, type ConsumerOptions, type Log } from '@nerveline/log';
import type { Logger, Readiness } from '@nerveline/service-defaults';
import { eventClockTopic } from '@nerveline/stream';
import type { DeliverToChannels } from '../../application/deliver-to-channels';
import type { StockClocks } from '../../application/stock-clocks';
import { followLedger, ledgerTopics } from '../../application/follow-ledger';

export interface ConsumersOptions {
  readonly log: Log;
  readonly clocks: StockClocks;
  readonly deliveries: DeliverToChannels;
  readonly readiness: Readiness;
  readonly logger: Logger;
  /** A record that can't be handled: nothing may be skipped, so the process ends and says why. */
  readonly onFatal: (error: unknown) => void;
}

/** Which topic reaches which processor. */
function processors({
  log,
  clocks,
  deliveries,
}: ConsumersOptions): Pick<ConsumerOptions, 'group' | 'topics' | 'handle'>[] {
  return [
    {
      group: 'inventory-sync.event-clock',
      topics: [eventClockTopic],
      handle: (records) => records.forEach((record) => clocks.apply(record)),
    },
    {
      group: 'inventory-sync.channel-views',
      topics: ledgerTopics,
      handle: (records) => followLedger(log.state, deliveries, records),
    },
  ];
}

/** Everything that this service reads from the log. */
export class Consumers {
  #consumers: readonly Consumer[] = [];

  constructor(private readonly options: ConsumersOptions) {}

  async start(): Promise<void> {
    const { log, clocks, deliveries, readiness, logger, onFatal } = this.options;
    await clocks.restore(log);
    deliveries.restore();
    this.#consumers = processors(this.options).map((processor) =>
      consume(log, {
        ...processor,
        from: 'earliest',
        onRetry: (error, failures) => logger.warn({ err: error, group: processor.group, failures }, 'trying again'),
      }),
    );
    for (const { done } of this.#consumers) done.catch(onFatal);
    let is_caught_up = false;
    readiness.add('log', () =>
      is_caught_up ? { ready: true } : { ready: false, detail: 'reading what has happened' },
    );
    Promise.all(this.#consumers.map((consumer) => consumer.caughtUp())).then(
      () => (is_caught_up = true),
      () => {
        // A consumer that ended has told onFatal, one that was stopped is meant to be.
      },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
  }
}
