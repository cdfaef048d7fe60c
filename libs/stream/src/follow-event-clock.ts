import { decodeJson, topics, type EventSource } from '@nerveline/contracts';
import type { EventClock } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';

/** The topic whose records {@link followEventClock} takes. */
export const eventClockTopic = topics.eventClock.name;

/**
 * Sets a service's event clock by a change of `platform.event_clock`: an insert or update of the service's source
 * declares the source's time, a delete goes back to wall time. A tombstone repeats the delete ahead of it and changes
 * nothing.
 *
 * @throws NervelineError `NL-LOG-011` when the record isn't such a change
 */
export function followEventClock(clock: EventClock, record: LogRecord, source: EventSource): void {
  if (record.value === null) return;
  const { before, after } = decodeJson(topics.eventClock, record.value);
  if ((after ?? before)?.source === source) clock.declare(after ?? undefined);
}
