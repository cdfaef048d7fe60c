import {
  decodeJson,
  decodePositionFix,
  findTopic,
  recordHeaders,
  vehicleId,
  type EventLife,
  type Topic,
  type TraceRequest,
} from '@nerveline/contracts';
import { isNervelineError, NervelineError, offset, splitTenantKey, type Principal } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { stepsOf } from './event-life';
import { toEvent, type RecentEvents } from './recent-events';

const utf8 = new TextDecoder();

/** Tells the life of one event: when its change was committed, in the log, handled, decided and pushed. */
export class TraceEvent {
  constructor(
    private readonly log: Pick<Log, 'read'>,
    private readonly recent: RecentEvents,
  ) {}

  /** @throws NervelineError `NL-API-006` for a record that the log doesn't have, or that is another tenant's */
  async trace(principal: Principal, request: TraceRequest): Promise<EventLife> {
    const topic = findTopic(request.topic);
    const record = topic === undefined ? undefined : await this.#read(request);
    const key = record?.key == null ? null : utf8.decode(record.key);
    if (topic === undefined || record === undefined || splitTenantKey(key ?? '')[0] !== principal.tenant_id) {
      throw new NervelineError('NL-API-006', { detail: 'the log has no such record, or not any more' });
    }
    const source_position = record.headers[recordHeaders.source_position];
    const own = this.recent.find(request) ?? toEvent({ ...record, topic, tenant_id: principal.tenant_id }, undefined);
    const caused = source_position === undefined ? [] : this.recent.causedBy(source_position);
    const others = caused.filter((event) => event !== own && event.tenant_id === principal.tenant_id);
    return {
      topic: topic.name,
      partition: record.partition,
      offset: record.offset,
      key,
      source_position: source_position ?? null,
      trace_id: record.headers[recordHeaders.traceparent]?.split('-')[1] ?? null,
      headers: { ...record.headers },
      value: record.value === null ? null : decode(topic, key, record.value),
      steps: stepsOf([own, ...others]),
    };
  }

  async #read({ topic, partition, offset: at }: TraceRequest): Promise<LogRecord | undefined> {
    try {
      const { records } = await this.log.read({ topic, partition, from: offset(at), max_records: 1 });
      return records[0]?.offset === at ? records[0] : undefined;
    } catch (error) {
      const codes = ['NL-LOG-008', 'NL-LOG-009', 'NL-LOG-012'] as const;
      if (codes.some((code) => isNervelineError(error, code))) return undefined;
      throw error;
    }
  }
}

function decode(topic: Topic, key: string | null, bytes: Uint8Array): unknown {
  if (topic.encoding === 'json') return decodeJson(topic, bytes);
  return decodePositionFix(vehicleId.parse(splitTenantKey(key ?? '')[1]), bytes);
}
