import { measureKafka } from './log/kafka';

/** The log on Apache Kafka beside bare kafkajs; needs Java and Maven. */
export const run = (): Promise<Record<string, unknown>> => measureKafka();
