import { tenantKey, UNCHANGED, type SourceTable } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { Relation } from '../pgoutput/messages';
import type { OldKind } from '../pgoutput/row-message';
import { ColumnKind, type TupleView } from '../pgoutput/tuple-view';
import type { JsonWriter } from '../values/json-writer';
import { columnWriter, type WriteColumn } from '../values/write-column';
import { tablePart } from './envelope';
import { countPart } from './open-transaction';

interface ColumnPlan {
  /** `"name":`, a comma in front unless it is the first. */
  readonly label: Buffer;
  readonly is_identity: boolean;
  readonly write: WriteColumn;
}

const UNCHANGED_JSON = Buffer.from(JSON.stringify(UNCHANGED));
const NULL = Buffer.from('null');
const [OPEN, CLOSE] = [0x7b, 0x7d];

/**
 * Turns tuples of one table into record keys and JSON rows. What depends on the table alone is worked out once, when
 * its relation message arrives.
 */
export class TableEncoder {
  readonly table_name: string;
  readonly topic: string;
  readonly partitions: number;
  /** What its envelopes have in common. */
  readonly table_part: Buffer;
  /** How its count begins in the END of a transaction. */
  readonly count_part: Buffer;
  readonly #columns: readonly ColumnPlan[];
  /** The columns of an old tuple that holds nothing but the identity. */
  readonly #identity: readonly (readonly [index: number, plan: ColumnPlan])[];
  readonly #key: readonly number[];
  readonly #order_columns: number;

  /** @throws NervelineError `NL-CDC-019` when the table lacks a key column */
  constructor(
    readonly relation: Relation,
    readonly source: SourceTable,
    origin: { readonly database: string; readonly snapshot: boolean },
  ) {
    this.table_name = `${relation.schema}.${relation.table}`;
    this.topic = source.topic.name;
    this.partitions = source.topic.partitions;
    this.table_part = tablePart(origin.database, origin.snapshot, relation);
    this.count_part = countPart(this.table_name);
    const plan = ({ name, is_identity, type_oid, type_modifier }: Relation['columns'][number], i: number) => ({
      label: Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(name)}:`),
      is_identity,
      write: columnWriter(type_oid, type_modifier),
    });
    this.#columns = relation.columns.map(plan);
    this.#identity = relation.columns
      .flatMap((column, index) => (column.is_identity ? [{ column, index }] : []))
      .map(({ column, index }, i) => [index, plan(column, i)] as const);
    this.#key = source.key.map((name) => this.#indexOf(name));
    this.#order_columns = source.order_by.length;
  }

  /**
   * The values of the key columns, in the order of the contract.
   *
   * @param before where a value stands that the update left alone, when the new tuple doesn't hold it
   * @throws NervelineError `NL-CDC-019` for a key column without a value
   */
  keyOf(tuple: TupleView, before?: TupleView): string[] {
    return this.#key.map((index) => {
      const value = tuple.isUnchanged(index) ? before?.text(index) : tuple.text(index);
      if (value !== undefined) return value;
      throw new NervelineError('NL-CDC-019', {
        detail: `a row of ${this.table_name} has no value in key column ${this.relation.columns[index]?.name}`,
      });
    });
  }

  /** What `tenantKey` of contracts gives; most keys hold nothing that it would escape. */
  recordKey(values: readonly string[]): string {
    for (const value of values) if (value.includes('/') || value.includes('%')) return escapedKey(values);
    return values.join('/');
  }

  /** The part of the key that chooses the partition. */
  orderKey(key: readonly string[], record_key: string): string {
    return this.#order_columns === key.length ? record_key : this.recordKey(key.slice(0, this.#order_columns));
  }

  /**
   * A row as a JSON object; a value that isn't in the WAL comes from `before` where that knows it.
   *
   * @throws NervelineError `NL-CDC-013` when the tuple isn't one of this table, `NL-CDC-014`
   */
  row(out: JsonWriter, tuple: TupleView, before?: TupleView): void {
    this.#checkWidth(tuple);
    out.byte(OPEN);
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i];
      if (column === undefined) break;
      out.raw(column.label);
      const view = before !== undefined && tuple.isUnchanged(i) && before.kinds[i] === ColumnKind.text ? before : tuple;
      writeValue(out, column, view, i);
    }
    out.byte(CLOSE);
  }

  /** The row as it was. Of a key tuple only the identity columns: the others are unknown, which isn't null. */
  oldRow(out: JsonWriter, kind: OldKind, tuple: TupleView): void {
    if (kind === 'full') return this.row(out, tuple);
    this.#checkWidth(tuple);
    out.byte(OPEN);
    for (const [index, column] of this.#identity) {
      out.raw(column.label);
      writeValue(out, column, tuple, index);
    }
    out.byte(CLOSE);
  }

  #checkWidth(tuple: TupleView): void {
    if (tuple.count === this.#columns.length) return;
    throw new NervelineError('NL-CDC-013', {
      detail: `a row of ${this.table_name} has ${tuple.count} columns instead of ${this.#columns.length}`,
    });
  }

  #indexOf(name: string): number {
    const index = this.relation.columns.findIndex((column) => column.name === name);
    if (index >= 0) return index;
    throw new NervelineError('NL-CDC-019', { detail: `${this.table_name} has no column ${name}` });
  }
}

const escapedKey = ([tenant_id = '', ...rest]: readonly string[]): string => tenantKey(tenant_id, ...rest);

function writeValue(
  out: JsonWriter,
  { write }: ColumnPlan,
  { kinds, starts, ends, bytes }: TupleView,
  i: number,
): void {
  if (kinds[i] === ColumnKind.text) write(out, bytes, starts[i] ?? 0, ends[i] ?? 0);
  else out.raw(kinds[i] === ColumnKind.null ? NULL : UNCHANGED_JSON);
}
