import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NervelineError } from '@nerveline/kernel';
import { consume, type Consumer, type Log } from '@nerveline/log';
import { exitWith, LOGGER, Readiness, type Logger } from '@nerveline/service-defaults';
import { EventClocks } from '@nerveline/stream';
import { FollowLists, LISTS_GROUP } from '../application/follow-lists';
import { listsComplete } from '../application/lists-complete';
import { LOG } from './tokens';

/** Runs the consumer of the lists, and says when it has caught up. */
@Injectable()
export class ListIntake implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #stopping = new AbortController();
  #consumer: Consumer | undefined;
  #ready = false;
  #waits_for = 'the relay to read the tables of fraud scoring once';

  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(FollowLists) private readonly follow: FollowLists,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(EventClocks) private readonly clocks: EventClocks,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('lists', () =>
      this.#ready ? { ready: true } : { ready: false, detail: `waits for ${this.#waits_for}` },
    );
    this.readiness.addFact('event_clocks', () => this.clocks.readings());
    const consumer = consume(this.log, {
      group: LISTS_GROUP,
      topics: FollowLists.topics,
      from: 'earliest',
      handle: (records) => this.follow.handle(records),
      onRetry: (error, failures) =>
        this.logger.warn({ err: error, failures }, 'a batch of list changes is tried again'),
    });
    this.#consumer = consumer;
    // Decisions without the lists would be wrong: the next start goes on from the last position.
    Promise.all([consumer.done, this.#catchUp(consumer)]).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) exitWith(this.logger, error);
    });
  }

  /** @throws NervelineError `NL-API-008` while the lists aren't there */
  demandReady(): void {
    if (!this.#ready) throw new NervelineError('NL-API-008', { detail: `fraud scoring waits for ${this.#waits_for}` });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    await this.#consumer?.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
  }

  async #catchUp(consumer: Consumer): Promise<void> {
    await listsComplete(this.log, this.#stopping.signal);
    this.#waits_for = 'the lists to catch up';
    await consumer.caughtUp();
    this.#ready = true;
  }
}
