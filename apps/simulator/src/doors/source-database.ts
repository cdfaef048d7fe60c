import type { EventSource } from '@nerveline/contracts';
import { Pool } from 'pg';

/** Rows of one INSERT: PostgreSQL takes 65,535 parameters at most. */
const ROWS_AT_ONCE = 1_000;

/** The source database's SQL door. */
export class SourceDatabase {
  readonly #pool: Pool;

  constructor(
    database_url: string,
    readonly tenant_id: string,
  ) {
    this.#pool = new Pool({ connectionString: database_url, max: 4 });
    // An idle connection that PostgreSQL ends is replaced by the pool; an error that nobody hears would end the process.
    this.#pool.on('error', () => undefined);
  }

  /** Inserts what isn't there yet; rows that are there keep what they hold, unless `update` names columns. */
  async upsert(
    table: string,
    key: readonly string[],
    rows: readonly Readonly<Record<string, unknown>>[],
    update: readonly string[] = [],
  ): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    const columns = ['tenant_id', ...Object.keys(first)];
    const onConflict =
      update.length === 0
        ? 'NOTHING'
        : `UPDATE SET ${update.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`;
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const slice = rows.slice(at, at + ROWS_AT_ONCE);
      const places = slice.map(
        (_, row) => `(${columns.map((_column, i) => `$${row * columns.length + i + 1}`).join(', ')})`,
      );
      await this.#pool.query(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${places.join(', ')} ON CONFLICT (tenant_id, ${key.join(', ')}) DO ${onConflict}`,
        slice.flatMap((row) => [this.tenant_id, ...columns.slice(1).map((column) => row[column])]),
      );
    }
  }

  /** Declares the time of a source: from now on its events are at `event_ms` and go on `speed` times as fast as the wall clock. */
  async declareEventClock(source: EventSource, event_ms: number, speed: number): Promise<void> {
    const row = { source, event_ms: Math.floor(event_ms), wall_ms: Date.now(), speed };
    await this.upsert('platform.event_clock', ['source'], [row], ['event_ms', 'wall_ms', 'speed']);
  }

  /** Back to wall time. */
  async forgetEventClock(source: EventSource): Promise<void> {
    await this.#pool.query('DELETE FROM platform.event_clock WHERE tenant_id = $1 AND source = $2', [
      this.tenant_id,
      source,
    ]);
  }

  async run(sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const { rows } = await this.#pool.query<Record<string, unknown>>(sql, [...values]);
    return rows;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
