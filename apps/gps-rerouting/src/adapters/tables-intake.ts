import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { consume, type Consumer, type Effects, type Log, type LogRecord } from '@nerveline/log';
import { exitWith, LOGGER, type Logger } from '@nerveline/service-defaults';
import { eventClockTopic, EventClocks } from '@nerveline/stream';
import { FollowTables, TABLES_GROUP } from '../application/follow-tables';
import { LOG } from './tokens';

/** Runs the consumer of the source tables and event clocks. */
@Injectable()
export class TablesIntake implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #consumer: Consumer | undefined;

  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(FollowTables) private readonly tables: FollowTables,
    @Inject(EventClocks) private readonly clocks: EventClocks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#consumer = consume(this.log, {
      group: TABLES_GROUP,
      topics: [...FollowTables.topics, eventClockTopic],
      from: 'earliest',
      handle: (records) => this.#handle(records),
      onRetry: (error, failures) =>
        this.logger.warn({ err: error, failures }, 'a batch of table changes is tried again'),
    });
    this.#consumer.done.catch((error: unknown) => exitWith(this.logger, error));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#consumer?.stop();
  }

  /** A batch is of one topic. */
  #handle(records: readonly LogRecord[]): Effects {
    if (records[0]?.topic !== eventClockTopic) return this.tables.handle(records);
    for (const record of records) this.clocks.apply(record);
    return {};
  }
}
