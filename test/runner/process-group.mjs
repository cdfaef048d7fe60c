import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** How long what was asked to end may take: a platform finishes what is in flight, then stops its database. */
const GRACE_MS = 20_000;
const POLL_MS = 100;

/** Rides in the environment of everything that a run starts, and so in that of whatever those start. */
const MARK = 'NERVELINE_TEST_RUN';

/**
 * Starts a program that may start others: a test starts a platform, and that its services, each in a group of its own.
 * `end` ends all of them, first kindly, then not.
 *
 * @param {{ command: string, parameters: string[], cwd: string, env: object, stdio: import('node:child_process').StdioOptions }} program
 */
export function startGroup({ command, parameters, cwd, env, stdio }) {
  const mark = randomUUID();
  const child = spawn(command, parameters, { cwd, env: { ...env, [MARK]: mark }, stdio, detached: true });
  const end = async () => {
    signalGroup(child, 'SIGTERM');
    const deadline_ms = Date.now() + GRACE_MS;
    while (Date.now() < deadline_ms && (isGroupAlive(child) || marked(mark).length > 0)) await wait(POLL_MS);
    endAtOnce();
  };
  /** For the moments when nothing can be waited for. */
  const endAtOnce = () => {
    signalGroup(child, 'SIGKILL');
    for (const pid of marked(mark)) signal(pid, 'SIGKILL');
  };
  return { child, end, endAtOnce };
}

/** Whatever has the mark. Only Linux shows the environment of a process; elsewhere the group alone is ended. */
function marked(mark) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && has(name, `${MARK}=${mark}`))
    .map(Number);
}

function has(pid, entry) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry);
  } catch {
    // It has ended, or is somebody else's.
    return false;
  }
}

function isGroupAlive(child) {
  return signal(-child.pid, 0);
}

function signalGroup(child, name) {
  if (child.pid !== undefined) signal(-child.pid, name);
}

function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
