export type { Brand } from './brand';
export { EventClock, systemClock, type Clock, type EventClockSetting } from './clock';
export type {
  Commit,
  CommitPort,
  Generation,
  InputPosition,
  OutRecord,
  Ownership,
  RecordHeaders,
  StateWrite,
} from './commit';
export { catalogue, type ErrorCode, type ErrorEntry } from './errors/catalogue';
export { isNervelineError, NervelineError, type ErrorDetails } from './errors/nerveline-error';
export { invariant, unreachable } from './invariant';
export { formatLsn, lsn, LSN_ZERO, parseLsn, type Lsn } from './lsn';
export { offset, type Offset, type RecordPosition } from './offset';
export { roles, scopes, splitTenantKey, tenantKey, type Principal, type Role, type Scope } from './principal';
export { err, ok, type Result } from './result';
export {
  compareSourcePositions,
  formatSourcePosition,
  parseSourcePosition,
  sameEpoch,
  type SourceEpoch,
  type SourcePosition,
} from './source-position';
