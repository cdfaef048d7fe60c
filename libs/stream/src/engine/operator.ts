import type { Batch } from './batch';
import type { StateBackend } from './state';
import type { Step } from './step';

/** One box of the running graph: reads its input batches, fills its own. Everything that it remembers is in the state. */
export interface Operator {
  readonly outputs: readonly Batch[];
  run(step: Step): void;
  /** State was replaced: forget what was derived from it. */
  restored?(): void;
}

/** A record that an operator could not handle, with the operator's name: it goes the way of the log's dead letters. */
export interface RejectedRecord {
  readonly operator: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp_ms: number;
  readonly error: unknown;
}

/** What an operator is made with. */
export interface OperatorContext {
  readonly name: string;
  readonly inputs: readonly Batch[];
  /**
   * How far the time of this operator lies behind the source's: operators above hold results back for their grace, and
   * those must not be late here.
   */
  readonly delay_ms: number;
  readonly state: StateBackend;
  reject(record: RejectedRecord): void;
  /** A record that came too late for at least one of its windows. */
  late(how: 'all' | 'some'): void;
}

export type CreateOperator = (context: OperatorContext) => Operator;

/** The only input of an operator that has one. */
export const onlyInput = ({ inputs: [input], name }: OperatorContext): Batch => {
  if (input === undefined) throw new Error(`operator ${name} has no input`);
  return input;
};

/** Is there a key to group by? A missing one or NaN would put records together that have nothing in common. */
export const isKey = (key: unknown): boolean => key !== undefined && key !== null && key === key;
