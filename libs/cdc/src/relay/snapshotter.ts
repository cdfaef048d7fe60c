import { formatLsn, parseLsn, type Lsn, type SourceEpoch } from '@nerveline/kernel';
import { parseRequest } from './snapshot-request';
import { publishTables } from '../source/publication';
import { tableName, readCatalog, type CatalogTable } from '../source/table-catalog';
import type { SourceClient } from '../source/source-client';
import type { KnownShapes } from '../schema/known-shapes';
import type { ProgressBook } from './progress-book';
import type { ResolvedOptions } from './relay-options';
import type { SinkWriter } from './sink-writer';
import { SnapshotEncoder } from './snapshot-encoder';
import { SnapshotReader } from './snapshot-reader';

export interface SnapshotterOptions {
  readonly relay: ResolvedOptions;
  readonly epoch: SourceEpoch;
  readonly database: string;
  readonly catalog: SourceClient;
  readonly writer: SinkWriter;
  readonly progress: ProgressBook;
  readonly shapes: KnownShapes;
  readonly askKeepAlive: () => void;
}

/** How often the server is asked how far it is, while a snapshot waits for the stream. */
const ASK_MS = 50;

/**
 * Publishes tables as they appear and brings their rows into the log, without a gap to the stream and without stopping
 * it for longer than the reading takes. The same steps at the first start, after a crash in the middle, and for a table
 * that is made later:
 *
 * 1. hold the stream's writes; open a snapshot, which tells its LSN
 * 2. write what the stream has below that LSN; it brings chunks of an earlier, interrupted snapshot up to date
 * 3. write the rows, chunk by chunk, with the progress in the same write
 * 4. let the stream go on from that LSN
 */
export class Snapshotter {
  #missing: readonly string[] = [];

  constructor(private readonly options: SnapshotterOptions) {}

  /** Source tables that don't exist yet, `SCHEMA.TABLE`. */
  get missing_tables(): readonly string[] {
    return this.#missing;
  }

  /** Takes up what has appeared since the last call. */
  async takeUp(): Promise<void> {
    const { relay, catalog, progress } = this.options;
    const found = await readCatalog(catalog, relay.publication, relay.tables);
    const unpublished = found.filter((table) => !table.published);
    await publishTables(
      catalog,
      relay.publication,
      unpublished.map(({ source }) => source),
    );
    const drifted = unpublished.map(({ name }) => name).filter((name) => progress.table(name)?.state === 'finished');
    if (drifted.length > 0) relay.onEvent({ kind: 'publication_drifted', tables: drifted });
    // What happened to them while they were out never came.
    for (const name of drifted) progress.forgetTable(name);
    const unread = found.filter(({ name, relation }) => {
      const known = progress.table(name);
      return known?.state !== 'finished' || known.relation_oid !== relation.relation_oid;
    });
    if (unread.length > 0) await this.#snapshot(unread);
    this.#reportMissing(found);
  }

  /**
   * Takes a request up: at once in the progress that the next write holds, which comes before anything confirms the
   * request. It is served when the table's rows were read as of a later position; one that is being read serves it too.
   *
   * @returns whether anything is to be read
   */
  request(content: Uint8Array, commit_lsn: Lsn): boolean {
    const { relay, progress } = this.options;
    const asked = parseRequest(content);
    if (typeof asked === 'string') {
      relay.onEvent({ kind: 'snapshot_request_refused', detail: asked });
      return false;
    }
    const tables = asked.tables.filter((name) => {
      const known = progress.table(name);
      return known?.state === 'finished' && parseLsn(known.snapshot_lsn) < commit_lsn;
    });
    const ignored = asked.tables.filter((name) => !tables.includes(name));
    for (const name of tables) progress.forgetTable(name);
    relay.onEvent({ kind: 'snapshot_requested', tables, ignored });
    return tables.length > 0;
  }

  #reportMissing(found: readonly CatalogTable[]): void {
    const { tables, onEvent } = this.options.relay;
    const names = new Set(found.map(({ name }) => name));
    const missing = tables.map(tableName).filter((name) => !names.has(name));
    const changed = missing.join() !== this.#missing.join();
    this.#missing = missing;
    if (changed && missing.length > 0) onEvent({ kind: 'waiting_for_tables', tables: missing });
  }

  async #snapshot(tables: readonly CatalogTable[]): Promise<void> {
    const { relay, writer } = this.options;
    // Before the snapshot's LSN is known, any transaction may turn out to be behind it.
    writer.holdAll();
    try {
      await using reader = await SnapshotReader.open(relay.source_url, relay.slot);
      writer.hold(reader.snapshot_lsn);
      const names = tables.map(({ name }) => name);
      relay.onEvent({ kind: 'snapshot_started', tables: names, snapshot_lsn: formatLsn(reader.snapshot_lsn) });
      await this.#catchUp(reader);
      let chunk = 0;
      for (const table of tables) chunk = await this.#readTable(reader, table, chunk);
    } finally {
      writer.release();
    }
  }

  /** Waits until everything below the snapshot is in the log. A quiet server says so only when asked. */
  async #catchUp({ snapshot_lsn }: SnapshotReader): Promise<void> {
    const { writer, askKeepAlive } = this.options;
    const timer = setInterval(askKeepAlive, ASK_MS);
    try {
      askKeepAlive();
      await writer.reached(snapshot_lsn);
    } finally {
      clearInterval(timer);
    }
  }

  async #readTable(reader: SnapshotReader, table: CatalogTable, first_chunk: number): Promise<number> {
    const { relay, epoch, database, progress, shapes, writer } = this.options;
    const { snapshot_chunk_rows, clock, atFaultPoint } = relay;
    await reader.checkUnchanged(table);
    const begun = progress.table(table.name);
    const resumed = begun?.relation_oid === table.relation.relation_oid ? begun : undefined;
    let { chunks = 0, rows = 0, after_key = null } = resumed ?? {};
    let chunk = first_chunk;
    let reading = reader.readChunk(table, after_key, snapshot_chunk_rows);
    for (let more = true; more; chunk += 1) {
      const found = await reading;
      const origin = { epoch, database, snapshot_lsn: reader.snapshot_lsn, read_ms: clock.now_ms() };
      const encoder = new SnapshotEncoder(table, origin, relay.partitionOf);
      more = found.length === snapshot_chunk_rows;
      chunks += 1;
      rows += found.length;
      after_key = encoder.keyOfLast(found) ?? after_key;
      // The source reads the next chunk while this one is made durable.
      if (more) reading = reader.readChunk(table, after_key, snapshot_chunk_rows);
      // Its failure is seen when it is waited for; nobody does when this chunk fails before.
      reading.catch(() => {});
      const snapshot_lsn = formatLsn(reader.snapshot_lsn);
      const { relation_oid } = table.relation;
      const state = more ? ('running' as const) : ('finished' as const);
      const records = [...encoder.announce(shapes, chunk), ...encoder.encode(found, chunk)];
      atFaultPoint('in_snapshot_chunk');
      await writer.write(() => {
        progress.recordTable(table.name, { relation_oid, state, snapshot_lsn, chunks, rows, after_key });
        return [...records, progress.record(clock.now_ms())];
      });
    }
    relay.onEvent({ kind: 'snapshot_finished', table: table.name, rows });
    return chunk;
  }
}
