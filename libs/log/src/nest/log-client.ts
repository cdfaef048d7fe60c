import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { catalogue, NervelineError, type ErrorCode } from '@nerveline/kernel';
import type { Log } from '../ports/log';
import {
  DEADLINE_HEADER,
  GENERATION_HEADER,
  isRequestPattern,
  REQUEST_PATH,
  type RequestPattern,
} from './request-pattern';
import { validate, type EventTopic } from './topic-codec';

export interface LogClientOptions {
  readonly log: Pick<Log, 'ownerOf' | 'append'>;
  /** What the called service's guard is shown. */
  token(): string | Promise<string>;
  /** How long an answer is waited for; 5 s when absent. */
  readonly deadline_ms?: number;
}

/** Wraps the data of a `send` to say more than the data. */
export class LogRequest<Data> {
  constructor(
    readonly data: Data,
    readonly more: {
      readonly deadline_ms?: number;
      readonly token?: string;
      readonly headers?: Record<string, string>;
    },
  ) {}
}

/** The data of an `emit`. */
export interface EmittedRecord {
  readonly key: string | null;
  readonly value: unknown;
  readonly headers?: Record<string, string>;
  readonly timestamp_ms: number;
}

const RETRY_MS = 50;

/**
 * The other end of `LogTransport`. `emit(topic, record)` appends to a topic that this service owns, durably.
 * `send(pattern, data)` asks the owner of the key, over HTTP: an answer is worth something to a caller that waits, within
 * its deadline, and to nobody later. On the log a question would outlive its caller and be carried out after a restart,
 * cost two durable writes, and need a topic that several services write. Who owns the key is asked of the log, and the
 * request carries the owner's generation, so that one that was overtaken refuses it and the next one is asked.
 */
export class LogClient extends ClientProxy {
  constructor(private readonly options: LogClientOptions) {
    super();
  }

  async connect(): Promise<void> {}

  close(): void {}

  unwrap<T>(): T {
    return this.options.log as T;
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const gone = new AbortController();
    const answering = async (): Promise<WritePacket> => {
      try {
        return { response: await this.#ask(packet, gone.signal), isDisposed: true };
      } catch (err) {
        return { err };
      }
    };
    void this.#tell(answering(), callback);
    return () => gone.abort();
  }

  async #tell(answer: Promise<WritePacket>, callback: (packet: WritePacket) => void): Promise<void> {
    callback(await answer);
  }

  protected override async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    const topic = pattern as unknown as EventTopic;
    const { key, value, headers, timestamp_ms } = data as EmittedRecord;
    const checked = value === null ? null : validate(topic.name, topic.schema, value);
    const bytes = checked === null ? null : Buffer.from(JSON.stringify(checked));
    const record = { topic: topic.name, key, value: bytes, timestamp_ms, ...(headers && { headers }) };
    return (await this.options.log.append([record])) as T;
  }

  async #ask({ pattern, data }: ReadPacket, gone: AbortSignal): Promise<unknown> {
    if (!isRequestPattern(pattern)) throw new NervelineError('NL-LOG-031', { detail: 'send takes a RequestPattern' });
    const { data: asked, more } = (data instanceof LogRequest ? data : new LogRequest(data, {})) as LogRequest<unknown>;
    const deadline_ms = more.deadline_ms ?? this.options.deadline_ms ?? 5_000;
    const request = validate(pattern.name, pattern.request, asked);
    const token = more.token ?? (await this.options.token());
    const until_ms = Date.now() + deadline_ms;
    const signal = AbortSignal.any([gone, AbortSignal.timeout(deadline_ms)]);
    const call = { pattern, request, headers: { ...more.headers, authorization: `Bearer ${token}` }, until_ms, signal };
    for (;;) {
      try {
        return validate(`the answer of ${pattern.name}`, pattern.answer, await this.#call(call));
      } catch (error) {
        if (signal.aborted || Date.now() + RETRY_MS >= until_ms) throw late(pattern.name, error);
        if (!wasNotCarriedOut(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #call(call: {
    readonly pattern: RequestPattern;
    readonly request: unknown;
    readonly headers: Readonly<Record<string, string>>;
    readonly until_ms: number;
    readonly signal: AbortSignal;
  }): Promise<unknown> {
    const { pattern, request, headers, until_ms, signal } = call;
    const { address, generation } = await this.options.log.ownerOf(pattern.topic, pattern.key(request));
    const response = await fetch(`${address}/${REQUEST_PATH}/${pattern.name}`, {
      method: 'POST',
      signal,
      headers: {
        ...headers,
        'content-type': 'application/json',
        [DEADLINE_HEADER]: String(Math.max(1, until_ms - Date.now())),
        [GENERATION_HEADER]: String(generation),
      },
      body: JSON.stringify({ data: request }),
    });
    const body = (await response.json()) as { answer?: unknown; error?: { code: string; detail: string } };
    if (response.ok) return body.answer;
    throw remoteError(body.error, response.status);
  }
}

function remoteError(error: { code: string; detail: string } | undefined, status: number): NervelineError {
  const code = error !== undefined && error.code in catalogue ? (error.code as ErrorCode) : 'NL-API-500';
  return new NervelineError(code, { detail: error?.detail ?? `the owner answered ${status}` });
}

/** Asking again can't do it twice: nobody was there, or it was not the owner. */
function wasNotCarriedOut(error: unknown): boolean {
  if (error instanceof NervelineError) return error.code === 'NL-LOG-033' || error.code === 'NL-LOG-008';
  const { cause } = error as { cause?: { code?: string } };
  return cause?.code === 'ECONNREFUSED';
}

const late = (name: string, cause: unknown): NervelineError =>
  new NervelineError('NL-LOG-034', { detail: `${name} was not answered in time`, cause });
