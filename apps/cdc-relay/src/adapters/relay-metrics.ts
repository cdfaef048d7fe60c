import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { RelayStatus, WatchedSlot } from '@nerveline/cdc';
import { parseLsn } from '@nerveline/kernel';
import { metrics } from '@nerveline/service-defaults';
import { Counter, Gauge } from 'prom-client';
import { RelayRunner } from './relay-runner';

const counters = {
  transactions: 'Source transactions received',
  changes: 'Changes received',
  dropped_records: 'Records that the log had already',
  undeclared_changes: 'Changes of published tables that the contracts do not declare',
  written_records: 'Records written to the log',
  written_bytes: 'Bytes written to the log',
  writes: 'Writes to the log',
} as const satisfies Partial<Record<keyof RelayStatus, string>>;

/** The relay's figures at /metrics, read when they are asked for. */
@Injectable()
export class RelayMetrics implements OnApplicationBootstrap {
  constructor(@Inject(RelayRunner) private readonly runner: RelayRunner) {}

  onApplicationBootstrap(): void {
    for (const [name, help] of Object.entries(counters)) this.#count(name as keyof typeof counters, help);
    this.#gauge('connected', '1 while the stream flows', ({ connected }) => (connected ? 1 : 0));
    this.#gauge('sessions', 'Sessions with the source since the start', ({ sessions }) => sessions);
    this.#gauge('pending_bytes', 'Bytes that wait for the log', ({ pending_bytes }) => pending_bytes);
    this.#gauge(
      'held_bytes',
      'Bytes of transactions that have not ended, in memory and on disk',
      ({ held_bytes }) => held_bytes,
    );
    this.#gauge('missing_tables', 'Source tables that do not exist yet', ({ missing_tables }) => missing_tables.length);
    this.#gauge('confirmed_lsn_bytes', 'Position confirmed to the source, as a byte count of its WAL', (status) =>
      Number(parseLsn(status.confirmed_lsn)),
    );
    this.#gauge('received_lsn_bytes', 'Position received from the source, as a byte count of its WAL', (status) =>
      Number(parseLsn(status.received_lsn)),
    );
    this.#slotGauge('slot_active', '1 while the server sees somebody read the slot', ({ active }) => (active ? 1 : 0));
    this.#slotGauge(
      'slot_retained_bytes',
      'WAL that the server keeps for the slot',
      (slot) => slot.retained_bytes ?? 0,
    );
    // A limit that isn't there, or isn't coming nearer, is infinitely far: an alert may compare without a special case.
    this.#slotGauge(
      'slot_left_bytes',
      'WAL until the budget or the limit of the server is reached',
      (slot) => slot.left_bytes ?? Number.POSITIVE_INFINITY,
    );
    this.#slotGauge(
      'slot_left_minutes',
      'Minutes until then, at the growth of the last minute',
      (slot) => slot.left_minutes ?? Number.POSITIVE_INFINITY,
    );
    this.#slotGauge('slot_lost', '1 when the server has invalidated the slot', ({ wal_status }) =>
      wal_status === 'lost' ? 1 : 0,
    );
  }

  #count(name: keyof typeof counters, help: string): void {
    const { runner } = this;
    let seen = 0;
    new Counter({
      name: `nerveline_relay_${name}_total`,
      help,
      registers: [metrics],
      collect() {
        const now = runner.relay.status[name];
        this.inc(now - seen);
        seen = now;
      },
    });
  }

  #gauge(name: string, help: string, read: (status: RelayStatus) => number): void {
    const { runner } = this;
    new Gauge({
      name: `nerveline_relay_${name}`,
      help,
      registers: [metrics],
      collect() {
        this.set(read(runner.relay.status));
      },
    });
  }

  #slotGauge(name: string, help: string, read: (slot: WatchedSlot) => number): void {
    const { runner } = this;
    new Gauge({
      name: `nerveline_relay_${name}`,
      help,
      labelNames: ['slot'],
      registers: [metrics],
      async collect() {
        this.reset();
        const slot = await runner.relay.slotState().catch(() => undefined);
        if (slot !== undefined) this.set({ slot: slot.slot }, read(slot));
      },
    });
  }
}
