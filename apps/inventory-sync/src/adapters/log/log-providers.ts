import type { Provider } from '@nestjs/common';
import { topics } from '@nerveline/contracts';
import {
  deadLettersController,
  heldFacts,
  requestsController,
  type DeadLetterDesk,
  type HeldNews,
  type Log,
} from '@nerveline/log';
import {
  CurrentPrincipal,
  exitWith,
  LOGGER,
  Readiness,
  Scope,
  SignedIn,
  type Logger,
} from '@nerveline/service-defaults';
import { DeliverToChannels } from '../../application/deliver-to-channels';
import { forgetVanished } from '../../application/follow-ledger';
import { StockClocks } from '../../application/stock-clocks';
import { heldRecords } from '../metrics';
import { DEAD_LETTERS, LOG } from '../tokens';
import { COMMANDS, LogIntake } from './log-intake';

/** The routes behind `nerveline dlq`. */
export const DeadLettersController = deadLettersController({
  desk: DEAD_LETTERS,
  mayRead: Scope('ops:read'),
  mayWrite: Scope('ops:write'),
  principal: CurrentPrincipal(),
});

/** The way in for the pages' commands; each has its scope at its handler. */
export const RequestsController = requestsController({
  transport: COMMANDS,
  may: SignedIn(),
  principal: CurrentPrincipal(),
});

/** What this service reads from the log, and the desk for what it could not handle. */
export function logIntake(): Provider[] {
  return [
    {
      provide: LogIntake,
      inject: [LOG, StockClocks, DeliverToChannels, Readiness, LOGGER],
      useFactory: (...parts: [Log, StockClocks, DeliverToChannels, Readiness, Logger]) => {
        const [log, clocks, deliveries, readiness, logger] = parts;
        const reading = new LogIntake({
          log,
          restore: async () => {
            await clocks.restore(log);
            await forgetVanished(log, deliveries);
            deliveries.restore();
          },
          onRetry: (error, failures) => logger.warn({ err: error, failures }, 'trying again'),
          onHeld: (held) => tellHeld(logger, held),
          onFatal: (error) => exitWith(logger, error),
        });
        readiness.add('log', () => reading.check());
        return reading;
      },
    },
    { provide: COMMANDS, inject: [LogIntake], useFactory: ({ commands }: LogIntake) => commands },
    {
      provide: DEAD_LETTERS,
      inject: [LOG, LogIntake],
      useFactory: (log: Log, reading: LogIntake): DeadLetterDesk => ({
        log,
        dead_letters: topics.inventoryDeadLetters.name,
        audit: topics.inventoryAudit.name,
        get processors() {
          return reading.processors;
        },
      }),
    },
  ];
}

function tellHeld(logger: Logger, held: HeldNews): void {
  const facts = heldFacts(held);
  heldRecords.inc({ topic: facts.topic, fate: facts.fate });
  logger.warn(facts, 'a record could not be handled: nerveline dlq');
}
