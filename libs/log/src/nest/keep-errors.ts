import type { ArgumentsHost } from '@nestjs/common';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { LogContext, LogRequestContext } from './log-context';

let kept = false;

/**
 * Nest turns an error that no filter takes into `{ status: 'error', message: 'Internal server error' }`: an answer for a
 * caller far away. Here the error itself decides what becomes of the record, so for handlers of this transport it is
 * passed on as it is. Filters that an application declares run before, as always; other transports notice nothing.
 */
export function keepErrors(): void {
  if (kept) return;
  kept = true;
  const { prototype } = BaseRpcExceptionFilter;
  // Called with its filter as `this` below.
  const original = prototype.catch;
  prototype.catch = function (
    this: BaseRpcExceptionFilter,
    exception: unknown,
    host: ArgumentsHost,
  ): Observable<never> {
    const context: unknown = host.getArgByIndex(1);
    if (!(context instanceof LogContext) && !(context instanceof LogRequestContext))
      return original.call(this, exception, host) as Observable<never>;
    return throwError(() => causeOf(exception));
  };
}

/** What an `RpcException` was made around, where that is an error. */
function causeOf(exception: unknown): unknown {
  if (!(exception instanceof RpcException)) return exception;
  const inner = exception.getError();
  return inner instanceof Error ? inner : exception;
}
