import type { Processor } from './process';

interface Held<V> {
  readonly value: V;
}

/** Gives the last of a key's values, `wait_ms` after the first of them. */
export const suppressor = <K, V>(wait_ms: number): Processor<K, V, Held<V>, V> => ({
  onRecord(value, context) {
    if (context.state === undefined) context.setTimer(context.timestamp_ms + wait_ms);
    context.keep({ value });
  },
  onTimer(context) {
    if (context.state === undefined) return;
    context.emit(context.state.value);
    context.forget();
  },
});
