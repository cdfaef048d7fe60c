import { NervelineError } from '@nerveline/kernel';
import type { CreateOperator } from '../engine/operator';
import type { ChainStep } from '../operators/chain';
import type { GraphNode, Outlet } from './graph';

export interface Named {
  /** Under which its state, its metrics and its place in `describe()` are found. Unique in the topology. */
  readonly name?: string;
}

export interface OperatorOptions extends Named {
  readonly kind: string;
  readonly inputs: readonly Outlet[];
  readonly create: (name: string) => CreateOperator;
  readonly delay_ms?: number;
  readonly detail?: string;
}

/** Collects the nodes of a topology while it is written down. A node's inputs always stand ahead of it. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly #names = new Set<string>();

  chain(kind: string, input: Outlet, { name, step }: Named & { readonly step: ChainStep }): Outlet {
    return this.add({ type: 'chain', kind, name: this.nameOf(kind, name), inputs: [input], step });
  }

  operator({ kind, name: given, inputs, create, delay_ms, detail }: OperatorOptions): GraphNode {
    const name = this.nameOf(kind, given);
    const more = { ...(delay_ms === undefined ? {} : { delay_ms }), ...(detail === undefined ? {} : { detail }) };
    return this.add({ type: 'operator', kind, name, inputs, create: create(name), ...more }).node;
  }

  add(node: GraphNode): Outlet {
    this.nodes.push(node);
    return { node, output: 0 };
  }

  /** @throws NervelineError `NL-STR-001` when another node has it */
  nameOf(kind: string, given: string | undefined): string {
    let name = given ?? kind;
    for (let n = 2; given === undefined && this.#names.has(name); n += 1) name = `${kind}-${n}`;
    if (this.#names.has(name)) throw new NervelineError('NL-STR-001', { detail: `two operators are called ${name}` });
    this.#names.add(name);
    return name;
  }
}
