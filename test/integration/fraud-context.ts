import { sourceTables, tenantKey, type PaymentDecision } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog, type Log, type OpenLogOptions } from '@nerveline/log';
import { startService, type RunningService } from '@nerveline/service-defaults';
import { createTempDirectory, createTestKeys, eventually, type TestKeys } from '@nerveline/testing';
import { takeFromLog } from '../../apps/fraud-scoring/src/adapters/log/take-from-log';
import { readFraudScoringSettings } from '../../apps/fraud-scoring/src/fraud-scoring.config';
import { FraudScoringModule, type FraudScoringOptions } from '../../apps/fraud-scoring/src/fraud-scoring.module';

/** An answer of the service with its body as it came. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

type Table = 'fraud.block_list' | 'fraud.card_profiles' | 'platform.event_clock';
type Row = Readonly<Record<string, unknown>>;

interface At {
  readonly key: string | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Compaction = Pick<OpenLogOptions, 'housekeeping_interval_ms' | 'compaction_min_records'>;

const KEY_COLUMNS = new Map(sourceTables.map(({ schema, table, key }) => [`${schema}.${table}`, key]));

/** Writes to the change topics as the relay does, for tests that need no database. */
export class ChangeWriter implements AsyncDisposable {
  #lsn = 0;

  private constructor(readonly log: Log) {}

  static async open(data_directory: string, compaction: Compaction = {}): Promise<ChangeWriter> {
    return new ChangeWriter(await openLog({ service: 'cdc-relay', data_directory, ...compaction }));
  }

  /**
   * Resolves when compaction has left that many records of a row: the end of its history, or none. A pass begins when something is new,
   * so rows that nobody asks for are written meanwhile, into all partitions.
   */
  async compacted(table: Table, row: Row, left = 1): Promise<void> {
    const key = keyOf(table, row);
    let nobody = 0;
    await eventually(async () => {
      await this.put(table, { ...row, tenant_id: `nobody-${(nobody += 1)}` });
      return (await readAll(this.log, `cdc.${table}`)).filter((record) => record.key === key).length === left;
    });
  }

  /** Says that the tables were read as a whole. */
  async finishSnapshot(): Promise<void> {
    const table = { relation_oid: 1, state: 'finished', snapshot_lsn: '0/1', chunks: 0, rows: 0, after_key: null };
    const tables = { 'fraud.block_list': table, 'fraud.card_profiles': table, 'platform.event_clock': table };
    const epoch = { system_id: '1', timeline: 1 };
    await this.write(
      'relay.progress',
      { key: 's' },
      {
        format_version: 1,
        slot: 's',
        epoch,
        floor_lsn: '0/1',
        partitions: {},
        tables,
      },
    );
  }

  /** An insert, an update, or a snapshot's row. */
  async put(table: Table, row: Row, op: 'c' | 'u' | 'r' = 'c'): Promise<void> {
    await this.change(table, { op, before: null, after: row }, { key: keyOf(table, row) });
  }

  /** What TRUNCATE of the table looks like: each partition hears of it. */
  async truncate(table: Table): Promise<void> {
    for (let partition = 0; partition < (await this.log.partitionCount(`cdc.${table}`)); partition += 1) {
      await this.change(table, { op: 't', before: null, after: null }, { key: null, partition });
    }
  }

  async remove(table: Table, row: Row): Promise<void> {
    const key = Object.fromEntries((KEY_COLUMNS.get(table) ?? []).map((column) => [column, row[column]]));
    await this.change(table, { op: 'd', before: key, after: null }, { key: keyOf(table, row) });
    const headers = { source_position: this.nextPosition() };
    await this.log.append([
      { topic: `cdc.${table}`, key: keyOf(table, row), value: null, headers, timestamp_ms: Date.now() },
    ]);
  }

  /** A position in the source beyond all those before it. */
  private nextPosition(): string {
    this.#lsn += 1;
    return `1:1:0/${this.#lsn.toString(16).toUpperCase()}:0`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close();
  }

  private async change(table: Table, change: Row, at: At): Promise<void> {
    const [schema, name] = table.split('.');
    const position = this.nextPosition();
    const source = { schema, table: name, ts_ms: Date.now(), snapshot: 'false', position };
    const value = { ...change, source, ts_ms: Date.now(), transaction: null };
    await this.write(`cdc.${table}`, { ...at, headers: { source_position: position } }, value);
  }

  private async write(topic: string, at: At, value: object): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    await this.log.append([{ topic, ...at, value: bytes, timestamp_ms: Date.now() }]);
  }
}

