import type { StandardSchema } from './topic-codec';

/** A question that the owner of a key answers: what `@MessagePattern` and `LogClient.send` are given. */
export interface RequestPattern<Request = unknown, Answer = unknown> {
  /** Stands in the path: letters, digits, dots, hyphens and underscores. */
  readonly name: string;
  /** Whose owner answers; a topic of the service that has the handler. */
  readonly topic: string;
  readonly request: StandardSchema<Request>;
  readonly answer: StandardSchema<Answer>;
  /** What the request is about. */
  key(request: Request): string;
}

export const isRequestPattern = (pattern: unknown): pattern is RequestPattern =>
  typeof pattern === 'object' && pattern !== null && 'request' in pattern && 'answer' in pattern && 'name' in pattern;

export const REQUEST_PATH = 'v1/requests';
export const DEADLINE_HEADER = 'x-deadline-ms';
export const GENERATION_HEADER = 'x-owner-generation';
