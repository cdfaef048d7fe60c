import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { Effects, LogContext } from '@nerveline/log';
import { FollowLists } from '../../application/follow-lists';
import type { BlockListChange, CardProfileChange } from '../../application/list-change';

const BATCH = { batch: true };

/** Which topic reaches what. What a handler gives back becomes durable in one commit with the position of its records. */
@Controller()
export class ListsController {
  constructor(@Inject(FollowLists) private readonly lists: FollowLists) {}

  @EventPattern(topics.blockList, BATCH)
  blockList(@Payload() changes: readonly BlockListChange[], @Ctx() context: LogContext): Effects {
    return this.lists.blockList(inOrder(context), changes);
  }

  @EventPattern(topics.cardProfiles, BATCH)
  cardProfiles(@Payload() changes: readonly CardProfileChange[], @Ctx() context: LogContext): Effects {
    return this.lists.cardProfiles(inOrder(context), changes);
  }

  /** No effects: what a source has declared is read back from its topic. */
  @EventPattern(topics.eventClock, BATCH)
  eventClock(@Ctx() context: LogContext): void {
    this.lists.eventClock(inOrder(context));
  }
}

/**
 * The records, unless somebody sent a dead letter again. It stands below the group's position: read vectors say already
 * that it was seen, and later changes of its row may have been.
 *
 * @throws NervelineError `NL-FRD-008`
 */
function inOrder(context: LogContext): LogContext['records'] {
  const { record, records } = context;
  const { next_offset } = context.unsettled();
  if (record.offset >= next_offset) return records;
  throw new NervelineError('NL-FRD-008', {
    detail: `${record.topic} ${record.partition}: offset ${record.offset} comes again, the group is at ${next_offset}`,
  });
}
