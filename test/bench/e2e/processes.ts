import { readdirSync, readFileSync } from 'node:fs';

/** `_SC_CLK_TCK` of every Linux that Node runs on. */
const TICKS_PER_S = 100;
const KB_PER_MB = 1_024;

/** The processes and all that descend from them. */
export function familyOf(pids: readonly number[]): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = new Set<number>();
  const add = (pid: number): void => {
    if (family.has(pid)) return;
    family.add(pid);
    children.get(pid)?.forEach(add);
  };
  pids.forEach(add);
  return [...family];
}

/** Resident memory; pages that several processes share (PostgreSQL's buffers, LMDB's maps, Node's code) count once. */
export function residentMb(pids: readonly number[]): number {
  return (
    pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0), 0) /
    KB_PER_MB
  );
}

/** CPU time that the processes have used so far. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [utime = 0, stime = 0] = statFields(pid).slice(11, 13).map(Number);
    return sum + (utime + stime) / TICKS_PER_S;
  }, 0);
}

const parentOf = (pid: number): number | undefined => {
  const parent = statFields(pid)[1];
  return parent === undefined ? undefined : Number(parent);
};

/** Fields of /proc/PID/stat behind the program's name, which may hold spaces: state, parent, … */
const statFields = (pid: number): string[] => read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];

/** Empty for a process that has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
