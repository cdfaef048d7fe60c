import { Client, type ClientConfig } from 'pg';
import { toSourceError } from './source-errors';

/** A row of text values by column name; SQL null is null. */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * What the text form of a value depends on. The stream and the snapshot must write a value alike, whatever the role's
 * or the database's own settings are. `row_security = off` makes a snapshot fail where a policy would hide rows.
 */
const SESSION_SETTINGS = [
  "SET client_encoding = 'UTF8'",
  "SET timezone = 'UTC'",
  "SET datestyle = 'ISO, MDY'",
  "SET intervalstyle = 'iso_8601'",
  "SET bytea_output = 'hex'",
  'SET extra_float_digits = 3',
  "SET lc_monetary = 'C'",
  // Names of tables and functions (regclass, regproc) are written with their schema.
  "SET search_path = ''",
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  'SET row_security = off',
].join('; ');

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection of `pg` with our session settings, our errors, and every value as text. */
export class SourceClient implements AsyncDisposable {
  /** Resolves with the error that ended the connection, or undefined after {@link close}. */
  readonly ended: Promise<Error | undefined>;
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
    this.ended = new Promise((resolve) => {
      client.once('error', (error) => resolve(toSourceError(error, 'the connection to the source ended')));
      client.once('end', () => resolve(undefined));
    });
    // Later errors of a connection that is already given up.
    client.on('error', () => {});
  }

  /**
   * @param replication a walsender session, which also takes SQL, in the simple protocol
   * @throws NervelineError `NL-CDC-002`, `NL-CDC-003`, `NL-CDC-004`, `NL-CDC-017`
   */
  static async connect(url: string, options: { replication: boolean; name: string }): Promise<SourceClient> {
    const config: ClientConfig & { replication?: 'database' } = {
      connectionString: url,
      application_name: options.name,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: { getTypeParser: () => (value: string) => value },
      ...(options.replication ? { replication: 'database' } : {}),
    };
    const client = new Client(config);
    const source = new SourceClient(client);
    try {
      await client.connect();
      await client.query(SESSION_SETTINGS);
    } catch (error) {
      await source.close();
      throw toSourceError(error, 'connecting to the source');
    }
    return source;
  }

  /** The client itself, for the stream, which speaks the replication protocol over it. */
  get client(): Client {
    return this.#client;
  }

  /** Runs one statement; values go along only outside a walsender session. */
  async query(sql: string, values?: readonly unknown[]): Promise<TextRow[]> {
    try {
      const result = await this.#client.query<TextRow>(values === undefined ? sql : { text: sql, values: [...values] });
      return result.rows;
    } catch (error) {
      throw toSourceError(error, 'querying the source');
    }
  }

  /** The same, each row as an array in the order of the columns. */
  async queryArrays(sql: string): Promise<(string | null)[][]> {
    try {
      return (await this.#client.query<(string | null)[]>({ text: sql, rowMode: 'array' })).rows;
    } catch (error) {
      throw toSourceError(error, 'reading from the source');
    }
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
