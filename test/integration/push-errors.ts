import { isNervelineError, NervelineError } from '@nerveline/kernel';

/** A failure as its error of the catalogue. */
export const toNervelineErrorForTest = (error: unknown): NervelineError =>
  isNervelineError(error) ? error : new NervelineError('NL-API-500', { detail: String(error), cause: error });
