import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { copyFile, isVacant, syncDirectory } from './copy-files';
import { damaged, readManifest, type Manifest } from './manifest';

/**
 * Makes a data directory of a backup; `npm start` goes on from there. It appears when every file was found good.
 *
 * @throws NervelineError `NL-BAK-002`, `NL-BAK-003`, `NL-BAK-004`
 */
export async function restoreBackup(from: string, data_directory: string): Promise<Manifest> {
  const source = resolve(from);
  const target = resolve(data_directory);
  if (!isVacant(target)) throw new NervelineError('NL-BAK-003', { detail: `${target} is not empty` });
  const manifest = readManifest(source);
  refuseStrangers(source, manifest);
  const draft = `${target}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  try {
    for (const { path } of manifest.directories) mkdirSync(join(draft, path), { recursive: true, mode: 0o700 });
    for (const file of manifest.files) await restoreFile(source, draft, file);
    for (const { path, mode } of manifest.directories) chmodSync(join(draft, path), mode);
    if (existsSync(target)) rmdirSync(target);
    renameSync(draft, target);
    await syncDirectory(dirname(target));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  return manifest;
}

async function restoreFile(source: string, draft: string, file: Manifest['files'][number]): Promise<void> {
  const copied = await copyFile(join(source, file.path), join(draft, file.path));
  if (copied === undefined) throw damaged(`${file.path} is not there`);
  if (copied.size_bytes !== file.size_bytes) {
    throw damaged(`${file.path} has ${copied.size_bytes} bytes and had ${file.size_bytes}`);
  }
  if (copied.sha256 !== file.sha256) throw damaged(`${file.path} fails its checksum`);
  chmodSync(join(draft, file.path), file.mode);
}

/** A file that the backup doesn't name would not be restored: somebody took the directory for another one. */
function refuseStrangers(source: string, { files }: Manifest): void {
  const known = new Set(['manifest.json', ...files.map(({ path }) => path)]);
  for (const entry of readdirSync(source, { withFileTypes: true, recursive: true })) {
    const path = relative(source, join(entry.parentPath, entry.name));
    if (entry.isFile() && !known.has(path)) throw damaged(`${path} does not belong to it`);
  }
}
