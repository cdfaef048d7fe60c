import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempDirectory } from '@nerveline/testing';
import { kafkaSettings, logSettings } from './log-settings';
import { readSettings } from './settings';

const read = (environment: Record<string, string>) => kafkaSettings(readSettings(logSettings, environment));
const brokers = { KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092' };

describe('where the log lies', () => {
  test('is on this machine unless brokers are named; a variable set to nothing names none', () => {
    expect(read({})).toBeUndefined();
    expect(read({ KAFKA_BROKERS: '', KAFKA_SASL_MECHANISM: '', INSTANCE_ID: '' })).toBeUndefined();
  });

  test('is on the brokers that are named', () => {
    expect(read(brokers)).toMatchObject({ brokers: ['kafka-1:9092', 'kafka-2:9092'], sasl: undefined, tls: undefined });
  });

  test('credentials, certificates and replication are passed on; secrets and certificates may lie in files', async () => {
    await using directory = await createTempDirectory();
    const file = (name: string) => {
      writeFileSync(join(directory.path, name), `${name}\n`);
      return join(directory.path, name);
    };
    const environment = {
      KAFKA_CLIENT: 'platformatic',
      KAFKA_PREFIX: 'shop.',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'alice',
      KAFKA_SASL_PASSWORD_FILE: file('wonderland'),
      KAFKA_TLS_CA_FILE: file('ca'),
      KAFKA_REPLICATION_FACTOR: '3',
      KAFKA_MIN_INSYNC_REPLICAS: '2',
      KAFKA_CREATE_TOPICS: 'false',
      KAFKA_SESSION_MS: '6000',
    };
    expect(read({ ...brokers, ...environment })).toMatchObject({
      client: 'platformatic',
      prefix: 'shop.',
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 'wonderland' },
      tls: { ca: 'ca\n' },
      replication_factor: 3,
      min_insync_replicas: 2,
      create_topics: false,
      session_ms: 6_000,
    });
    expect(read({ ...brokers, KAFKA_TLS: 'true' })).toMatchObject({ tls: {} });
  });

  test.each([
    ['KAFKA_BROKERS', { KAFKA_BROKERS: 'kafka' }],
    ['KAFKA_SASL_MECHANISM', { KAFKA_SASL_USERNAME: 'alice' }],
    ['KAFKA_SASL_USERNAME', { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'x' }],
    ['KAFKA_SASL_PASSWORD', { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'alice' }],
    ['KAFKA_TLS_CA_FILE', { KAFKA_TLS_CA_FILE: '/nowhere/ca.pem' }],
    ['KAFKA_TLS', { KAFKA_TLS: 'false', KAFKA_TLS_CA_FILE: __filename }],
    ['KAFKA_TLS_KEY_FILE', { KAFKA_TLS_CERT_FILE: __filename }],
    ['KAFKA_REPLICATION_FACTOR', { KAFKA_REPLICATION_FACTOR: '0' }],
    ['INSTANCE_ID', { INSTANCE_ID: '../other' }],
  ])('a wrong %s stops the start and is named', (field, environment) => {
    expect(() => read({ ...brokers, ...environment })).toThrow(
      expect.objectContaining({ code: 'NL-API-012', field: expect.stringContaining(field) as string }) as Error,
    );
  });
});
