/** A part of the code graph: symbols, files or folders, and how they refer to each other. */

export interface Position {
  line: number;
  character: number;
}

export interface GraphNode {
  id: string;
  label: string;
  /** `function`, `class`, `file` … */
  kind: string;
  uri: string;
  range: { start: Position; end: Position };
  /** What it stands in, if that is shown nowhere else. */
  container?: string;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** `calls`, `imports`, `inherits` or `uses`. */
  kind: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Nodes that are here, of those that there are. */
  shown: number;
  total: number;
  /** There may be more than the total, which is only what was counted. */
  more: boolean;
}

/** What the server sends: what was asked about first; identifiers are those of one answer. */
export interface WireGraph {
  nodes: { id: number; label: string; kind: string; detail: string | null; uri: string | null; range: GraphNode["range"] }[];
  edges: { from: number; to: number; kind: string }[];
  shown: number;
  total: number;
  /** Not from older servers, whose total may be too low without a word. */
  more?: boolean;
}

/** Most names of a path by which files are told apart. */
const FILE_NAMES_MAX = 4;

/** The nodes, with as much of their paths before the names of files as tells them apart. */
function distinct(nodes: GraphNode[]): GraphNode[] {
  const names = new Map(nodes.filter(({ kind }) => kind === "file").map(({ id }) => [id, 1]));
  const label = ({ uri, id }: GraphNode) => decodeURIComponent(uri).split("/").slice(-names.get(id)!).join("/");
  const files = nodes.filter(({ id }) => names.has(id));
  for (let step = 1; step < FILE_NAMES_MAX; step++) {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(label(file), (counts.get(label(file)) ?? 0) + 1);
    const alike = files.filter((file) => counts.get(label(file))! > 1);
    for (const { id } of alike) names.set(id, names.get(id)! + 1);
  }
  return nodes.map((node) => (names.has(node.id) ? { ...node, label: label(node) } : node));
}

/** Identifiers by place, which are the same in every answer, so that answers can be joined. */
export function stable(wire: WireGraph): Graph {
  const ids = new Map<number, string>();
  const nodes: GraphNode[] = [];
  for (const { id, label, kind, detail, uri, range } of wire.nodes) {
    if (uri === null) continue;
    const node: GraphNode = { id: `${uri}#${range.start.line}:${range.start.character}:${kind}`, label, kind, uri, range };
    ids.set(id, node.id);
    // What a file stands in is its path, which is shown as its place.
    nodes.push(detail && kind !== "file" ? { ...node, container: detail } : node);
  }
  const edges = wire.edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [ids.get(from), ids.get(to)];
    return a !== undefined && b !== undefined ? [{ from: a, to: b, kind }] : [];
  });
  return { nodes: distinct(nodes), edges, shown: wire.shown, total: wire.total, more: wire.more ?? false };
}

/** Both graphs as one, with so many nodes at most; what is in both is there once. */
export function join(a: Graph, b: Graph, most: number): Graph {
  const all = new Map([...a.nodes, ...b.nodes].map((node) => [node.id, node]));
  const nodes = distinct([...all.values()].slice(0, most));
  const kept = new Set(nodes.map((node) => node.id));
  const isPart = (graph: Graph) => graph.more || graph.total > graph.nodes.length;
  const edges = new Map([...a.edges, ...b.edges].map((edge) => [`${edge.from}\n${edge.to}\n${edge.kind}`, edge]));
  return {
    nodes,
    edges: [...edges.values()].filter(({ from, to }) => kept.has(from) && kept.has(to)),
    shown: nodes.length,
    // What neither shows cannot be told apart, so this is the least that there is.
    total: Math.max(a.total, b.total, all.size),
    more: isPart(a) || isPart(b),
  };
}

/** The part whose edges are of the kinds, and whose nodes have the text in their names; the focus always stays. */
export function filtered(graph: Graph, text: string, kinds: ReadonlySet<string>, focus?: string): Graph {
  const needle = text.trim().toLowerCase();
  const fits = (node: GraphNode) =>
    node.id === focus || !needle || `${node.container ?? ""} ${node.label}`.toLowerCase().includes(needle);
  const nodes = graph.nodes.filter(fits);
  const kept = new Set(nodes.map((node) => node.id));
  const edges = graph.edges.filter(({ from, to, kind }) => kinds.has(kind) && kept.has(from) && kept.has(to));
  return { ...graph, nodes, edges, shown: nodes.length };
}

/** Kinds of edges, the most frequent first. */
export function edgeKinds(graph: Graph): string[] {
  const counts = new Map<string, number>();
  for (const { kind } of graph.edges) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([kind]) => kind);
}
