import { setTimeout as wait } from 'node:timers/promises';
import { mapAnswer, positionsAnswer, vehiclePlan, type MapAnswer } from '@nerveline/contracts';
import type { DriverDoor } from '../doors/driver-door';
import type { Answer, ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { Driver, type LonLat, type Way } from '../world/driver';
import { Roads } from '../world/incidents';
import { Random } from '../world/random';
import { toWay } from '../world/to-way';
import { Counts, type Actor } from './actor';

const FIX_EVERY_MS = 1_000;
const INCIDENTS_PER_S = 1 / 20;
/** Plans asked for at once when the fleet sets out. */
const PLANS_AT_ONCE = 8;
/** What a driver does after arrival: unload, then go on. */
const UNLOADING_FIXES = 10;
const ACCEPTS = 0.6;
const DEPOTS = ['D-East', 'D-West', 'D-Harbour'] as const;

export interface FleetOptions {
  readonly seed: number;
  readonly run: string;
  readonly vehicles: number;
  readonly incidents: boolean;
  /** The drive ends after this much wall time. */
  readonly for_ms?: number | undefined;
}

/** Drivers on their tours, and what happens on the roads. */
export class FleetActor implements Actor {
  readonly name = 'fleet';
  readonly #counts = new Counts();
  readonly #random: Random;
  readonly #drivers: readonly Driver[];
  readonly #unloading = new Map<string, number>();
  readonly #roads: Roads;
  #places: readonly LonLat[] = [];

  constructor(
    private readonly options: FleetOptions,
    private readonly fleet: ServiceClient,
    private readonly database: SourceDatabase,
    private readonly door: DriverDoor,
  ) {
    const { seed, run, vehicles } = options;
    this.#random = new Random(seed, 'fleet');
    this.#roads = new Roads(new Random(seed, 'roads'), run);
    this.#drivers = Array.from(
      { length: vehicles },
      (_, i) => new Driver(`V-${String(i + 1).padStart(3, '0')}`, new Random(seed, `driver ${i}`)),
    );
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    if (this.#drivers.length === 0) return;
    await this.#enrol();
    this.#places = placesOf(mapAnswer.parse(done(await this.fleet.get('/v1/map'))));
    await this.#setOut(signal);
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#drivers.length === 0) return;
    this.door.listen({ onPlan: (vehicle_id, way) => this.#onPlan(vehicle_id, way), takes: () => this.#takes() });
    const end = endOf(signal, this.options.for_ms);
    await Promise.all([this.#drive(end), this.options.incidents ? this.#trouble(end) : undefined]);
    this.door.close();
    if (!signal.aborted) this.#counts.add('finished');
  }

  /** Vehicles and drivers, as rows in the source database. */
  async #enrol(): Promise<void> {
    await this.database.upsert(
      'fleet.drivers',
      ['driver_id'],
      this.#drivers.map((_, i) => ({ driver_id: `driver-${i + 1}`, name: `Driver ${i + 1}` })),
    );
    await this.database.upsert(
      'fleet.vehicles',
      ['vehicle_id'],
      this.#drivers.map(({ vehicle_id }, i) => ({
        vehicle_id,
        depot_id: DEPOTS[i % DEPOTS.length],
        driver_id: `driver-${i + 1}`,
        name: `Van ${i + 1}`,
      })),
    );
  }

  async #setOut(signal: AbortSignal): Promise<void> {
    for (let at = 0; at < this.#drivers.length && !signal.aborted; at += PLANS_AT_ONCE) {
      await Promise.all(
        this.#drivers.slice(at, at + PLANS_AT_ONCE).map((driver) => this.#plan(driver, this.#anywhere())),
      );
    }
  }

  /** Asks for a way to somewhere. A place behind a closed road has none: another one is tried next time. */
  async #plan(driver: Driver, from: LonLat): Promise<void> {
    const to = this.#anywhere();
    const answer = await this.fleet.post('/v1/plans', {
      vehicle_id: driver.vehicle_id,
      from: point(from),
      to: point(to),
    });
    if (answer.status >= 300) return this.#counts.add('plans_refused');
    const plan = vehiclePlan.parse(answer.body);
    driver.follow(toWay(plan));
    this.#counts.add('plans');
  }

  async #drive(signal: AbortSignal): Promise<void> {
    let driven_at_ms = Date.now();
    while (!signal.aborted) {
      await wait(FIX_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const now_ms = Date.now();
      for (const driver of this.#drivers) this.#advance(driver, now_ms - driven_at_ms, now_ms);
      driven_at_ms = now_ms;
      await this.#report(now_ms);
      await this.#sendOn();
    }
  }

  #advance(driver: Driver, by_ms: number, now_ms: number): void {
    const { place } = driver;
    if (place !== undefined) driver.advance(by_ms, this.#roads.slowedAt(place, now_ms));
  }

  async #report(event_ms: number): Promise<void> {
    const fixes = this.#drivers.flatMap((driver) => {
      const { place } = driver;
      const fix = place === undefined ? undefined : driver.fix(this.#roads.slowedAt(place, event_ms));
      return fix === undefined ? [] : [{ vehicle_id: driver.vehicle_id, event_ms, ...fix }];
    });
    if (fixes.length === 0) return;
    const { accepted, stale, off_map } = positionsAnswer.parse(done(await this.fleet.post('/v1/positions', { fixes })));
    this.#counts.add('fixes_sent', fixes.length);
    this.#counts.add('fixes_accepted', accepted);
    this.#counts.add('fixes_stale', stale);
    this.#counts.add('fixes_off_map', off_map);
  }

  /** Who has arrived unloads, then goes on to the next customer. */
  async #sendOn(): Promise<void> {
    for (const driver of this.#drivers) {
      if (!driver.arrived) continue;
      const fixes = (this.#unloading.get(driver.vehicle_id) ?? 0) + 1;
      this.#unloading.set(driver.vehicle_id, fixes);
      if (fixes < UNLOADING_FIXES) continue;
      this.#unloading.delete(driver.vehicle_id);
      await this.#plan(driver, driver.place ?? this.#anywhere());
    }
  }

  async #trouble(signal: AbortSignal): Promise<void> {
    const pace = new Random(this.options.seed, 'incidents pace');
    while (!signal.aborted) {
      await wait(pace.gap_ms(INCIDENTS_PER_S), undefined, { signal }).catch(() => undefined);
      const at = this.#drivers[pace.below(this.#drivers.length)]?.ahead(pace.between(0.2, 0.8));
      const incident = signal.aborted || at === undefined ? undefined : this.#roads.next(at, Date.now());
      if (incident === undefined) continue;
      const { status } = await this.fleet.post('/v1/traffic', incident);
      this.#counts.add(status < 300 ? `incidents_${incident.kind}` : `incidents_refused_${status}`);
    }
  }

  #onPlan(vehicle_id: string, way: Way): void {
    const driver = this.#drivers.find((each) => each.vehicle_id === vehicle_id);
    if (driver === undefined || way.plan_version <= driver.plan_version) return;
    driver.follow(way);
    this.#counts.add('plans_changed');
  }

  /** Does the driver take the proposal? Who doesn't answer leaves it to the dispatcher. */
  #takes(): boolean {
    const takes = this.#random.chance(ACCEPTS);
    this.#counts.add(takes ? 'proposals_taken' : 'proposals_left');
    return takes;
  }

  /** Anywhere on a road. */
  #anywhere(): LonLat {
    return this.#places[this.#random.below(this.#places.length)] ?? [0, 0];
  }
}

/** A place on each road: customers live along roads, not in woods. */
function placesOf({ features }: MapAnswer): LonLat[] {
  return features.flatMap(({ geometry: { coordinates } }) => coordinates.slice(0, 1));
}

/** Aborts with the signal, or after a time. (Node 20 may collect a signal of AbortSignal.timeout before it fires.) */
function endOf(signal: AbortSignal, for_ms: number | undefined): AbortSignal {
  if (for_ms === undefined) return signal;
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), for_ms);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    end.abort();
  });
  return end.signal;
}

const point = ([lon, lat]: LonLat) => ({ lat, lon });

function done({ status, body }: Answer): unknown {
  if (status < 300) return body;
  throw new Error(`gps-rerouting answered ${status}: ${JSON.stringify(body)}`);
}
