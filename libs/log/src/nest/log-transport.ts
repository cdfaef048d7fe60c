import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { NervelineError } from '@nerveline/kernel';
import { isObservable, lastValueFrom } from 'rxjs';
import { partitionFor } from '../partitioner';
import type { Effects } from '../ports/consumer';
import type { Log, LogRecord } from '../ports/log';
import type { HeldTopicNames, Processor, ProcessorOptions, RecordContext } from '../processor/options';
import { processor } from '../processor/processor';
import { keepErrors } from './keep-errors';
import { LogContext, LogRequestContext, type LogRequestMeta } from './log-context';
import { isRequestPattern, parseRequest, type RequestPattern } from './request-pattern';
import { decodeRecord, validate, type EventTopic } from './topic-codec';

export const LOG_TRANSPORT = Symbol('nerveline:log');

type PassedOn = Omit<ProcessorOptions, 'topics' | 'handle' | 'handleBatch' | 'decode' | 'failures' | 'from' | 'group'>;

export interface LogTransportOptions extends PassedOn {
  readonly log: Log;
  /** `SERVICE.PURPOSE`. Handlers of batches have positions of their own: `SERVICE.PURPOSE.batches`. */
  readonly group: string;
  /** What is read: each has exactly one `@EventPattern` handler. */
  readonly topics: readonly EventTopic[];
  /** Where a group without positions begins; the earliest record when absent. */
  readonly from?: 'earliest' | 'latest';
  readonly failures: 'stop' | HeldTopicNames;
  /** Through which processors this process owns what it is asked about; the transport's own when absent. */
  readonly owns_through?: () => readonly Processor[];
  /** Called when it ends by itself. When absent the process ends with the error. */
  readonly onFatal?: (error: unknown) => void;
}

/**
 * Nest's way into the processor: `app.connectMicroservice({ strategy: new LogTransport({ … }) })`. A handler's
 * {@link Effects} are committed with the position of its record; what it throws decides between trying again, parking and
 * the dead letters. `@EventPattern(topic, { batch: true })` gets records of a partition together.
 */
export class LogTransport extends Server implements CustomTransportStrategy {
  readonly processors: Processor[] = [];
  readonly #requests = new Map<string, RequestPattern>();
  readonly #faults: string[] = [];

  constructor(private readonly options: LogTransportOptions) {
    super();
    this.setTransportId(LOG_TRANSPORT);
    keepErrors();
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const name = nameOf(pattern);
    // Told when it starts: Nest ends the process on an error that is raised here.
    if (name === undefined) this.#faults.push(`${String(pattern)} is neither a topic nor a RequestPattern`);
    else if (!isEventHandler && !isRequestPattern(pattern))
      this.#faults.push(`@MessagePattern(${name}) is no RequestPattern: it says neither key nor schemas`);
    else if (this.messageHandlers.has(name))
      this.#faults.push(`${name} has two handlers: each needs a group of its own`);
    if (name === undefined) return;
    if (isRequestPattern(pattern)) this.#requests.set(name, pattern);
    super.addHandler(name, callback, isEventHandler, extras);
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      this.#start();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Ends what is in hand, within `drain_ms`. */
  async close(): Promise<void> {
    // What ended one of them was told when it ended.
    await Promise.allSettled(this.processors.map((running) => running.stop()));
  }

  /** Resolves when everything that was in the log at this moment has been handled. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.processors.map((running) => running.caughtUp()));
  }

  on(): never {
    throw wrong('this transport tells of no events: see its options');
  }

  unwrap<T>(): T {
    return this.processors as T;
  }

  /**
   * Answers a request for a key that this process owns.
   *
   * @throws NervelineError `NL-API-006` no such handler, `NL-API-001` breaks the schema, `NL-LOG-033` not the owner,
   *   `NL-LOG-034` too late, or no longer the owner behind the handler, and whatever the handler raises
   */
  async answer(
    name: string,
    data: unknown,
    call: Omit<LogRequestMeta, 'key'> & { generation: number },
  ): Promise<unknown> {
    const pattern = this.#requests.get(name);
    const handler = this.messageHandlers.get(name);
    if (pattern === undefined || handler === undefined)
      throw new NervelineError('NL-API-006', { detail: `nobody answers ${name}` });
    const request = parseRequest(pattern, data);
    const key = pattern.key(request, call.principal);
    const owned = () => this.#generations(pattern.topic, key);
    if (!(await owned()).includes(call.generation)) {
      const detail = `${pattern.topic} ${key} is not owned here in generation ${call.generation}`;
      throw new NervelineError('NL-LOG-033', { detail });
    }
    const answering = resolved(handler(request, new LogRequestContext({ ...call, key })));
    const answer = await Promise.race([answering, rejection(call.signal, name)]);
    // A process that was paused meanwhile answers nothing: its successor may have answered otherwise.
    if (!(await owned()).includes(call.generation)) {
      throw new NervelineError('NL-LOG-034', { detail: `${name}: another process took over while it was carried out` });
    }
    return validate(`the answer of ${name}`, pattern.answer, answer);
  }

  #start(): void {
    const [fault] = this.#faults;
    if (fault !== undefined) throw wrong(fault);
    const handlers = [...this.messageHandlers].filter(([, { isEventHandler }]) => isEventHandler === true);
    const topics = new Map(this.options.topics.map((topic) => [topic.name, topic]));
    const unhandled = [...topics.keys()].filter((name) => this.messageHandlers.get(name)?.isEventHandler !== true);
    if (unhandled.length > 0) throw unpaired(`no @EventPattern handles ${unhandled.join(', ')}`);
    const untold = handlers.map(([name]) => name).filter((name) => !topics.has(name));
    if (untold.length > 0) throw unpaired(`${untold.join(', ')} has an @EventPattern, and is not among the topics`);
    const named = (batch: boolean) =>
      handlers.filter(([, { extras }]) => (extras?.['batch'] === true) === batch).map(([name]) => name);
    if (named(false).length > 0) this.#run(named(false), topics);
    if (named(true).length > 0) this.#runBatches(named(true), topics);
    for (const running of this.processors) {
      running.done.catch((error: unknown) => (this.options.onFatal ?? endProcess)(error));
    }
  }

