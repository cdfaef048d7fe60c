import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { reservationId } from '@nerveline/contracts';
import { systemClock, type Clock } from '@nerveline/kernel';
import { openServiceLog, type Log } from '@nerveline/log';
import { LOGGER, logOptions, measure, Readiness, type Logger } from '@nerveline/service-defaults';
import type { DataSource } from 'typeorm';
import { HttpChannelEndpoint } from './adapters/channels/http-channel-endpoint';
import { CartsController } from './adapters/http/carts.controller';
import { ReservationsController } from './adapters/http/reservations.controller';
import { StockController } from './adapters/http/stock.controller';
import { DeadLettersController, logIntake, RequestsController } from './adapters/log/log-providers';
import { PaymentDecisionsController } from './adapters/log/payment-decisions.controller';
import { StockCommandsController } from './adapters/log/stock-commands.controller';
import { StockEventsController } from './adapters/log/stock-events.controller';
import { channelDelaySeconds, channelFailures, countBatch, countUnpaid } from './adapters/metrics';
import { openDatabase } from './adapters/postgres/database';
import { PostgresStockReader } from './adapters/postgres/postgres-stock-reader';
import { PostgresStockStore } from './adapters/postgres/postgres-stock-store';
import { Stores } from './adapters/stores';
import { DATABASE, LOG } from './adapters/tokens';
import { Workers } from './adapters/workers';
import { CommandQueue } from './application/command-queue';
import { levelOfFailure } from './application/channel-sender';
import { DeliverToChannels } from './application/deliver-to-channels';
import { StockClocks } from './application/stock-clocks';
import { ExpireReservations } from './application/expire-reservations';
import { ExplainStock } from './application/explain-stock';
import { ForgetOldKeys } from './application/forget-old-keys';
import { MoveStock } from './application/move-stock';
import { ReleaseUnpaid } from './application/release-unpaid';
import { ReserveStock } from './application/reserve-stock';
import { SettleReservation } from './application/settle-reservation';
import type { StockStore } from './application/stock-store';
import { TakeCartEvent } from './application/take-cart-event';
import { defaultPolicy, type StockPolicy } from './domain/policy';
import type { InventorySettings } from './inventory.config';

export interface InventorySyncOptions {
  readonly settings: InventorySettings;
  readonly policy?: StockPolicy;
  /** What the event clock of an undeclared source runs on. */
  readonly wall?: Clock;
}

@Module({})
export class InventorySyncModule {
  static with({ settings, policy = defaultPolicy, wall = systemClock }: InventorySyncOptions): DynamicModule {
    const providers: Provider[] = [
      ...stores(settings),
      ...commands(settings, policy, wall),
      ...channels(wall),
      ...logIntake(),
      ...caretakers(settings, wall),
      Workers,
      Stores,
    ];
    const controllers = [
      ReservationsController,
      StockController,
      CartsController,
      StockEventsController,
      PaymentDecisionsController,
      StockCommandsController,
      RequestsController,
      DeadLettersController,
    ];
    return { module: InventorySyncModule, controllers, providers };
  }
}

function stores(settings: InventorySettings): Provider[] {
  const { DATABASE_URL: database_url, DATABASE_CONNECTIONS: connections } = settings;
  return [
    {
      provide: LOG,
      inject: [LOGGER, Readiness],
      useFactory: (logger: Logger, readiness: Readiness) =>
        openServiceLog({ service: 'inventory-sync', working: 'one', ...logOptions(settings, logger, readiness) }),
    },
    { provide: DATABASE, useFactory: () => openDatabase({ database_url, connections }) },
    {
      provide: PostgresStockReader,
      inject: [DATABASE],
      useFactory: (database: DataSource) => new PostgresStockReader(database),
    },
  ];
}

