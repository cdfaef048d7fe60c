import { identify, type ProcessIdentity } from '@nerveline/process-identity';
import { z } from 'zod';
import { readIfThere, writeWhole } from '../data/whole-file';

const entry = z.object({
  name: z.string(),
  pid: z.int(),
  started: z.string(),
  stop_signal: z.enum(['SIGTERM', 'SIGINT']),
});
type Entry = z.infer<typeof entry>;

/** What a program is asked to stop with. PostgreSQL takes SIGTERM as "wait for the clients", SIGINT as "now, cleanly". */
export type StopSignal = Entry['stop_signal'];

/**
 * The processes that this run has started, written down before anything else can happen to the host, so that the next
 * start finds those that a killed host left behind.
 */
export class ProcessRecord {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly path: string) {}

  /** What an earlier run left in the file; those that are no longer alive are for the caller to skip. */
  static read(path: string): (ProcessIdentity & { readonly name: string; readonly stop_signal: StopSignal })[] {
    const text = readIfThere(path);
    if (text === undefined) return [];
    const parsed = z.array(entry).safeParse(tryJson(text));
    return parsed.success ? parsed.data : [];
  }

  add(name: string, pid: number, stop_signal: StopSignal): void {
    const identity = identify(pid);
    // It may have ended already; then there is nothing to end later.
    if (identity === undefined) return;
    this.#entries.set(name, { name, ...identity, stop_signal });
    this.#write();
  }

  remove(name: string): void {
    if (this.#entries.delete(name)) this.#write();
  }

  #write(): void {
    writeWhole(this.path, JSON.stringify([...this.#entries.values()]));
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
