import { Inject, Injectable } from '@nestjs/common';
import { commandRequest, commands, type Ack, type CommandName } from '@nerveline/contracts';
import { isNervelineError, NervelineError } from '@nerveline/kernel';
import { LogClient, LogRequest, type Sender } from '@nerveline/log';
import { parsePayload, refusal } from '@nerveline/push';
import { requireScope, toNervelineError } from '@nerveline/service-defaults';
import { firstValueFrom } from 'rxjs';
import { z } from 'zod';
import type { LiveGatewaySettings } from '../../live-gateway.config';
import { GATEWAY_SETTINGS } from '../tokens';
import { CommandAudit } from './command-audit';
import { newTrace } from './trace-context';

type Envelope = z.infer<typeof commandRequest>;

const nameSchema = z.enum(Object.keys(commands) as [CommandName, ...CommandName[]]);

/** Carries commands from the pages to the services that own them, and writes down who did what and what came of it. */
@Injectable()
export class CommandForwarder {
  constructor(
    @Inject(LogClient) private readonly owners: LogClient,
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
    const { trace_id, traceparent } = newTrace();
    const answer = await this.#ask(name, envelope, { sender, traceparent }).then(
      (value): Ack<unknown> => ({ ok: true, value }),
      (error: unknown): Ack<never> => refusal(toNervelineError(told(error, name))),
    );
    await this.audit.write({ sender, name, envelope, answer, trace_id });
    return answer;
  }

  async #ask(
    name: CommandName,
    { request, idempotency_key }: Envelope,
    { sender, traceparent }: { readonly sender: Sender; readonly traceparent: string },
  ): Promise<unknown> {
    const command = commands[name];
    requireScope(sender.principal, command.scope);
    const body = parsePayload(z.object({ request: command.request }), { request }).request;
    demandOneKey(body, idempotency_key);
    const headers = { 'idempotency-key': idempotency_key, traceparent };
    const asked = new LogRequest(body, { sender, headers, deadline_ms: this.settings.COMMAND_DEADLINE_MS });
    return firstValueFrom(this.owners.send<unknown>(command, asked));
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

/** What a page is told: the owner's own word, or that there was none. */
function told(error: unknown, name: CommandName): unknown {
  const { owner } = commands[name];
  const untold = (detail: string) => new NervelineError('NL-API-011', { detail, cause: error });
  if (isNervelineError(error, 'NL-LOG-011')) return untold(`${owner} gave an answer that breaks its schema`);
  if (!isNervelineError(error, 'NL-LOG-034')) return error;
  if (isNervelineError(error.cause, 'NL-LOG-008')) return untold(`${owner} is not running`);
  return untold(`${owner} does not answer`);
}
