import {
  encodeJson,
  recordHeaders,
  splitTenantKey,
  tenantKey,
  topics,
  type ChannelId,
  type Sku,
  type TenantId,
} from '@nerveline/contracts';
import type { Clock, OutRecord } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { ChannelSender, type ChannelEndpoint, type Due } from './channel-sender';
import { ackKey, channelKey, ChannelState, lastPart } from './channel-state';

/**
 * Tells the channels what they may sell. What a channel is due is what its view has beyond what it has taken over; both
 * are kept beside the log, so that a new process begins where the last one ended, whatever ended it.
 */
export class DeliverToChannels {
  readonly #senders = new Map<string, ChannelSender>();

  constructor(
    private readonly options: {
      readonly log: Log;
      readonly endpoint: ChannelEndpoint;
      readonly clock: Clock;
      readonly random: () => number;
      readonly onTaken: (delay_ms: number) => void;
      readonly onFailure: (channel: string, error: unknown, failures: number) => void;
    },
  ) {}

  /** SKUs that wait for their channel, by channel. */
  waiting(): Record<string, number> {
    return Object.fromEntries([...this.#senders].map(([key, sender]) => [key, sender.due_skus]));
  }

  /** Takes up what was due when the last process ended. */
  restore(): void {
    const state = new ChannelState(this.options.log.state);
    for (const [key, { endpoint_url }] of state.scan('channels', '')) this.direct(key, endpoint_url);
    for (const [key, view] of state.scan('views', '')) {
      const [tenant_id = '', sku = ''] = splitTenantKey(key);
      for (const [channel_id, { available, version, event_ms, headers }] of Object.entries(view.told)) {
        const due = { available, version, event_ms, headers };
        this.offer([{ ...due, tenant_id, channel_id: channel_id as ChannelId, sku: sku as Sku }]);
      }
    }
  }

  /** Where a channel takes its stock levels from now on; null when it is gone or has no endpoint. */
  direct(channel_key: string, endpoint_url: string | null): void {
    this.#senderOf(channel_key).direct(endpoint_url);
  }

  /** Sends on what the channels haven't taken over yet. */
  offer(all: readonly Due[]): void {
    const state = new ChannelState(this.options.log.state);
    for (const due of all) {
      const { tenant_id, channel_id, sku, version } = due;
      const acked = state.get('acks', ackKey(tenant_id, channel_id, sku));
      if (acked === undefined || acked.version < version) this.#senderOf(channelKey(tenant_id, channel_id)).offer(due);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.stop()));
  }

  #senderOf(key: string): ChannelSender {
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const sender = new ChannelSender({
      endpoint: this.options.endpoint,
      random: this.options.random,
      onTaken: (taken) => this.#keepAcks(taken),
      onFailure: (error, failures) => this.options.onFailure(lastPart(key), error, failures),
    });
    this.#senders.set(key, sender);
    return sender;
  }

  async #keepAcks(taken: readonly Due[]): Promise<void> {
    const now_ms = this.options.clock.now_ms();
    const state = new ChannelState(this.options.log.state);
    for (const { tenant_id, channel_id, sku, version } of taken) {
      state.put('acks', ackKey(tenant_id, channel_id, sku), { version });
    }
    await this.options.log.commit({ appends: taken.map((due) => toAckRecord(due, now_ms)), state: state.writes });
    for (const due of taken) this.options.onTaken(delayOf(due, now_ms));
  }
}

/** Commit in PostgreSQL to the channel's answer, in wall time. */
function delayOf({ headers }: Due, acked_ms: number): number {
  const committed_ms = Number(headers[recordHeaders.committed_ms] ?? acked_ms);
  return Math.max(0, acked_ms - committed_ms);
}

function toAckRecord(due: Due, acked_ms: number): OutRecord {
  const { tenant_id, channel_id, sku, available, version, event_ms, headers } = due;
  const value = encodeJson(topics.channelAcks, {
    tenant_id: tenant_id as TenantId,
    sku,
    channel_id,
    version,
    sold_out: available === 0,
    delay_ms: delayOf(due, acked_ms),
    event_ms,
  });
  const key = tenantKey(tenant_id, sku, channel_id);
  return { topic: topics.channelAcks.name, key, value, headers, timestamp_ms: event_ms };
}
