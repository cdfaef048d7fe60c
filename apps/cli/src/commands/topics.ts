import { findTopic, topicCatalogue, type Retention } from '@nerveline/contracts';
import { planKafkaTopics } from '@nerveline/log';
import { Command, InvalidArgumentError, Option } from 'commander';
import { dataOption } from '../cli.config';
import { grantsFor } from '../kafka/access';
import { grantCommand, topicCommand } from '../kafka/admin-commands';
import { largestRecordOf } from '../kafka/largest-record';
import { formatTable } from '../table';
import { withLog } from '../with-log';

interface TopicsOptions {
  readonly data: string;
  readonly print?: true;
  readonly brokers: string;
  readonly prefix: string;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
}

export const topicsCommand = () =>
  new Command('topics')
    .description('every topic: owner, partitions, records, retention')
    .addOption(dataOption())
    .option('--print', 'print the commands that make the topics and give the rights on Apache Kafka')
    .addOption(new Option('--brokers <list>', 'for --print').env('KAFKA_BROKERS').default('localhost:9092'))
    .addOption(new Option('--prefix <text>', 'before all names, for --print').env('KAFKA_PREFIX').default(''))
    .addOption(count('--replication-factor <n>', 'KAFKA_REPLICATION_FACTOR', 3))
    .addOption(count('--min-insync-replicas <n>', 'KAFKA_MIN_INSYNC_REPLICAS', 2))
    .action(async (options: TopicsOptions) => {
      if (options.print === true) printCommands(options);
      else await printTopics(options.data);
    });

const count = (flags: string, variable: string, usual: number) =>
  new Option(flags, 'for --print')
    .env(variable)
    .default(usual)
    .argParser((text) => {
      if (/^[1-9]\d?$/.test(text)) return Number(text);
      throw new InvalidArgumentError('it is a number from 1 to 99');
    });

function printCommands(options: TopicsOptions): void {
  const { brokers, prefix, replicationFactor: replication_factor, minInsyncReplicas: min_insync_replicas } = options;
  if (min_insync_replicas > replication_factor) {
    throw new InvalidArgumentError('--min-insync-replicas must not be over --replication-factor');
  }
  const plan = planKafkaTopics({ prefix, replication_factor, min_insync_replicas, max_record_bytes: largestRecordOf });
  console.log('# Topics. Services that start with KAFKA_CREATE_TOPICS=false find them.');
  for (const topic of plan) console.log(topicCommand(brokers, topic));
  console.log('\n# Rights: a principal for each service, and one for nerveline lag, topics and dlq.');
  for (const grant of grantsFor(plan, prefix)) console.log(grantCommand(brokers, grant));
}

async function printTopics(data_directory: string): Promise<void> {
  const described = await withLog(data_directory, (log) => log.describe());
  const there = new Map(described.map(({ topic, partitions }) => [topic, partitions]));
  const rows = topicCatalogue.map(({ name, owner, partitions, retention }) => [
    name,
    owner,
    partitions,
    there.get(name)?.reduce((sum, { next_offset, start_offset }) => sum + next_offset - start_offset, 0) ?? null,
    inWords(retention),
    findTopic(name)?.key ?? '',
  ]);
  console.log(formatTable(['topic', 'owner', 'partitions', 'records', 'keeps', 'key'], rows));
}

const DAY_MS = 86_400_000;

function inWords(retention: Retention): string {
  if (retention.kind === 'compacted') return 'last of each key';
  const { retention_ms, retention_bytes } = retention;
  const size = retention_bytes === undefined ? '' : `, ${retention_bytes} bytes a partition`;
  return `${retention_ms / DAY_MS} days${size}`;
}
