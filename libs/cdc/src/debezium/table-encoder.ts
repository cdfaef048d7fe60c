import { tenantKey, UNCHANGED, type SourceTable } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { unchanged, type ColumnValue, type OldTuple, type Relation, type Tuple } from '../pgoutput/messages';
import { columnToJson, type ColumnToJson } from '../values/column-json';

interface ColumnPlan {
  /** `"name":` */
  readonly label: string;
  readonly is_identity: boolean;
  readonly toJson: ColumnToJson;
}

const UNCHANGED_JSON = JSON.stringify(UNCHANGED);

/**
 * Turns tuples of one table into record keys and JSON rows. What depends on the table alone is worked out once, when
 * its relation message arrives.
 */
export class TableEncoder {
  readonly table_name: string;
  readonly topic: string;
  readonly partitions: number;
  readonly #columns: readonly ColumnPlan[];
  readonly #key: readonly number[];
  readonly #order_columns: number;

  /** @throws NervelineError `NL-CDC-019` when the table lacks a key column */
  constructor(
    readonly relation: Relation,
    readonly source: SourceTable,
  ) {
    this.table_name = `${relation.schema}.${relation.table}`;
    this.topic = source.topic.name;
    this.partitions = source.topic.partitions;
    this.#columns = relation.columns.map((column) => ({
      label: `${JSON.stringify(column.name)}:`,
      is_identity: column.is_identity,
      toJson: columnToJson(column.type_oid, column.type_modifier),
    }));
    this.#key = source.key.map((name) => this.#indexOf(name));
    this.#order_columns = source.order_by.length;
  }

  /**
   * The values of the key columns, in the order of the contract.
   *
   * @param before where a value stands that the update left alone, when the new tuple doesn't hold it
   * @throws NervelineError `NL-CDC-019` for a key column without a value
   */
  keyOf(tuple: Tuple, before?: Tuple): string[] {
    return this.#key.map((index) => {
      const value = tuple[index] === unchanged ? before?.[index] : tuple[index];
      if (typeof value === 'string') return value;
      throw new NervelineError('NL-CDC-019', {
        detail: `a row of ${this.table_name} has no value in key column ${this.relation.columns[index]?.name}`,
      });
    });
  }

  recordKey([tenant_id = '', ...rest]: readonly string[]): string {
    return tenantKey(tenant_id, ...rest);
  }

  /** The part of the key that chooses the partition. */
  orderKey(key: readonly string[]): string {
    return this.recordKey(key.slice(0, this.#order_columns));
  }

  /** A row as a JSON object; a value that isn't in the WAL comes from `before` where that knows it. */
  row(tuple: Tuple, before?: Tuple): string {
    let json = '{';
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i];
      if (column === undefined) break;
      const value = tuple[i] === unchanged ? (before?.[i] ?? unchanged) : tuple[i];
      json += `${i === 0 ? '' : ','}${column.label}${valueToJson(value, column)}`;
    }
    return `${json}}`;
  }

  /** The row as it was. Of a key tuple only the identity columns: the others are unknown, which isn't null. */
  oldRow(old: OldTuple): string {
    if (old.kind === 'full') return this.row(old.tuple);
    const known = this.#columns.flatMap((column, i) =>
      column.is_identity ? [`${column.label}${valueToJson(old.tuple[i], column)}`] : [],
    );
    return `{${known.join(',')}}`;
  }

  #indexOf(name: string): number {
    const index = this.relation.columns.findIndex((column) => column.name === name);
    if (index >= 0) return index;
    throw new NervelineError('NL-CDC-019', { detail: `${this.table_name} has no column ${name}` });
  }
}

function valueToJson(value: ColumnValue | undefined, column: ColumnPlan): string {
  if (value === null || value === undefined) return 'null';
  return value === unchanged ? UNCHANGED_JSON : column.toJson(value);
}
