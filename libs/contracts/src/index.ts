export { auditEntry, type AuditEntry } from './audit';
export { commands, type CommandAnswer, type CommandName, type CommandRequest } from './commands';
export {
  changeSchema,
  parseChange,
  UNCHANGED,
  type AnyRow,
  type Change,
  type ChangeOp,
  type ChangeSource,
  type ChangeTransaction,
  type ParsedChange,
  type Unchanged,
} from './envelope';
export { parseExactJson, type ExactJson } from './exact-json';
export * from './http/dead-letters-api';
export * from './http/fleet-api';
export * from './http/fraud-api';
export * from './http/inventory-api';
export * from './ids';
export { decodePositionFix, encodePositionFix, POSITION_FIX_BYTES } from './position-fix-codec';
export { principal, role, scope } from './principal';
export { scopes, splitTenantKey, tenantKey, type Principal, type Role, type Scope } from '@nerveline/kernel';
export * from './push/events';
export * from './push/flow';
export { pushStreams, type PushStream, type PushStreamName } from './push/streams';
export { readVector, type ReadVector } from './read-vector';
export { recordHeaders } from './record-headers';
export { decodeJson, encodeJson } from './record-codec';
export { SNAPSHOT_REQUEST_PREFIX, snapshotRequest, type SnapshotRequest } from './snapshot-request';
export { findTopic, topicCatalogue, topics } from './topics/catalogue';
export * from './topics/fleet';
export * from './topics/fraud';
export { heldRecord, heldRecordKey, type HeldRecord } from './topics/held-records';
export * from './topics/inventory';
export * from './topics/relay';
export * from './topics/source-tables';
export {
  defineTopic,
  wrappedRecordBytes,
  type Retention,
  type ServiceName,
  type Topic,
  type ValueOf,
} from './topics/topic';
export { amount_minor, coordinates, currency, epoch_ms, quantity, type Coordinates } from './units';
