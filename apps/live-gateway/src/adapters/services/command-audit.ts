import { Inject, Injectable } from '@nestjs/common';
import { encodeJson, principal, topics, type Ack, type AuditEntry, type CommandName } from '@nerveline/contracts';
import { tenantKey } from '@nerveline/kernel';
import type { Log, Sender } from '@nerveline/log';
import { LOGGER, type Logger } from '@nerveline/service-defaults';
import { LOG } from '../tokens';

export interface CarriedCommand {
  readonly sender: Sender;
  readonly name: CommandName;
  readonly envelope: { readonly idempotency_key: string; readonly request?: unknown };
  readonly answer: Ack<unknown>;
  readonly trace_id: string;
}

/** Fields of requests that say what a command acts on. */
const OBJECT_FIELDS = ['proposal_id', 'incident_id', 'sku', 'location_id', 'channel_id', 'holder', 'vehicle_id'];
const OBJECT_CHARS_MAX = 512;

/** Writes each command into the gateway's audit topic: who, what, and the outcome. */
@Injectable()
export class CommandAudit {
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async write({ sender, name, envelope, answer, trace_id }: CarriedCommand): Promise<void> {
    const topic = topics.gatewayAudit;
    const event_ms = Date.now();
    const object = objectOf(envelope.request);
    const { idempotency_key } = envelope;
    const outcome = answer.ok ? 'done' : answer.code;
    const entry: AuditEntry = {
      principal: principal.parse(sender.principal),
      action: name,
      object,
      before: null,
      after: { outcome, idempotency_key },
      event_ms,
      trace_id,
    };
    try {
      const key = tenantKey(sender.principal.tenant_id, object);
      await this.log.append([{ topic: topic.name, key, value: encodeJson(topic, entry), timestamp_ms: event_ms }]);
    } catch (error) {
      // The owner has carried it out and keeps an audit of its own: an answer of "failed" would be wrong.
      this.logger.error({ err: error, action: name, trace_id }, 'a command could not be written to the audit topic');
    }
  }
}

/** `sku A-17, location_id B1` */
export function objectOf(request: unknown): string {
  if (typeof request !== 'object' || request === null) return 'nothing';
  const fields = new Map<string, unknown>(Object.entries(request));
  const named = OBJECT_FIELDS.filter((name) => typeof fields.get(name) === 'string');
  const text = named.map((name) => `${name} ${String(fields.get(name))}`).join(', ');
  return text === '' ? 'nothing' : text.slice(0, OBJECT_CHARS_MAX);
}
