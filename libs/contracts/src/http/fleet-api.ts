import { z } from 'zod';
import { idempotencyKey, proposalId, vehicleId } from '../ids';
import { coordinates, epoch_ms } from '../units';

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
  off_map: z.int(),
});

/** `POST /v1/routes`, scope `fleet:read`. */
export const routeRequest = z.strictObject({ from: coordinates, to: coordinates });
export const routeAnswer = z.strictObject({
  duration_ms: z.number(),
  distance_m: z.number(),
  /** [lon, lat] pairs as GeoJSON has them. */
  geometry: z.array(z.tuple([z.number(), z.number()])),
  metric_version: z.int(),
});

/** `POST /v1/plans`, scope `fleet:write`: where a vehicle goes; stops come from its orders when absent. */
export const planRequest = z.strictObject({
  vehicle_id: vehicleId,
  from: coordinates,
  to: coordinates,
  event_ms: epoch_ms.optional(),
});

/** `POST /v1/traffic`, scope `fleet:write`: a jam, closure or storm that slows or closes the segments it covers. */
export const trafficRequest = z.strictObject({
  idempotency_key: idempotencyKey,
  incident_id: z.string().min(1).max(128),
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
  /** What is left of the free speed, for a jam or weather; ignored for a closure. */
  speed_factor: z.number().min(0.01).max(1).optional(),
  reason: z.string().min(1).max(256),
  ends_at_ms: epoch_ms.nullable(),
  event_ms: epoch_ms.optional(),
});
export type TrafficRequest = z.infer<typeof trafficRequest>;

export const trafficAnswer = z.strictObject({
  incident_id: z.string(),
  segments: z.int(),
  vehicles_hit: z.array(vehicleId),
  metric_version: z.int(),
});

/** The command `fleet.answer_proposal`. */
export const proposalAnswerRequest = z.strictObject({
  proposal_id: proposalId,
  answer: z.enum(['accepted', 'declined']),
});
export type ProposalAnswerRequest = z.infer<typeof proposalAnswerRequest>;
