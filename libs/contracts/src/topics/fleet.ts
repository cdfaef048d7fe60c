import { z } from 'zod';
import { auditEntry } from '../audit';
import { positionFix, trafficFields } from '../http/fleet-api';
import { depotId, proposalId, tenantId, vehicleId } from '../ids';
import { readVector } from '../read-vector';
import { coordinates, epoch_ms } from '../units';
import { COMPACTED, DAYS_30, DAYS_7, DEFAULT_PARTITIONS, defineTopic } from './topic';

const lonLat = z.tuple([z.number(), z.number()]);

/** Where a vehicle is, on its way or off it. A gauge: the latest by vehicle counts. */
export const vehicleState = z.strictObject({
  tenant_id: tenantId,
  vehicle_id: vehicleId,
  depot_id: depotId.nullable(),
  /** As the source tables have them; absent until they told. */
  name: z.string().optional(),
  driver_name: z.string().optional(),
  lat: z.number(),
  lon: z.number(),
  heading_deg: z.number(),
  speed_mps: z.number(),
  status: z.enum(['on_route', 'off_route', 'arrived', 'no_plan']),
  /** Time of arrival at the last stop, by the event clock; null without a plan. */
  eta_ms: epoch_ms.nullable(),
  /** Against the plan as it was made; positive is late. */
  delay_ms: z.number(),
  remaining_m: z.number(),
  /** Counts the vehicle's plans; the plan itself rides on `fleet.plans`. */
  plan_version: z.int().min(0),
  event_ms: epoch_ms,
});
export type VehicleState = z.infer<typeof vehicleState>;

export const vehiclePlan = z.strictObject({
  tenant_id: tenantId,
  vehicle_id: vehicleId,
  plan_version: z.int().min(1),
  segment_ids: z.array(z.int()),
  geometry: z.array(lonLat),
  stops: z.array(z.strictObject({ lat: z.number(), lon: z.number(), label: z.string(), eta_ms: epoch_ms })),
  made_ms: epoch_ms,
  cause: z.enum(['planned', 'proposal_accepted', 'off_route', 'closure', 'orders']),
});
export type VehiclePlan = z.infer<typeof vehiclePlan>;

/** A better way for one vehicle, or the word that it was left alone, and why. */
export const rerouteDecision = z.strictObject({
  format_version: z.literal(1),
  proposal_id: proposalId,
  tenant_id: tenantId,
  vehicle_id: vehicleId,
  depot_id: depotId.nullable(),
  outcome: z.enum(['proposed', 'left_alone', 'applied', 'accepted', 'declined', 'expired', 'no_route']),
  trigger: z.enum(['jam', 'closure', 'weather', 'cleared', 'off_route', 'orders']),
  incident_id: z.string().nullable(),
  /** Why a vehicle was left alone. */
  because: z
    .enum(['already_best', 'gain_too_small', 'fork_too_near', 'changed_recently', 'proposal_in_flight'])
    .optional(),
  /** Of a proposal: until when it can be answered, by the event clock. */
  expires_at_ms: epoch_ms.optional(),
  /** In the dispatcher's words: "jam on Ring East". */
  reason: z.string(),
  old_eta_ms: epoch_ms.nullable(),
  new_eta_ms: epoch_ms.nullable(),
  gain_ms: z.number(),
  geometry: z.array(lonLat),
  segment_ids: z.array(z.int()),
  read_vector: readVector,
  event_ms: epoch_ms,
});
export type RerouteDecision = z.infer<typeof rerouteDecision>;

export const trafficIncident = trafficFields.extend({
  tenant_id: tenantId,
  segment_ids: z.array(z.int()),
  vehicles_hit: z.int(),
  metric_version: z.int(),
  read_vector: readVector.optional(),
  event_ms: epoch_ms,
});
export type TrafficIncident = z.infer<typeof trafficIncident>;

/**
 * What was asked of the fleet, as it was taken. With the positions and the traffic it is all that plans and decisions
 * depend on, so a replay feeds these three.
 */
export const fleetCommand = z.discriminatedUnion('kind', [
  z.strictObject({
    format_version: z.literal(1),
    kind: z.literal('plan'),
    tenant_id: tenantId,
    vehicle_id: vehicleId,
    depot_id: depotId.nullable(),
    from: coordinates,
    stops: z.array(coordinates.extend({ label: z.string() })).min(1),
    read_vector: readVector,
    event_ms: epoch_ms,
  }),
  z.strictObject({
    format_version: z.literal(1),
    kind: z.literal('answer'),
    tenant_id: tenantId,
    vehicle_id: vehicleId,
    proposal_id: proposalId,
    answer: z.enum(['accepted', 'declined', 'expired']),
    read_vector: readVector,
    event_ms: epoch_ms,
  }),
  /** The orders of a vehicle changed: its stops now, from where it is. Without stops its tour is over. */
  z.strictObject({
    format_version: z.literal(1),
    kind: z.literal('orders'),
    tenant_id: tenantId,
    vehicle_id: vehicleId,
    depot_id: depotId.nullable(),
    from: coordinates,
    stops: z.array(coordinates.extend({ label: z.string() })),
    read_vector: readVector,
    event_ms: epoch_ms,
  }),
  /** The vehicle left the fleet. */
  z.strictObject({
    format_version: z.literal(1),
    kind: z.literal('removed'),
    tenant_id: tenantId,
    vehicle_id: vehicleId,
    read_vector: readVector,
    event_ms: epoch_ms,
  }),
]);
export type FleetCommand = z.infer<typeof fleetCommand>;

export const fleetTopics = {
  positions: defineTopic({
    name: 'fleet.positions',
    key: 'tenant/vehicle',
    schema: positionFix,
    encoding: 'position-fix',
    partitions: DEFAULT_PARTITIONS,
    retention: DAYS_7,
    owner: 'gps-rerouting',
    description: 'GPS fixes as received, fixed binary records.',
  }),
  vehicleStates: defineTopic({
    name: 'fleet.vehicle_states',
    key: 'tenant/vehicle',
    schema: vehicleState,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: COMPACTED,
    owner: 'gps-rerouting',
    description: 'Where each vehicle is, its progress and ETA.',
  }),
  plans: defineTopic({
    name: 'fleet.plans',
    key: 'tenant/vehicle',
    schema: vehiclePlan,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: COMPACTED,
    owner: 'gps-rerouting',
    description: 'The route that each vehicle follows.',
  }),
  traffic: defineTopic({
    name: 'fleet.traffic',
    key: 'tenant/incident',
    schema: trafficIncident,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'gps-rerouting',
    description: 'Jams, closures and weather with the segments that they cover.',
  }),
  decisions: defineTopic({
    name: 'fleet.decisions',
    key: 'tenant/vehicle',
    schema: rerouteDecision,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: DAYS_30,
    owner: 'gps-rerouting',
    description: 'Proposals, what became of them, and whom we left alone.',
  }),
  commands: defineTopic({
    name: 'fleet.commands',
    key: 'tenant/vehicle',
    schema: fleetCommand,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: DAYS_30,
    owner: 'gps-rerouting',
    description: 'Plans, answers, changed orders, removed vehicles: what a replay feeds beside positions and traffic.',
  }),
  audit: defineTopic({
    name: 'audit.gps-rerouting',
    key: 'tenant/object',
    schema: auditEntry,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'gps-rerouting',
    description: 'Who changed what in the fleet.',
  }),
} as const;
