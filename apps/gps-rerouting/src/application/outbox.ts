import { encodeJson, encodePositionFix, tenantKey, topics } from '@nerveline/contracts';
import type {
  AuditEntry,
  FleetCommand,
  PositionFix,
  RerouteDecision,
  TenantId,
  TrafficIncident,
  VehiclePlan,
} from '@nerveline/contracts';
import type { OutRecord, RecordHeaders, StateWrite } from '@nerveline/kernel';
import type { Vehicle } from '../domain/fleet/vehicle';
import type { OwnOffsets } from './own-offsets';

/** A vehicle of which something changed, and what of it has to be stored. */
export interface Touched {
  readonly tenant_id: TenantId;
  readonly vehicle: Vehicle;
  /** The plan or the open proposal changed too, not only where it is. */
  plan_changed: boolean;
  /** Of the act that touched it last. */
  headers: RecordHeaders;
}

/** What a batch of acts brings about; it all becomes durable in one commit. */
export class Outbox {
  readonly appends: OutRecord[] = [];
  readonly writes = new Map<string, StateWrite>();
  readonly touched = new Map<Vehicle, Touched>();
  /** Records on input topics, with the offsets that they must get. */
  readonly expected: { readonly index: number; readonly partition: number; readonly offset: number }[] = [];
  headers: RecordHeaders = {};

  constructor(readonly offsets: OwnOffsets) {}

  #size_before = 0;

  /** From here on it is the next act's. */
  begin(headers: RecordHeaders): void {
    this.headers = headers;
    this.#size_before = this.#size;
  }

  /** Nothing was put in since the act began: it can still refuse. */
  get is_unchanged(): boolean {
    return this.#size === this.#size_before;
  }

  /** Puts in what had to be done anyway, and is no part of the act that found it: the act can still refuse. */
  alongside(put: () => void): void {
    const { is_unchanged } = this;
    put();
    if (is_unchanged) this.#size_before = this.#size;
  }

  /** Grows with everything that is put in. */
  get #size(): number {
    return this.appends.length + this.writes.size + this.touched.size;
  }

  position(tenant_id: string, fix: PositionFix): void {
    const key = tenantKey(tenant_id, fix.vehicle_id);
    this.#expect(this.offsets.take(topics.positions, key));
    this.#append({ topic: topics.positions.name, key, value: encodePositionFix(fix), timestamp_ms: fix.event_ms });
  }

  traffic(incident: TrafficIncident): void {
    const key = tenantKey(incident.tenant_id, incident.incident_id);
    this.#expect(this.offsets.take(topics.traffic, key));
    const value = encodeJson(topics.traffic, incident);
    this.#append({ topic: topics.traffic.name, key, value, timestamp_ms: incident.event_ms });
  }

  command(command: FleetCommand): void {
    const key = tenantKey(command.tenant_id, command.vehicle_id);
    this.#expect(this.offsets.take(topics.fleetCommands, key));
    const value = encodeJson(topics.fleetCommands, command);
    this.#append({ topic: topics.fleetCommands.name, key, value, timestamp_ms: command.event_ms });
  }

  plan(plan: VehiclePlan): void {
    const key = tenantKey(plan.tenant_id, plan.vehicle_id);
    this.#append({ topic: topics.plans.name, key, value: encodeJson(topics.plans, plan), timestamp_ms: plan.made_ms });
  }

  dropPlan(tenant_id: string, vehicle_id: string, event_ms: number): void {
    this.#append({
      topic: topics.plans.name,
      key: tenantKey(tenant_id, vehicle_id),
      value: null,
      timestamp_ms: event_ms,
    });
  }

  /** The vehicle is nowhere any more: what pages have of it goes. */
  dropState(tenant_id: string, vehicle_id: string, event_ms: number): void {
    this.#append({
      topic: topics.vehicleStates.name,
      key: tenantKey(tenant_id, vehicle_id),
      value: null,
      timestamp_ms: event_ms,
    });
  }

  decision(decision: RerouteDecision): void {
    const key = tenantKey(decision.tenant_id, decision.vehicle_id);
    const value = encodeJson(topics.rerouteDecisions, decision);
    this.#append({ topic: topics.rerouteDecisions.name, key, value, timestamp_ms: decision.event_ms });
  }

  audit(entry: AuditEntry): void {
    const key = tenantKey(entry.principal.tenant_id, entry.object);
    this.#append({
      topic: topics.fleetAudit.name,
      key,
      value: encodeJson(topics.fleetAudit, entry),
      timestamp_ms: entry.event_ms,
    });
  }

  touch(tenant_id: TenantId, vehicle: Vehicle, what: { readonly plan: boolean } = { plan: false }): void {
    const touched = this.touched.get(vehicle);
    const { headers } = this;
    if (touched === undefined) {
      this.touched.set(vehicle, { tenant_id, vehicle, plan_changed: what.plan, headers });
      return;
    }
    touched.plan_changed ||= what.plan;
    touched.headers = headers;
  }

  put(store: string, key: string, value: unknown): void {
    const bytes = value === null ? null : new TextEncoder().encode(JSON.stringify(value));
    this.writes.set(`${store} ${key}`, { store, key, value: bytes });
  }

  #expect(place: { readonly partition: number; readonly offset: number }): void {
    this.expected.push({ index: this.appends.length, ...place });
  }

  #append(record: OutRecord): void {
    this.appends.push(Object.keys(this.headers).length === 0 ? record : { ...record, headers: this.headers });
  }
}
