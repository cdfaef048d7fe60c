import { verifyLog, type EnvironmentReport, type PartitionReport } from '@nerveline/log';
import { Command } from 'commander';
import { dataOption } from '../cli.config';
import { formatTable } from '../table';

export const logCommand = () =>
  new Command('log').description('the log files of this machine').addCommand(verifyCommand());

const verifyCommand = () =>
  new Command('verify')
    .description('reads every record, and tells what is sound in each partition and what can be kept')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const reports = await verifyLog(data);
      const rows = reports.flatMap(({ service, partitions }) => partitions.map((it) => rowOf(service, it)));
      console.log(formatTable(['service', 'topic', 'partition', 'records', 'can be kept', 'damaged'], rows));
      const causes = reports.flatMap(causesOf);
      for (const cause of causes) console.log(cause);
      console.log(causes.length === 0 ? 'Everything is sound.' : `${causes.length} places are damaged.`);
      if (causes.length > 0) process.exitCode = 1;
    });

function rowOf(service: string, { topic, partition, records, sound, damaged }: PartitionReport): (string | number)[] {
  return [service, topic, partition, records, inWords(sound), inWords(damaged)];
}

const inWords = (ranges: readonly { readonly from: number; readonly to: number }[]): string =>
  ranges.map(({ from, to }) => (to - from === 1 ? `${from}` : `${from} to ${to - 1}`)).join(', ');

function causesOf({ service, partitions, damaged }: EnvironmentReport): string[] {
  const inPartitions = partitions.flatMap(({ topic, partition, damaged: ranges }) =>
    ranges.map((range) => `${service}: ${topic}/${partition} at ${range.from}: ${range.cause}`),
  );
  return [...inPartitions, ...damaged.map(({ place, cause }) => `${service}: ${place}: ${cause}`)];
}
