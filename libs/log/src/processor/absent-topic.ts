import { isNervelineError } from '@nerveline/kernel';

/** A service that has never started has written nothing: its topics are empty. */
export async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isNervelineError(error, 'NL-LOG-008')) return undefined;
    throw error;
  }
}
