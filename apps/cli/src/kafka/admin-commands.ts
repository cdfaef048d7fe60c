import type { PlannedTopic } from '@nerveline/log';
import type { Grant } from './access';

/** `kafka-topics.sh` that makes a topic, unless it is there. */
export function topicCommand(brokers: string, topic: PlannedTopic): string {
  return command([
    ['kafka-topics.sh', '--bootstrap-server', brokers, '--create', '--if-not-exists'],
    ['--topic', topic.topic],
    ['--partitions', String(topic.partitions), '--replication-factor', String(topic.replication_factor)],
    ...Object.entries(topic.configuration).map(([name, value]) => ['--config', `${name}=${value}`]),
  ]);
}

/** `kafka-acls.sh` that gives a right. */
export function grantCommand(brokers: string, grant: Grant): string {
  return command([
    ['kafka-acls.sh', '--bootstrap-server', brokers, '--add'],
    ['--allow-principal', `User:${grant.principal}`],
    grant.operations.flatMap((operation) => ['--operation', operation]),
    ['--resource-pattern-type', grant.pattern],
    ...grant.names.map((name) => [`--${grant.resource}`, name]),
  ]);
}

const command = (lines: readonly (readonly string[])[]): string =>
  lines.map((words) => words.map(quote).join(' ')).join(' \\\n  ');

/** As one word of a shell. */
const quote = (word: string): string => (/^[\w.,:/=@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
