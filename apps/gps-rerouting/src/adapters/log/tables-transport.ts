import { topics } from '@nerveline/contracts';
import { heldFacts, LogTransport, type DeadLetterDesk, type Log } from '@nerveline/log';
import { exitWith, type Logger } from '@nerveline/service-defaults';
import { TABLES_GROUP } from '../../application/follow-tables';

/** What reads the source tables and event clocks, one batch after the other. */
export const tablesTransport = (log: Log, logger: Logger): LogTransport =>
  new LogTransport({
    log,
    group: TABLES_GROUP,
    topics: [topics.vehicles, topics.drivers, topics.orders, topics.eventClock],
    failures: { parked: topics.fleetParked.name, dead_letters: topics.fleetDeadLetters.name },
    on_invalid: 'dlq',
    // The directory is one: a vehicle's row, its orders and the clock meet the fleet one batch after the other.
    concurrency: 1,
    // What passes by itself (a desk that is full, a log that is busy) has nothing to do with the key. Parked, a row would
    // be overtaken by the TRUNCATE behind it, and come back after it.
    retry: { in_place_ms: Infinity, give_up_after_ms: Infinity },
    // A batch may have routes to plan for thousands; the service's drain has a deadline of its own.
    deadline_ms: Infinity,
    drain_ms: 24 * 3_600_000,
    commit_interval_ms: 0,
    onRetry: (error, failures) => logger.warn({ err: error, failures }, 'a batch of table changes is tried again'),
    onHeld: (held) =>
      logger.error(heldFacts(held), 'a row that can not be handled lies in the dead letters: nerveline dlq'),
    onFatal: (error) => exitWith(logger, error),
  });

/** What `nerveline dlq` acts on. */
export const deadLetterDesk = (log: Log, { processors }: LogTransport): DeadLetterDesk => ({
  log,
  processors,
  dead_letters: topics.fleetDeadLetters.name,
  audit: topics.fleetAudit.name,
});
