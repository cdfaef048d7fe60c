import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError, parseLsn, type Lsn } from '@nerveline/kernel';
import { SourceClient } from '../source/source-client';
import { qualified, type CatalogTable } from '../source/table-catalog';

/**
 * Reads tables as they were at one LSN: a temporary slot tells the LSN and sets the transaction's snapshot to it, in
 * one step of the server. What committed below is in the rows, what committed at or above is not.
 */
export class SnapshotReader implements AsyncDisposable {
  private constructor(
    private readonly client: SourceClient,
    readonly snapshot_lsn: Lsn,
  ) {}

  /**
   * Waits until the transactions that run now have ended: only then is there a consistent point.
   *
   * @throws NervelineError `NL-CDC-004`, `NL-CDC-017` no free slot
   */
  static async open(source_url: string, slot: string): Promise<SnapshotReader> {
    const client = await SourceClient.connect(source_url, { replication: true, name: `${slot} snapshot` });
    try {
      await client.query('BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ');
      // Bound to this session, so that a killed relay leaves nothing behind.
      const name = `${slot.slice(0, 40)}_snapshot_${Date.now().toString(36)}`;
      const [row] = await client.query(
        `CREATE_REPLICATION_SLOT ${escapeIdentifier(name)} TEMPORARY LOGICAL pgoutput USE_SNAPSHOT`,
      );
      return new SnapshotReader(client, parseLsn(row?.['consistent_point'] ?? ''));
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /**
   * The next rows in the order of the key, columns as in the table's relation.
   *
   * @param after_key behind this key; null for the first
   * @throws NervelineError `NL-CDC-004`, `NL-CDC-020`
   */
  readChunk(table: CatalogTable, after_key: readonly string[] | null, limit: number): Promise<(string | null)[][]> {
    const { source, relation, row_filter } = table;
    const columns = relation.columns.map(({ name }) => escapeIdentifier(name)).join(', ');
    const key = source.key.map((name) => escapeIdentifier(name)).join(', ');
    const conditions = [
      ...(row_filter === undefined ? [] : [`(${row_filter})`]),
      // Literals of unknown type: the server reads them as the type of their column.
      ...(after_key === null ? [] : [`(${key}) > (${after_key.map((value) => escapeLiteral(value)).join(', ')})`]),
    ];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    return this.client.queryArrays(
      `SELECT ${columns} FROM ${qualified(source)}${where} ORDER BY ${key} LIMIT ${limit}`,
    );
  }

  /** @throws NervelineError `NL-CDC-004` when the table was changed since the catalogue was read */
  async checkUnchanged(table: CatalogTable): Promise<void> {
    const [row] = await this.client.query(`SELECT ${escapeLiteral(qualified(table.source))}::regclass::oid AS oid`);
    if (Number(row?.['oid']) === table.relation.relation_oid) return;
    throw new NervelineError('NL-CDC-004', { detail: `${table.name} was made anew while its snapshot began` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}
