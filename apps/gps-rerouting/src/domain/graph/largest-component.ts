import type { RawEdge } from './build-graph';
import { at } from './road-graph';

/**
 * The edges of the largest strongly connected component (Tarjan's algorithm with a stack of its own, since a city is
 * deeper than the call stack).
 */
export function keepLargestComponent(edges: readonly RawEdge[], point_count: number): RawEdge[] {
  const component = components(edges, point_count);
  const sizes = new Map<number, number>();
  for (const { tail, head } of edges) {
    const id = at(component, tail);
    if (id === at(component, head)) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  }
  let largest = -1;
  for (const [id, size] of sizes) if (size > (sizes.get(largest) ?? 0)) largest = id;
  return edges.filter(({ tail, head }) => at(component, tail) === largest && at(component, head) === largest);
}

/** The number of each point's component; -1 for a point that no edge touches. */
function components(edges: readonly RawEdge[], point_count: number): Int32Array {
  const { first, heads } = adjacency(edges, point_count);
  const component = new Int32Array(point_count).fill(-1);
  const found = new Int32Array(point_count).fill(-1);
  const low = new Int32Array(point_count);
  const next = first.slice(0, point_count);
  const open: number[] = [];
  const path: number[] = [];
  let time = 0;
  let component_count = 0;

  const enter = (point: number) => {
    found[point] = low[point] = time++;
    open.push(point);
    path.push(point);
  };
  const leave = (point: number) => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(at(low, parent), at(low, point));
    if (at(low, point) !== at(found, point)) return;
    for (let member = open.pop(); member !== undefined; member = open.pop()) {
      component[member] = component_count;
      if (member === point) break;
    }
    component_count++;
  };

  for (let root = 0; root < point_count; root++) {
    if (at(found, root) !== -1 || at(first, root) === at(first, root + 1)) continue;
    enter(root);
    for (let point = path.at(-1); point !== undefined; point = path.at(-1)) {
      if (at(next, point) === at(first, point + 1)) {
        leave(point);
        continue;
      }
      const head = at(heads, at(next, point));
      next[point] = at(next, point) + 1;
      if (at(found, head) === -1) enter(head);
      else if (at(component, head) === -1) low[point] = Math.min(at(low, point), at(found, head));
    }
  }
  return component;
}

function adjacency(edges: readonly RawEdge[], point_count: number) {
  const first = new Uint32Array(point_count + 1);
  for (const { tail } of edges) first[tail + 1] = at(first, tail + 1) + 1;
  for (let point = 0; point < point_count; point++) first[point + 1] = at(first, point + 1) + at(first, point);
  const heads = new Uint32Array(edges.length);
  const next = first.slice();
  for (const { tail, head } of edges) {
    heads[at(next, tail)] = head;
    next[tail] = at(next, tail) + 1;
  }
  return { first, heads };
}
