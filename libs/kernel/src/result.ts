/** An outcome that the caller must look at: a business refusal is a value, never an exception. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** The outcome that went well. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** The outcome that was refused, and why. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });
