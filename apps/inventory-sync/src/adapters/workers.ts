import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DeliverToChannels } from '../application/deliver-to-channels';
import { ExpireReservations } from '../application/expire-reservations';
import { ForgetOldKeys } from '../application/forget-old-keys';
import { HttpChannelEndpoint } from './channels/http-channel-endpoint';
import { Consumers } from './log/consumers';

/** Starts what runs by itself, and stops it while the last requests are still answered. */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(Consumers) private readonly consumers: Consumers,
    @Inject(ExpireReservations) private readonly expiry: ExpireReservations,
    @Inject(ForgetOldKeys) private readonly forgetting: ForgetOldKeys,
    @Inject(DeliverToChannels) private readonly deliveries: DeliverToChannels,
    @Inject(HttpChannelEndpoint) private readonly endpoint: HttpChannelEndpoint,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.consumers.start();
    await this.expiry.start();
    this.forgetting.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.expiry.stop(), this.forgetting.stop(), this.consumers.stop()]);
    await this.deliveries.stop();
    await this.endpoint.close();
  }
}