function commands(settings: InventorySettings, policy: StockPolicy, wall: Clock): Provider[] {
  return [
    {
      provide: StockClocks,
      inject: [Readiness],
      useFactory: (readiness: Readiness) => {
        const clocks = new StockClocks(wall, policy);
        readiness.addFact('event_clocks', () => clocks.readings());
        return clocks;
      },
    },
    {
      provide: CommandQueue,
      inject: [DATABASE, Readiness],
      useFactory: (database: DataSource, readiness: Readiness) => {
        const store = new PostgresStockStore(database, wall);
        readiness.add('database', () => store.check());
        return commandQueue(store, settings, policy);
      },
    },
    {
      provide: ReserveStock,
      inject: [CommandQueue, StockClocks],
      useFactory: (queue: CommandQueue, clocks: StockClocks) =>
        new ReserveStock({ queue, clocks, newReservationId: () => reservationId.parse(randomUUID()) }),
    },
    {
      provide: SettleReservation,
      inject: [CommandQueue, StockClocks],
      useFactory: (queue: CommandQueue, clocks: StockClocks) => new SettleReservation(queue, clocks),
    },
    {
      provide: ReleaseUnpaid,
      inject: [SettleReservation],
      useFactory: (settle: SettleReservation) => new ReleaseUnpaid(settle, countUnpaid),
    },
    {
      provide: MoveStock,
      inject: [CommandQueue, StockClocks],
      useFactory: (queue: CommandQueue, clocks: StockClocks) => new MoveStock(queue, clocks),
    },
    {
      provide: TakeCartEvent,
      inject: [PostgresStockReader, LOG, StockClocks],
      useFactory: (reader: PostgresStockReader, log: Log, clocks: StockClocks) =>
        new TakeCartEvent(reader, log, { clocks, wall }),
    },
    {
      provide: ExplainStock,
      inject: [PostgresStockReader],
      useFactory: (reader: PostgresStockReader) => new ExplainStock(reader),
    },
  ];
}

function commandQueue(store: StockStore, settings: InventorySettings, policy: StockPolicy): CommandQueue {
  const queue = new CommandQueue({
    store,
    policy,
    lanes: settings.STOCK_LANES,
    max_batch_commands: settings.MAX_BATCH_COMMANDS,
    max_waiting_commands: settings.MAX_WAITING_COMMANDS,
  });
  queue.watch(countBatch);
  measure('nerveline_inventory_waiting_commands', 'Stock commands that wait for a lane.', () => queue.waiting_commands);
  return queue;
}

function channels(wall: Clock): Provider[] {
  return [
    HttpChannelEndpoint,
    {
      provide: DeliverToChannels,
      inject: [LOG, HttpChannelEndpoint, LOGGER],
      useFactory: (log: Log, endpoint: HttpChannelEndpoint, logger: Logger) =>
        new DeliverToChannels({
          log,
          endpoint,
          clock: wall,
          random: Math.random,
          onTaken: (delay_ms) => channelDelaySeconds.observe(delay_ms / 1_000),
          onFailure: (channel, error, failures) => {
            channelFailures.inc({ channel });
            const level = levelOfFailure(failures);
            if (level !== undefined) logger[level]({ err: error, channel, failures }, 'sending again');
          },
        }),
    },
  ];
}

function caretakers(settings: InventorySettings, wall: Clock): Provider[] {
  return [
    {
      provide: ExpireReservations,
      inject: [PostgresStockReader, SettleReservation, StockClocks, CommandQueue, LOGGER],
      useFactory: (...parts: [PostgresStockReader, SettleReservation, StockClocks, CommandQueue, Logger]) => {
        const [deadlines, settle, clocks, queue, logger] = parts;
        const onError = (error: unknown) => logger.warn({ err: error }, 'expiry will try again');
        const expiry = new ExpireReservations({ deadlines, settle, clocks, wall, onError });
        queue.watch((decided) => expiry.note(decided));
        return expiry;
      },
    },
    {
      provide: ForgetOldKeys,
      inject: [PostgresStockReader, TakeCartEvent, LOGGER],
      useFactory: (answers: PostgresStockReader, carts: TakeCartEvent, logger: Logger) =>
        new ForgetOldKeys({
          answers,
          carts,
          retention_ms: settings.IDEMPOTENCY_RETENTION_MS,
          onError: (error) => logger.warn({ err: error }, 'old keys are still kept'),
        }),
    },
  ];
}
