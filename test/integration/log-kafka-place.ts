import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openKafkaLog, type Log, type LogTopic, type OpenKafkaLogOptions } from '@nerveline/log';
import { createTempDirectory, startKafka, type TestKafka } from '@nerveline/testing';
import type { OpenLogPlace } from './log-contract-kit';

let kafka: TestKafka | undefined;

/** The spec file's broker: one for all its tests, since it takes seconds. */
export const broker = (): TestKafka => {
  if (kafka === undefined) throw new Error('startBroker() was not called');
  return kafka;
};

export async function startBroker(overrides: Readonly<Record<string, string | number>> = {}): Promise<void> {
  kafka = await startKafka(overrides);
}

export async function stopBroker(): Promise<void> {
  await kafka?.[Symbol.asyncDispose]();
  kafka = undefined;
}

/** The first one on a machine fetches Kafka's jars. */
export const START_TIMEOUT_MS = 300_000;

/** Every log of a test has names of its own on the shared broker. */
export const newPrefix = (): string => `t${randomUUID().slice(0, 8)}.`;

export type KafkaOptions = Partial<OpenKafkaLogOptions> & { readonly catalogue: readonly LogTopic[] };

export function openLogPlaceOn(client: 'kafkajs' | 'platformatic'): OpenLogPlace {
  return async (catalogue) => {
    const directory = await createTempDirectory();
    const prefix = newPrefix();
    const logs: Log[] = [];
    return {
      async open(service, options = {}) {
        const log = await openKafkaLog({
          brokers: [broker().broker],
          client,
          prefix,
          service,
          address: `test://${service}`,
          catalogue,
          data_directory: join(directory.path, `${logs.length}`),
          session_ms: 1_500,
          drain_ms: 5_000,
          ...options,
        });
        logs.push(log);
        return log;
      },
      async [Symbol.asyncDispose]() {
        for (const log of logs) await log.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  };
}
