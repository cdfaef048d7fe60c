import {
  Catch,
  HttpException,
  StandardSchemaValidationPipe,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { isNervelineError, NervelineError, type ErrorCode } from '@nerveline/kernel';
import type { FastifyReply } from 'fastify';
import type { Logger } from './logger';

/** How every failed request is answered. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly detail: string;
    readonly field?: string;
    readonly retriable: boolean;
  };
}

/** Fastify's own refusals before a handler is reached. */
const FASTIFY_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['NL-API-002', 'the body is not well-formed JSON'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['NL-API-002', 'the body is empty'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['NL-API-003', 'the body is larger than this route takes'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['NL-API-002', 'the body is not as long as its Content-Length says'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['NL-API-009', 'send the body as application/json'],
};

const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'NL-API-001',
  401: 'NL-API-004',
  403: 'NL-API-005',
  404: 'NL-API-006',
  413: 'NL-API-003',
  415: 'NL-API-009',
  503: 'NL-API-008',
};

/** Gives every error, whoever raised it, a code of the catalogue. The cause of an unknown one stays in the log. */
export function toNervelineError(error: unknown): NervelineError {
  if (isNervelineError(error)) return error;
  if (!(error instanceof HttpException)) {
    return new NervelineError('NL-API-500', { detail: 'the service failed; its log has the cause', cause: error });
  }
  const refused = FASTIFY_CODES[(error.cause as { code?: string } | undefined)?.code ?? ''];
  if (refused !== undefined) return new NervelineError(refused[0], { detail: refused[1], cause: error });
  const code = STATUS_CODES[error.getStatus()] ?? 'NL-API-500';
  return new NervelineError(code, { detail: error.message, cause: error });
}

/** The body of an error answer. */
export function errorAnswer({ code, detail, field, retriable }: NervelineError): ErrorAnswer {
  return { error: { code, detail, ...(field !== undefined && { field }), retriable } };
}

/** Answers what Fastify refuses before it looks for a route: an address that can't be decoded, or is too long. */
export function refuseAddress(_cause: Error, _request: unknown, reply: Pick<FastifyReply, 'status'>): void {
  const error = new NervelineError('NL-API-001', { field: 'url', detail: 'url: is not well-formed' });
  void reply.status(error.http_status).send(errorAnswer(error));
}

/** Names the field as a path, `lines[0].quantity`. */
export function fieldPath(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path
    .map((segment) => (typeof segment === 'object' ? segment.key : segment))
    .reduce<string>(
      (all, key) => (typeof key === 'number' ? `${all}[${key}]` : all === '' ? String(key) : `${all}.${String(key)}`),
      '',
    );
}

/** Checks every body, query and parameter that declares a schema: `@Body({ schema })`. */
export const validationPipe = () =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const issue = issues[0];
      // An unknown field isn't in the issue's path: zod lists it beside.
      const [unknown] = (issue as { keys?: string[] } | undefined)?.keys ?? [];
      const field = fieldPath([...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])]);
      return new NervelineError('NL-API-001', {
        field,
        detail: `${field === '' ? 'body' : field}: ${issue?.message ?? 'is wrong'}`,
      });
    },
  });

@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(raised: unknown, host: ArgumentsHost): void {
    const error = toNervelineError(raised);
    if (error.http_status >= 500) this.logger.error({ err: raised, code: error.code }, error.message);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error.http_status === 503) void reply.header('retry-after', '1');
    // A connection that is closed on a sender in the middle of a large body is reset, and the answer lost with it. So it
    // stays open: Node reads the rest and throws it away, for as long as a request may take.
    if (error.http_status === 413) void reply.removeHeader('connection');
    void reply.status(error.http_status).send(errorAnswer(error));
  }
}
