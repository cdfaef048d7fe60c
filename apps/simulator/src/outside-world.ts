import { once, setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { HttpAdapterHost } from '@nestjs/core';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { isNervelineError } from '@nerveline/kernel';
import { exitWith, LOGGER, Readiness, SETTINGS, type Logger } from '@nerveline/service-defaults';
import type { Actor } from './actors/actor';
import { FleetActor } from './actors/fleet.actor';
import { PayersActor } from './actors/payers.actor';
import { RecordedPaymentsActor } from './actors/recorded-payments.actor';
import { RecordedRetailActor } from './actors/recorded-retail.actor';
import { ShoppersActor } from './actors/shoppers.actor';
import { Till } from './actors/till';
import { DriverDoor } from './doors/driver-door';
import { ServiceClient } from './doors/service-client';
import { SourceDatabase } from './doors/source-database';
import { checkRecordings } from './playback/check-recordings';
import type { SimulatorSettings } from './simulator.config';
import { tellRefused } from './tell-refused';

/** Everybody in the outside world: opens the public doors, lets the actors go, and calls them back on a stop. */
@Injectable()
export class OutsideWorld implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  readonly #database: SourceDatabase;
  readonly #clients: readonly ServiceClient[];
  readonly actors: readonly Actor[];
  #running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(SETTINGS) private readonly settings: SimulatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Readiness) readiness: Readiness,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {
    // Every errand that waits listens for the stop: hundreds of them are no leak.
    setMaxListeners(0, this.#stopping.signal);
    const token = readFileSync(settings.NERVELINE_TOKEN_FILE, 'utf8').trim();
    const client = (address: string) => new ServiceClient(address, token, this.#stopping.signal);
    const fraud = client(settings.FRAUD_SCORING_URL);
    const inventory = client(settings.INVENTORY_SYNC_URL);
    const fleet = client(settings.GPS_REROUTING_URL);
    this.#clients = [fraud, inventory, fleet];
    this.#database = new SourceDatabase(settings.DATABASE_URL, settings.TENANT);
    this.actors = [this.#payers(fraud), this.#shoppers(inventory, fraud), this.#drivers(fleet, token)];
    readiness.add('world', () => ({ ready: true, detail: `${this.actors.length} actors` }));
  }

  onApplicationBootstrap(): void {
    // An actor that fails shows a fault of ours or of the platform: the program ends with it, in sight of the host.
    this.#running = this.#live().then(
      () => undefined,
      (error: unknown) => (this.#stopping.signal.aborted ? undefined : exitWith(this.logger, error)),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#database.close();
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    // A file that can't be played at all ends the program with its code: nobody would see the play that didn't begin.
    await checkRecordings(this.settings);
    const able = await Promise.all(this.actors.map((actor) => this.#trying(actor, () => actor.prepare(signal))));
    const prepared = this.actors.filter((_, index) => able[index]);
    await Promise.all(prepared.map((actor) => this.#trying(actor, () => actor.run(signal))));
  }

  /** A file that is damaged further on would be so again after every restart: it is told once, and the others go on. */
  async #trying({ name }: Actor, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!isNervelineError(error) || !error.code.startsWith('NL-SIM')) throw error;
      const { code, field } = error;
      this.logger.error({ err: error, code, field }, `${name} plays no further: ${error.message}`);
      return false;
    }
  }

  get #for_ms(): number | undefined {
    const { PLAY_FOR_S: for_s } = this.settings;
    return for_s === undefined ? undefined : for_s * 1_000;
  }

  #payers(fraud: ServiceClient): Actor {
    const { PAYMENTS_FILE: path, PAYMENTS_SPEED: speed, PAYMENTS_PER_S: payments_per_s, SEED: seed } = this.settings;
    if (path !== undefined)
      return new RecordedPaymentsActor(
        { path, speed, for_ms: this.#for_ms, refuse: tellRefused('recorded_payments', this.logger) },
        fraud,
        this.#database,
      );
    return new PayersActor({ seed, run: runName(), payments_per_s }, fraud, this.#database);
  }

  #shoppers(inventory: ServiceClient, fraud: ServiceClient): Actor {
    const { RETAIL_FILE: path, RETAIL_SPEED: speed, ORDERS_PER_S: orders_per_s, SEED: seed } = this.settings;
    const channelsAddress = () => this.#ownAddress();
    if (path !== undefined)
      return new RecordedRetailActor(
        { path, speed, for_ms: this.#for_ms, refuse: tellRefused('recorded_retail', this.logger), channelsAddress },
        inventory,
        this.#database,
      );
    // Where payments are played, fraud scoring lives in their time: whoever pays today pays in its future.
    const till = this.settings.PAYMENTS_FILE === undefined ? { till: new Till(seed, fraud) } : {};
    const shop = { seed, run: runName(), orders_per_s, channelsAddress, ...till };
    return new ShoppersActor(shop, inventory, this.#database);
  }

  #drivers(fleet: ServiceClient, token: string): Actor {
    const { SEED: seed, VEHICLES: vehicles, INCIDENTS: incidents, LIVE_GATEWAY_URL: gateway_url } = this.settings;
    const door = new DriverDoor(gateway_url, token);
    return new FleetActor(
      { seed, run: runName(), vehicles, incidents, for_ms: this.#for_ms },
      fleet,
      this.#database,
      door,
    );
  }

  /** Where this program's channels are reached, as soon as it listens. */
  async #ownAddress(): Promise<string> {
    const server = this.http.httpAdapter.getHttpServer() as Server;
    if (!server.listening) await once(server, 'listening');
    return `http://${this.settings.HOST}:${(server.address() as AddressInfo).port}`;
  }
}

/** Ids of this run differ from those of the run before. */
const runName = (): string => Date.now().toString(36);
