import { z } from 'zod';
import { idempotencyKey, proposalId, vehicleId } from '../ids';
import { coordinates, epoch_ms, text } from '../units';

/** A GPS fix; the sum of what receivers tell. */
export const positionFix = z.strictObject({
  vehicle_id: vehicleId,
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  event_ms: epoch_ms,
  speed_mps: z.number().min(0).max(120).optional(),
  heading_deg: z.number().min(0).max(360).optional(),
  accuracy_m: z.number().min(0).max(10_000).optional(),
});
export type PositionFix = z.infer<typeof positionFix>;

/** `POST /v1/positions`, scope `positions:write`: all are durable when it answers. */
export const positionsRequest = z.strictObject({ fixes: z.array(positionFix).min(1).max(5_000) });
export type PositionsRequest = z.infer<typeof positionsRequest>;

export const positionsAnswer = z.strictObject({
  accepted: z.int(),
  /** Fixes that are older than one already taken, or the same: counted, not applied. */
  stale: z.int(),
  /** Outside of the roads' area: not applied, and named in `refused`. */
  off_map: z.int(),
  /**
   * Each fix that was at fault, in the order of the request; the others of the request were taken. A request that has
   * nothing else is refused with the code of its first.
   */
  refused: z
    .array(
      z.strictObject({
        /** `fixes[3]`, or the part of it that is wrong: `fixes[3].vehicle_id`. */
        field: z.string(),
        /** `NL-FLT-003` off the map, `NL-FLT-015` of a vehicle that isn't in the fleet. */
        code: z.enum(['NL-FLT-003', 'NL-FLT-015']),
        vehicle_id: vehicleId,
      }),
    )
    .optional(),
});
export type PositionsAnswer = z.infer<typeof positionsAnswer>;

/** `POST /v1/routes`, scope `fleet:read`. */
export const routeRequest = z.strictObject({ from: coordinates, to: coordinates });
export type RouteRequest = z.infer<typeof routeRequest>;
export const routeAnswer = z.strictObject({
  duration_ms: z.number(),
  distance_m: z.number(),
  /** [lon, lat] pairs as GeoJSON has them. */
  geometry: z.array(z.tuple([z.number(), z.number()])),
  metric_version: z.int(),
});
export type RouteAnswer = z.infer<typeof routeAnswer>;

/**
 * `POST /v1/plans`, scope `fleet:write`: where a vehicle goes. Without `to` the stops are its open orders in their
 * order; without `from` it starts from its last position. The answer is the plan.
 */
export const planRequest = z.strictObject({
  vehicle_id: vehicleId,
  from: coordinates.optional(),
  to: coordinates.optional(),
  event_ms: epoch_ms.optional(),
});
export type PlanRequest = z.infer<typeof planRequest>;

/**
 * `GET /v1/map`, scope `fleet:read`: the roads as GeoJSON. A feature is a street with one or two directions; its `id`
 * is a segment id, `twin` the segment of the other direction (null on a one-way street). `?classes=primary,trunk` picks
 * classes. Cacheable: the ETag is the graph's hash.
 */
export const mapAnswer = z.strictObject({
  type: z.literal('FeatureCollection'),
  graph: z.string(),
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  features: z.array(
    z.strictObject({
      type: z.literal('Feature'),
      id: z.int(),
      properties: z.strictObject({ class: z.string(), name: z.string(), twin: z.int().nullable() }),
      geometry: z.strictObject({
        type: z.literal('LineString'),
        coordinates: z.array(z.tuple([z.number(), z.number()])),
      }),
    }),
  ),
});
export type MapAnswer = z.infer<typeof mapAnswer>;

/** `GET /v1/map/speeds`, scope `fleet:read`: what is left of the free speed, where it isn't all; 0 is closed. */
export const mapSpeedsAnswer = z.strictObject({
  graph: z.string(),
  metric_version: z.int(),
  segments: z.array(z.tuple([z.int(), z.number()])),
});
export type MapSpeedsAnswer = z.infer<typeof mapSpeedsAnswer>;

/** What is told of a jam, closure or storm. */
export const trafficFields = z.strictObject({
  idempotency_key: idempotencyKey,
  incident_id: text(128).min(1),
  kind: z.enum(['jam', 'closure', 'weather', 'cleared']),
  /** What it covers: segments by id, or everything within a circle, or the roads that a line runs along. */
  where: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('segments'), segment_ids: z.array(z.int().min(0)).min(1).max(100_000) }),
    z.strictObject({ kind: z.literal('circle'), centre: coordinates, radius_m: z.number().positive().max(100_000) }),
    z.strictObject({
      kind: z.literal('line'),
      points: z.array(coordinates).min(2).max(1_000),
      width_m: z.number().positive().max(500),
    }),
  ]),
  /** What is left of the free speed: a jam says it, weather has a usual one, a closure leaves none. */
  speed_factor: z.number().min(0.01).max(1).optional(),
  reason: text(256).min(1),
  /** Null when nobody knows. */
  ends_at_ms: epoch_ms.nullable(),
  event_ms: epoch_ms.optional(),
});

/** `POST /v1/traffic`, scope `fleet:write`: a jam, closure or storm that slows or closes the segments it covers. */
export const trafficRequest = trafficFields.refine(
  ({ kind, speed_factor }) => kind !== 'jam' || speed_factor !== undefined,
  { path: ['speed_factor'], error: 'a jam says what is left of the free speed' },
);
export type TrafficRequest = z.infer<typeof trafficRequest>;

export const trafficAnswer = z.strictObject({
  incident_id: z.string(),
  segments: z.int(),
  vehicles_hit: z.array(vehicleId),
  metric_version: z.int(),
});
export type TrafficAnswer = z.infer<typeof trafficAnswer>;

/** The command `fleet.answer_proposal`. */
export const proposalAnswerRequest = z.strictObject({
  proposal_id: proposalId,
  answer: z.enum(['accepted', 'declined']),
});
export type ProposalAnswerRequest = z.infer<typeof proposalAnswerRequest>;
