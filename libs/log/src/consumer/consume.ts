import { isNervelineError } from '@nerveline/kernel';
import type { Consumer, ConsumerOptions } from '../ports/consumer';
import type { Log } from '../ports/log';
import { processor } from '../processor/processor';

const DEFAULT_MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_RECORDS = 10_000;
/** A batch in hand is finished, however long it takes: the service has a deadline of its own for its drain. */
const DRAIN_MS = 24 * 3_600_000;

/**
 * A processor that takes one batch after the other and skips nothing: reads topics from where the group stands and hands
 * batches to `handle`; what it gives back becomes durable together with the batch's position.
 *
 * `done` rejects with what `handle` threw unless that is retriable, and with `NL-LOG-009` when retention has overtaken
 * the group.
 */
export function consume(log: Log, options: ConsumerOptions): Consumer {
  const { group, topics, from, max_batch_bytes = DEFAULT_MAX_BATCH_BYTES, onRetry } = options;
  return processor(log, {
    group,
    topics,
    from,
    concurrency: 1,
    failures: 'stop',
    isRetriable: (error) => isNervelineError(error) && error.retriable,
    deadline_ms: Infinity,
    drain_ms: DRAIN_MS,
    commit_interval_ms: 0,
    max_batch_bytes,
    max_batch_records: MAX_BATCH_RECORDS,
    ...(onRetry !== undefined && { onRetry }),
    handleBatch: (records) => options.handle(records),
  });
}
