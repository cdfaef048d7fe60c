import { NervelineError } from '@nerveline/kernel';
import { ChainOperator } from '../operators/chain';
import type { ChainNode, GraphNode, OperatorNode, Outlet } from '../topology/graph';
import type { Batch } from './batch';
import type { Operator, RejectedRecord } from './operator';
import { Source } from './source';
import type { StateBackend } from './state';

export interface OperatorCounts {
  /** Records that came too late for everything, and went to the side output. */
  late: number;
  /** Records that came too late for some of their windows, and were taken into the others. */
  late_for_some: number;
}

/** A topology as a schedule: run the operators in this order, then look into the sinks. */
export interface CompiledTopology {
  readonly sources: ReadonlyMap<string, Source>;
  readonly operators: readonly Operator[];
  readonly sinks: readonly { readonly topic: string; readonly batch: Batch }[];
  readonly counts: ReadonlyMap<string, OperatorCounts>;
  readonly rejected: readonly RejectedRecord[];
  reject(record: RejectedRecord): void;
  deliver(topic: string, batch: Batch): void;
}

export interface CompileOptions {
  readonly state: StateBackend;
  deliver(topic: string, batch: Batch): void;
  /** What is done with records that can't be handled; kept in `rejected` when absent. */
  reject?(record: RejectedRecord): void;
}

/** Compiles nodes, which stand in an order in which inputs come before their readers, into a schedule of operators. */
export function compile(nodes: readonly GraphNode[], options: CompileOptions): CompiledTopology {
  return new Compilation(nodes, options).run();
}

class Compilation {
  readonly #sources = new Map<string, Source>();
  readonly #operators: Operator[] = [];
  readonly #sinks: { topic: string; batch: Batch }[] = [];
  readonly #counts = new Map<string, OperatorCounts>();
  readonly #rejected: RejectedRecord[] = [];
  readonly #outputs = new Map<GraphNode, readonly Batch[]>();
  readonly #delays_ms = new Map<GraphNode, number>();
  readonly #readers = new Map<GraphNode, GraphNode[]>();

  constructor(
    private readonly nodes: readonly GraphNode[],
    private readonly options: CompileOptions,
  ) {}

  run(): CompiledTopology {
    for (const node of this.nodes) {
      for (const { node: input } of node.inputs) this.#readers.set(input, [...(this.#readers.get(input) ?? []), node]);
    }
    for (const node of this.nodes) this.#compile(node);
    return {
      sources: this.#sources,
      operators: this.#operators,
      sinks: this.#sinks,
      counts: this.#counts,
      rejected: this.#rejected,
      reject: this.#reject,
      deliver: (topic, batch) => this.options.deliver(topic, batch),
    };
  }

  readonly #reject = (record: RejectedRecord): void => {
    if (this.options.reject === undefined) this.#rejected.push(record);
    else this.options.reject(record);
  };

  #compile(node: GraphNode): void {
    switch (node.type) {
      case 'source': {
        const has_table = this.nodes.some(({ inputs }) => inputs.some((one) => one.node === node && one.output === 1));
        const source = new Source(node.topic.name, node.time, node.topic.partitions ?? 1, has_table);
        this.#sources.set(node.topic.name, source);
        this.#outputs.set(node, [source.batch, source.changes]);
        return;
      }
      case 'chain':
        // The last step of a chain makes the operator for all of it.
        if (!this.#isFused(node)) this.#add(node, this.#chainOf(node));
        return;
      case 'operator':
        this.#add(node, [node]);
        return;
      case 'sink':
        this.#sinks.push({ topic: node.topic.name, batch: this.#batchOf(node.inputs[0]) });
        return;
    }
  }

  /** Is this step read by one other step only, so that both can be one pass? */
  #isFused(node: ChainNode): boolean {
    const readers = this.#readers.get(node) ?? [];
    return readers.length === 1 && readers[0]?.type === 'chain';
  }

  #chainOf(last: ChainNode): readonly ChainNode[] {
    const chain = [last];
    for (let node = last.inputs[0]?.node; node?.type === 'chain' && this.#isFused(node); node = node.inputs[0]?.node) {
      chain.unshift(node);
    }
    return chain;
  }

  #add(node: OperatorNode | ChainNode, chain: readonly (OperatorNode | ChainNode)[]): void {
    const first = chain[0] ?? node;
    const delay_ms = Math.max(0, ...first.inputs.map((input) => this.#delays_ms.get(input.node) ?? 0));
    const counts = { late: 0, late_for_some: 0 };
    this.#counts.set(node.name, counts);
    const context = {
      name: node.name,
      inputs: first.inputs.map((input) => this.#batchOf(input)),
      delay_ms,
      state: this.options.state,
      reject: this.#reject,
      late: (how: 'all' | 'some') => {
        if (how === 'all') counts.late += 1;
        else counts.late_for_some += 1;
      },
    };
    const operator =
      node.type === 'operator'
        ? node.create(context)
        : new ChainOperator(
            context,
            chain.filter((one) => one.type === 'chain'),
          );
    this.#operators.push(operator);
    this.#outputs.set(node, operator.outputs);
    this.#delays_ms.set(node, delay_ms + (node.type === 'operator' ? (node.delay_ms ?? 0) : 0));
  }

  #batchOf(outlet: Outlet | undefined): Batch {
    const batch = outlet && this.#outputs.get(outlet.node)?.[outlet.output];
    if (batch === undefined) throw new NervelineError('NL-KRN-001', { detail: 'an operator has no input' });
    return batch;
  }
}
