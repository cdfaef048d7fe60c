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
/** How long change capture may take to bring a vehicle, and how often we ask. */
const KNOWN_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 100;
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
        this.#drivers.slice(at, at + PLANS_AT_ONCE).map(async (driver) => {
          const trip = this.#tripOf(driver, this.#anywhere());
          this.#follow(driver, await this.#onceKnown(trip, signal));
        }),
      );
    }
  }

  /** From a place to somewhere. */
  #tripOf({ vehicle_id }: Driver, from: LonLat): object {
    return { vehicle_id, from: point(from), to: point(this.#anywhere()) };
  }

  /** A place behind a closed road has no way to it: another one is tried next time. */
  #follow(driver: Driver, { status, body }: Answer): void {
    if (status >= 300) return this.#counts.add('plans_refused');
    driver.follow(toWay(vehiclePlan.parse(body)));
    this.#counts.add('plans');
  }

  /** A vehicle that was just put into the table is known as soon as change capture has brought it. */
  async #onceKnown(trip: object, signal: AbortSignal): Promise<Answer> {
    const give_up_ms = performance.now() + KNOWN_WITHIN_MS;
    for (;;) {
      const answer = await this.fleet.post('/v1/plans', trip);
      if (!isUnknownVehicle(answer) || performance.now() > give_up_ms || signal.aborted) return answer;
      await wait(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
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
    const reply = await this.fleet.post('/v1/positions', { fixes });
    this.#counts.add('fixes_sent', fixes.length);
    // Somebody deleted the last of them: their receivers go on, as real ones would.
    if (isUnknownVehicle(reply)) return this.#counts.add('fixes_refused', fixes.length);
    // The noise of the only receiver that is on its way led it beyond the edge.
    if (isRefusedAs(reply, 400, 'NL-FLT-003')) return this.#counts.add('fixes_off_map', fixes.length);
    const { accepted, stale, off_map, refused = [] } = positionsAnswer.parse(done(reply));
    this.#counts.add('fixes_accepted', accepted);
    this.#counts.add('fixes_stale', stale);
    this.#counts.add('fixes_off_map', off_map);
    this.#counts.add('fixes_refused', refused.length - off_map);
  }

  /** Who has arrived unloads, then goes on to the next customer. */
  async #sendOn(): Promise<void> {
    for (const driver of this.#drivers) {
      if (!driver.arrived) continue;
      const fixes = (this.#unloading.get(driver.vehicle_id) ?? 0) + 1;
      this.#unloading.set(driver.vehicle_id, fixes);
      if (fixes < UNLOADING_FIXES) continue;
      this.#unloading.delete(driver.vehicle_id);
      const trip = this.#tripOf(driver, driver.place ?? this.#anywhere());
      this.#follow(driver, await this.fleet.post('/v1/plans', trip));
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

/** The vehicle is not in the fleet: not yet, or not any more. */
const isUnknownVehicle = (answer: Answer): boolean => isRefusedAs(answer, 404, 'NL-FLT-015');

const isRefusedAs = ({ status, body }: Answer, as: number, code: string): boolean =>
  status === as && (body as { error?: { code?: string } } | undefined)?.error?.code === code;

const point = ([lon, lat]: LonLat) => ({ lat, lon });

function done({ status, body }: Answer): unknown {
  if (status < 300) return body;
  throw new Error(`gps-rerouting answered ${status}: ${JSON.stringify(body)}`);
}
