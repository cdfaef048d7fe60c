import type { CommandRequest, IdempotencyKey } from '@nerveline/contracts';
import { newIdempotencyKey } from '../../client/idempotency-key';
import { roadName, type Road } from '../../model/road-map';

const MINUTE_MS = 60_000;

/** What a dispatcher says about a road, before it is sent. */
export interface Report {
  /** One intention, one key: a second try counts once. */
  readonly key: IdempotencyKey;
  readonly incident_id: string;
  readonly kind: 'closure' | 'jam' | 'cleared';
  readonly scope: 'segment' | 'street';
  /** What is left of the free speed in a jam. */
  readonly speed_factor: number;
  readonly reason: string;
  /** How long it holds; null until somebody says it is over. */
  readonly lasts_minutes: number | null;
  /** Set where it isn't the road's own segments: to end an incident. */
  readonly segment_ids: readonly number[] | null;
}

/** One of a few, with its words. */
export interface Choosable<Value> {
  readonly value: Value;
  readonly label: string;
}

export const SPEED_CHOICES: readonly Choosable<number>[] = [
  { value: 0.5, label: 'slow, half the speed' },
  { value: 0.25, label: 'heavy, a quarter' },
  { value: 0.1, label: 'standing, a tenth' },
];

export const LENGTH_CHOICES: readonly Choosable<number | null>[] = [
  { value: 30, label: '30 min' },
  { value: 60, label: '1 h' },
  { value: 180, label: '3 h' },
  { value: null, label: 'until it is over' },
];

const REASONS = { closure: 'closure on', jam: 'jam on', cleared: 'over:' } as const;
export const defaultReason = (kind: Report['kind'], road: string): string => `${REASONS[kind]} ${road}`;

export function newReport(road: Road): Report {
  const key = newIdempotencyKey();
  return {
    key,
    incident_id: `page-${key}`,
    kind: 'closure',
    scope: 'segment',
    speed_factor: 0.25,
    reason: defaultReason('closure', roadName(road)),
    lasts_minutes: 60,
    segment_ids: null,
  };
}

export function trafficRequestOf(
  report: Report,
  segment_ids: readonly number[],
  event_now_ms: number,
): CommandRequest<'fleet.report_traffic'> {
  const ends_at_ms = report.lasts_minutes === null ? null : Math.round(event_now_ms + report.lasts_minutes * MINUTE_MS);
  return {
    idempotency_key: report.key,
    incident_id: report.incident_id,
    kind: report.kind,
    where: { kind: 'segments', segment_ids: [...segment_ids] },
    reason: report.reason,
    ends_at_ms: report.kind === 'cleared' ? null : ends_at_ms,
    ...(report.kind === 'jam' && { speed_factor: report.speed_factor }),
  };
}
