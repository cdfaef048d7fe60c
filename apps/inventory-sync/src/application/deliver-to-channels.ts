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
import { hasSoldOut } from '../domain/sku-view';
import { ChannelSender, type ChannelEndpoint, type Due } from './channel-sender';
import { ackKey, channelKey, ChannelState, lastPart } from './channel-state';

/**
 * Tells the channels what they may sell. What a channel is due is what its view has beyond what it has taken over; both
 * are kept beside the log, so that a new process begins where the last one ended, whatever ended it.
 */
export class DeliverToChannels {
  readonly #senders = new Map<string, ChannelSender>();
  /** Of channels that are gone: their last request is still under way. */
  readonly #ending = new Set<Promise<void>>();

  constructor(
    private readonly options: {
      readonly log: Pick<Log, 'commit' | 'state'>;
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
      for (const [channel_id, told] of Object.entries(view.told)) {
        this.offer([{ ...told, tenant_id, channel_id: channel_id as ChannelId, sku: sku as Sku }]);
      }
    }
  }

  /** Where a channel takes its stock levels from now on; null when it is gone or has no endpoint. */
  direct(channel_key: string, endpoint_url: string | null): void {
    this.#senderOf(channel_key).direct(endpoint_url);
  }

  /** A channel is gone. One that is made again under its name has heard of nothing yet. */
  forget(channel_key: string): void {
    const sender = this.#senders.get(channel_key);
    if (sender === undefined) return;
    this.#senders.delete(channel_key);
    const ended = sender.stop().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** Sends on what the channels haven't taken over yet; what `gone` ones had taken over, and is still stored, is no matter. */
  offer(all: readonly Due[], gone: ReadonlySet<string> = new Set()): void {
    const state = new ChannelState(this.options.log.state);
    for (const due of all) {
      const { tenant_id, channel_id, sku, version } = due;
      const key = channelKey(tenant_id, channel_id);
      const acked = gone.has(key) ? undefined : state.get('acks', ackKey(tenant_id, channel_id, sku));
      if (acked === undefined || acked.version < version) this.#senderOf(key).offer(due);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...[...this.#senders.values()].map((sender) => sender.stop()), ...this.#ending]);
  }

  #senderOf(key: string): ChannelSender {
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const sender: ChannelSender = new ChannelSender({
      endpoint: this.options.endpoint,
      random: this.options.random,
      // A channel that went meanwhile has taken nothing that the next of its name would know.
      onTaken: async (taken) => {
        if (this.#senders.get(key) === sender) await this.#keepAcks(taken);
      },
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
    await this.options.log.commit({ appends: taken.flatMap((due) => toAckRecords(due, now_ms)), state: state.writes });
    for (const due of taken) this.options.onTaken(delayOf(due, now_ms));
  }
}

/** Commit in PostgreSQL to the channel's answer, in wall time. */
function delayOf({ headers }: Due, acked_ms: number): number {
  const committed_ms = Number(headers[recordHeaders.committed_ms] ?? acked_ms);
  return Math.max(0, acked_ms - committed_ms);
}

/** What a channel has taken over; a sold-out moment is told a second time, among its own kind. */
function toAckRecords(due: Due, acked_ms: number): OutRecord[] {
  const { tenant_id, channel_id, sku, available, available_before = 0, version, event_ms, headers } = due;
  const delay_ms = delayOf(due, acked_ms);
  const ack = { tenant_id: tenant_id as TenantId, sku, channel_id, version, delay_ms, event_ms };
  const record = { key: tenantKey(tenant_id, sku, channel_id), headers, timestamp_ms: event_ms };
  const taken = encodeJson(topics.channelAcks, { ...ack, sold_out: available === 0 });
  const records: OutRecord[] = [{ ...record, topic: topics.channelAcks.name, value: taken }];
  if (hasSoldOut(available_before, available)) {
    records.push({ ...record, topic: topics.soldOut.name, value: encodeJson(topics.soldOut, ack) });
  }
  return records;
}
