import { NervelineError } from '@nerveline/kernel';
import { isTransient } from './error-kind';
import type { BatchProcessorOptions, ProcessorOptions, RetryPolicy } from './options';

const MEBIBYTE = 1024 * 1024;
/** One read of a partition. More would only make the garbage collector carry records that wait for their turn. */
const READ_BYTES = 128 * 1024;

const RETRY: RetryPolicy = {
  first_ms: 20,
  longest_ms: 5_000,
  in_place_ms: 10_000,
  parked_first_ms: 1_000,
  parked_longest_ms: 60_000,
  give_up_after_ms: 24 * 3_600_000,
};

const LIMITS = {
  concurrency: 64,
  deadline_ms: 30_000,
  on_invalid: 'dlq',
  max_in_flight_bytes: 16 * MEBIBYTE,
  max_ahead_records: 10_000,
  max_parked_records: 10_000,
  commit_interval_ms: 100,
  drain_ms: 10_000,
  session_ms: 10_000,
} as const;

type Given = Pick<ProcessorOptions, 'group' | 'topics' | 'from' | 'failures' | 'decode' | 'address'>;
type Limits = { readonly [Name in keyof typeof LIMITS]: NonNullable<ProcessorOptions[Name]> };

/** The options with every default in its place. */
export interface ProcessorSettings extends Given, Limits {
  readonly handler: Pick<BatchProcessorOptions, 'handleBatch'> | Extract<ProcessorOptions, { handle: unknown }>;
  readonly retry: RetryPolicy;
  readonly read_bytes: number;
  /** How much of one lane a handler gets at once. */
  readonly unit: { readonly max_records: number; readonly max_bytes: number };
  isRetriable(error: unknown): boolean;
  onRetry(error: unknown, failures: number): void;
  onHeld: NonNullable<ProcessorOptions['onHeld']>;
}

const nothing = (): void => undefined;

/** @throws NervelineError `NL-LOG-031` */
export function settle(options: ProcessorOptions): ProcessorSettings {
  const batches = 'handleBatch' in options;
  const max_bytes = batches ? (options.max_batch_bytes ?? MEBIBYTE) : 0;
  const settings: ProcessorSettings = {
    ...LIMITS,
    ...options,
    handler: options,
    retry: { ...RETRY, ...options.retry },
    read_bytes: batches ? Math.min(MEBIBYTE, Math.max(max_bytes, READ_BYTES)) : READ_BYTES,
    unit: { max_records: batches ? (options.max_batch_records ?? 1_000) : 1, max_bytes },
    isRetriable: options.isRetriable ?? isTransient,
    onRetry: options.onRetry ?? nothing,
    onHeld: options.onHeld ?? nothing,
  };
  check(settings);
  return settings;
}

function check({ concurrency, max_ahead_records, unit, topics, failures, retry }: ProcessorSettings): void {
  const wrong = (detail: string) => new NervelineError('NL-LOG-031', { detail });
  if (topics.length === 0) throw wrong('topics is empty');
  if (new Set(topics).size < topics.length) throw wrong('a topic is named twice');
  if (!(concurrency >= 1)) throw wrong('concurrency is less than 1');
  if (!(max_ahead_records >= 1) || !(unit.max_records >= 1)) throw wrong('a limit of records is less than 1');
  if (retry.give_up_after_ms < retry.in_place_ms) throw wrong('give_up_after_ms is shorter than in_place_ms');
  if (failures === 'stop') return;
  const { parked, dead_letters } = failures;
  if (parked === dead_letters) throw wrong('parked records and dead letters need a topic each');
  const own = topics.find((topic) => topic === parked || topic === dead_letters);
  if (own !== undefined) throw wrong(`${own} is written by the processor and can not be read by it`);
}
