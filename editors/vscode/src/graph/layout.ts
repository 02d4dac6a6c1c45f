/**
 * A layered drawing: columns from left to right in the direction of the edges, the order within a column by the means
 * of the neighbours' places (Sugiyama, Tagawa, Toda 1981, with the barycentre heuristic).
 */
import type { Graph, GraphEdge, GraphNode } from "./model";

export interface Box {
  node: GraphNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  edge: GraphEdge;
  /** A path of SVG. */
  path: string;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

/** Pixels of one character of the labels' font, and around the label for icon and padding. */
const CHARACTER_PX = 7.3;
const PADDING_PX = 34;
export const LABEL_CHARACTERS_MAX = 36;
const BOX_HEIGHT_PX = 28;
const ROW_PX = 40;
const COLUMN_GAP_PX = 70;
const MARGIN_PX = 16;
/** A column that is taller is broken into several side by side. */
const COLUMN_ROWS_MAX = 26;
/** More sweeps change little. */
const SWEEPS = 6;

export function shortened(label: string): string {
  return label.length > LABEL_CHARACTERS_MAX ? `${label.slice(0, LABEL_CHARACTERS_MAX - 1)}…` : label;
}

export function layout(graph: Graph, focus?: string): Drawing {
  const next = neighbours(graph.edges, "from", "to");
  const previous = neighbours(graph.edges, "to", "from");
  const layers = ordered(columns(graph, focus, next, previous), next, previous).flatMap(broken);

  const boxes: Box[] = [];
  const at = new Map<string, { box: Box; layer: number }>();
  const tallest = Math.max(0, ...layers.map((layer) => layer.length));
  let x = MARGIN_PX;
  layers.forEach((layer, column) => {
    const widths = layer.map((node) => shortened(node.label).length * CHARACTER_PX + PADDING_PX);
    const width = Math.max(0, ...widths);
    let y = MARGIN_PX + ((tallest - layer.length) * ROW_PX) / 2;
    for (const node of layer) {
      const box: Box = { node, x, y, width, height: BOX_HEIGHT_PX };
      boxes.push(box);
      at.set(node.id, { box, layer: column });
      y += ROW_PX;
    }
    x += width + COLUMN_GAP_PX;
  });

  const lines = graph.edges.flatMap((edge) => {
    const [from, to] = [at.get(edge.from), at.get(edge.to)];
    return from && to ? [{ edge, path: curve(from.box, to.box, to.layer - from.layer) }] : [];
  });
  return {
    width: Math.max(x - COLUMN_GAP_PX, 0) + MARGIN_PX,
    height: tallest * ROW_PX + 2 * MARGIN_PX,
    boxes,
    lines,
  };
}

function neighbours(edges: readonly GraphEdge[], key: "from" | "to", value: "from" | "to"): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const edge of edges) {
    const list = map.get(edge[key]);
    if (list) list.push(edge[value]);
    else map.set(edge[key], [edge[value]]);
  }
  return map;
}

type Neighbours = ReadonlyMap<string, string[]>;

/** The nodes by their distance along the edges: from the focus where there is one, or from where nothing leads to. */
function columns(graph: Graph, focus: string | undefined, next: Neighbours, previous: Neighbours): GraphNode[][] {
  const rank = new Map<string, number>();
  if (focus !== undefined && graph.nodes.some((node) => node.id === focus)) {
    rank.set(focus, 0);
    spread(rank, [focus], next, 1);
    spread(rank, [focus], previous, -1);
  } else {
    const sources = graph.nodes.filter((node) => !previous.has(node.id) && next.has(node.id)).map((node) => node.id);
    for (const id of sources) rank.set(id, 0);
    deepen(rank, sources, next, graph.nodes.length);
  }
  // What is left hangs on a node that has a place, or on none: a cycle nothing leads to, or a node without edges.
  for (const node of graph.nodes) {
    if (rank.has(node.id) || !(next.has(node.id) || previous.has(node.id))) continue;
    const before = (previous.get(node.id) ?? []).find((id) => rank.has(id));
    const after = (next.get(node.id) ?? []).find((id) => rank.has(id));
    const own = before !== undefined ? rank.get(before)! + 1 : after !== undefined ? rank.get(after)! - 1 : 0;
    rank.set(node.id, own);
    spread(rank, [node.id], next, 1);
    spread(rank, [node.id], previous, -1);
  }
  const byRank = new Map<number, GraphNode[]>();
  const alone = Math.max(0, ...rank.values()) + 1;
  for (const node of graph.nodes) {
    const place = rank.get(node.id) ?? alone;
    byRank.set(place, [...(byRank.get(place) ?? []), node]);
  }
  return [...byRank].sort(([a], [b]) => a - b).map(([, nodes]) => nodes);
}

