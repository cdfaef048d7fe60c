import type { Lsn } from '@nerveline/kernel';

/** Stands for a TOAST value that the update left alone: it isn't in the WAL, and isn't null. */
export const unchanged: unique symbol = Symbol('unchanged');
export type Unchanged = typeof unchanged;

/** A column as it stands in the stream: the text form of its type, SQL null, or {@link unchanged}. */
export type ColumnValue = string | null | Unchanged;
export type Tuple = readonly ColumnValue[];

export interface Column {
  readonly name: string;
  readonly is_identity: boolean;
  readonly type_oid: number;
  /** `atttypmod`: holds the precision of times; -1 when the type has none. */
  readonly type_modifier: number;
}

/** `d` the primary key, `i` an index, `f` the full row, `n` nothing. */
export type ReplicaIdentity = 'd' | 'i' | 'f' | 'n';

export interface Relation {
  readonly relation_oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replica_identity: ReplicaIdentity;
  readonly columns: readonly Column[];
}

/** The row as it was: its identity columns (`key`; the others are null and mean nothing), or all of it (`full`). */
export interface OldTuple {
  readonly kind: 'key' | 'full';
  readonly tuple: Tuple;
}

/** Who prepared or ended a transaction in two phases, and where. */
export interface TwoPhase {
  readonly xid: number;
  /** The name that `PREPARE TRANSACTION` gave it. */
  readonly gid: string;
}

/** The messages of pgoutput, protocol versions 1 to 4. */
export type PgoutputMessage = RowStreamMessage | InProgressMessage | TwoPhaseMessage;

/** A row that came, changed or went. */
export type RowChange =
  | { readonly kind: 'insert'; readonly relation_oid: number; readonly after: Tuple }
  | {
      readonly kind: 'update';
      readonly relation_oid: number;
      readonly before: OldTuple | undefined;
      readonly after: Tuple;
    }
  | { readonly kind: 'delete'; readonly relation_oid: number; readonly before: OldTuple };

/** Protocol version 1: rows, and what describes and frames them. */
export type RowStreamMessage = RowChange | DescribingMessage;

/** All but the rows. */
export type DescribingMessage =
  | { readonly kind: 'begin'; readonly commit_lsn: Lsn; readonly committed_us: bigint; readonly xid: number }
  | { readonly kind: 'commit'; readonly commit_lsn: Lsn; readonly end_lsn: Lsn; readonly committed_us: bigint }
  | { readonly kind: 'origin'; readonly origin_lsn: Lsn; readonly name: string }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'type'; readonly type_oid: number; readonly schema: string; readonly name: string }
  | {
      readonly kind: 'truncate';
      readonly relation_oids: readonly number[];
      readonly cascade: boolean;
      readonly restart_identity: boolean;
    }
  | {
      readonly kind: 'message';
      readonly transactional: boolean;
      readonly lsn: Lsn;
      readonly prefix: string;
      readonly content: Uint8Array;
    };

/** Protocol version 2: parts of transactions that have not ended. Rows between start and stop carry their xid. */
export type InProgressMessage =
  | { readonly kind: 'stream_start'; readonly xid: number; readonly is_first: boolean }
  | { readonly kind: 'stream_stop' }
  | {
      readonly kind: 'stream_commit';
      readonly xid: number;
      readonly commit_lsn: Lsn;
      readonly end_lsn: Lsn;
      readonly committed_us: bigint;
    }
  /** The whole transaction when both ids are the same, else one of its sub-transactions. */
  | { readonly kind: 'stream_abort'; readonly xid: number; readonly subxid: number };

/** Protocol version 3: `PREPARE TRANSACTION` and what became of it. */
export type TwoPhaseMessage =
  | (TwoPhase & {
      readonly kind: 'begin_prepare' | 'prepare' | 'stream_prepare';
      readonly prepare_lsn: Lsn;
      readonly end_lsn: Lsn;
    })
  | (TwoPhase & {
      readonly kind: 'commit_prepared';
      readonly commit_lsn: Lsn;
      readonly end_lsn: Lsn;
      readonly committed_us: bigint;
    })
  | (TwoPhase & { readonly kind: 'rollback_prepared'; readonly prepare_end_lsn: Lsn; readonly end_lsn: Lsn });
