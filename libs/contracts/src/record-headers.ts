/** Names of the record headers that mean something to more than one stage. All values are text. */
export const recordHeaders = {
  /** Position of the source change that (first) caused the record, {@link formatSourcePosition}. */
  source_position: 'source_position',
  /** Wall time of that change's commit, milliseconds since the epoch. */
  committed_ms: 'committed_ms',
  /** Wall time when a service took in the request that caused the record, where no commit did; as `committed_ms`. */
  received_ms: 'received_ms',
  /** Id of the source transaction on change records. */
  transaction_id: 'transaction_id',
  /** W3C trace context. */
  traceparent: 'traceparent',
  /** Who caused it: the subject of the principal. */
  subject: 'subject',
} as const;
