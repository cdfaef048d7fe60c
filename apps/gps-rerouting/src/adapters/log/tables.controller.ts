import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@nerveline/contracts';
import type { Effects, LogContext } from '@nerveline/log';
import { EventClocks } from '@nerveline/stream';
import { FollowTables, type TableChange } from '../../application/follow-tables';

const BATCH = { batch: true };

type Changes<Table extends keyof TableChange> = readonly (TableChange[Table] | null)[];

/**
 * Which topic reaches what. Rows that a handler gives back become durable in one commit with the position of their
 * records.
 */
@Controller()
export class TablesController {
  constructor(
    @Inject(FollowTables) private readonly tables: FollowTables,
    @Inject(EventClocks) private readonly clocks: EventClocks,
  ) {}

  @EventPattern(topics.vehicles, BATCH)
  vehicles(@Payload() changes: Changes<'vehicles'>, @Ctx() { records }: LogContext): Promise<Effects> {
    return this.tables.handle('vehicles', records, changes);
  }

  @EventPattern(topics.drivers, BATCH)
  drivers(@Payload() changes: Changes<'drivers'>, @Ctx() { records }: LogContext): Promise<Effects> {
    return this.tables.handle('drivers', records, changes);
  }

  @EventPattern(topics.orders, BATCH)
  orders(@Payload() changes: Changes<'orders'>, @Ctx() { records }: LogContext): Promise<Effects> {
    return this.tables.handle('orders', records, changes);
  }

  /** No effects: what a source has declared is read back from its topic. */
  @EventPattern(topics.eventClock, BATCH)
  clock(@Ctx() { records }: LogContext): void {
    for (const record of records) this.clocks.apply(record);
  }
}
