import { ChangeRelay, type RelayOptions } from '@nerveline/cdc';
import { changeSchema, defineTopic, parseChange, type ParsedChange, type SourceTable } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import { z } from 'zod';
import { createDatabase, type TestDatabase, type TestPostgres } from './postgres';
import { MemorySink } from './memory-sink';

/** A source table of a test, with a topic of its own. */
export function testTable(table: string, options: { key?: readonly string[]; partitions?: number } = {}): SourceTable {
  const { key = ['tenant_id', 'id'], partitions = 4 } = options;
  const topic = defineTopic({
    name: `cdc.public.${table}`,
    key: key.join('/'),
    schema: changeSchema(z.looseObject({})),
    encoding: 'json',
    partitions,
    retention: { kind: 'compacted' },
    owner: 'cdc-relay',
    description: 'A table of a test.',
  });
  return { schema: 'public', table, key, order_by: key, topic };
}

/** A database, a sink in memory, and relays between them that end with the test. */
export interface CdcFixture extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly sink: MemorySink;
  readonly slot: string;
  start(options?: Partial<RelayOptions>): ChangeRelay;
  /** For a test that ended its server: there is no database left to drop. */
  abandon(): void;
  /** Changes that the sink holds of a table, tombstones left out, in their order. */
  changes(table: SourceTable): ParsedChange[];
}

export async function createCdcFixture(tables: readonly SourceTable[], server?: TestPostgres): Promise<CdcFixture> {
  const database = await createDatabase(server);
  const sink = new MemorySink();
  const slot = `slot_${new URL(database.url).pathname.slice(1)}`;
  const relays: ChangeRelay[] = [];
  let abandoned = false;
  return {
    database,
    sink,
    slot,
    start(options = {}) {
      const relay = ChangeRelay.start({
        source_url: database.url,
        slot,
        publication: 'nerveline',
        tables,
        sink,
        partitionOf: simplePartition,
        confirm_interval_ms: 20,
        table_poll_ms: 20,
        min_backoff_ms: 10,
        ...options,
      });
      relays.push(relay);
      return relay;
    },
    abandon: () => (abandoned = true),
    changes: ({ topic }) => sink.of(topic.name).flatMap(toChange),
    [Symbol.asyncDispose]: async () => {
      sink.cutOff();
      for (const relay of relays) await relay[Symbol.asyncDispose]();
      if (!abandoned) await database[Symbol.asyncDispose]();
    },
  };
}

const toChange = ({ value }: OutRecord): ParsedChange[] => (value === null ? [] : [parseChange(value)]);

function simplePartition(order_key: string, partitions: number): number {
  let sum = 0;
  for (const char of order_key) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % partitions;
}
