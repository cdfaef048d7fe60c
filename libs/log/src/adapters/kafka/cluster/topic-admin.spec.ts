import { usualReplication } from './topic-admin';

describe('topics that nobody has said how to replicate', () => {
  test.each([3, 4, 100])('have three replicas, two in sync, where there are %i brokers: one may be lost', (brokers) => {
    expect(usualReplication(brokers)).toEqual({ replication_factor: 3, min_insync_replicas: 2 });
  });

  test.each([1, 2])('have one replica where there are %i brokers: a second in sync would stop them all', (brokers) => {
    expect(usualReplication(brokers)).toEqual({ replication_factor: 1, min_insync_replicas: 1 });
  });
});
