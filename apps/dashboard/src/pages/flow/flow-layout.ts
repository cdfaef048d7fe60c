import { Graph, layout } from '@dagrejs/dagre';
import type { FlowStatus } from '@nerveline/contracts';

export const NODE_HEIGHT = 70;
const WIDE = { node: 176, between_ranks: 96 } as const;
const TIGHT = { node: 136, between_ranks: 64 } as const;
const BETWEEN_NODES = 14;
const MARGIN = 8;
/** From here on the picture has room for wide nodes. */
const WIDE_FROM_PX = 1_040;
/** The panel's own padding, both sides. */
const PANEL_PADDING_PX = 32;
/** Wider than this an edge says nothing more. */
const STRETCH_MAX = 1.6;
/** Where on an edge its label stands: near the end that fewer edges share, so that labels don't meet. */
const NEAR_PX = 36;
const NEAR_AT_MOST = 0.36;
const MIDDLE = 0.5;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the stages stand and how the edges run, in the picture's own units. */
export interface FlowLayout {
  readonly width: number;
  readonly height: number;
  readonly node_width: number;
  readonly nodes: ReadonlyMap<string, Point>;
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly path: string;
    readonly label: Point;
  }[];
}

type Shape = Pick<FlowStatus, 'edges'> & { readonly stages: readonly { readonly id: string }[] };

/** What the layout depends on: it is made again only when stages or edges come or go, not with each pulse. */
export const shapeKey = ({ stages, edges }: Shape): string =>
  JSON.stringify([stages.map(({ id }) => id), edges.map(({ from, to }) => [from, to])]);

/** Sources left, clients right. */
export function layOutFlow({ stages, edges }: Shape, width_px: number): FlowLayout {
  const { node: node_width, between_ranks } = width_px >= WIDE_FROM_PX ? WIDE : TIGHT;
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: BETWEEN_NODES, ranksep: between_ranks, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(stages.map(({ id }) => id));
  for (const id of known) graph.setNode(id, { width: node_width, height: NODE_HEIGHT });
  const drawn = edges.filter(({ from, to }) => known.has(from) && known.has(to));
  for (const { from, to } of drawn) graph.setEdge(from, to);
  layout(graph);
  const size = graph.graph() as { readonly width?: number; readonly height?: number };
  const natural_width = Math.max(node_width, size.width ?? 0);
  const width = Math.max(natural_width, Math.min(width_px - PANEL_PADDING_PX, natural_width * STRETCH_MAX));
  const edge_px = MARGIN + node_width / 2;
  const stretch = (width - 2 * edge_px) / Math.max(1, natural_width - 2 * edge_px);
  const placed = [...known].map((id): [string, Point] => {
    const { x, y } = pointOf(graph.node(id) as Partial<Point>);
    return [id, { x: edge_px + (x - edge_px) * stretch, y }];
  });
  const nodes = inGivenOrder(new Map(placed));
  return {
    width,
    height: Math.max(NODE_HEIGHT, size.height ?? 0),
    node_width,
    nodes,
    edges: drawn.map(({ from, to }) => {
      const fans_out = drawn.filter((edge) => edge.from === from).length > 1;
      const fans_in = drawn.filter((edge) => edge.to === to).length > 1;
      const near = fans_out ? 'target' : fans_in ? 'source' : 'middle';
      return { from, to, ...bow(nodes.get(from), nodes.get(to), { node_width, near }) };
    }),
  };
}

const ORIGIN: Point = { x: 0, y: 0 };

const pointOf = ({ x, y }: Partial<Point>): Point => ({ x: x ?? 0, y: y ?? 0 });

/** Stages of one rank from top to bottom as the pulse lists them: the order of the strip and of the rail. */
function inGivenOrder(nodes: ReadonlyMap<string, Point>): Map<string, Point> {
  const ordered = new Map<string, Point>();
  for (const [id, { x }] of nodes) {
    const rank = [...nodes].filter(([, other]) => other.x === x);
    const ys = rank.map(([, { y }]) => y).sort((a, b) => a - b);
    ordered.set(id, { x, y: ys[rank.findIndex(([other]) => other === id)] ?? 0 });
  }
  return ordered;
}

/** A calm curve from one side to the other; one that leads back runs below. */
function bow(
  from: Point = ORIGIN,
  to: Point = ORIGIN,
  { node_width, near }: { node_width: number; near: 'source' | 'middle' | 'target' },
) {
  const back = to.x < from.x;
  const side = (back ? -1 : 1) * (node_width / 2);
  const start = { x: from.x + side, y: from.y };
  const end = { x: to.x - side, y: to.y };
  const half = (end.x - start.x) / 2;
  const path = `M${start.x} ${start.y}C${start.x + half} ${start.y} ${end.x - half} ${end.y} ${end.x} ${end.y}`;
  const share = Math.min(NEAR_AT_MOST, NEAR_PX / Math.max(1, Math.abs(end.x - start.x)));
  const label_at = { source: share, middle: MIDDLE, target: 1 - share }[near];
  // The curve's own height at that place: a cubic whose handles are level.
  const eased = label_at ** 2 * (3 - 2 * label_at);
  return { path, label: { x: start.x + (end.x - start.x) * label_at, y: start.y + (end.y - start.y) * eased } };
}
