import { NervelineError } from '@nerveline/kernel';
import { leaderOf, type Cluster } from '../cluster/cluster';
import type { BrokerAddress, FetchResult } from '../wire/broker-connection';
import { isTransientCode, kafkaErrorName, kafkaErrors } from '../wire/kafka-error';
import { readable } from './aborted-filter';
import type { Feed } from './feed';

/** Questions that a broker keeps open at one time. Each has a connection: a broker answers those of one in turn. */
const OPEN_QUESTIONS = 4;
/** One more, for those that are behind and get an answer at once. */
const SLOTS = OPEN_QUESTIONS + 1;
const RETRY_MS = 50;
const READ_LANE = 'read';

interface Slot {
  readonly lane: string;
  /** Since when it waits for an answer. */
  asked_ms: number | undefined;
}

/** The fetch requests to one broker. */
export class FetchSlots {
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, (_, i) => ({
    lane: `fetch ${i}`,
    asked_ms: undefined,
  }));
  #turn = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly address: BrokerAddress,
    /** Hears that a feed has news, and that slots are free. */
    private readonly answered: () => void,
  ) {}

  /** Asks for what the feeds want, as far as there are slots. Those that are known to be behind go first. */
  ask(feeds: readonly Feed[]): void {
    const [spoilt] = feeds.filter(({ alone }) => alone);
    const together = feeds.filter(({ alone }) => !alone);
    const behind = together.filter((feed) => feed.stable_offset > feed.fetch_offset);
    const idle = together.filter((feed) => feed.stable_offset <= feed.fetch_offset);
    for (const group of [spoilt === undefined ? [] : [spoilt], behind]) if (group.length > 0) this.send(group, 0, 0);
    // The last slot stays free for who falls behind.
    if (idle.length > 0) this.send(idle, this.cluster.settings.fetch_wait_ms, 1);
  }

  /** Asks for one, beside all else; answered at once, also when there is nothing. */
  async askNow(feed: Feed): Promise<void> {
    feed.in_flight = true;
    await this.exchange(READ_LANE, [feed], 0);
    feed.in_flight = false;
    this.answered();
  }

  /** A question that should have been answered long ago: whatever holds it up, another connection asks it again. */
  checkSilence(now_ms: number): void {
    const { silence_ms, fetch_wait_ms } = this.cluster.settings;
    for (const { lane, asked_ms } of this.#slots) {
      if (asked_ms !== undefined && now_ms - asked_ms > silence_ms + fetch_wait_ms) this.cluster.dropLane(lane);
    }
  }

  private send(feeds: readonly Feed[], max_wait_ms: number, keep_free: number): void {
    const free = this.#slots.filter(({ asked_ms }) => asked_ms === undefined);
    const [slot] = free;
    if (slot === undefined || free.length <= keep_free) return;
    slot.asked_ms = performance.now();
    for (const feed of feeds) feed.in_flight = true;
    // A broker fills an answer in the order of the question: turn by turn, so that none is left out for ever.
    this.#turn += 1;
    const first = this.#turn % feeds.length;
    const turned = [...feeds.slice(first), ...feeds.slice(0, first)];
    void this.exchange(slot.lane, turned, max_wait_ms).finally(() => {
      slot.asked_ms = undefined;
      for (const feed of feeds) feed.in_flight = false;
      this.answered();
    });
  }

  private async exchange(lane_name: string, feeds: readonly Feed[], max_wait_ms: number): Promise<void> {
    const { silence_ms, fetch_partition_bytes } = this.cluster.settings;
    const partitions = feeds.map(({ topic, label, partition, fetch_offset }) => ({
      topic,
      label,
      partition,
      offset: fetch_offset,
      max_bytes: fetch_partition_bytes,
    }));
    const max_bytes = fetch_partition_bytes * Math.min(feeds.length, MAX_PARTITIONS_FULL);
    const lane = { name: lane_name, silence_ms: silence_ms + max_wait_ms };
    try {
      const results = await this.cluster.ask(this.address, lane, (broker) =>
        broker.fetch({ max_wait_ms, max_bytes, partitions }),
      );
      const by_place = new Map(results.map((result) => [`${result.topic}/${result.partition}`, result]));
      for (const feed of feeds) this.settle(feed, by_place.get(`${feed.topic}/${feed.partition}`));
    } catch (error) {
      for (const feed of feeds) this.failed(feed, error, feeds.length);
    }
  }

  private settle(feed: Feed, result: FetchResult | undefined): void {
    if (result === undefined) return;
    const { error, stable_offset } = result;
    if (error === 0) {
      const from = feed.fetch_offset;
      const { records, next_offset, size_bytes } = readable(result, from);
      feed.stable_offset = stable_offset;
      feed.answers += 1;
      feed.alone = false;
      if (next_offset === from) return;
      feed.push({ from, next_offset, records, size_bytes });
      return;
    }
    if (isTransientCode(error) || error === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION) {
      this.cluster.forget(leaderOf(feed));
      feed.not_before_ms = performance.now() + RETRY_MS;
      return;
    }
    const place = `${feed.label}/${feed.partition}`;
    feed.error = refusal(error, `${place} at ${feed.fetch_offset}: ${kafkaErrorName(error)}`);
  }

  private failed(feed: Feed, error: unknown, together: number): void {
    if (error instanceof NervelineError) {
      if (together > 1) feed.alone = true;
      else feed.error = error;
      return;
    }
    this.cluster.forget(leaderOf(feed));
    feed.not_before_ms = performance.now() + RETRY_MS;
  }
}

/** Of as many partitions one answer may hold all that is wanted. */
const MAX_PARTITIONS_FULL = 8;

function refusal(error: number, detail: string): NervelineError {
  if (error === kafkaErrors.OFFSET_OUT_OF_RANGE) return new NervelineError('NL-LOG-009', { detail });
  if (error === kafkaErrors.TOPIC_AUTHORIZATION_FAILED) return new NervelineError('NL-LOG-021', { detail });
  return new NervelineError('NL-LOG-020', { detail });
}
