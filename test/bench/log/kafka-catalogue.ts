import type { LogTopic } from '@nerveline/log';

/** Bulk topics come in pairs: one that the log writes and one that bare kafkajs writes. */
export const ROUNDS = 5;
export const DELIVERY_PARTITIONS = 4;

const retention = { kind: 'age', retention_ms: 3_600_000 } as const;
const topic = (name: string, partitions: number): LogTopic => ({ name, partitions, owner: 'bench-writer', retention });
const held = (name: string): LogTopic => ({
  ...{ name, partitions: DELIVERY_PARTITIONS, owner: 'bench-reader' },
  ...{ retention: { kind: 'compacted' }, wraps_records: true },
});

export const catalogue: readonly LogTopic[] = [
  ...Array.from({ length: ROUNDS * 2 }, (_, i) => topic(`bulk${i}`, 1)),
  topic('deliveries', DELIVERY_PARTITIONS),
  held('parked'),
  held('dlq'),
];

/** As a service sets its processors up: keys that fail are parked, then dead letters. */
export const failures = { parked: 'parked', dead_letters: 'dlq' };
