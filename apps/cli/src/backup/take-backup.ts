import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { LogBackup } from '@nerveline/log';
import { copyFile, copyTree, describeTree, isVacant, syncDirectory, type CopiedTree } from './copy-files';
import { writeManifest, type Manifest } from './manifest';
import { PostgresBackup } from './postgres-backup';

/** What else of a data directory belongs to an installation: its keys, the database's password, the choice of ports. */
const KEPT = ['nerveline.json', 'postgres-password', 'ports.json', 'keys'];

export interface TakenBackup {
  readonly held_ms: number;
  readonly files: Manifest['files'];
  readonly cut_lsn: string;
}

/**
 * Takes the database, the log and the state of a platform that runs, as they were at one moment: see
 * docs/adr/0008. The directory appears when it is complete.
 *
 * @throws NervelineError `NL-BAK-001`, `NL-BAK-005`, `NL-BAK-006`
 */
export async function takeBackup(data_directory: string, to: string): Promise<TakenBackup> {
  const target = resolve(to);
  if (!isVacant(target)) throw new NervelineError('NL-BAK-001', { detail: `${target} is not empty` });
  const draft = `${target}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    const taken = await fill(draft, data_directory);
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
    await syncDirectory(dirname(target));
    return taken;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

async function fill(root: string, data_directory: string): Promise<TakenBackup> {
  const kept_url = join(data_directory, 'database-url');
  if (!existsSync(join(data_directory, 'postgres', 'PG_VERSION')) || !existsSync(kept_url)) {
    throw new NervelineError('NL-BAK-005', { detail: `there is no database of its own in ${data_directory}` });
  }
  const url = readFileSync(kept_url, 'utf8').trim();
  await using postgres = await PostgresBackup.begin(url, join(data_directory, 'postgres'));
  await using log = LogBackup.open(data_directory);
  const taken = new Date().toISOString();
  const copied: CopiedTree[] = [await copyKept(root, data_directory), await postgres.copyFiles(root, 'postgres')];
  // The database ends where nobody commits to the log: neither has seen anything that the other one hasn't.
  const { result, held_ms } = await log.cut(() => postgres.cut());
  copied.push(await postgres.copyWal(root, 'postgres', result));
  await log.copyTo(join(root, 'log'));
  copied.push(await describeTree(root, 'log'));
  const files = copied.flatMap((tree) => tree.files);
  await writeManifest(root, {
    ...{ taken, held_ms, files, log: [...log.services] },
    nerveline: ownVersion(),
    postgres: { ...(await postgres.describe()), cut_lsn: result.cut_lsn },
    directories: copied.flatMap((tree) => tree.directories),
  });
  return { held_ms, files, cut_lsn: result.cut_lsn };
}

async function copyKept(root: string, data_directory: string): Promise<CopiedTree> {
  const copied: CopiedTree = { directories: [], files: [] };
  for (const name of KEPT) {
    const from = join(data_directory, name);
    if (statSync(from, { throwIfNoEntry: false })?.isDirectory() === true) {
      const { directories, files } = await copyTree({ from, root, to: name });
      copied.directories.push(...directories);
      copied.files.push(...files);
      continue;
    }
    const file = await copyFile(from, join(root, name));
    if (file !== undefined) copied.files.push({ ...file, path: name });
  }
  return copied;
}

/** Of the nearest package: compiled programs lie deeper than their sources. */
function ownVersion(): string {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const path = join(directory, 'package.json');
    if (existsSync(path)) return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
    if (directory === dirname(directory)) return 'unknown';
  }
}
