import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Log } from '@nerveline/log';
import { LOGGER, measure, Readiness, SETTINGS, type Logger } from '@nerveline/service-defaults';
import { Desk } from '../application/desk';
import { ExpireByClock } from '../application/expire-by-clock';
import type { GpsReroutingSettings } from '../gps-rerouting.config';
import { LOG } from './tokens';

/** Looks again and again at what the event clock has ended, and closes the desk and the log at the end. */
@Injectable()
export class FleetRunner implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #under_way: Promise<void> | undefined;

  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(Desk) private readonly desk: Desk,
    @Inject(ExpireByClock) private readonly expiry: ExpireByClock,
    @Inject(SETTINGS) private readonly settings: GpsReroutingSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Readiness) private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    const { graph } = this.desk.world.surroundings;
    this.readiness.addFact('roads', () => ({ graph: graph.hash, segments: graph.edge_count, bounds: graph.bounds }));
    measure('nerveline_fleet_vehicles', 'Vehicles that told where they are.', () => this.#count());
    measure('nerveline_fleet_incidents', 'Incidents that last.', () => this.desk.world.reports.size);
    measure('nerveline_fleet_waiting_acts', 'Requests that wait for their commit.', () => this.desk.waiting_acts);
    this.#timer = setInterval(() => this.#expire(), this.settings.EXPIRY_INTERVAL_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#under_way;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.desk.close();
    await this.log.close();
  }

  #expire(): void {
    this.#under_way ??= this.expiry
      .expire()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'a look at what has expired failed; it comes again'))
      .finally(() => (this.#under_way = undefined));
  }

  #count(): number {
    return [...this.desk.world.fleets()].reduce((sum, [, fleet]) => sum + fleet.vehicles.size, 0);
  }
}