/** Breadth first: each node that has no place yet is one column further than the first that leads to it. */
function spread(rank: Map<string, number>, from: string[], along: Neighbours, step: 1 | -1): void {
  const queue = [...from];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    for (const other of along.get(id) ?? []) {
      if (rank.has(other)) continue;
      rank.set(other, rank.get(id)! + step);
      queue.push(other);
    }
  }
}

/** The longest way decides, so that edges lead to the right; bounded, since there may be cycles. */
function deepen(rank: Map<string, number>, from: string[], next: Neighbours, limit: number): void {
  const queue = [...from];
  let steps = limit * 8;
  for (let id = queue.shift(); id !== undefined && steps > 0; id = queue.shift(), steps--) {
    const place = rank.get(id)! + 1;
    for (const other of next.get(id) ?? []) {
      if (place < limit && (rank.get(other) ?? -1) < place && !leadsTo(other, id, next)) {
        rank.set(other, place);
        queue.push(other);
      }
    }
  }
}

/** Whether an edge back closes a cycle of two, the only one that is common. */
function leadsTo(from: string, to: string, next: Neighbours): boolean {
  return from === to || ((next.get(from) ?? []).includes(to) && from > to);
}

function ordered(layers: GraphNode[][], next: Neighbours, previous: Neighbours): GraphNode[][] {
  let result = layers.map((layer) => [...layer].sort((a, b) => a.uri.localeCompare(b.uri) || start(a) - start(b)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const place = new Map(result.flatMap((layer) => layer.map((node, at) => [node.id, (at + 0.5) / layer.length])));
    const side = sweep % 2 === 0 ? previous : next;
    const mean = (node: GraphNode) => {
      const places = (side.get(node.id) ?? []).flatMap((id) => place.get(id) ?? []);
      return places.length > 0 ? places.reduce((a, b) => a + b, 0) / places.length : place.get(node.id)!;
    };
    result = result.map((layer) => {
      const means = new Map(layer.map((node) => [node.id, mean(node)]));
      return [...layer].sort((a, b) => means.get(a.id)! - means.get(b.id)!);
    });
  }
  return result;
}

function start(node: GraphNode): number {
  return node.range.start.line;
}

function broken(layer: GraphNode[]): GraphNode[][] {
  const parts = Math.ceil(layer.length / COLUMN_ROWS_MAX);
  const size = Math.ceil(layer.length / Math.max(parts, 1));
  return Array.from({ length: parts }, (_, at) => layer.slice(at * size, (at + 1) * size));
}

function curve(from: Box, to: Box, layers: number): string {
  const y1 = from.y + from.height / 2;
  const y2 = to.y + to.height / 2;
  const right = from.x + from.width;
  if (layers === 0) {
    const bulge = right + COLUMN_GAP_PX * 0.6;
    return `M${right} ${y1 - 4} C${bulge} ${y1 - 4} ${bulge} ${y2 + 4} ${to.x + to.width} ${y2 + 4}`;
  }
  const [x1, x2] = layers > 0 ? [right, to.x] : [from.x, to.x + to.width];
  const reach = (x2 - x1) / 2;
  return `M${x1} ${y1} C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}`;
}
