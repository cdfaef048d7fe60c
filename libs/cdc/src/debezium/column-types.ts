import type { Relation, RowStreamMessage } from '../pgoutput/messages';
import { typeOidByName } from '../values/type-oids';

/** A column whose type isn't PostgreSQL's own: it is carried as text. */
export interface TextTypeColumn {
  /** `SCHEMA.TABLE` */
  readonly table: string;
  readonly column: string;
  /** `SCHEMA.TYPE` */
  readonly type: string;
}

/** What the stream tells of types that were made in the database, ahead of the relations that use them. */
export class ColumnTypes {
  /** Domains by object id, with the type of PostgreSQL's own that they are made of. */
  readonly #domains = new Map<number, number>();
  /** Names of types that aren't PostgreSQL's own. */
  readonly #foreign = new Map<number, string>();
  readonly #told = new Set<string>();

  /** For a domain the server names the type that it is made of. */
  name({ type_oid, schema, name }: RowStreamMessage & { kind: 'type' }): void {
    const is_own = schema === 'pg_catalog';
    const base = is_own ? typeOidByName(name) : undefined;
    if (base === undefined) this.#domains.delete(type_oid);
    else this.#domains.set(type_oid, base);
    if (is_own) this.#foreign.delete(type_oid);
    else this.#foreign.set(type_oid, `${schema}.${name}`);
  }

  /** The relation with domains resolved. */
  resolve(relation: Relation): Relation {
    const columns = relation.columns.map((column) => ({
      ...column,
      type_oid: this.#domains.get(column.type_oid) ?? column.type_oid,
    }));
    return { ...relation, columns };
  }

  /** Columns that are carried as text, each given once. */
  takeTextColumns({ schema, table, columns }: Relation): TextTypeColumn[] {
    return columns.flatMap(({ name, type_oid }) => {
      const type = this.#foreign.get(type_oid);
      const column = `${schema}.${table}.${name}`;
      if (type === undefined || this.#told.has(column)) return [];
      this.#told.add(column);
      return [{ table: `${schema}.${table}`, column: name, type }];
    });
  }
}
