import { pushStreams, topics, type FlowSlot, type FlowStatus, type Topic } from '@nerveline/contracts';
import { isNervelineError, offset, splitTenantKey, type Clock, type Principal } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import type { FeedBatch, PushStats } from '@nerveline/push';
import { AgeWindow, type Percentiles } from '../domain/age-window';
import { drawFlow, type MeasuredService, type MeasuredTopic, type ServiceState } from '../domain/flow-picture';
import { Growth } from '../domain/growth';
import type { RecentEvents } from './recent-events';
import { SourceClocks } from './source-clocks';
import type { StateChanges } from './state-changes';

/** Somebody who looks at the flow. */
export interface Watcher {
  readonly principal: Principal;
  readonly token: string;
}

/** What another service says of itself. Answers at once with what was seen last, and looks again behind it. */
export interface ServiceLook {
  state(service: string): { readonly state: ServiceState; readonly detail: string };
  slots(token: string): readonly FlowSlot[] | undefined;
}

export interface FlowPorts {
  readonly log: Pick<Log, 'describe' | 'groups' | 'positions' | 'read' | 'tail'>;
  readonly recent: RecentEvents;
  readonly changes: Pick<StateChanges, 'expect' | 'stop'>;
  readonly look: ServiceLook;
  readonly clock: Clock;
  stats(): PushStats;
  /** Has a topic followed until the returned function is called. */
  follow(topic: Topic): Promise<() => void>;
  show(status: FlowStatus): void;
  onError(error: unknown): void;
}

const PULSE_MS = 1_000;
/** Records of each partition that a fresh watch looks back on, so that the first events have a past. */
const LOOK_BACK_RECORDS = 100;
const SERVICES = [
  { name: 'fraud-scoring', label: 'Fraud scoring' },
  { name: 'inventory-sync', label: 'Inventory sync' },
  { name: 'gps-rerouting', label: 'GPS rerouting' },
] as const;
const RELAY = 'cdc-relay';

const utf8 = new TextDecoder();

/** The pulse of the platform, once a second for as long as somebody watches; otherwise it does nothing at all. */
export class FlowMonitor {
  readonly #watchers = new Map<string, Watcher>();
  #clocks: SourceClocks;
  #releases: (() => void)[] = [];
  #ages = new Map<string, AgeWindow>();
  #growth = new Growth();
  #timer: NodeJS.Timeout | undefined;
  /** Counts the watches, so that one that has ended starts nothing any more. */
  #watch = 0;

  constructor(private readonly ports: FlowPorts) {
    this.#clocks = new SourceClocks(ports.clock);
  }

