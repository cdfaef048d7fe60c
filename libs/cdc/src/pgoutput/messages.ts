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

/** The messages of pgoutput, protocol version 1. */
export type PgoutputMessage =
  | { readonly kind: 'begin'; readonly commit_lsn: Lsn; readonly committed_us: bigint; readonly xid: number }
  | { readonly kind: 'commit'; readonly commit_lsn: Lsn; readonly end_lsn: Lsn; readonly committed_us: bigint }
  | { readonly kind: 'origin'; readonly origin_lsn: Lsn; readonly name: string }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'type'; readonly type_oid: number; readonly schema: string; readonly name: string }
  | { readonly kind: 'insert'; readonly relation_oid: number; readonly after: Tuple }
  | {
      readonly kind: 'update';
      readonly relation_oid: number;
      readonly before: OldTuple | undefined;
      readonly after: Tuple;
    }
  | { readonly kind: 'delete'; readonly relation_oid: number; readonly before: OldTuple }
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