function keyOf(table: Table, row: Row): string {
  const [tenant_id = '', ...parts] = (KEY_COLUMNS.get(table) ?? []).map((column) => String(row[column]));
  return tenantKey(tenant_id, ...parts);
}

export interface FraudContext extends AsyncDisposable {
  readonly service: RunningService;
  readonly changes: ChangeWriter;
  readonly keys: TestKeys;
  readonly data_directory: string;
  /** Sends a body as it is. */
  post(body: string, token?: string): Promise<Answered>;
  get(path: string, token?: string): Promise<Answered>;
  decide(payment: object): Promise<PaymentDecision>;
  /** Stops the service and starts it again on the same data. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Resolves when the service has taken over every change that was written. */
  listsApplied(): Promise<void>;
  readAll(topic: string): Promise<{ key: string; value: string; headers: Readonly<Record<string, string>> }[]>;
}

/** The service on a fresh log, its lists empty and complete. */
export async function openFraudScoring({
  snapshot = 'finished',
  compaction,
  ...options
}: Omit<FraudScoringOptions, 'settings'> & {
  /** Has the relay read the tables once? */
  readonly snapshot?: 'finished' | 'pending';
  /** How eagerly the relay's log compacts the lists. */
  readonly compaction?: Compaction;
} = {}): Promise<FraudContext> {
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const settings = readFraudScoringSettings({
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    LOG_LEVEL: 'fatal',
  });
  const changes = await ChangeWriter.open(directory.path, compaction);
  if (snapshot === 'finished') await changes.finishSnapshot();
  const start = async () => {
    const module = FraudScoringModule.with({ settings, ...options });
    const service = await startService({ service: 'fraud-scoring', module, settings, prepare: takeFromLog });
    if (snapshot === 'finished') await eventually(async () => (await fetch(`${service.address}/health/ready`)).ok);
    return service;
  };
  let service = await start();
  const own_token = await keys.token();
  const send = async (path: string, init: RequestInit, token = own_token): Promise<Answered> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await fetch(`${service.address}${path}`, { ...init, headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const post = (body: string, token?: string) => send('/v1/payments/decisions', { method: 'POST', body }, token);
  return {
    get service() {
      return service;
    },
    changes,
    keys,
    data_directory: directory.path,
    post,
    get: (path, token) => send(path, {}, token),
    decide: async (body) => {
      const { status, text } = await post(JSON.stringify(body));
      if (status !== 200) throw new Error(`${status} ${text}`);
      return JSON.parse(text) as PaymentDecision;
    },
    restart: async (meanwhile) => {
      await service.stop();
      await meanwhile?.();
      service = await start();
    },
    listsApplied: () => listsApplied(changes.log),
    readAll: (topic) => readAll(changes.log, topic),
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await changes[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

let counter = 0;

/** A payment that nothing speaks against, with fresh ids. */
export function payment(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> & { event_ms: number } {
  counter += 1;
  const id = `${process.pid}-${counter}`;
  return {
    payment_id: `pay-${id}`,
    idempotency_key: `key-${id}`,
    card: `card-${id}`,
    amount_minor: 12_50,
    currency: 'EUR',
    merchant_id: 'merchant-1',
    event_ms: Date.now(),
    ...more,
  };
}

/** Resolves when the service has taken over every change that was written. */
export async function listsApplied(log: Log): Promise<void> {
  await eventually(async () => {
    const positions = await log.positions('fraud-scoring.lists');
    const reached = new Map(positions.map((at) => [`${at.topic}/${at.partition}`, Number(at.next_offset)]));
    for (const topic of ['cdc.fraud.block_list', 'cdc.fraud.card_profiles', 'cdc.platform.event_clock']) {
      for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
        const { next_offset } = await log.tail(topic, partition);
        if (next_offset > (reached.get(`${topic}/${partition}`) ?? 0)) return false;
      }
    }
    return true;
  });
}

export async function readAll(log: Log, topic: string) {
  const text = new TextDecoder();
  const found = [];
  for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
    const { next_offset } = await log.tail(topic, partition);
    for (let from = offset(0); from < next_offset;) {
      const batch = await log.read({ topic, partition, from });
      for (const { key, value, headers } of batch.records) {
        found.push({
          key: key === null ? '' : text.decode(key),
          value: value === null ? '' : text.decode(value),
          headers,
        });
      }
      from = batch.next_offset;
    }
  }
  return found;
}
