import { setTimeout as pause } from 'node:timers/promises';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { isNervelineError, NervelineError } from '@nerveline/kernel';
import type { Log } from '../ports/log';
import { askOwner, type Attempt, type OwnerCall } from './ask-owner';
import { isRequestPattern, parseRequest, type RequestPattern, type Sender } from './request-pattern';
import { validate, type EventTopic } from './topic-codec';

export interface LogClientOptions {
  readonly log: Pick<Log, 'ownerOf' | 'append'>;
  /** Who asks, where the request doesn't say. */
  readonly sender?: Sender;
  /** How long an answer is waited for; 5 s when absent. */
  readonly deadline_ms?: number;
}

/** Wraps the data of a `send` to say more than the data. */
export class LogRequest<Data> {
  constructor(
    readonly data: Data,
    readonly more: {
      readonly deadline_ms?: number;
      readonly sender?: Sender;
      readonly headers?: Readonly<Record<string, string>>;
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
    if (!isRequestPattern(pattern)) throw wrong('send takes a RequestPattern');
    const { data: asked, more } = (data instanceof LogRequest ? data : new LogRequest(data, {})) as LogRequest<unknown>;
    const sender = more.sender ?? this.options.sender;
    if (sender === undefined) throw wrong(`nobody is said to ask ${pattern.name}`);
    const request = parseRequest(pattern, asked);
    const deadline_ms = more.deadline_ms ?? this.options.deadline_ms ?? 5_000;
    const call: OwnerCall = {
      name: pattern.name,
      request,
      headers: { ...more.headers, authorization: `Bearer ${sender.token}` },
      until_ms: Date.now() + deadline_ms,
      signal: AbortSignal.any([gone, AbortSignal.timeout(deadline_ms)]),
    };
    const answer = await this.#untilAnswered(pattern, pattern.key(request, sender.principal), call);
    return validate(`the answer of ${pattern.name}`, pattern.answer, answer);
  }

  async #untilAnswered(pattern: RequestPattern, key: string, call: OwnerCall): Promise<unknown> {
    for (;;) {
      const attempt = await this.#once(pattern, key, call);
      if (attempt.kind === 'answered') return attempt.answer;
      if (attempt.kind === 'refused') throw attempt.error;
      if (call.signal.aborted || Date.now() + RETRY_MS >= call.until_ms) throw late(pattern.name, attempt.error);
      if (attempt.kind === 'lost' && pattern.idempotent !== true) throw attempt.error;
      await pause(RETRY_MS);
    }
  }

  async #once({ topic }: RequestPattern, key: string, call: OwnerCall): Promise<Attempt> {
    try {
      return await askOwner(await this.options.log.ownerOf(topic, key), call);
    } catch (error) {
      return { kind: isNervelineError(error, 'NL-LOG-008') ? 'untouched' : 'refused', error };
    }
  }
}

const wrong = (detail: string): NervelineError => new NervelineError('NL-LOG-031', { detail });
const late = (name: string, cause: unknown): NervelineError =>
  new NervelineError('NL-LOG-034', { detail: `${name} was not answered in time`, cause });
