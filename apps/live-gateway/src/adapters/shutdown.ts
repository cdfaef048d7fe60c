import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import type { Log } from '@nerveline/log';
import { PushHub } from '@nerveline/push';
import { FlowMonitor } from '../application/flow-monitor';
import { LOG } from './tokens';

/** After this a client may come back: a restart takes about as long. */
const RETRY_AFTER_MS = 1_000;

/** Stops in order: clients are told and let go, then the log is closed. */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(PushHub) private readonly hub: PushHub,
    @Inject(FlowMonitor) private readonly flow: FlowMonitor,
    @Inject(LOG) private readonly log: Log,
  ) {}

  beforeApplicationShutdown(): void {
    this.flow.stop();
    this.hub.close({ retry_after_ms: RETRY_AFTER_MS });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
  }
}
