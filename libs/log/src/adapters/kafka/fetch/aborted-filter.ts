import type { LogRecord } from '../../../ports/log';
import type { FetchResult } from '../wire/broker-connection';

export interface ReadablePart {
  readonly records: readonly LogRecord[];
  /** Behind the last batch, also where it was a mark or aborted: a reader that waits in front of it waits for ever. */
  readonly next_offset: number;
}

/**
 * What a reader may see of an answer: the records from `from` on, without those of transactions that were aborted.
 * Brokers send whole batches, with records below the offset that was asked for.
 */
export function readable(
  { batches, aborted }: FetchResult,
  from: number,
): ReadablePart & { readonly size_bytes: number } {
  const coming = [...aborted].sort((a, b) => a.first_offset - b.first_offset);
  const aborting = new Set<bigint>();
  const parts: (readonly LogRecord[])[] = [];
  let size_bytes = 0;
  let next_offset = from;
  for (const batch of batches) {
    while ((coming[0]?.first_offset ?? Number.POSITIVE_INFINITY) < batch.next_offset) {
      const transaction = coming.shift();
      if (transaction !== undefined) aborting.add(transaction.producer_id);
    }
    if (batch.control) aborting.delete(batch.producer_id);
    else if (!batch.transactional || !aborting.has(batch.producer_id)) {
      const whole = batch.first_offset >= from;
      parts.push(whole ? batch.records : batch.records.filter((record) => record.offset >= from));
      size_bytes += batch.size_bytes;
    }
    next_offset = Math.max(next_offset, batch.next_offset);
  }
  const [only = []] = parts;
  return { records: parts.length > 1 ? parts.flat() : only, next_offset, size_bytes };
}
