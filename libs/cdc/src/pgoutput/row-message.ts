import { NervelineError } from '@nerveline/kernel';
import type { PgoutputMessage } from './messages';
import { TupleView } from './tuple-view';

const code = (letter: string): number => letter.charCodeAt(0);
const INSERT = code('I');
const UPDATE = code('U');
const DELETE = code('D');
const KEY = code('K');
const FULL = code('O');
const NEW = code('N');

/** Is a message with this first byte a row: insert, update or delete? */
export const isRow = (tag: number | undefined): boolean => tag === INSERT || tag === UPDATE || tag === DELETE;

/** How much of the old row is there: nothing, its identity columns (the others are null and mean nothing), all of it. */
export type OldKind = 'none' | 'key' | 'full';

/**
 * An insert, update or delete, read in place. One object serves the whole stream: what it shows is valid until the next
 * {@link read}.
 */
export class RowMessage {
  kind: 'insert' | 'update' | 'delete' = 'insert';
  relation_oid = 0;
  old_kind: OldKind = 'none';
  readonly before = new TupleView();
  readonly after = new TupleView();

  /**
   * Reads one message that {@link isRow} says is one, from `start` to `end`.
   *
   * @throws NervelineError `NL-CDC-013`
   */
  read(bytes: Buffer, start: number, end: number): void {
    let at = start + HEAD_BYTES;
    if (at > end) throw truncated();
    const tag = bytes[start];
    const mark = bytes[at - 1];
    this.relation_oid = bytes.readUInt32BE(start + 1);
    this.kind = tag === INSERT ? 'insert' : tag === UPDATE ? 'update' : 'delete';
    this.old_kind = mark === KEY ? 'key' : mark === FULL ? 'full' : 'none';
    const has_old = this.old_kind !== 'none';
    if (has_old ? tag === INSERT : tag === DELETE || mark !== NEW) throw unexpected(mark);
    if (has_old) at = this.before.read(bytes, at, end);
    if (has_old && tag === UPDATE) {
      if (at >= end) throw truncated();
      if (bytes[at] !== NEW) throw unexpected(bytes[at]);
      at += 1;
    }
    if (tag !== DELETE) at = this.after.read(bytes, at, end);
    if (at < end) throw malformed(`${end - at} bytes are left behind a ${this.kind} message`);
  }

  /** The same as an object with every column decoded. */
  toMessage(): PgoutputMessage {
    const { kind, relation_oid, old_kind } = this;
    const before = old_kind === 'none' ? undefined : ({ kind: old_kind, tuple: this.before.toTuple() } as const);
    if (kind === 'insert') return { kind, relation_oid, after: this.after.toTuple() };
    if (kind === 'update') return { kind, relation_oid, before, after: this.after.toTuple() };
    return { kind, relation_oid, before: before ?? { kind: 'key', tuple: [] } };
  }
}

/** Letter, relation and the mark of the first tuple. */
const HEAD_BYTES = 6;

const malformed = (detail: string) => new NervelineError('NL-CDC-013', { detail });
const truncated = () => malformed('a message ends in the middle of a field');
const unexpected = (mark: number | undefined) => malformed(`unexpected tuple '${String.fromCharCode(mark ?? 0)}'`);
