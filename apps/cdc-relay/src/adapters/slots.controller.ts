import { Controller, Get, Inject } from '@nestjs/common';
import { flowSlot } from '@nerveline/contracts';
import { Describe, Scope } from '@nerveline/service-defaults';
import { z } from 'zod';
import type { RelaySettings } from '../cdc-relay.config';
import { RELAY_SETTINGS } from '../tokens';
import { RelayRunner } from './relay-runner';

export const slotsAnswer = z.strictObject({ slots: z.array(flowSlot) });
export type SlotsAnswer = z.infer<typeof slotsAnswer>;

/** The slots of this relay, for the Flow page. */
@Controller('v1/slots')
export class SlotsController {
  constructor(
    @Inject(RelayRunner) private readonly runner: RelayRunner,
    @Inject(RELAY_SETTINGS) private readonly settings: RelaySettings,
  ) {}

  @Get()
  @Scope('ops:read')
  @Describe({ summary: 'State of the replication slots that this relay reads.', answer: slotsAnswer })
  async list(): Promise<SlotsAnswer> {
    const unknown = { slot: this.settings.RELAY_SLOT, active: false, confirmed_lsn: null, retained_bytes: null };
    const state = await this.runner.relay.slotState().catch(() => undefined);
    if (state === undefined) return { slots: [unknown] };
    const { slot, active, confirmed_lsn, retained_bytes } = state;
    return { slots: [{ slot, active, confirmed_lsn, retained_bytes }] };
  }
}
