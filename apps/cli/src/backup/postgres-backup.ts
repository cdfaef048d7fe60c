import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { Client } from 'pg';
import { copyFile, copyTree, writeFile, type CopiedTree } from './copy-files';
import type { Manifest } from './manifest';

/** The session that takes a backup holds this, so that there is one at a time. */
const LOCK = 'nerveline backup';
/** Slots that keep the WAL of a backup while it is taken: the first keeps what recovery needs, the others what each slot needs. */
const HOLD = 'nerveline_backup';

/** Contents that a start makes anew, or that come by another way; their directories stay. */
const EMPTIED = /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//;
const LEFT_OUT = /^(postmaster\.(pid|opts)|backup_label|tablespace_map)$|(^|\/)(pgsql_tmp|pg_internal\.init)/;
const CONTROL = join('global', 'pg_control');
const SEGMENT = /^[\dA-F]{24}$/;

/**
 * A backup of the database's files while it runs (PostgreSQL's low-level interface), with the positions of its slots:
 * pg_basebackup leaves slots out, and a new slot would have a gap behind what the log holds.
 *
 * The order of the calls is begin, copyFiles, cut, copyWal, close.
 */
export class PostgresBackup implements AsyncDisposable {
  readonly #slots: { readonly slot: string; readonly confirmed_lsn: string }[] = [];

  private constructor(
    private readonly client: Client,
    private readonly directory: string,
  ) {}

