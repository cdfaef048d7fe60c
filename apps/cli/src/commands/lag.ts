import type { Log } from '@nerveline/log';
import { offset } from '@nerveline/kernel';
import { Command } from 'commander';
import { databaseUrl, dataOption } from '../cli.config';
import { readSlots } from '../slots';
import { formatTable } from '../table';
import { withLog } from '../with-log';

export const lagCommand = () =>
  new Command('lag')
    .description('how far each group is behind the log, and the log behind the source database')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      await withLog(data, async (log) => {
        const rows = (await Promise.all((await log.groups()).map((group) => lagOf(log, group)))).flat();
        console.log(formatTable(['group', 'topic', 'partition', 'next offset', 'log end', 'lag'], rows));
      });
      await printSlots(databaseUrl(data));
    });

/** Behind what lies on this machine: a source that is down is told, and hides nothing. */
async function printSlots(database_url: string): Promise<void> {
  const rows = (await readSlots(database_url)).map(
    ({ slot, active, confirmed_lsn, wal_end, lag_bytes, retained_bytes }) => [
      ...[slot, active ? 'yes' : 'NO', confirmed_lsn, wal_end, lag_bytes, retained_bytes],
    ],
  );
  console.log('');
  console.log(formatTable(['slot', 'read', 'confirmed LSN', 'WAL end', 'lag bytes', 'retained bytes'], rows));
}

async function lagOf(log: Log, group: string): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for (const { topic, partition, next_offset, applied_above } of await log.positions(group)) {
    const { next_offset: end } = await log.tail(topic, partition);
    const lag = offset(Math.max(0, end - next_offset - applied_above.length));
    rows.push([group, topic, partition, next_offset, end, lag]);
  }
  return rows;
}
