import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaJars } from './kafka-jars';

const PROGRAMS = {
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-acls.sh': 'org.apache.kafka.tools.AclCommand',
} as const;

/** Runs one of Kafka's own tools as its script does, and rejects with what it says when it fails. */
export async function kafkaTool(name: keyof typeof PROGRAMS, words: readonly string[]): Promise<string> {
  const jars = await kafkaJars();
  const { stdout } = await promisify(execFile)('java', ['-cp', join(jars, '*'), PROGRAMS[name], ...words]);
  return stdout;
}
