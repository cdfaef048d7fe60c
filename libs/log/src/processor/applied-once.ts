import { NervelineError, type OutRecord, type StateWrite } from '@nerveline/kernel';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { Effects } from '../ports/consumer';
import type { LogRecord } from '../ports/log';
import type { RecordContext } from './options';

export interface AppliedOnceOptions {
  /** The processor's group. */
  readonly group: string;
  /** Where what was applied stands; `nerveline_applied` when absent. */
  readonly table?: string;
  /** How long a row outlives its use; an hour when absent. */
  readonly keep_ms?: number;
}

const DEFAULT_TABLE = 'nerveline_applied';
const HOUR_MS = 3_600_000;
const PRUNE_EVERY_MS = 60_000;

const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');

/** Makes the table of {@link AppliedOnce}; for a migration. */
export async function createAppliedTable(runner: Pick<QueryRunner, 'query'>, table = DEFAULT_TABLE): Promise<void> {
  await runner.query(`
    CREATE TABLE IF NOT EXISTS ${quoted(table)} (
      group_name text NOT NULL,
      topic text NOT NULL,
      partition integer NOT NULL,
      record_offset bigint NOT NULL,
      effects jsonb,
      applied_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (group_name, topic, partition, record_offset)
    )`);
}

/**
 * Effects in PostgreSQL that take place once for each record: a transaction stores the position of the record beside what
 * it changes, and one that finds it there changes nothing. Between its commit and that of the log a crash may lie; then
 * the record is handled again, and what the first handling gave back for the log is given back again.
 *
 *     handle: (record, context) =>
 *       applied.once(record, context, (manager) => manager.increment(Account, { id }, 'balance', 1)),
 *
 * The set of positions counts, not the last one: a record that was parked or a dead letter comes after later ones. Rows
 * are forgotten when their record is settled for good. The transaction is the last thing that a handler does: what fails
 * behind it can't take it back.
 */
export class AppliedOnce {
  readonly #table: string;
  readonly #pruned_ms = new Map<string, number>();

  constructor(
    private readonly source: Pick<DataSource, 'transaction' | 'query'>,
    private readonly options: AppliedOnceOptions,
  ) {
    this.#table = quoted(options.table ?? DEFAULT_TABLE);
  }

  /**
   * Runs `act` unless the record was applied before.
   *
   * @throws NervelineError `NL-LOG-030` when the handler was cut off meanwhile: nothing was changed
   */
  async once(
    record: Pick<LogRecord, 'topic' | 'partition' | 'offset'>,
    context: Pick<RecordContext, 'signal' | 'unsettled'>,
    act: (manager: EntityManager) => Promise<Effects | void>,
  ): Promise<Effects | void> {
    const { signal } = context;
    const effects = await this.source.transaction(async (manager) => {
      const place = [this.options.group, record.topic, record.partition, record.offset];
      // Waits for another transaction that has the same record in hand, and sees what became of it.
      const claimed: unknown[] = await manager.query(
        `INSERT INTO ${this.#table} (group_name, topic, partition, record_offset) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING RETURNING record_offset`,
        place,
      );
      const where = 'group_name = $1 AND topic = $2 AND partition = $3 AND record_offset = $4';
      if (claimed.length === 0) {
        const [row]: { effects: StoredEffects | null }[] = await manager.query(
          `SELECT effects FROM ${this.#table} WHERE ${where}`,
          place,
        );
        return load(row?.effects ?? null);
      }
      const made = await act(manager);
      if (made) await manager.query(`UPDATE ${this.#table} SET effects = $5 WHERE ${where}`, [...place, store(made)]);
      // Somebody else may handle it already: the transaction is rolled back.
      if (signal.aborted)
        throw new NervelineError('NL-LOG-030', { detail: 'the handler was cut off', cause: signal.reason });
      return made;
    });
    await this.#prune(record, context);
    return effects;
  }

  async #prune(
    { topic, partition }: Pick<LogRecord, 'topic' | 'partition'>,
    context: Pick<RecordContext, 'unsettled'>,
  ): Promise<void> {
    const now_ms = Date.now();
    const place = `${topic}/${partition}`;
    if (now_ms - (this.#pruned_ms.get(place) ?? 0) < PRUNE_EVERY_MS) return;
    this.#pruned_ms.set(place, now_ms);
    const { group, keep_ms = HOUR_MS } = this.options;
    const { next_offset, held } = context.unsettled();
    await this.source.query(
      `DELETE FROM ${this.#table} WHERE group_name = $1 AND topic = $2 AND partition = $3 AND record_offset < $4
       AND record_offset <> ALL ($5::bigint[]) AND applied_at < now() - $6 * interval '1 millisecond'`,
      [group, topic, partition, next_offset, held, keep_ms],
    );
  }
}

interface StoredEffects {
  readonly appends: readonly (Omit<OutRecord, 'key' | 'value'> & { key: StoredKey; value: string | null })[];
  readonly state: readonly (Omit<StateWrite, 'value'> & { value: string | null })[];
}

type StoredKey = string | null | { readonly base64: string };

const toBase64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const fromBase64 = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text, 'base64'));

function store({ appends = [], state = [] }: Effects): StoredEffects {
  return {
    appends: appends.map((record) => ({ ...record, key: storeKey(record.key), value: toBase64(record.value) })),
    state: state.map((write) => ({ ...write, value: toBase64(write.value) })),
  };
}

const storeKey = (key: OutRecord['key']): StoredKey =>
  key instanceof Uint8Array ? { base64: toBase64(key) ?? '' } : key;

function load(stored: StoredEffects | null): Effects | void {
  if (stored === null) return;
  return {
    appends: stored.appends.map(({ key, value, ...rest }) => ({
      ...rest,
      key: key !== null && typeof key === 'object' ? fromBase64(key.base64) : key,
      value: fromBase64(value),
    })),
    state: stored.state.map(({ value, ...rest }) => ({ ...rest, value: fromBase64(value) })),
  };
}
