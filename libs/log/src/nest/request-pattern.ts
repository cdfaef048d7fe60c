import { NervelineError, type Principal } from '@nerveline/kernel';
import { validate, type StandardSchema } from './topic-codec';

/** A question that the owner of a key answers: what `@MessagePattern` and `LogClient.send` are given. */
export interface RequestPattern<Request = unknown, Answer = unknown> {
  /** Stands in the path: letters, digits, dots, hyphens and underscores. */
  readonly name: string;
  /** Whose owner answers; a topic of the service that has the handler. */
  readonly topic: string;
  readonly request: StandardSchema<Request>;
  readonly answer: StandardSchema<Answer>;
  /**
   * The same request again does nothing more and gets the same answer. Then one whose answer got lost is asked again
   * until its deadline: a service that is killed between effect and answer costs its caller time, not the answer.
   */
  readonly idempotent?: boolean;
  /** What the request is about, as the topic's keys are made: {@link tenantKey} of who asks. */
  key(request: Request, by: Principal): string;
}

/** Who asks, and the token that proves it. */
export interface Sender {
  readonly principal: Principal;
  readonly token: string;
}

export const isRequestPattern = (pattern: unknown): pattern is RequestPattern =>
  typeof pattern === 'object' && pattern !== null && 'request' in pattern && 'answer' in pattern && 'name' in pattern;

/** @throws NervelineError `NL-API-001`, naming the field */
export function parseRequest({ name, request }: RequestPattern, data: unknown): unknown {
  try {
    return validate(name, request, data);
  } catch (cause) {
    if (!(cause instanceof NervelineError) || cause.code !== 'NL-LOG-011') throw cause;
    const { detail, field } = cause;
    throw new NervelineError('NL-API-001', { detail, cause, ...(field !== undefined && { field }) });
  }
}

export const REQUEST_PATH = 'v1/requests';
/** How long the caller still waits, so that it holds whatever the clocks of two machines say. */
export const DEADLINE_HEADER = 'x-deadline-ms';
export const GENERATION_HEADER = 'x-owner-generation';
