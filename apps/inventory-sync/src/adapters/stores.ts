import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Log } from '@nerveline/log';
import type { DataSource } from 'typeorm';
import { CommandQueue } from '../application/command-queue';
import { DATABASE, LOG } from './tokens';

/** Closes the stores when no request is left: what was accepted is finished first. */
@Injectable()
export class Stores implements OnApplicationShutdown {
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(DATABASE) private readonly database: DataSource,
    @Inject(CommandQueue) private readonly queue: CommandQueue,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.queue.drain();
    await this.log.close();
    await this.database.destroy();
  }
}
