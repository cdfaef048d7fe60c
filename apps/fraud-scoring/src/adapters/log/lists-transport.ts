import { topics } from '@nerveline/contracts';
import { heldFacts, LogTransport, type DeadLetterDesk, type Log } from '@nerveline/log';
import { exitWith, type Logger } from '@nerveline/service-defaults';
import { LISTS_GROUP } from '../../application/follow-lists';
import { refusedListChangesTotal } from '../fraud-metrics';

/** What reads the lists and event clocks, one batch after the other. */
export const listsTransport = (log: Log, logger: Logger): LogTransport =>
  new LogTransport({
    log,
    group: LISTS_GROUP,
    topics: [topics.blockList, topics.cardProfiles, topics.eventClock],
    failures: { parked: topics.fraudParked.name, dead_letters: topics.fraudDeadLetters.name },
    on_invalid: 'dlq',
    concurrency: 1,
    // What passes by itself (a log that is busy) has nothing to do with the key, and what is parked would be overtaken: an
    // offset in a read vector says that everything below it was seen.
    retry: { in_place_ms: Infinity, give_up_after_ms: Infinity },
    // Nothing here waits for anybody else; the service's drain has a deadline of its own.
    deadline_ms: Infinity,
    commit_interval_ms: 0,
    onRetry: (error, failures) => logger.warn({ err: error, failures }, 'a batch of list changes is tried again'),
    onHeld: (held) => {
      const told = heldFacts(held);
      refusedListChangesTotal.inc({ topic: told.topic, code: told.code });
      logger.error(told, 'a list change has no effect: it lies among the dead letters, see nerveline dlq');
    },
    // Decisions without the lists would be wrong: the next start goes on from the last position.
    onFatal: (error) => exitWith(logger, error),
  });

/** What `nerveline dlq` acts on. */
export const deadLetterDesk = (log: Log, { processors }: LogTransport): DeadLetterDesk => ({
  log,
  processors,
  dead_letters: topics.fraudDeadLetters.name,
  audit: topics.fraudAudit.name,
});
