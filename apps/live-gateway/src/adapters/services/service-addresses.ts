import { Inject, Injectable } from '@nestjs/common';
import { topicCatalogue, type ServiceName } from '@nerveline/contracts';
import { isNervelineError, NervelineError } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import type { LiveGatewaySettings } from '../../live-gateway.config';
import { GATEWAY_SETTINGS, LOG } from '../tokens';

const SETTING_OF = {
  'cdc-relay': 'CDC_RELAY_URL',
  'fraud-scoring': 'FRAUD_SCORING_URL',
  'inventory-sync': 'INVENTORY_SYNC_URL',
  'gps-rerouting': 'GPS_REROUTING_URL',
} as const satisfies Partial<Record<ServiceName, keyof LiveGatewaySettings>>;

/** Where the owner of a key answers: by its lease on the log. */
@Injectable()
export class ServiceAddresses {
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(GATEWAY_SETTINGS) private readonly settings: LiveGatewaySettings,
  ) {}

  /** @throws NervelineError `NL-API-011` while nobody owns the service's topics, or its address isn't known */
  async of(service: ServiceName, key: string): Promise<string> {
    const address = await this.#ownerAddress(service, key);
    const known = address === '' ? this.#setting(service) : address;
    if (known !== undefined) return known.replace(/\/$/, '');
    throw new NervelineError('NL-API-011', { detail: `${service} tells no address` });
  }

  async #ownerAddress(service: ServiceName, key: string): Promise<string> {
    const topic = topicCatalogue.find(({ owner }) => owner === service);
    if (topic === undefined) return '';
    try {
      return (await this.log.ownerOf(topic.name, key)).address;
    } catch (cause) {
      if (!isNervelineError(cause, 'NL-LOG-008')) throw cause;
      throw new NervelineError('NL-API-011', { detail: `${service} is not running`, cause });
    }
  }

  #setting(service: ServiceName): string | undefined {
    return service === 'live-gateway' ? undefined : this.settings[SETTING_OF[service]];
  }
}
