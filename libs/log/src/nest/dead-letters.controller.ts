import { Body, Controller, HttpCode, Inject, Post, type InjectionToken, type Type } from '@nestjs/common';
import {
  deadLetterFilter,
  encodeJson,
  tenantKey,
  topics,
  type DeadLetterFilter,
  type DeadLettersAnswer,
  type HeldRecord,
} from '@nerveline/contracts';
import type { OutRecord, Principal } from '@nerveline/kernel';
import { describeDeadLetter, readDeadLetters } from '../dlq/dead-letters';
import type { Log } from '../ports/log';
import type { Processor } from '../processor/options';

/** What the routes act on. */
export interface DeadLetterDesk {
  readonly log: Log;
  /** The service's topic of dead letters, and of its audit. */
  readonly dead_letters: string;
  readonly audit: string;
  /** All that put letters there. */
  readonly processors: readonly Processor[];
}

export interface DeadLetterRoutes {
  /** Injection token of the {@link DeadLetterDesk}. */
  readonly desk: InjectionToken;
  /** Who may look: `Scope('ops:read')`. */
  readonly mayRead: MethodDecorator;
  /** Who may send again and discard: `Scope('ops:write')`. */
  readonly mayWrite: MethodDecorator;
  /** `CurrentPrincipal()`: who stands in the audit. */
  readonly principal: ParameterDecorator;
}

/**
 * The routes behind `nerveline dlq`: only the service that owns the partitions may move a letter. Each act is one commit
 * with its audit entry.
 */
export function deadLettersController({ desk, mayRead, mayWrite, principal }: DeadLetterRoutes): Type {
  @Controller('v1/dead-letters')
  class DeadLettersController {
    constructor(@Inject(desk) private readonly desk: DeadLetterDesk) {}

    @Post('list')
    @HttpCode(200)
    @mayRead
    async list(@Body({ schema: deadLetterFilter }) filter: DeadLetterFilter): Promise<DeadLettersAnswer> {
      return answerOf(await readDeadLetters(this.desk.log, this.desk.dead_letters, filter));
    }

    @Post('redrive')
    @HttpCode(200)
    @mayWrite
    redrive(
      @Body({ schema: deadLetterFilter }) filter: DeadLetterFilter,
      @principal by: Principal,
    ): Promise<DeadLettersAnswer> {
      return settle(this.desk, 'redrive', filter, by);
    }

    @Post('discard')
    @HttpCode(200)
    @mayWrite
    discard(
      @Body({ schema: deadLetterFilter }) filter: DeadLetterFilter,
      @principal by: Principal,
    ): Promise<DeadLettersAnswer> {
      return settle(this.desk, 'discard', filter, by);
    }
  }
  return DeadLettersController;
}

async function settle(
  desk: DeadLetterDesk,
  how: 'redrive' | 'discard',
  filter: DeadLetterFilter,
  by: Principal,
): Promise<DeadLettersAnswer> {
  const settled: HeldRecord[] = [];
  const audit = (letters: readonly HeldRecord[]) => letters.map((letter) => auditEntry(desk.audit, how, letter, by));
  for (const running of desk.processors) settled.push(...(await running[how](filter, { audit })));
  return answerOf(settled);
}

function auditEntry(topic: string, how: 'redrive' | 'discard', letter: HeldRecord, by: Principal): OutRecord {
  const before = describeDeadLetter(letter);
  const event_ms = Date.now();
  const entry = {
    ...{ principal: by as never, action: `dlq.${how}`, object: `dead letter ${before.id}`.slice(0, 512), event_ms },
    before,
    // What a redriven one comes to shows where its handler writes.
    after: null,
  };
  // The audit topics of all services have one schema.
  const value = encodeJson(topics.fraudAudit, entry);
  return { topic, key: tenantKey(by.tenant_id, before.id), value, timestamp_ms: event_ms };
}

const answerOf = (letters: readonly HeldRecord[]): DeadLettersAnswer => ({
  dead_letters: letters.map(describeDeadLetter),
});
