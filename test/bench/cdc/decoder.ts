import {
  decodeMessage,
  KnownShapes,
  ResumePoint,
  RowMessage,
  TransactionEncoder,
  TransactionSequencer,
  type TransactionReceiver,
} from '@nerveline/cdc';
import { systemClock } from '@nerveline/kernel';
import { partitionFor } from '@nerveline/log';
import { createDatabase } from '@nerveline/testing';
import { createLines, createSlot, insertLines, lines, median, PUBLICATION } from './source';

const ROWS = 60_000;
const ROUNDS = 7;
const INSERT = 'I'.charCodeAt(0);

/** The messages of the output plugin, recorded from a server. */
async function recordWal(per_transaction: number): Promise<readonly Buffer[]> {
  await using database = await createDatabase();
  await createLines(database);
  const slot = new URL(database.url).pathname.slice(1);
  await createSlot(database, slot);
  await insertLines(database, { from: 0, count: ROWS, per_transaction });
  const messages = await database.query(
    `SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', $2)`,
    [slot, PUBLICATION],
  );
  return messages.map(({ data }) => data as Buffer);
}

/** Rows per CPU-second of this thread, so that others on the machine don't matter: medians of rounds in turns. */
export async function measureDecoder(): Promise<Record<string, number>> {
  const messages = await recordWal(1_000);
  const singles = await recordWal(1);
  const rows = messages.filter((message) => message[0] === INSERT);
  const ways = {
    decode_rows_per_s: () => decode(rows, readAll),
    decode_skipping_rows_per_s: () => decode(rows, () => 0),
    decode_reference_rows_per_s: () =>
      rows.reduce((sum, row) => sum + (decodeMessage(row).kind === 'insert' ? 1 : 0), 0),
    encode_rows_per_s: () => encode(messages),
    encode_single_tx_per_s: () => encode(singles),
  };
  const figures = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const begun = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(begun);
      figures.set(name, [...(figures.get(name) ?? []), rows.length / ((user + system) / 1e6)]);
    }
  }
  const medians = [...figures].map(([name, values]) => [name, Math.round(median(values))] as const);
  const bytes = rows.reduce((sum, row) => sum + row.length, 0);
  return { ...Object.fromEntries(medians), row_bytes: Math.round(bytes / rows.length) };
}

const row = new RowMessage();

function decode(rows: readonly Buffer[], use: (message: RowMessage) => number): number {
  let used = 0;
  for (const bytes of rows) {
    row.read(bytes, 0, bytes.length);
    used += use(row);
  }
  return used;
}

function readAll({ after }: RowMessage): number {
  let length = 0;
  for (let i = 0; i < after.count; i++) length += after.text(i)?.length ?? 0;
  return length;
}

/** As the relay does it, up to records in memory: Debezium envelopes with all columns. */
function encode(messages: readonly Buffer[]): number {
  let bytes = 0;
  const receiver: TransactionReceiver = {
    begin: () => {},
    end: () => {},
    push: (record) => (bytes += record.value?.length ?? 0),
  };
  const consumer = new TransactionEncoder({
    epoch: { system_id: '7300000000000000000', timeline: 1 },
    database: 'bench',
    tables: [lines],
    partitionOf: partitionFor,
    resume: ResumePoint.empty(),
    shapes: new KnownShapes([]),
    clock: systemClock,
    receiver,
  });
  const sequencer = new TransactionSequencer({
    ...{ consumer, spill_directory: '/nowhere', max_memory_bytes: 1e9, max_spill_bytes: 1e9 },
    ready: () => Promise.resolve(),
    holdBack: () => {},
  });
  for (const message of messages) void sequencer.take(message, 0, message.length);
  return bytes;
}
