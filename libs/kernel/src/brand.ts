declare const brand: unique symbol;

/** A primitive that the compiler keeps apart from others of its kind, so that a SKU is never passed for a card. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
