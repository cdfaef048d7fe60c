import type { TrafficAnswer, TrafficIncident, TrafficRequest } from '@nerveline/contracts';
import { NervelineError, tenantKey } from '@nerveline/kernel';
import { checkEnd, checkEventTime, checkOnMap } from './check-input';
import type { Desk } from './desk';
import type { EventClocks } from '@nerveline/stream';
import type { Caller, RoadCutter } from './ports';
import { rememberAnswer } from './remember-answer';
import { openChange, settleAll } from './settle-change';
import { inputVectorOf, type Step } from './step';
import { storeIncident, storeMetric } from './stored-state';
import { applyTraffic } from './take-traffic';

interface Asked {
  readonly request: TrafficRequest;
  readonly event_ms: number;
  readonly now_ms: number;
}

/** Takes a jam, closure or storm, changes the live weights, and decides for every vehicle that it hits. */
export class ReportTraffic {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly cutter: RoadCutter,
  ) {}

  /**
   * @throws NervelineError `NL-FLT-001`, `-002`, `-003`, `-006`, `-013`, `-014`, `-017` for a wrong report, `NL-API-007` for a key
   *   that was used for another one
   */
  async report({ tenant_id, principal, headers }: Caller, request: TrafficRequest): Promise<TrafficAnswer> {
    const now_ms = this.clocks.of(tenant_id).now_ms();
    const event_ms = request.event_ms ?? now_ms;
    checkEventTime(event_ms, now_ms, 'event_ms');
    for (;;) {
      const answer = await this.desk.do(
        (step) => this.#take(step, { tenant_id, principal }, { request, event_ms, now_ms }),
        headers,
      );
      // An answer tells of what is decided, and a change waits for the decisions of the one before.
      await this.desk.settled(tenant_id);
      if (answer !== undefined) return answer;
    }
  }

  /** Undefined while another change is being decided. */
  #take(
    step: Step,
    { tenant_id, principal }: Pick<Caller, 'tenant_id' | 'principal'>,
    asked: Asked,
  ): TrafficAnswer | undefined {
    const { request, event_ms, now_ms } = asked;
    const key = tenantKey(tenant_id, 'traffic', request.idempotency_key);
    const known = step.world.memory.recall(key, JSON.stringify(request));
    if (known !== undefined) return known as TrafficAnswer;
    checkEnd(request, now_ms);
    if (step.world.fleet(tenant_id).open_change !== null) return undefined;
    const before = step.world.reports.get(tenantKey(tenant_id, request.incident_id));
    const segment_ids = this.#segmentsOf(step, request, before);
    // In the order of the topic's schema: a replay reads it back so, and compares bytes.
    const report = takeReport(step, { ...request, event_ms, tenant_id, segment_ids }, now_ms);
    const answer = {
      incident_id: request.incident_id,
      segments: segment_ids.length,
      vehicles_hit: report.hit.map(({ vehicle_id }) => vehicle_id),
      metric_version: report.incident.metric_version,
    };
    step.outbox.audit({
      principal,
      action: `traffic.${request.kind}`,
      object: `incident ${request.incident_id}`,
      before: before === undefined ? null : { kind: before.kind, segments: before.segment_ids.length },
      after: { kind: request.kind, segments: segment_ids.length, reason: request.reason },
      event_ms,
    });
    rememberAnswer(step, key, { request: JSON.stringify(request), answer, at_ms: now_ms });
    return answer;
  }

  #segmentsOf(step: Step, request: TrafficRequest, before: TrafficIncident | undefined): number[] {
    const { graph } = step.world.surroundings;
    if (request.kind === 'cleared') {
      if (before !== undefined) return before.segment_ids;
      const detail = `there is no incident ${request.incident_id}`;
      throw new NervelineError('NL-FLT-014', { detail, field: 'incident_id' });
    }
    const { where } = request;
    if (where.kind === 'circle') checkOnMap(where.centre, graph, 'where.centre');
    if (where.kind === 'line') where.points.forEach((point, n) => checkOnMap(point, graph, `where.points[${n}]`));
    if (where.kind === 'segments') {
      const unknown = where.segment_ids.findIndex((edge) => edge >= graph.edge_count);
      if (unknown === -1) return [...new Set(where.segment_ids)];
      const field = `where.segment_ids[${unknown}]`;
      const detail = `${field}: there are segments 0 to ${graph.edge_count - 1}`;
      throw new NervelineError('NL-FLT-006', { detail, field });
    }
    const segment_ids = [...this.cutter.segmentsOf(where)];
    if (segment_ids.length > 0) return segment_ids;
    throw new NervelineError('NL-FLT-013', { detail: `${request.incident_id} covers no road`, field: 'where' });
  }
}

/** Puts a report into the log and opens what has to be decided of it; also for one that ended by itself. */
export function takeReport(
  step: Step,
  reported: Omit<TrafficIncident, 'vehicles_hit' | 'metric_version' | 'read_vector'>,
  event_clock_ms: number,
) {
  const { tenant_id } = reported;
  // What the last change brought about is decided on its own weights, before they change.
  settleAll(step, tenant_id);
  const fleet = step.world.fleet(tenant_id);
  const read_vector = inputVectorOf(step, tenant_id, event_clock_ms);
  const hit = applyTraffic(step, tenant_id, reported);
  const incident = { ...reported, vehicles_hit: hit.length, metric_version: fleet.metric.version, read_vector };
  step.outbox.traffic(incident);
  const key = tenantKey(tenant_id, incident.incident_id);
  if (incident.kind === 'cleared') step.world.reports.delete(key);
  else step.world.reports.set(key, incident);
  storeIncident(step.outbox, incident);
  storeMetric(step, tenant_id);
  openChange(step, incident, hit);
  return { incident, hit };
}
