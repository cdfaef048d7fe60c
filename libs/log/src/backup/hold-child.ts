import { readSync, writeSync } from 'node:fs';
import { ABORT } from 'lmdb';
import { EnvironmentFile } from '../adapters/embedded/environment-file';

/*
 * Holds the write locks of several environments, so that none of them changes. A process of its own, since LMDB's lock
 * belongs to the thread that took it and keeps it busy; when it dies the locks are free. It says `ready`, takes the locks
 * at the first byte of its input, says `held`, and lets go at the second one, or when its parent is gone.
 */

const byte = Buffer.alloc(1);
const say = (word: string): void => void writeSync(1, `${word}\n`);
const hear = (): void => void readSync(0, byte);

/** Always in the same order: two of these never wait for each other. */
function holdAll([first, ...others]: readonly EnvironmentFile[]): void {
  if (first === undefined) {
    say('held');
    hear();
    return;
  }
  first.transactSync(() => {
    holdAll(others);
    return ABORT;
  });
}

const files = process.argv
  .slice(2)
  .sort()
  .map((directory) => EnvironmentFile.openForWriting(directory));
say('ready');
hear();
holdAll(files);
