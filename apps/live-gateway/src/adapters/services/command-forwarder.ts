import { Inject, Injectable } from '@nestjs/common';
import { commandRequest, commands, type Ack, type CommandName } from '@nerveline/contracts';
import { NervelineError, tenantKey, type Principal } from '@nerveline/kernel';
import { parsePayload, refusal } from '@nerveline/push';
import { requireScope, toNervelineError } from '@nerveline/service-defaults';
import { z } from 'zod';
import type { LiveGatewaySettings } from '../../live-gateway.config';
import { GATEWAY_SETTINGS } from '../tokens';
import { CommandAudit } from './command-audit';
import { ServiceAddresses } from './service-addresses';
import { newTrace } from './trace-context';

/** Who sends a command, and with which token. */
export interface Sender {
  readonly principal: Principal;
  readonly token: string;
}

/** The name of the header that tells an owner until when somebody waits, milliseconds since the epoch. */
const DEADLINE_HEADER = 'x-deadline-ms';

const nameSchema = z.enum(Object.keys(commands) as [CommandName, ...CommandName[]]);
const errorAnswer = z.object({
  error: z.object({ code: z.string(), detail: z.string(), field: z.string().optional() }),
});

/** Carries commands from the pages to the services that own them, and writes down who did what and what came of it. */
@Injectable()
export class CommandForwarder {
  constructor(
    @Inject(ServiceAddresses) private readonly addresses: ServiceAddresses,
    @Inject(CommandAudit) private readonly audit: CommandAudit,
    @Inject(GATEWAY_SETTINGS) private readonly settings: LiveGatewaySettings,
  ) {}

  /**
   * The owner's answer, also where it is a refusal. Asking again with the same key does no harm.
   *
   * @throws NervelineError `NL-PSH-001` for an envelope that breaks its schema
   */
  async carry(sender: Sender, payload: unknown): Promise<Ack<unknown>> {
    const envelope = parsePayload(commandRequest, payload);
    const name = parsePayload(z.object({ name: nameSchema }), { name: envelope.name }).name;
    const trace = newTrace();
    const answer = await this.#ask(name, { sender, envelope, traceparent: trace.traceparent }).catch(
      (error: unknown): Ack<never> => refusal(toNervelineError(error)),
    );
    await this.audit.write({ sender, name, envelope, answer, trace_id: trace.trace_id });
    return answer;
  }

  async #ask(
    name: CommandName,
    {
      sender,
      envelope,
      traceparent,
    }: { sender: Sender; envelope: z.infer<typeof commandRequest>; traceparent: string },
  ): Promise<Ack<unknown>> {
    const { owner, path, scope, request, answer } = commands[name];
    requireScope(sender.principal, scope);
    const body = parsePayload(z.object({ request }), { request: envelope.request }).request;
    demandOneKey(body, envelope.idempotency_key);
    const address = await this.addresses.of(owner, tenantKey(sender.principal.tenant_id));
    const response = await this.#post(`${address}${path}`, {
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${sender.token}`,
        'idempotency-key': envelope.idempotency_key,
        [DEADLINE_HEADER]: String(Date.now() + this.settings.COMMAND_DEADLINE_MS),
        traceparent,
      },
    });
    return toAck(response, answer, owner);
  }

  async #post(url: string, options: { body: string; headers: Record<string, string> }) {
    try {
      const signal = AbortSignal.timeout(this.settings.COMMAND_DEADLINE_MS);
      const response = await fetch(url, { method: 'POST', redirect: 'error', signal, ...options });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (cause) {
      throw new NervelineError('NL-API-011', { detail: 'the service behind the command does not answer', cause });
    }
  }
}

/** Two keys for one command would make "once" mean two things. */
function demandOneKey(body: unknown, key: string): void {
  if (typeof body !== 'object' || body === null || !('idempotency_key' in body)) return;
  if (body.idempotency_key === key) return;
  throw new NervelineError('NL-PSH-001', {
    field: 'request.idempotency_key',
    detail: 'request.idempotency_key: must be the same as idempotency_key',
  });
}

function toAck(
  response: { ok: boolean; status: number; text: string },
  schema: z.ZodType,
  owner: string,
): Ack<unknown> {
  const body = parseJson(response.text);
  if (response.ok) {
    const answer = schema.safeParse(body);
    if (answer.success) return { ok: true, value: answer.data };
    return refusal(new NervelineError('NL-API-011', { detail: `${owner} gave an answer that breaks its schema` }));
  }
  const refused = errorAnswer.safeParse(body);
  if (!refused.success) {
    return refusal(new NervelineError('NL-API-011', { detail: `${owner} answered with status ${response.status}` }));
  }
  const { code, detail, field } = refused.data.error;
  return { ok: false, code, detail, ...(field !== undefined && { field }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
