import type { ValueTransformer } from 'typeorm';
import { invariant } from '@nerveline/kernel';

/** A `bigint` column that holds milliseconds or money: an exact number in the code, or an error. */
export const exactInteger: ValueTransformer = {
  to: (value: number) => value,
  from: (value: string) => {
    const exact = Number(value);
    invariant(Number.isSafeInteger(exact), 'a bigint column holds no more than a number can');
    return exact;
  },
};
