import { types } from 'node:util';

/** Errors of the Kafka protocol that the adapter knows by name; https://kafka.apache.org/protocol#protocol_error_codes. */
export const kafkaErrors = {
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  BROKER_NOT_AVAILABLE: 8,
  REPLICA_NOT_AVAILABLE: 9,
  MESSAGE_TOO_LARGE: 10,
  OFFSET_METADATA_TOO_LARGE: 12,
  NETWORK_EXCEPTION: 13,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_PARTITIONS: 37,
  INVALID_REPLICATION_FACTOR: 38,
  NOT_CONTROLLER: 41,
  POLICY_VIOLATION: 44,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  CONCURRENT_TRANSACTIONS: 51,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  KAFKA_STORAGE_ERROR: 56,
  SASL_AUTHENTICATION_FAILED: 58,
  UNKNOWN_PRODUCER_ID: 59,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  OFFSET_NOT_AVAILABLE: 78,
  MEMBER_ID_REQUIRED: 79,
  UNSTABLE_OFFSET_COMMIT: 88,
  PRODUCER_FENCED: 90,
  UNKNOWN_TOPIC_ID: 100,
  INCONSISTENT_TOPIC_ID: 103,
  TRANSACTION_ABORTABLE: 120,
} as const;

const names = new Map<number, string>(Object.entries(kafkaErrors).map(([name, code]) => [code, name]));

export const kafkaErrorName = (code: number): string => names.get(code) ?? `error ${code}`;

/** A broker's answer that refuses. */
export class KafkaProtocolError extends Error {
  constructor(
    readonly code: number,
    readonly request: string,
  ) {
    super(`${request}: ${kafkaErrorName(code)}`);
    this.name = 'KafkaProtocolError';
  }
}

/** No answer: the broker can't be reached, hung up, was silent for too long, or isn't trusted. */
export class KafkaConnectionError extends Error {
  constructor(
    readonly broker: string,
    options: { readonly cause?: unknown; readonly refused_credentials?: boolean },
  ) {
    super(`${broker}: ${reasonOf(options.cause)}`, { cause: options.cause });
    this.name = 'KafkaConnectionError';
    this.refused_credentials = options.refused_credentials ?? false;
    this.untrusted = isUntrusted(options.cause);
  }

  /** The broker answered, and doesn't let us in: trying again changes nothing. */
  readonly refused_credentials: boolean;

  /** Somebody answered whose certificate isn't good for us: trying again changes nothing, and nothing was told to them. */
  readonly untrusted: boolean;
}

/** What Node says of certificates: https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
const UNTRUSTED =
  /CERT|^UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^CRL_/;

function isUntrusted(cause: unknown): boolean {
  if (!isError(cause)) return false;
  const { code } = cause as { code?: unknown };
  return (typeof code === 'string' && UNTRUSTED.test(code)) || isUntrusted(cause.cause);
}

const reasonOf = (cause: unknown): string => {
  if (!isError(cause)) return typeof cause === 'string' ? cause : 'the connection is gone';
  const deeper = isError(cause.cause) ? ` (${cause.cause.message})` : '';
  return `${cause.message}${deeper}`;
};

/** Also those of Node itself where a module was loaded into a context of its own, with another class `Error`. */
export const isError = (error: unknown): error is Error => types.isNativeError(error);

/** @throws KafkaProtocolError unless the code is 0 */
export function check(code: number, request: string): void {
  if (code !== 0) throw new KafkaProtocolError(code, request);
}

export const hasCode = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof KafkaProtocolError && codes.includes(error.code);

const TRANSIENT: ReadonlySet<number> = new Set([
  kafkaErrors.CORRUPT_MESSAGE,
  kafkaErrors.LEADER_NOT_AVAILABLE,
  kafkaErrors.NOT_LEADER_OR_FOLLOWER,
  kafkaErrors.REQUEST_TIMED_OUT,
  kafkaErrors.BROKER_NOT_AVAILABLE,
  kafkaErrors.REPLICA_NOT_AVAILABLE,
  kafkaErrors.NETWORK_EXCEPTION,
  kafkaErrors.COORDINATOR_LOAD_IN_PROGRESS,
  kafkaErrors.COORDINATOR_NOT_AVAILABLE,
  kafkaErrors.NOT_COORDINATOR,
  kafkaErrors.NOT_ENOUGH_REPLICAS,
  kafkaErrors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  kafkaErrors.NOT_CONTROLLER,
  kafkaErrors.CONCURRENT_TRANSACTIONS,
  kafkaErrors.KAFKA_STORAGE_ERROR,
  kafkaErrors.FENCED_LEADER_EPOCH,
  kafkaErrors.UNKNOWN_LEADER_EPOCH,
  kafkaErrors.OFFSET_NOT_AVAILABLE,
  kafkaErrors.UNSTABLE_OFFSET_COMMIT,
  kafkaErrors.UNKNOWN_TOPIC_ID,
  kafkaErrors.INCONSISTENT_TOPIC_ID,
]);

/** Goes away by itself: a coordinator that loads, a leader that moves, a broker that starts. */
export const isTransientCode = (code: number): boolean => TRANSIENT.has(code);

export function isTransient(error: unknown): boolean {
  if (error instanceof KafkaConnectionError) return !error.refused_credentials && !error.untrusted;
  return error instanceof KafkaProtocolError && isTransientCode(error.code);
}

const FENCING: ReadonlySet<number> = new Set([
  kafkaErrors.INVALID_PRODUCER_EPOCH,
  kafkaErrors.PRODUCER_FENCED,
  kafkaErrors.INVALID_PRODUCER_ID_MAPPING,
]);

/** Somebody else has taken the transactional id over. */
export const isFencing = (error: unknown): boolean => error instanceof KafkaProtocolError && FENCING.has(error.code);
