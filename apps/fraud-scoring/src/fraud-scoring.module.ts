import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { systemClock, type Clock } from '@nerveline/kernel';
import { deadLettersController, LogTransport, openServiceLog, type Log } from '@nerveline/log';
import {
  CurrentPrincipal,
  exitWith,
  LOGGER,
  logOptions,
  measure,
  Readiness,
  Scope,
  type Logger,
} from '@nerveline/service-defaults';
import { digest } from './adapters/digest';
import { listAgeSeconds } from './adapters/fraud-metrics';
import { ListIntake } from './adapters/list-intake';
import { ListsController } from './adapters/log/lists.controller';
import { deadLetterDesk, listsTransport } from './adapters/log/lists-transport';
import { PaymentsController } from './adapters/payments.controller';
import { DEAD_LETTERS, LOG } from './adapters/tokens';
import { Answers } from './application/answers';
import { CardHistories } from './application/card-histories';
import { DecidePayment } from './application/decide-payment';
import { EventClocks } from '@nerveline/stream';
import { FollowLists } from './application/follow-lists';
import { Lists } from './application/lists';
import { defaultPolicy } from './domain/default-policy';
import type { Policy } from './domain/policy';
import type { FraudScoringSettings } from './fraud-scoring.config';

export interface FraudScoringOptions {
  readonly settings: FraudScoringSettings;
  readonly policy?: Policy;
  /** What the event clock of an undeclared source runs on. */
  readonly wall?: Clock;
}

@Module({})
export class FraudScoringModule {
  static with({ settings, policy = defaultPolicy, wall = systemClock }: FraudScoringOptions): DynamicModule {
    const providers: Provider[] = [
      {
        provide: LOG,
        inject: [LOGGER, Readiness],
        useFactory: (logger: Logger, readiness: Readiness) =>
          openServiceLog({
            service: 'fraud-scoring',
            working: 'one',
            ...logOptions(settings, logger, readiness),
          }),
      },
      Lists,
      { provide: EventClocks, useFactory: () => new EventClocks('payments', wall) },
      {
        provide: FollowLists,
        inject: [LOG, Lists, EventClocks],
        useFactory: async (log: Log, lists: Lists, clocks: EventClocks) => {
          const onApplied = (age_ms: number) => listAgeSeconds.observe(age_ms / 1_000);
          const follow = new FollowLists({ log, lists, clocks, onApplied, wall });
          await follow.restore();
          return follow;
        },
      },
      {
        provide: CardHistories,
        inject: [LOG],
        useFactory: (log: Log) => new CardHistories(log.state, settings.CARD_CACHE_CARDS),
      },
      {
        provide: Answers,
        inject: [LOG, EventClocks],
        useFactory: (log: Log, clocks: EventClocks) => new Answers({ log, clocks }),
      },
      {
        provide: DecidePayment,
        inject: [LOG, Lists, EventClocks, CardHistories, Answers, LOGGER],
        useFactory: (...parts: [Log, Lists, EventClocks, CardHistories, Answers, Logger]) =>
          decidePayment(parts, policy, settings),
      },
      { provide: LogTransport, inject: [LOG, LOGGER], useFactory: listsTransport },
      { provide: DEAD_LETTERS, inject: [LOG, LogTransport], useFactory: deadLetterDesk },
      ListIntake,
    ];
    return { module: FraudScoringModule, controllers, providers };
  }
}

const controllers = [
  PaymentsController,
  ListsController,
  deadLettersController({
    desk: DEAD_LETTERS,
    mayRead: Scope('ops:read'),
    mayWrite: Scope('ops:write'),
    principal: CurrentPrincipal(),
  }),
];

function decidePayment(
  parts: [Log, Lists, EventClocks, CardHistories, Answers, Logger],
  policy: Policy,
  settings: FraudScoringSettings,
): DecidePayment {
  const [log, lists, clocks, histories, answers, logger] = parts;
  const payments = new DecidePayment({
    log,
    lists,
    clocks,
    histories,
    answers,
    policy,
    max_under_way: settings.MAX_PAYMENTS_UNDER_WAY,
    digest,
    onFatal: (error) => exitWith(logger, error),
  });
  measureSizes(lists, histories, payments);
  return payments;
}

function measureSizes(lists: Lists, histories: CardHistories, payments: DecidePayment): void {
  measure('nerveline_fraud_block_list_rows', 'Blocked cards and merchants.', () => lists.sizes.block_list);
  measure('nerveline_fraud_card_profiles_rows', 'Card profiles.', () => lists.sizes.card_profiles);
  measure('nerveline_fraud_cached_cards', 'Card histories in memory.', () => histories.cached);
  measure('nerveline_fraud_under_way_payments', 'Payments that wait for their decision.', () => payments.under_way);
}
