import { setTimeout as wait } from 'node:timers/promises';
import {
  topics,
  type Ack,
  type Change,
  type ClientToServerEvents,
  type PushFrame,
  type ServerToClientEvents,
} from '@nerveline/contracts';
import { eventually, type TestPlatform } from '@nerveline/testing';
import { Pool } from 'pg';
import { io, type Socket } from 'socket.io-client';
import { wallMs } from './wall-clock';

export interface ChangeLatency {
  readonly latencies_ms: readonly number[];
  readonly lost: number;
  readonly doubled: number;
}

interface BlockListRow {
  readonly value: string;
}

/** Changes at the same rate before the first that is measured: a process that has just started compiles its code yet. */
const WARM_UP_S = 5;
/** Beyond the last insert, what hasn't arrived by then is lost. */
const LAST_ARRIVAL_MS = 10_000;
const CONNECTIONS = 16;
const PREFIX = 'bench-';

/**
 * Commits single rows at a steady rate (open loop: a slow commit delays no other), and measures from PostgreSQL's commit
 * time to the moment at which a Socket.IO client has the event.
 */
export async function measureChangeLatency(
  platform: TestPlatform,
  rate_per_s: number,
  for_s: number,
): Promise<ChangeLatency> {
  const warming = WARM_UP_S * rate_per_s;
  const arrivals = new Arrivals(warming);
  const socket = await subscribe(platform, (frame) => arrivals.take(frame));
  const pool = new Pool({ connectionString: platform.database_url, max: CONNECTIONS });
  const count = warming + rate_per_s * for_s;
  const inserts: Promise<unknown>[] = [];
  const begun_ms = wallMs();
  for (let i = 0; i < count; i++) {
    const due_in_ms = begun_ms + (i * 1_000) / rate_per_s - wallMs();
    if (due_in_ms > 1) await wait(due_in_ms);
    inserts.push(
      pool.query("INSERT INTO fraud.block_list VALUES ('demo', 'merchant', $1, 'bench', 'bench')", [`${PREFIX}${i}`]),
    );
  }
  await Promise.all(inserts);
  await eventually(() => arrivals.count >= count, { within_ms: LAST_ARRIVAL_MS }).catch(() => undefined);
  socket.disconnect();
  await pool.query("DELETE FROM fraud.block_list WHERE added_by = 'bench'");
  await pool.end();
  return { latencies_ms: arrivals.latencies_ms, lost: count - arrivals.count, doubled: arrivals.doubled };
}

class Arrivals {
  readonly latencies_ms: number[] = [];
  doubled = 0;
  readonly #seen = new Set<string>();

  /** @param warming so many of the first changes count as arrived, and aren't measured */
  constructor(private readonly warming: number) {}

  /** Those that arrived, each once. */
  get count(): number {
    return this.#seen.size;
  }

  take(frame: PushFrame): void {
    const now_ms = wallMs();
    for (const { topic, value } of frame.items) {
      if (topic !== topics.blockList.name || value === null) continue;
      const { op, after, source } = value as Change<BlockListRow>;
      if (op !== 'c' || after === null || !after.value.startsWith(PREFIX)) continue;
      if (this.#seen.has(after.value)) this.doubled += 1;
      else if (numberOf(after.value) >= this.warming) this.latencies_ms.push(now_ms - source.ts_us / 1_000);
      this.#seen.add(after.value);
    }
  }
}

const numberOf = (value: string): number => Number(value.slice(PREFIX.length));

async function subscribe(platform: TestPlatform, onFrame: (frame: PushFrame) => void) {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(platform.dashboard_url, {
    auth: { token: platform.token },
    transports: ['websocket'],
  });
  socket.on('frame', onFrame);
  const answer = (await socket
    .timeout(10_000)
    .emitWithAck('subscribe', { stream: 'flow.events', from: null })) as Ack<null>;
  if (!answer.ok) throw new Error(`the gateway refused: ${answer.code} ${answer.detail}`);
  return socket;
}
