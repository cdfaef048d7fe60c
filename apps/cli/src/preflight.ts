import { sourceTables } from '@nerveline/contracts';

/** One thing that change capture needs of the source. */
export interface Finding {
  readonly check: string;
  readonly found: string;
  readonly good: boolean;
  /** The SQL that mends it. */
  readonly mend: string;
}

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** Version 14 brought what the decoder's protocol needs. */
const OLDEST_VERSION = 140_000;

/** Looks at everything that change capture needs of the source, and changes nothing. */
export async function preflight(query: Query): Promise<readonly Finding[]> {
  const [server] = await query(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_num,
      current_setting('wal_level') AS wal_level, current_user AS who,
      (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_replicate,
      current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS free_slots,
      pg_is_in_recovery() AS standby`);
  return [...serverFindings(server ?? {}), ...(await tableFindings(query))];
}

function serverFindings(server: Readonly<Record<string, unknown>>): Finding[] {
  const who = String(server['who']);
  return [
    {
      check: 'PostgreSQL 14 or newer',
      found: String(server['version']),
      good: Number(server['version_num']) >= OLDEST_VERSION,
      mend: 'upgrade the server',
    },
    {
      check: 'wal_level',
      found: String(server['wal_level']),
      good: server['wal_level'] === 'logical',
      mend: 'ALTER SYSTEM SET wal_level = logical; then restart the server',
    },
    {
      check: 'right to replicate',
      found: `${who}: ${server['may_replicate'] === true ? 'yes' : 'no'}`,
      good: server['may_replicate'] === true,
      mend: `ALTER ROLE "${who.replaceAll('"', '""')}" REPLICATION;`,
    },
    {
      check: 'free replication slots',
      found: String(server['free_slots']),
      good: Number(server['free_slots']) > 0,
      mend: 'ALTER SYSTEM SET max_replication_slots = 10; then restart the server',
    },
    {
      check: 'a primary, not a standby',
      found: server['standby'] === true ? 'standby' : 'primary',
      good: server['standby'] !== true,
      mend: 'set DATABASE_URL to the primary',
    },
  ];
}

/** Replica identities by which an update or delete says which row it was: default (the primary key), full, index. */
const IDENTIFYING = ['d', 'f', 'i'];

async function tableFindings(query: Query): Promise<Finding[]> {
  const there = await query(`
    SELECT n.nspname AS schema, c.relname AS table, c.relreplident AS identity,
      EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_key
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')`);
  return sourceTables.map(({ schema, table }) => {
    const name = `${schema}.${table}`;
    const row = there.find((each) => each['schema'] === schema && each['table'] === table);
    if (row === undefined)
      return {
        check: name,
        found: 'no such table',
        good: false,
        mend: 'start the service that owns it: its migrations make it',
      };
    const identified =
      IDENTIFYING.includes(String(row['identity'])) && (row['identity'] !== 'd' || row['has_key'] === true);
    return {
      check: name,
      found: identified ? 'rows have an identity' : 'no identity',
      good: identified,
      mend: `ALTER TABLE ${name} REPLICA IDENTITY FULL;`,
    };
  });
}