  #run(names: readonly string[], topics: ReadonlyMap<string, EventTopic>): void {
    const handle = (record: LogRecord, context: RecordContext) => this.#handle([record], context.payloads[0], context);
    this.processors.push(processor(this.options.log, { ...this.#common(names, topics), handle }));
  }

  #runBatches(names: readonly string[], topics: ReadonlyMap<string, EventTopic>): void {
    const common = this.#common(names, topics);
    const group = topics.size === names.length ? common.group : `${common.group}.batches`;
    const handleBatch = (records: readonly LogRecord[], context: RecordContext) =>
      this.#handle(records, context.payloads, context);
    this.processors.push(processor(this.options.log, { ...common, group, handleBatch }));
  }

  #common(names: readonly string[], topics: ReadonlyMap<string, EventTopic>) {
    const { log: _log, onFatal: _onFatal, owns_through: _owns, from = 'earliest', ...passed } = this.options;
    const decode = (record: LogRecord): unknown => {
      const topic = topics.get(record.topic);
      return topic === undefined ? undefined : decodeRecord(topic, record);
    };
    return { ...passed, from, topics: names, decode };
  }

  #handle(records: readonly LogRecord[], payload: unknown, context: RecordContext): Promise<Effects | void> {
    const name = records[0]?.topic ?? '';
    const handler = this.messageHandlers.get(name);
    const rpc_context = new LogContext(records, context);
    return new Promise((resolve, reject) => {
      this.onProcessingStartHook(LOG_TRANSPORT, rpc_context, async () => {
        try {
          resolve(effectsOf(name, await resolved(handler?.(payload, rpc_context))));
        } catch (error) {
          reject(error instanceof Error ? error : new NonError(error));
        } finally {
          this.onProcessingEndHook?.(LOG_TRANSPORT, rpc_context);
        }
      });
    });
  }

  /** The generations in which this process owns the key. */
  async #generations(topic: string, key: string): Promise<readonly (number | undefined)[]> {
    const { log, owns_through } = this.options;
    const processors = owns_through?.() ?? this.processors;
    if (processors.length === 0) return [(await log.ownerOf(topic, key)).generation];
    const partition = partitionFor(key, await log.partitionCount(topic));
    return processors.map((running) => running.ownership(partition)?.generation);
  }
}

/** An observable's last value, a promise's, or itself. */
async function resolved(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}

function effectsOf(name: string, value: unknown): Effects | void {
  if (value === undefined || value === null) return;
  if (typeof value === 'object' && ('appends' in value || 'state' in value)) return value as Effects;
  throw wrong(`the handler of ${name} gave back what is no Effects: it would be lost`);
}

function rejection(signal: AbortSignal, name: string): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new NervelineError('NL-LOG-034', { detail: `${name} was not answered in time` }));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
}

function nameOf(pattern: unknown): string | undefined {
  if (typeof pattern === 'string') return pattern;
  if (typeof pattern === 'object' && pattern !== null && 'name' in pattern) return String(pattern.name);
  return undefined;
}

/** What a filter made of an error, when that is no error. */
class NonError extends Error {
  override readonly name = 'NonError';

  constructor(what: unknown) {
    super(JSON.stringify(what) ?? String(what), { cause: what });
  }
}

function endProcess(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new NonError(error);
  });
}

const wrong = (detail: string): NervelineError => new NervelineError('NL-LOG-031', { detail });
const unpaired = (detail: string): NervelineError => new NervelineError('NL-LOG-032', { detail });
