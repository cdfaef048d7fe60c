import { err, NervelineError, type Result } from '@nerveline/kernel';
import type { CsvRow } from './csv-rows';

/** Hears of a row that can't be played (`NL-SIM-003`). One that throws ends the reading. */
export type Refuse = (refusal: NervelineError) => void;

/** For a reader who wants all rows or none. */
export const demandEvery: Refuse = (refusal) => {
  throw refusal;
};

/** What is wrong with a cell. */
export interface Flaw {
  readonly column: string;
  readonly detail: string;
}

/** The cell is not what its column holds: `'-5' is not an amount`. */
export const flawed = (column: string, cell: string, wanted: string): Result<never, Flaw> =>
  err({ column, detail: `'${cell}' is not ${wanted}` });

/** What a row stands for; undefined when it can't be played, and was refused with its file, line and column. */
export function playable<T>(
  { where, cells }: CsvRow,
  read: (cells: readonly string[]) => Result<T, Flaw>,
  refuse: Refuse,
): T | undefined {
  if (cells === undefined) {
    refuse(new NervelineError('NL-SIM-003', { detail: `${where}: the row has more or fewer cells than the header` }));
    return undefined;
  }
  const result = read(cells);
  if (result.ok) return result.value;
  const { column, detail } = result.error;
  refuse(new NervelineError('NL-SIM-003', { field: column, detail: `${where}, column ${column}: ${detail}` }));
  return undefined;
}
