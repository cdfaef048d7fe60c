import { openLog } from '@nerveline/log';
import { missingForKafka } from '@nerveline/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from './log/bench-catalogue';
import { measureDelivery } from './log/embedded-delivery';
import { measureDisturbance } from './log/embedded-disturbance';
import { measureSingles, measureThroughput } from './log/embedded-throughput';
import { measureKafka } from './log/kafka';
import { measureProcessor, measureStuck } from './log/processor';

/**
 * The embedded log beside what the disk, LMDB and a socket can do by themselves, and the log on Apache Kafka beside bare
 * kafkajs, each in turns in one run. Without Java and Maven the figures of Kafka are left out, which is said.
 */
export async function run(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-bench-log-'));
  const log = await openLog({ data_directory: directory, service: 'bench-writer', catalogue });
  try {
    return {
      record_bytes: 200,
      ...(await measureSingles(log, directory)),
      ...(await measureDelivery(log, directory)),
      ...(await measureThroughput(log, directory)),
      ...(await measureDisturbance(directory)),
      ...(await measureProcessor()),
      ...(await measureStuck()),
      ...(await measureKafkaIfHere()),
    };
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
