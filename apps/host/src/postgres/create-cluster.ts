import { execFile } from 'node:child_process';
import { chownSync, existsSync, lchownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { NervelineError } from '@nerveline/kernel';
import { readIfThere, writeWhole } from '../data/whole-file';
import { type Account, findAccount, type PostgresCommand, postgresCommand } from './postgres-programs.cjs';

const run = promisify(execFile);

/** The superuser of the embedded server. */
export const POSTGRES_USER = 'postgres';

/** A database cluster on disk, ready to be served. */
export interface Cluster {
  readonly directory: string;
  readonly password: string;
  readonly postgres: PostgresCommand;
}

/**
 * Opens the cluster in a directory, making it first when there is none. Its password is made once and kept beside it,
 * readable by us alone.
 *
 * @throws NervelineError `NL-HST-006`, `NL-HST-009`
 */
export async function openCluster(directory: string, password_file: string): Promise<Cluster> {
  const account = findAccount();
  const password = readIfThere(password_file)?.trim() ?? newPassword(password_file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account !== undefined) giveTo(account, directory);
  if (!existsSync(join(directory, 'PG_VERSION'))) await initialise({ directory, password, account });
  return { directory, password, postgres: commandFor('postgres', directory, account) };
}

/** All of it where it was restored by us, who are root: PostgreSQL takes only what is its own. */
function giveTo({ uid, gid }: Account, directory: string): void {
  chownSync(directory, uid, gid);
  const first = join(directory, 'PG_VERSION');
  if (!existsSync(first) || statSync(first).uid === uid) return;
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  // The first one last: a start that was broken off here is found out by the next one.
  for (const path of [...names.filter((name) => name !== 'PG_VERSION').map((name) => join(directory, name)), first]) {
    lchownSync(path, uid, gid);
  }
}

async function initialise(cluster: { directory: string; password: string; account: Account | undefined }) {
  const { directory, password, account } = cluster;
  const initdb = commandFor('initdb', directory, account);
  const password_copy = join(tmpdir(), `nerveline-${randomBytes(8).toString('hex')}`);
  writeFileSync(password_copy, password, { mode: 0o600, flag: 'wx' });
  if (account !== undefined) chownSync(password_copy, account.uid, account.gid);
  const parameters = [
    `--pgdata=${directory}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${password_copy}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    // The same order of texts on every system.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
  ];
  try {
    await run(initdb.command, [...initdb.prefix, ...parameters], { ...initdb.options, timeout: 60_000 });
  } catch (cause) {
    // initdb clears a directory that it made itself, never ours: a half-made cluster must not look like one.
    rmSync(directory, { recursive: true, force: true });
    throw new NervelineError('NL-HST-006', { detail: `initdb failed: ${reasonOf(cause)}`, cause });
  } finally {
    rmSync(password_copy, { force: true });
  }
}

function commandFor(program: 'initdb' | 'postgres', directory: string, account: Account | undefined): PostgresCommand {
  const command = postgresCommand(program, directory, account);
  if (command !== undefined) return command;
  throw new NervelineError('NL-HST-009', {
    detail: `no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to a server of yours`,
  });
}

function newPassword(path: string): string {
  const password = randomBytes(24).toString('base64url');
  writeWhole(path, password, 0o600);
  return password;
}

/** The line that tells of the failure: the last one tells what initdb did about it. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  const lines = text.trim().split('\n');
  return lines.find((line) => /\b(error|FATAL|PANIC):/.test(line)) ?? lines.at(-1) ?? '';
}
