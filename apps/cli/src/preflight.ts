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
      current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_replication) AS free_senders,
      pg_is_in_recovery() AS standby`);
  return [
    ...serverFindings(server ?? {}),
    ...(await publicationFindings(query)),
    ...(await slotFindings(query)),
    ...(await tableFindings(query)),
  ];
}

/** What the relay's settings say unless somebody changes them (RELAY_PUBLICATION, RELAY_SLOT). */
const NAME = 'nerveline';

const quoted = (name: unknown): string => `"${String(name).replaceAll('"', '""')}"`;

async function publicationFindings(query: Query): Promise<Finding[]> {
  const [row = {}] = await query(`
    SELECT current_user AS who, current_database() AS database, p.pubname IS NOT NULL AS exists,
      p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AS is_whole,
      has_database_privilege(current_database(), 'CREATE') AS may_create
    FROM (SELECT 1) one LEFT JOIN pg_publication p ON p.pubname = '${NAME}'`);
  const check = `publication ${NAME}`;
  if (row['exists'] === true) {
    const mend = `ALTER PUBLICATION ${NAME} SET (publish = 'insert, update, delete, truncate');`;
    const good = row['is_whole'] === true;
    return [{ check, found: good ? 'carries every operation' : 'leaves out operations', good, mend }];
  }
  const good = row['may_create'] === true;
  const mend = `GRANT CREATE ON DATABASE ${quoted(row['database'])} TO ${quoted(row['who'])};`;
  return [{ check, found: good ? 'none yet: the relay makes it' : 'none, and no right to make it', good, mend }];
}

/** Nothing about a slot that isn't there: the relay makes it. */
async function slotFindings(query: Query): Promise<Finding[]> {
  const [row] = await query(`
    SELECT wal_status, plugin, database = current_database() AS is_here
    FROM pg_replication_slots WHERE slot_name = '${NAME}'`);
  if (row === undefined) return [];
  const is_ours = row['plugin'] === 'pgoutput' && row['is_here'] === true;
  const is_lost = row['wal_status'] === 'lost';
  const mend = is_ours
    ? `SELECT pg_drop_replication_slot('${NAME}'); then start the relay with RELAY_LOST_SLOT=resnapshot`
    : 'give the relay a slot name of its own: RELAY_SLOT';
  const found = is_ours ? `WAL ${String(row['wal_status'])}` : 'of another database or plugin';
  return [{ check: `slot ${NAME}`, found, good: is_ours && !is_lost, mend }];
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
      mend: `ALTER ROLE ${quoted(who)} REPLICATION;`,
    },
    {
      check: 'free replication slots',
      found: String(server['free_slots']),
      good: Number(server['free_slots']) > 0,
      mend: 'ALTER SYSTEM SET max_replication_slots = 10; then restart the server',
    },
    {
      check: 'free WAL senders',
      found: String(server['free_senders']),
      good: Number(server['free_senders']) > 0,
      mend: 'ALTER SYSTEM SET max_wal_senders = 10; then restart the server',
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
    SELECT n.nspname AS schema, c.relname AS table, c.relreplident AS identity, current_user AS who,
      EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_key,
      has_schema_privilege(n.oid, 'USAGE') AS may_enter, has_table_privilege(c.oid, 'SELECT') AS may_read,
      pg_has_role(c.relowner, 'USAGE') OR EXISTS (SELECT 1 FROM pg_publication_tables p
        WHERE p.pubname = '${NAME}' AND p.schemaname = n.nspname AND p.tablename = c.relname) AS may_publish,
      row_security_active(c.oid) AS has_hidden_rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')`);
  return sourceTables.flatMap(({ schema, table }) => {
    const row = there.find((each) => each['schema'] === schema && each['table'] === table);
    const check = `${schema}.${table}`;
    if (row === undefined) {
      const mend = 'start the service that owns it: its migrations make it';
      return [{ check, found: 'no such table', good: false, mend }];
    }
    const missing = missingOf(row).map(([found, mend]) => ({ check, found, good: false, mend }));
    return missing.length > 0 ? missing : [{ check, found: 'rows have an identity', good: true, mend: '' }];
  });
}

/** What a table lacks, each with the SQL that mends it. */
function missingOf(row: Readonly<Record<string, unknown>>): (readonly [found: string, mend: string])[] {
  const name = `${quoted(row['schema'])}.${quoted(row['table'])}`;
  const who = quoted(row['who']);
  const identified =
    IDENTIFYING.includes(String(row['identity'])) && (row['identity'] !== 'd' || row['has_key'] === true);
  const missing: (readonly [boolean, string, string])[] = [
    [!identified, 'no identity', `ALTER TABLE ${name} REPLICA IDENTITY FULL;`],
    [row['may_enter'] !== true, 'no right to its schema', `GRANT USAGE ON SCHEMA ${quoted(row['schema'])} TO ${who};`],
    [row['may_read'] !== true, 'no right to read it', `GRANT SELECT ON ${name} TO ${who};`],
    [
      row['may_publish'] !== true,
      'not published, and not ours',
      `ALTER PUBLICATION ${NAME} ADD TABLE ${name}; by its owner`,
    ],
    [row['has_hidden_rows'] === true, 'row security hides rows', `ALTER ROLE ${who} BYPASSRLS;`],
  ];
  return missing.flatMap(([lacks, found, mend]) => (lacks ? [[found, mend] as const] : []));
}