  watch(id: string, watcher: Watcher): void {
    this.#watchers.set(id, watcher);
    if (this.#watchers.size > 1) return;
    this.#watch += 1;
    const watch = this.#watch;
    this.#start(watch).catch(this.ports.onError);
  }

  unwatch(id: string): void {
    if (!this.#watchers.delete(id) || this.#watchers.size > 0) return;
    this.stop();
  }

  stop(): void {
    this.#watch += 1;
    clearTimeout(this.#timer);
    for (const release of this.#releases.splice(0)) release();
    this.#ages = new Map();
    this.#growth = new Growth();
    this.#clocks = new SourceClocks(this.ports.clock);
    this.ports.changes.stop();
    this.ports.recent.clear();
  }

  /** Takes what a tick has just sent. */
  observe(batches: readonly FeedBatch[]): void {
    if (this.#watchers.size === 0) return;
    const now_ms = this.ports.clock.now_ms();
    for (const { topic, records } of batches) {
      for (const record of records) {
        if (topic === topics.eventClock) this.#declare(record.key, () => record.item().value);
        const event = this.ports.recent.add(record, now_ms);
        this.ports.changes.expect(event);
        const { committed_ms, received_ms, appended_ms } = event;
        const born_ms = committed_ms ?? received_ms;
        if (born_ms === undefined) continue;
        this.#agesOf(topic.owner).add(now_ms, appended_ms - born_ms);
        this.#agesOf('clients').add(now_ms, now_ms - born_ms);
      }
    }
  }

  async #start(watch: number): Promise<void> {
    // What a vehicle's fix brings about, for its age; no event that anybody wants to see in a list.
    const states = await this.ports.follow(topics.vehicleStates);
    if (watch !== this.#watch) return states();
    this.#releases.push(states);
    for (const topic of [topics.eventClock, ...pushStreams['flow.events'].topics]) {
      const release = await this.ports.follow(topic);
      if (watch !== this.#watch) return release();
      this.#releases.push(release);
      await this.#lookBack(topic);
    }
    await this.#pulse(watch);
  }

  async #pulse(watch: number): Promise<void> {
    if (watch !== this.#watch) return;
    try {
      const status = await this.#measure();
      if (watch !== this.#watch) return;
      this.ports.show(status);
    } catch (error) {
      this.ports.onError(error);
    }
    this.#timer = setTimeout(() => void this.#pulse(watch), PULSE_MS);
  }

  async #lookBack(topic: Topic): Promise<void> {
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      try {
        const { start_offset, next_offset } = await this.ports.log.tail(topic.name, partition);
        // Every source's last word on its clock counts, however long ago it was.
        const back = topic === topics.eventClock ? next_offset : LOOK_BACK_RECORDS;
        for (let from = offset(Math.max(start_offset, next_offset - back)); from < next_offset;) {
          const batch = await this.ports.log.read({ topic: topic.name, partition, from });
          for (const record of batch.records) this.#recall(topic, record);
          from = batch.next_offset;
        }
      } catch (error) {
        if (!isNervelineError(error, 'NL-LOG-008')) throw error;
      }
    }
  }

  #recall(topic: Topic, record: LogRecord): void {
    const key = record.key === null ? null : utf8.decode(record.key);
    this.ports.recent.add({ ...record, topic, tenant_id: splitTenantKey(key ?? '')[0] ?? '' }, undefined);
    if (topic !== topics.eventClock) return;
    this.#declare(key, () => (record.value === null ? null : JSON.parse(utf8.decode(record.value))));
  }

  #declare(key: string | null, value: () => unknown): void {
    try {
      this.#clocks.take(key, value());
    } catch (error) {
      this.ports.onError(error);
    }
  }

  async #measure(): Promise<FlowStatus> {
    const { log, look, clock } = this.ports;
    const measured_ms = clock.now_ms();
    const described = await log.describe();
    const tails = new Map<string, number>();
    const measured: MeasuredTopic[] = described.map(({ topic, owner, partitions }) => {
      partitions.forEach(({ next_offset }, partition) => tails.set(`${topic}/${partition}`, next_offset));
      const written = sum(partitions.map(({ next_offset }) => next_offset));
      const records = written - sum(partitions.map(({ start_offset }) => start_offset));
      return { topic, owner, records, rate_per_s: this.#growth.rate(`topic ${topic}`, written, measured_ms) };
    });
    const stats = this.ports.stats();
    const token = [...this.#watchers.values()][0]?.token;
    return drawFlow({
      measured_ms,
      ...this.#clocks.read(),
      topics: measured,
      services: await this.#services(tails, measured_ms),
      relay: look.state(RELAY),
      slots: token === undefined ? undefined : look.slots(token),
      transactions_per_s: transactionsPerSecond(measured),
      ages: this.#percentiles(measured_ms),
      clients: {
        count: stats.clients,
        sent_per_s: this.#growth.rate('clients', stats.records_sent, measured_ms),
        behind_records: stats.behind_records,
      },
    });
  }

  async #services(tails: ReadonlyMap<string, number>, measured_ms: number): Promise<MeasuredService[]> {
    const groups = await this.ports.log.groups();
    return Promise.all(
      SERVICES.map(async ({ name, label }) => {
        const own = groups.filter((group) => group.startsWith(`${name}.`));
        const positions = (await Promise.all(own.map((group) => this.ports.log.positions(group)))).flat();
        const taken = sum(positions.map(({ next_offset, applied_above }) => next_offset + applied_above.length));
        const lag = positions.map(({ topic, partition, next_offset, applied_above }) =>
          Math.max(0, (tails.get(`${topic}/${partition}`) ?? next_offset) - next_offset - applied_above.length),
        );
        const intake_per_s = this.#growth.rate(`intake ${name}`, taken, measured_ms);
        return { name, label, ...this.ports.look.state(name), intake_per_s, lag_records: sum(lag) };
      }),
    );
  }

  #agesOf(stage: string): AgeWindow {
    const known = this.#ages.get(stage);
    if (known !== undefined) return known;
    const window = new AgeWindow();
    this.#ages.set(stage, window);
    return window;
  }

  #percentiles(now_ms: number): Map<string, Percentiles> {
    const found = new Map<string, Percentiles>();
    for (const [stage, window] of this.#ages) {
      const percentiles = window.percentiles(now_ms);
      if (percentiles !== undefined) found.set(stage, percentiles);
    }
    return found;
  }
}

/** Each transaction writes a BEGIN and an END. */
const transactionsPerSecond = (measured: readonly MeasuredTopic[]): number =>
  (measured.find(({ topic }) => topic === topics.transactions.name)?.rate_per_s ?? 0) / 2;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
