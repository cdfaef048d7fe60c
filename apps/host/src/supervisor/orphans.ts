import { readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '@nerveline/process-identity';
import { readIfThere } from '../data/whole-file';
import { ProcessRecord, type StopSignal } from './process-record';

type Orphan = ProcessIdentity & { readonly name: string; readonly stop_signal: StopSignal };

const POLL_MS = 50;

/** How long an orphan may take to end by itself before it is killed. */
const GRACE_MS = 8_000;

/**
 * Ends what a killed host left behind, services before the database, and returns their names. Only a process whose id
 * and start time both fit is touched, so that a recycled id never hits a stranger.
 */
export async function endOrphans(record_path: string, database_directory: string): Promise<string[]> {
  const orphans = ProcessRecord.read(record_path).filter(isAlive);
  const postmaster = findPostmaster(database_directory);
  const databases = orphans.filter(({ stop_signal }) => stop_signal === 'SIGINT');
  if (postmaster !== undefined && !databases.some(({ pid }) => pid === postmaster.pid)) databases.push(postmaster);
  const services = orphans.filter(({ stop_signal }) => stop_signal === 'SIGTERM');

  await Promise.all(services.map(end));
  await Promise.all(databases.map(end));
  return [...services, ...databases].map(({ name }) => name);
}

/**
 * The server that PostgreSQL's own lock file names, for the moment between its start and our note of it. Its working
 * directory proves that the id is still the server's.
 */
function findPostmaster(directory: string): Orphan | undefined {
  const pid = Number(readIfThere(join(directory, 'postmaster.pid'))?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(directory)) return undefined;
  } catch {
    return undefined;
  }
  const identity = identify(pid);
  return identity === undefined ? undefined : { ...identity, name: 'postgres', stop_signal: 'SIGINT' };
}

async function end(orphan: Orphan): Promise<void> {
  signalGroup(orphan, orphan.stop_signal);
  if (await isGoneWithin(orphan, GRACE_MS)) return;
  signalGroup(orphan, 'SIGKILL');
  await isGoneWithin(orphan, GRACE_MS);
}

/** To the whole group: every program leads one, so that its own children go with it. */
function signalGroup(orphan: Orphan, signal: NodeJS.Signals): void {
  if (!isAlive(orphan)) return;
  try {
    process.kill(signal === 'SIGKILL' ? -orphan.pid : orphan.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

async function isGoneWithin(orphan: Orphan, deadline_ms: number): Promise<boolean> {
  for (const until_ms = Date.now() + deadline_ms; Date.now() < until_ms; await wait(POLL_MS)) {
    if (!isAlive(orphan)) return true;
  }
  return false;
}
