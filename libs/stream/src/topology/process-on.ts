import { ProcessOperator, type Processor } from '../operators/process';
import type { Named } from './graph-builder';
import { untyped, type Place } from './place';
import type { LateStream } from './stream';

/** Puts a processor behind a place, under the word of the DSL that it stands for. */
export function processOn<K, V, State, Out>(
  place: Place,
  processor: Processor<K, V, State, Out>,
  { kind, name }: Named & { readonly kind: string },
): LateStream<K, Out, V> {
  const node = place.graph.operator({
    kind,
    ...(name === undefined ? {} : { name }),
    inputs: [place.outlet],
    create: () => (context) => new ProcessOperator(context, untyped(processor)),
  });
  return place.make.late({ ...place, outlet: { node, output: 0 } }, { node, output: 1 });
}
