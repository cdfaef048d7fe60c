import { advertisedUrl, type ServiceSettings } from './settings';
import { failStop } from './bootstrap';
import type { Logger } from './logger';
import { kafkaSettings } from './log-settings';
import type { Check, Readiness } from './readiness';

/** How it stands with one broker, as the log tells it. */
interface BrokerState {
  readonly broker: string;
  readonly reachable: boolean;
  readonly cause?: string;
}

/**
 * What a service's log is opened with, by its settings: for `openServiceLog`. Until the log is open, and while no broker
 * can be reached, the service isn't ready and says why; each outage is one line in its log.
 *
 * @throws NervelineError `NL-API-012`
 */
export function logOptions(settings: ServiceSettings, logger: Logger, readiness: Readiness) {
  const kafka = kafkaSettings(settings);
  const watch = new LogWatch(logger, readiness, kafka?.brokers.length ?? 0);
  if (kafka !== undefined) readiness.add('kafka', () => watch.check());
  return {
    kafka,
    data_directory: settings.NERVELINE_DATA_DIR,
    instance: settings.INSTANCE_ID,
    address: advertisedUrl(settings),
    stopping: readiness.draining,
    onBroken: failStop(logger),
    onConnection: (state: BrokerState) => watch.connection(state),
    onStandby: () => watch.standBy(),
    onOpen: () => watch.opened(),
  };
}

class LogWatch {
  /** Why each broker can't be reached. */
  readonly #down = new Map<string, string>();
  #waits_for: string | undefined = 'waits for Kafka';
  #standing_by = false;

  constructor(
    private readonly logger: Logger,
    private readonly readiness: Readiness,
    private readonly brokers: number,
  ) {}

  check(): Check {
    const down = [...this.#down].map(([broker, cause]) => `${broker}: ${cause}`).join('; ');
    if (this.#waits_for !== undefined)
      return { ready: false, detail: [this.#waits_for, down].filter(Boolean).join(': ') };
    // Of several one may be away.
    return { ready: this.#down.size < this.brokers, ...(down !== '' && { detail: `Kafka can't be reached: ${down}` }) };
  }

  connection({ broker, reachable, cause = '' }: BrokerState): void {
    if (reachable) {
      this.#down.delete(broker);
      this.logger.info({ broker }, 'Kafka is reached again');
    } else {
      this.#down.set(broker, cause);
      this.logger.warn({ code: 'NL-LOG-020', broker }, `NL-LOG-020: Kafka can't be reached, trying on: ${cause}`);
    }
  }

  standBy(): void {
    this.#waits_for = 'stands by: another instance works, and this one takes over when that ends';
    this.#stand(true);
    this.logger.info('standing by: another instance works');
  }

  opened(): void {
    if (this.#standing_by) this.logger.info('takes over');
    this.#stand(false);
    this.#waits_for = undefined;
  }

  #stand(by: boolean): void {
    this.#standing_by = by;
    this.readiness.standBy(by);
  }
}
