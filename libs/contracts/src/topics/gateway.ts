import { auditEntry } from '../audit';
import { DAYS_30, defineTopic } from './topic';

export const gatewayTopics = {
  audit: defineTopic({
    name: 'audit.live-gateway',
    key: 'tenant/object',
    schema: auditEntry,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'live-gateway',
    description: 'Commands that came through the pages.',
  }),
} as const;
