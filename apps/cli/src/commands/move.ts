import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { moveToKafka, type MovedService } from '@nerveline/log';
import { isAlive } from '@nerveline/process-identity';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { dataOption, kafkaOf } from '../cli.config';
import { largestRecordOf } from '../kafka/largest-record';
import { formatTable } from '../table';

interface MoveWords {
  readonly data: string;
  readonly brokers: string;
  readonly prefix: string;
}

export const moveCommand = () =>
  new Command('move')
    .description('copy the log of this machine, its state and its positions to Apache Kafka, and compare both')
    .addOption(new Option('--to <log>', 'where to').choices(['kafka']).makeOptionMandatory())
    .addOption(new Option('--brokers <list>', 'HOST:PORT,…').env('KAFKA_BROKERS').makeOptionMandatory())
    .addOption(new Option('--prefix <text>', 'before all names').env('KAFKA_PREFIX').default(''))
    .addOption(dataOption())
    .action(async ({ data, brokers, prefix }: MoveWords) => {
      const data_directory = resolve(data);
      refuseWhileItRuns(data_directory);
      const services = await moveToKafka({
        data_directory,
        kafka: kafkaOf({ KAFKA_BROKERS: brokers, KAFKA_PREFIX: prefix }),
        max_record_bytes: largestRecordOf,
        onStep: (step) => console.error(step),
      });
      printMoved(services);
      console.log(`\nThe same here and there. Start with KAFKA_BROKERS=${brokers}; ${data_directory} stays as it is.`);
    });

const holder = z.object({ pid: z.int(), started: z.string() });

/** The services hold their logs themselves; the host would start one that is just being started again. */
function refuseWhileItRuns(data_directory: string): void {
  const path = join(data_directory, 'host.lock');
  const held = existsSync(path) ? holder.safeParse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  if (held?.success !== true || !isAlive(held.data)) return;
  throw new NervelineError('NL-HST-003', {
    detail: `process ${held.data.pid} runs the platform from ${data_directory}`,
  });
}

function printMoved(services: readonly MovedService[]): void {
  const topics = services.flatMap(({ service, topics: of_service }) =>
    of_service.map(({ topic, partitions, records, size_bytes, checksum }) => [
      ...[service, topic, partitions, records, size_bytes, checksum.slice(0, CHECKSUM_LETTERS)],
    ]),
  );
  console.log(formatTable(['service', 'topic', 'partitions', 'records', 'bytes', 'checksum'], topics));
  const others = services.map(({ service, state_entries, positions }) => [service, state_entries, positions]);
  console.log(`\n${formatTable(['service', 'entries of state', 'positions'], others)}`);
}

/** Enough to compare by eye. */
const CHECKSUM_LETTERS = 12;
