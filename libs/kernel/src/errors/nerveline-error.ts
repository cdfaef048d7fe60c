import { catalogue, type ErrorCode } from './catalogue';

/** What one failure adds to the catalogue's words for its code. */
export interface ErrorDetails {
  /** What happened here, one sentence without a secret in it. */
  readonly detail: string;
  /** The input's field that is wrong, as a path: `lines[0].quantity`. */
  readonly field?: string;
  readonly cause?: unknown;
}

/** A failure with a stable code from the catalogue, which says whether trying again can help and what to do. */
export class NervelineError extends Error {
  override readonly name = 'NervelineError';
  readonly field: string | undefined;
  readonly detail: string;

  constructor(
    readonly code: ErrorCode,
    details: ErrorDetails,
  ) {
    super(`${code}: ${details.detail}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.detail = details.detail;
    this.field = details.field;
  }

  get retriable(): boolean {
    return catalogue[this.code].retriable;
  }

  /** The status with which HTTP answers it. */
  get http_status(): number {
    return catalogue[this.code].http_status ?? 500;
  }
}

/** Is it a failure of the catalogue, and of this code if one is given? */
export function isNervelineError(error: unknown, code?: ErrorCode): error is NervelineError {
  return error instanceof NervelineError && (code === undefined || error.code === code);
}