  /** @throws NervelineError `NL-BAK-005` not the database of this data directory, `NL-BAK-006` another backup */
  static async begin(url: string, directory: string): Promise<PostgresBackup> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (cause) {
      throw new NervelineError('NL-BAK-005', { detail: 'the database does not answer', cause });
    }
    const backup = new PostgresBackup(client, directory);
    try {
      await backup.prepare();
      return backup;
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  /** Everything but its WAL, while it changes: the WAL mends that. */
  async copyFiles(root: string, to: string): Promise<CopiedTree> {
    const { directory: from } = this;
    const slots: CopiedTree = { directories: [], files: [] };
    // First: a slot goes on from a snapshot that is one of the files below. Of a later position it might be missing,
    // and decoding would leave out the transactions that were open there.
    for (const { slot } of this.#slots) {
      const path = join('pg_replslot', slot, 'state');
      mkdirSync(join(root, to, 'pg_replslot', slot), { recursive: true, mode: 0o700 });
      slots.directories.push({ path: join(to, 'pg_replslot', slot), mode: 0o700 });
      await this.copyInto(slots, root, { to, path });
    }
    const leaveOut = (path: string): boolean => EMPTIED.test(path) || LEFT_OUT.test(path) || path === CONTROL;
    const copied = await copyTree({ from, root, to, leaveOut });
    await this.copyInto(copied, root, { to, path: CONTROL });
    return { directories: [...copied.directories, ...slots.directories], files: [...copied.files, ...slots.files] };
  }

  /** The end of the backup: whatever was committed before is in it. */
  async cut(): Promise<{ readonly cut_lsn: string; readonly label: string }> {
    const [row] = await this.rows('SELECT lsn::text AS lsn, labelfile FROM pg_backup_stop(wait_for_archive => false)');
    return { cut_lsn: row?.['lsn'] ?? '', label: row?.['labelfile'] ?? '' };
  }

  /** What recovery and the slots need, up to the cut. */
  async copyWal(
    root: string,
    to: string,
    { cut_lsn, label }: { readonly cut_lsn: string; readonly label: string },
  ): Promise<CopiedTree> {
    const copied: CopiedTree = { directories: [], files: [] };
    copied.files.push({ ...(await writeFile(join(root, to, 'backup_label'), label)), path: join(to, 'backup_label') });
    for (const name of ['pg_wal/archive_status', 'pg_wal/summaries']) {
      mkdirSync(join(root, to, name), { recursive: true, mode: 0o700 });
      copied.directories.push({ path: join(to, name), mode: 0o700 });
    }
    const [range] = await this.rows(
      `SELECT pg_walfile_name(min(restart_lsn)) AS first, pg_walfile_name('${cut_lsn}') AS last
       FROM pg_replication_slots WHERE slot_name LIKE '${HOLD}%'`,
    );
    const first = range?.['first'] ?? '';
    const last = range?.['last'] ?? '';
    for (const name of readdirSync(join(this.directory, 'pg_wal')).sort()) {
      const wanted = name.endsWith('.history') || (SEGMENT.test(name) && name >= first && name <= last);
      if (wanted) await this.copyInto(copied, root, { to, path: join('pg_wal', name) });
    }
    for (const name of [first, last]) {
      if (copied.files.some(({ path }) => path.endsWith(name))) continue;
      throw new NervelineError('NL-BAK-006', { detail: `the database has removed its WAL file ${name} already` });
    }
    return copied;
  }

  async describe(): Promise<Pick<Manifest['postgres'], 'version' | 'system_id' | 'timeline' | 'slots'>> {
    const [row] = await this.rows(
      `SELECT current_setting('server_version') AS version, system_identifier::text AS system_id,
         (SELECT timeline_id::text FROM pg_control_checkpoint()) AS timeline FROM pg_control_system()`,
    );
    const { version = '', system_id = '', timeline = '' } = row ?? {};
    return { version, system_id, timeline: Number(timeline), slots: this.#slots };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dropHolds().catch(() => undefined);
    await this.client.end();
  }

  private async prepare(): Promise<void> {
    const [where] = await this.rows("SELECT current_setting('data_directory') AS directory");
    const here = where?.['directory'] ?? '';
    if (!existsSync(here) || realpathSync(here) !== realpathSync(this.directory)) {
      throw new NervelineError('NL-BAK-005', { detail: `the database has its files in ${here}` });
    }
    const [lock] = await this.rows(`SELECT pg_try_advisory_lock(hashtext('${LOCK}'))::text AS got`);
    if (lock?.['got'] !== 'true') throw new NervelineError('NL-BAK-006', { detail: 'another backup is running' });
    // Of a backup that was killed.
    await this.dropHolds();
    await this.client.query(`SELECT pg_create_physical_replication_slot('${HOLD}', true)`);
    const slots = await this.rows(
      `SELECT slot_name FROM pg_replication_slots
       WHERE slot_type = 'logical' AND NOT temporary AND restart_lsn IS NOT NULL AND wal_status <> 'lost'
         AND database = current_database() ORDER BY slot_name`,
    );
    for (const [i, { slot_name: slot = '' }] of slots.entries()) {
      await this.client.query(`SELECT pg_copy_logical_replication_slot($1, $2, false)`, [slot, `${HOLD}_${i}`]);
    }
    // Its checkpoint writes the slots' positions to their files, so these are at or behind what their holds keep.
    await this.client.query(`SELECT pg_backup_start('nerveline', fast => true)`);
    for (const { slot_name: slot = '' } of slots) {
      const [row] = await this.rows(
        `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      );
      this.#slots.push({ slot, confirmed_lsn: row?.['lsn'] ?? '' });
    }
  }

  private async copyInto(
    copied: CopiedTree,
    root: string,
    { to, path }: { readonly to: string; readonly path: string },
  ): Promise<void> {
    const file = await copyFile(join(this.directory, path), join(root, to, path));
    if (file !== undefined) copied.files.push({ ...file, path: join(to, path) });
  }

  private async dropHolds(): Promise<void> {
    await this.client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
       WHERE NOT active AND (slot_name = '${HOLD}' OR slot_name LIKE '${HOLD}\\_%')`,
    );
  }

  private async rows(sql: string): Promise<Partial<Record<string, string>>[]> {
    return (await this.client.query<Record<string, string>>(sql)).rows;
  }
}
