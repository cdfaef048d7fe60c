import { openLog, type Log } from '@nerveline/log';
import { missingForKafka } from '@nerveline/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureAppendCpu } from './log/append-cpu';
import { catalogue } from './log/bench-catalogue';
import { measureDelivery } from './log/embedded-delivery';
import { measureDisturbance } from './log/embedded-disturbance';
import { measureSingles, measureThroughput } from './log/embedded-throughput';
import { measureWaiting } from './log/embedded-waiting';
import { measureKafka } from './log/kafka';
import { measureProcessor, measureStuck } from './log/processor';

/** What can be measured by itself: `npm run bench -- log append-cpu waiting`. In the order of a whole run. */
const parts: Readonly<Record<string, (log: Log, directory: string) => Promise<Record<string, unknown>>>> = {
  singles: measureSingles,
  'append-cpu': measureAppendCpu,
  delivery: measureDelivery,
  throughput: measureThroughput,
  waiting: measureWaiting,
  disturbance: (_log, directory) => measureDisturbance(directory),
  processor: measureProcessor,
  stuck: measureStuck,
  kafka: measureKafkaIfHere,
};

/**
 * The embedded log beside what the disk, LMDB and a socket can do by themselves, and the log on Apache Kafka beside bare
 * kafkajs, each in turns in one run. Without Java and Maven the figures of Kafka are left out, which is said.
 *
 * @param names of {@link parts}; all of them when empty
 */
export async function run(names: readonly string[] = []): Promise<Record<string, unknown>> {
  const unknown = names.find((name) => !(name in parts));
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}; parts: ${Object.keys(parts).join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-bench-log-'));
  const log = await openLog({ data_directory: directory, service: 'bench-writer', catalogue });
  try {
    const result: Record<string, unknown> = { record_bytes: 200 };
    for (const [name, measure] of Object.entries(parts)) {
      if (names.length === 0 || names.includes(name)) Object.assign(result, await measure(log, directory));
    }
    return result;
  } finally {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureKafkaIfHere(): Promise<Record<string, number>> {
  const missing = missingForKafka();
  if (missing.length === 0) return measureKafka();
  console.error(`The figures of Kafka are left out: ${missing.join(' and ')} not found.`);
  return {};
}
