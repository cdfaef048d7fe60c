import { BaseRpcContext } from '@nestjs/microservices';
import type { Principal, RecordHeaders } from '@nerveline/kernel';
import type { LogRecord } from '../ports/log';
import type { RecordContext, Unsettled } from '../processor/options';

/** What an `@EventPattern` handler gets with `@Ctx()`. For a batch, what is said holds for its first record. */
export class LogContext extends BaseRpcContext<[readonly LogRecord[], RecordContext]> {
  constructor(records: readonly LogRecord[], context: RecordContext) {
    super([records, context]);
  }

  get records(): readonly LogRecord[] {
    return this.args[0];
  }

  get record(): LogRecord {
    const [record] = this.records;
    if (record === undefined) throw new RangeError('a handler is called with a record');
    return record;
  }

  /** As text; null when the record has none. */
  get key(): string | null {
    return this.record.key === null ? null : Buffer.from(this.record.key).toString();
  }

  get offset(): number {
    return this.record.offset;
  }

  get headers(): RecordHeaders {
    return this.record.headers;
  }

  get attempt(): number {
    return this.args[1].attempt;
  }

  /** Wall time at which the handler is cut off. */
  get deadline_ms(): number {
    return this.args[1].deadline_ms;
  }

  get signal(): AbortSignal {
    return this.args[1].signal;
  }

  /** Says that the handler is alive: the deadline counts from now on. */
  heartbeat(): void {
    this.args[1].heartbeat();
  }

  unsettled(): Unsettled {
    return this.args[1].unsettled();
  }
}

/** What a `@MessagePattern` handler gets with `@Ctx()`. */
export class LogRequestContext extends BaseRpcContext<[LogRequestMeta]> {
  constructor(meta: LogRequestMeta) {
    super([meta]);
  }

  /** Names the key that the request is about. */
  get key(): string {
    return this.args[0].key;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.args[0].headers;
  }

  /** Wall time at which the caller stops waiting. */
  get deadline_ms(): number {
    return this.args[0].deadline_ms;
  }

  get signal(): AbortSignal {
    return this.args[0].signal;
  }

  /** Who asks, as the guard of the route found it. */
  get principal(): Principal {
    return this.args[0].principal;
  }
}

export interface LogRequestMeta {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly deadline_ms: number;
  readonly signal: AbortSignal;
  readonly principal: Principal;
}
