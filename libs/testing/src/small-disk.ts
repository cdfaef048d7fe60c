import { spawnSync } from 'node:child_process';
import { createTempDirectory, type TempDirectory } from './temp-directory';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mount = (path: string, options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
const unmount = (path: string) => spawnSync('umount', ['--lazy', path]);

/** A file system of its own in memory, gone after the test. */
export async function mountDisk(options: string): Promise<TempDirectory> {
  const directory = await createTempDirectory();
  const { status, stderr } = mount(directory.path, options);
  if (status !== 0) throw new Error(String(stderr));
  return {
    path: directory.path,
    [Symbol.asyncDispose]: async () => {
      unmount(directory.path);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A `describe` that is skipped, with its reason in the title, where this account may not mount. */
export function describeWithMount(title: string, body: () => void): void {
  if (mayMount()) describe(title, body);
  else describe.skip(`${title} [needs the right to mount]`, body);
}

function mayMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'nerveline-mount-'));
  const may = mount(path, 'size=1m').status === 0;
  if (may) unmount(path);
  rmdirSync(path);
  return may;
}
