import { Inject, Injectable } from '@nestjs/common';
import { findTopic, topicCatalogue, type ServiceName } from '@nerveline/contracts';
import { isNervelineError, NervelineError } from '@nerveline/kernel';
import type { Log, Owner } from '@nerveline/log';
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
    const topic = topicCatalogue.find(({ owner }) => owner === service);
    if (topic === undefined) throw unknownAddress(service);
    try {
      return (await this.ownerOf(topic.name, key)).address;
    } catch (cause) {
      if (!isNervelineError(cause, 'NL-LOG-008')) throw cause;
      throw new NervelineError('NL-API-011', { detail: `${service} is not running`, cause });
    }
  }

  /**
   * As the log tells it; at the address of the setting where the lease tells none.
   *
   * @throws NervelineError `NL-LOG-008` while nobody owns it, `NL-API-011` when its address isn't known
   */
  async ownerOf(topic: string, key: string): Promise<Owner> {
    const owner = await this.log.ownerOf(topic, key);
    const service = findTopic(topic)?.owner;
    const address = owner.address === '' ? this.#setting(service) : owner.address;
    if (address === undefined) throw unknownAddress(service ?? topic);
    return { ...owner, address: address.replace(/\/$/, '') };
  }

  #setting(service: ServiceName | undefined): string | undefined {
    return service === undefined || service === 'live-gateway' ? undefined : this.settings[SETTING_OF[service]];
  }
}

const unknownAddress = (service: string): NervelineError =>
  new NervelineError('NL-API-011', { detail: `${service} tells no address` });
