import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { BackupFile } from './manifest';

const CHUNK_BYTES = 1024 * 1024;

/** What a copy of a tree consists of, by paths below the root of the backup. */
export interface CopiedTree {
  readonly directories: { path: string; mode: number }[];
  readonly files: BackupFile[];
}

export interface TreeCopy {
  readonly from: string;
  /** The backup. */
  readonly root: string;
  /** Below it. */
  readonly to: string;
  /** By its path below `from`: is it left out? Directories are asked about, too. */
  leaveOut?(path: string): boolean;
}

/** Copies a tree that may be written meanwhile: what vanishes while it is copied is left out. */
export async function copyTree({ from, root, to, leaveOut = () => false }: TreeCopy): Promise<CopiedTree> {
  const copied: CopiedTree = { directories: [], files: [] };
  const visit = async (directory: string): Promise<void> => {
    const { mode } = statSync(join(from, directory));
    copied.directories.push({ path: join(to, directory), mode: mode & 0o777 });
    mkdirSync(join(root, to, directory), { recursive: true, mode: 0o700 });
    for (const entry of listing(join(from, directory))) {
      const path = join(directory, entry.name);
      if (leaveOut(path)) continue;
      if (entry.isDirectory()) await visit(path);
      if (!entry.isFile()) continue;
      const file = await copyFile(join(from, path), join(root, to, path));
      if (file !== undefined) copied.files.push({ ...file, path: join(to, path) });
    }
  };
  await visit('');
  return copied;
}

/** Durably, and with what was written; undefined when there is no such file (any more). */
export async function copyFile(from: string, to: string): Promise<Omit<BackupFile, 'path'> | undefined> {
  const source = await open(from, 'r').catch(unlessGone);
  if (source === undefined) return undefined;
  try {
    const mode = (await source.stat()).mode & 0o777;
    const hash = createHash('sha256');
    const target = await open(to, 'wx', mode | 0o600);
    let size_bytes = 0;
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES, size_bytes);
        if (bytesRead === 0) break;
        hash.update(chunk.subarray(0, bytesRead));
        await target.writeFile(chunk.subarray(0, bytesRead));
        size_bytes += bytesRead;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    return { mode, size_bytes, sha256: hash.digest('hex') };
  } finally {
    await source.close();
  }
}

/** Durably, as {@link copyFile} does. */
export async function writeFile(path: string, text: string): Promise<Omit<BackupFile, 'path'>> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { mode: 0o600, size_bytes: Buffer.byteLength(text), sha256 };
}

/** What lies in a directory of the backup, for what wrote it without this. */
export async function describeTree(root: string, below: string): Promise<CopiedTree> {
  const described: CopiedTree = { directories: [], files: [] };
  const top = join(root, below);
  described.directories.push({ path: below, mode: statSync(top).mode & 0o777 });
  for (const entry of readdirSync(top, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(root, full);
    const { mode, size } = statSync(full);
    if (entry.isDirectory()) described.directories.push({ path, mode: mode & 0o777 });
    else described.files.push({ path, mode: mode & 0o777, size_bytes: size, sha256: await hashOf(full) });
  }
  return described;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'r');
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** Makes a directory's entries durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Is there nothing at the path, or an empty directory? */
export function isVacant(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && readdirSync(path).length === 0);
}

function listing(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    return unlessGone(error) ?? [];
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
