import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@nerveline/contracts';
import type { Effects, Log, LogContext } from '@nerveline/log';
import {
  arrived,
  type ChannelChange,
  type EntryChange,
  type ProductChange,
  type RefusalChange,
} from '../../application/arrived';
import { DeliverToChannels } from '../../application/deliver-to-channels';
import { followLedger } from '../../application/follow-ledger';
import { StockClocks } from '../../application/stock-clocks';
import { tellRefusals } from '../../application/tell-refusals';
import { LOG } from '../tokens';
import { CHANNEL_VIEWS, EVENT_CLOCK, REFUSALS } from './log-intake';

const BATCH = { batch: true };

/**
 * Which topic reaches what. What a handler gives back becomes durable in one commit with the position of its records.
 * A burst on the ledger is one batch, so that it costs one commit, and each channel is told once.
 */
@Controller()
export class StockEventsController {
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(DeliverToChannels) private readonly deliveries: DeliverToChannels,
    @Inject(StockClocks) private readonly clocks: StockClocks,
  ) {}

  @EventPattern(topics.eventClock, EVENT_CLOCK)
  clock(@Ctx() { record }: LogContext): void {
    this.clocks.apply(record);
  }

  @EventPattern(topics.stockLedger, CHANNEL_VIEWS, BATCH)
  entries(@Payload() values: readonly (EntryChange | null)[], @Ctx() { records }: LogContext): Effects {
    return followLedger(this.log.state, this.deliveries, { entries: arrived(records, values) });
  }

  @EventPattern(topics.products, CHANNEL_VIEWS, BATCH)
  products(@Payload() values: readonly (ProductChange | null)[], @Ctx() { records }: LogContext): Effects {
    return followLedger(this.log.state, this.deliveries, { products: arrived(records, values) });
  }

  @EventPattern(topics.channels, CHANNEL_VIEWS, BATCH)
  channels(@Payload() values: readonly (ChannelChange | null)[], @Ctx() { records }: LogContext): Effects {
    return followLedger(this.log.state, this.deliveries, { channels: arrived(records, values) });
  }

  @EventPattern(topics.reservationRefusals, REFUSALS, BATCH)
  refusals(@Payload() values: readonly (RefusalChange | null)[], @Ctx() { records }: LogContext): Effects {
    return { appends: tellRefusals(arrived(records, values)) };
  }
}
