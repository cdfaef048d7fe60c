import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NervelineError } from '@nerveline/kernel';
import { LogTransport, type Log } from '@nerveline/log';
import { exitWith, LOGGER, measure, Readiness, type Logger } from '@nerveline/service-defaults';
import { EventClocks } from '@nerveline/stream';
import { listsComplete } from '../application/lists-complete';
import { DeadLetterCount } from './log/dead-letter-count';
import { LOG } from './tokens';

/** Says when the lists are complete and caught up, and what of them could not be taken. */
@Injectable()
export class ListIntake implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #stopping = new AbortController();
  readonly #dead_letters = new DeadLetterCount();
  #ready = false;
  #waits_for = 'the relay to read the tables of fraud scoring once';

  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(LogTransport) private readonly transport: LogTransport,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(EventClocks) private readonly clocks: EventClocks,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('lists', () =>
      this.#ready ? { ready: true } : { ready: false, detail: `waits for ${this.#waits_for}` },
    );
    this.readiness.addFact('event_clocks', () => this.clocks.readings());
    this.readiness.addFact('dead_letters', () => this.#dead_letters.byTopic);
    measure(
      'nerveline_fraud_dead_letters',
      'List changes among the dead letters: rows of the source that no decision knows.',
      () => this.#dead_letters.total,
    );
    const { signal } = this.#stopping;
    Promise.all([this.#dead_letters.follow(this.log, signal), this.#catchUp()]).catch((error: unknown) => {
      if (!signal.aborted) exitWith(this.logger, error);
    });
  }

  /** @throws NervelineError `NL-API-008` while the lists aren't there */
  demandReady(): void {
    if (!this.#ready) throw new NervelineError('NL-API-008', { detail: `fraud scoring waits for ${this.#waits_for}` });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    await this.transport.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
  }

  async #catchUp(): Promise<void> {
    await listsComplete(this.log, this.#stopping.signal);
    this.#waits_for = 'the lists to catch up';
    await this.transport.caughtUp();
    this.#ready = true;
  }
}
