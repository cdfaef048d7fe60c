import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DeliverToChannels } from '../application/deliver-to-channels';
import { ExpireReservations } from '../application/expire-reservations';
import { ForgetOldKeys } from '../application/forget-old-keys';
import { HttpChannelEndpoint } from './channels/http-channel-endpoint';
import { LogIntake } from './log/log-intake';

/** Starts what runs by itself, and stops it while the last requests are still answered. */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(LogIntake) private readonly intake: LogIntake,
    @Inject(ExpireReservations) private readonly expiry: ExpireReservations,
    @Inject(ForgetOldKeys) private readonly forgetting: ForgetOldKeys,
    @Inject(DeliverToChannels) private readonly deliveries: DeliverToChannels,
    @Inject(HttpChannelEndpoint) private readonly endpoint: HttpChannelEndpoint,
  ) {}

  onApplicationBootstrap(): void {
    this.expiry.start();
    this.forgetting.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.expiry.stop(), this.forgetting.stop(), this.intake.stop()]);
    await this.deliveries.stop();
    await this.endpoint.close();
  }
}
