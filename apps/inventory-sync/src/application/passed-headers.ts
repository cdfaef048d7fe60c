import { recordHeaders } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';

const PASSED_ON = [recordHeaders.source_position, recordHeaders.committed_ms, recordHeaders.traceparent];

/** The headers that a derived record takes over, so that an event's life can be followed from its commit on. */
export function passedHeaders(headers: RecordHeaders): RecordHeaders {
  const kept: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
