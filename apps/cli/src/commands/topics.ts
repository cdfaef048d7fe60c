import { findTopic, topicCatalogue, type Retention } from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import { Command } from 'commander';
import { dataOption } from '../cli.config';
import { formatTable } from '../table';

export const topicsCommand = () =>
  new Command('topics')
    .description('every topic: owner, partitions, records, retention')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const log = await openLog({ data_directory: data, service: 'cli' });
      try {
        const there = new Map((await log.describe()).map((description) => [description.topic, description.partitions]));
        const rows = topicCatalogue.map(({ name, owner, partitions, retention }) => [
          name,
          owner,
          partitions,
          there.get(name)?.reduce((sum, { next_offset, start_offset }) => sum + next_offset - start_offset, 0) ?? null,
          inWords(retention),
          findTopic(name)?.key ?? '',
        ]);
        console.log(formatTable(['topic', 'owner', 'partitions', 'records', 'keeps', 'key'], rows));
      } finally {
        await log.close();
      }
    });

const DAY_MS = 86_400_000;

function inWords(retention: Retention): string {
  if (retention.kind === 'compacted') return 'last of each key';
  const { retention_ms, retention_bytes } = retention;
  const size = retention_bytes === undefined ? '' : `, ${retention_bytes} bytes a partition`;
  return `${retention_ms / DAY_MS} days${size}`;
}
