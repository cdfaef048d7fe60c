import { readKafkaSettings, type KafkaSettingsInput } from './settings';

const brokers = ['localhost:9092'];

describe('settings of the Kafka log', () => {
  test('the defaults fit each other, and cannot be changed', () => {
    const settings = readKafkaSettings({ brokers });
    expect(settings.session_ms).toBeGreaterThan(3 * settings.heartbeat_ms);
    expect(Object.isFrozen(settings)).toBe(true);
    expect(settings).toMatchObject({ client: 'kafkajs', compression: 'gzip', create_topics: true });
  });

  test.each<[string, Partial<KafkaSettingsInput>, string]>([
    ['no broker', { brokers: [] }, 'brokers'],
    ['a broker without a port', { brokers: ['localhost'] }, 'brokers.0'],
    ['a session of three heartbeats', { session_ms: 3_000, heartbeat_ms: 1_000 }, 'session_ms 3000'],
    ['a wait as long as the silence', { fetch_wait_ms: 1_000, silence_ms: 1_000 }, 'fetch_wait_ms'],
    [
      'a partition that takes more than all',
      { fetch_partition_bytes: 2_000_000, prefetch_bytes: 1_000_000 },
      'prefetch_bytes',
    ],
    ['more in-sync replicas than replicas', { replication_factor: 2, min_insync_replicas: 3 }, 'min_insync_replicas 3'],
    ['a password without a user', { sasl: { mechanism: 'plain', username: '', password: 'x' } }, 'sasl.username'],
  ])('%s is refused, by name', (_, wrong, named) => {
    const read = () => readKafkaSettings({ brokers, ...wrong });
    expect(read).toThrow(named);
    expect(read).toThrow(expect.objectContaining({ code: 'NL-LOG-023' }) as Error);
  });
});
