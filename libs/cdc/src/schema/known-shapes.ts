import { relayTopics, type SchemaChanged, type TableShape } from '@nerveline/contracts';
import type { Column, Relation } from '../pgoutput/messages';
import { shapeChanges } from './shape-changes';

/** Where an event of {@link KnownShapes} stands. */
export interface ShapePlace {
  readonly position: string;
  readonly ts_ms: number;
}

/**
 * The shape of each table as it was last told of. It begins with what the log holds: a stream that comes again tells of
 * older shapes first, whose events lie below the tail of `cdc.schema` and are dropped like any record that is there.
 */
export class KnownShapes {
  readonly #shapes: Map<string, TableShape>;

  constructor(told: readonly SchemaChanged[]) {
    this.#shapes = new Map(told.map(({ table, after }) => [table, after]));
  }

  has(table: string): boolean {
    return this.#shapes.has(table);
  }

  /** The table has this shape from here on: the event that says so, undefined when that isn't new. */
  observe(table: string, after: TableShape, at: ShapePlace): SchemaChanged | undefined {
    const before = this.#shapes.get(table) ?? null;
    const changes = before === null ? [] : shapeChanges(before, after);
    if (before !== null && changes.length === 0) return undefined;
    this.#shapes.set(table, after);
    return { format_version: 1, table, ...at, before, after, changes };
  }
}

/** Before domains are resolved: snapshot and stream see the same. */
export function shapeOf({ relation_oid, replica_identity, columns }: Relation): TableShape {
  const shape = ({ name, type_oid, type_modifier, is_identity }: Column) => ({
    ...{ name, type_oid, type_modifier, is_identity },
  });
  return { relation_oid, replica_identity, columns: columns.map(shape) };
}

export const schemaTopic = relayTopics.schemas.name;
