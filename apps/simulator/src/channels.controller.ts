import { Body, Controller, Get, HttpCode, Injectable, Param, Post } from '@nestjs/common';
import { channelStockUpdate, type ChannelStockUpdate } from '@nerveline/contracts';
import { Describe, Public } from '@nerveline/service-defaults';

interface Shown {
  readonly available: number;
  readonly version: number;
  readonly sold_out: boolean;
}

/** What each channel shows its customers: the newest version of each SKU. */
@Injectable()
export class Channels {
  readonly #shown = new Map<string, Map<string, Shown>>();

  /** Takes over what is newer than what is shown, and counts what isn't. */
  take({ channel_id, items }: ChannelStockUpdate): { readonly taken: number; readonly older: number } {
    const shown = this.#shown.get(channel_id) ?? new Map<string, Shown>();
    this.#shown.set(channel_id, shown);
    let taken = 0;
    for (const { sku, available, version, sold_out } of items) {
      if (version < (shown.get(sku)?.version ?? -1)) continue;
      shown.set(sku, { available, version, sold_out });
      taken += 1;
    }
    return { taken, older: items.length - taken };
  }

  of(channel_id: string): Readonly<Record<string, Shown>> {
    return Object.fromEntries(this.#shown.get(channel_id) ?? []);
  }
}

/** The doors of three sales channels: a shop system that takes stock levels over HTTP. */
@Controller('channels')
@Public()
export class ChannelsController {
  constructor(private readonly channels: Channels) {}

  @Post(':channel_id/stock')
  @HttpCode(200)
  @Describe({ summary: 'Takes stock levels; older versions than shown are left out.' })
  take(@Body({ schema: channelStockUpdate }) update: ChannelStockUpdate) {
    return this.channels.take(update);
  }

  @Get(':channel_id/stock')
  @Describe({ summary: 'What the channel shows its customers.' })
  shown(@Param('channel_id') channel_id: string) {
    return this.channels.of(channel_id);
  }
}
