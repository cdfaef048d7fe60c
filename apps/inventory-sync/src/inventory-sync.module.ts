import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { reservationId } from '@nerveline/contracts';
import { systemClock, type Clock } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { advertisedUrl, failStop, exitWith, LOGGER, Readiness, type Logger } from '@nerveline/service-defaults';
import type { DataSource } from 'typeorm';
import { HttpChannelEndpoint } from './adapters/channels/http-channel-endpoint';
import { CartsController } from './adapters/http/carts.controller';
import { ReservationsController } from './adapters/http/reservations.controller';
import { StockController } from './adapters/http/stock.controller';
import { Consumers } from './adapters/log/consumers';
import { channelDelaySeconds, channelFailures, countBatch, measure } from './adapters/metrics';
import { openDatabase } from './adapters/postgres/database';
import { PostgresStockReader } from './adapters/postgres/postgres-stock-reader';
import { PostgresStockStore } from './adapters/postgres/postgres-stock-store';
import { Stores } from './adapters/stores';
import { DATABASE, LOG } from './adapters/tokens';
import { Workers } from './adapters/workers';
import { CommandQueue } from './application/command-queue';
import { DeliverToChannels } from './application/deliver-to-channels';
import { StockClocks } from './application/stock-clocks';
import { ExpireReservations } from './application/expire-reservations';
import { ExplainStock } from './application/explain-stock';
import { ForgetOldKeys } from './application/forget-old-keys';
import { MoveStock } from './application/move-stock';
import { RecordRefusals } from './application/record-refusals';
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

/** Of the failures of one channel, one in so many is logged. */
const COMPLAIN_EVERY = 20;

@Module({})
export class InventorySyncModule {
  static with({ settings, policy = defaultPolicy, wall = systemClock }: InventorySyncOptions): DynamicModule {
    const providers: Provider[] = [
      ...stores(settings),
      ...commands(settings, policy, wall),
      ...channels(wall),
      ...caretakers(settings),
      Workers,
      Stores,
    ];
    const controllers = [ReservationsController, StockController, CartsController];
    return { module: InventorySyncModule, controllers, providers };
  }
}

function stores(settings: InventorySettings): Provider[] {
  const {
    DATABASE_URL: database_url,
    DATABASE_CONNECTIONS: connections,
    NERVELINE_DATA_DIR: data_directory,
  } = settings;
  return [
    {
      provide: LOG,
      inject: [LOGGER],
      useFactory: (logger: Logger) =>
        openLog({
          service: 'inventory-sync',
          data_directory,
          address: advertisedUrl(settings),
          onBroken: failStop(logger),
        }),
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
            if (failures % COMPLAIN_EVERY === 1) logger.warn({ err: error, channel, failures }, 'sending again');
          },
        }),
    },
    {
      provide: Consumers,
      inject: [LOG, StockClocks, DeliverToChannels, Readiness, LOGGER],
      useFactory: (...parts: [Log, StockClocks, DeliverToChannels, Readiness, Logger]) => {
        const [log, clocks, deliveries, readiness, logger] = parts;
        const onFatal = (error: unknown) => exitWith(logger, error);
        return new Consumers({ log, clocks, deliveries, readiness, logger, onFatal });
      },
    },
  ];
}

function caretakers(settings: InventorySettings): Provider[] {
  return [
    {
      provide: ExpireReservations,
      inject: [PostgresStockReader, SettleReservation, StockClocks, CommandQueue, LOGGER],
      useFactory: (...parts: [PostgresStockReader, SettleReservation, StockClocks, CommandQueue, Logger]) => {
        const [deadlines, settle, clocks, queue, logger] = parts;
        const onError = (error: unknown) => logger.warn({ err: error }, 'expiry will try again');
        const expiry = new ExpireReservations({ deadlines, settle, clocks, onError });
        queue.watch((decided) => expiry.note(decided));
        return expiry;
      },
    },
    {
      provide: RecordRefusals,
      inject: [LOG, CommandQueue, LOGGER],
      useFactory: (log: Log, queue: CommandQueue, logger: Logger) => {
        const onError = (error: unknown) => logger.error({ err: error }, 'refusals were not recorded');
        const refusals = new RecordRefusals(log, onError);
        queue.watch((decided) => refusals.record(decided));
        return refusals;
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
