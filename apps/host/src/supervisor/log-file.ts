import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

/** A log file and its one predecessor together stay below twice this. */
const MAX_BYTES = 10 * 1_048_576;

/** Appends to a file of bounded size: a full one becomes `NAME.1`, in the place of the one before. */
export class LogFile {
  #descriptor: number | undefined;
  #bytes: number;

  constructor(
    private readonly path: string,
    private readonly max_bytes = MAX_BYTES,
  ) {
    this.#descriptor = openSync(path, 'a');
    this.#bytes = statSync(path).size;
  }

  /** Writes a line. A log that can't be written (a full disk) never stops what is logged about. */
  write(line: string): void {
    if (this.#descriptor === undefined) return;
    try {
      if (this.#bytes >= this.max_bytes) this.#descriptor = this.#turn(this.#descriptor);
      this.#bytes += writeSync(this.#descriptor, `${line}\n`);
    } catch {
      // Dropped.
    }
  }

  /** Lines that come later are dropped: the descriptor's number may belong to another file by then. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #turn(full: number): number {
    closeSync(full);
    renameSync(this.path, `${this.path}.1`);
    this.#bytes = 0;
    return openSync(this.path, 'a');
  }
}
