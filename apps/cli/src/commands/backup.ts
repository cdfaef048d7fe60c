import { resolve } from 'node:path';
import { Command } from 'commander';
import { restoreBackup } from '../backup/restore-backup';
import { takeBackup } from '../backup/take-backup';
import { dataOption } from '../cli.config';
import { formatTable } from '../table';

export const backupCommand = () =>
  new Command('backup')
    .description('database, log and state of the running platform, as they are at one moment')
    .requiredOption('--to <dir>', 'a new directory; it holds keys and passwords, so keep it to yourself')
    .addOption(dataOption())
    .action(async ({ data, to }: { data: string; to: string }) => {
      const begun_ms = Date.now();
      const { held_ms, files, cut_lsn } = await takeBackup(resolve(data), to);
      console.log(sizes(files));
      const seconds = (Date.now() - begun_ms) / 1_000;
      console.log(
        `\nIn ${resolve(to)} after ${seconds.toFixed(1)} s, cut at ${cut_lsn}; writers waited ${held_ms.toFixed(0)} ms.`,
      );
    });

export const restoreCommand = () =>
  new Command('restore')
    .description('make a data directory of a backup; npm start goes on from it')
    .requiredOption('--from <dir>', 'the backup')
    .requiredOption('--data <dir>', 'where the data directory is to be: nothing, or an empty directory')
    .action(async ({ from, data }: { from: string; data: string }) => {
      const { files, taken, postgres } = await restoreBackup(from, data);
      console.log(sizes(files));
      console.log(`\n${resolve(data)} is as it was at ${taken}, ${postgres.cut_lsn}.`);
      console.log(`Start it with npm start -- --data ${resolve(data)}`);
    });

/** By the first part of the path: the database, the log of each service, what is small. */
function sizes(files: readonly { readonly path: string; readonly size_bytes: number }[]): string {
  const parts = new Map<string, { count: number; size_bytes: number }>();
  for (const { path, size_bytes } of files) {
    const [first = '', second = ''] = path.split('/');
    const name = first === 'log' ? `log of ${second}` : first === 'postgres' ? 'database' : 'keys and settings';
    const part = parts.get(name) ?? { count: 0, size_bytes: 0 };
    parts.set(name, { count: part.count + 1, size_bytes: part.size_bytes + size_bytes });
  }
  return formatTable(
    ['part', 'files', 'bytes'],
    [...parts].map(([name, { count, size_bytes }]) => [name, count, size_bytes]),
  );
}
