import type { GraphNode, Outlet } from './graph';

const outputOf = ({ node, output }: Outlet): string => (output === 0 ? node.name : `${node.name}#${output}`);

/** `name (kind: detail) <- inputs`, inputs always on a line above. */
export function describeAsText(nodes: readonly GraphNode[]): string {
  return nodes
    .map(({ name, kind, inputs, detail }) => {
      const what = [kind, ...(detail === undefined ? [] : [detail])].join(': ');
      return `${name} (${what})${inputs.length === 0 ? '' : ` <- ${inputs.map(outputOf).join(', ')}`}`;
    })
    .join('\n');
}

const SHAPES: Readonly<Record<GraphNode['type'], readonly [string, string]>> = {
  source: ['[(', ')]'],
  chain: ['(', ')'],
  operator: ['[', ']'],
  sink: ['[(', ')]'],
};

/** A flow chart that Mermaid draws; names are quoted, so they may hold anything. */
export function describeAsMermaid(nodes: readonly GraphNode[]): string {
  const ids = new Map(nodes.map((node, at) => [node, `n${at}`]));
  const lines = nodes.flatMap((node) => {
    const [open, close] = SHAPES[node.type];
    const detail = node.detail === undefined ? '' : `<br>${node.detail}`;
    const label = `"${node.name.replaceAll('"', '#quot;')}${detail}"`;
    const edges = node.inputs.map(({ node: input, output }) => {
      const arrow = output === 0 ? '-->' : `-- ${output} -->`;
      return `  ${ids.get(input)} ${arrow} ${ids.get(node)}`;
    });
    return [`  ${ids.get(node)}${open}${label}${close}`, ...edges];
  });
  return ['flowchart LR', ...lines].join('\n');
}
