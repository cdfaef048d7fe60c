export type { ChangeSink, PartitionOf } from './change-sink';
export {
  TransactionEncoder,
  type TransactionEncoderOptions,
  type TransactionReceiver,
} from './debezium/transaction-encoder';
export { decodeMessage } from './pgoutput/decode-message';
export { unchanged, type PgoutputMessage, type Relation, type Tuple } from './pgoutput/messages';
export { RowMessage } from './pgoutput/row-message';
export { TransactionSequencer, type TransactionSequencerOptions } from './sequencer/transaction-sequencer';
export { ChangeRelay, type RelayReadiness, type RelayStatus } from './relay/change-relay';
export {
  relayDefaults,
  type FaultPoint,
  type RelayEvent,
  type RelayOptions,
  type RelaySettings,
} from './relay/relay-options';
export { ResumePoint } from './relay/resume-point';
export { KnownShapes } from './schema/known-shapes';
export { ConfirmedPosition } from './replication/confirmed-position';
export { checkSource } from './source/check-source';
export { type WatchedSlot } from './relay/slot-watch';
