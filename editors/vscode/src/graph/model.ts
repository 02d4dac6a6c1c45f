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
  /** `call`, `import`, `inherit` … */
  kind: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Nodes that are here, of those that there are. */
  shown: number;
  total: number;
}

/** What the server sends; identifiers are those of one answer. */
export interface WireGraph {
  nodes: (Omit<GraphNode, "id" | "container"> & { id: string | number; container?: string | null })[];
  edges: { from: string | number; to: string | number; kind: string }[];
  shown: number;
  total: number;
}

/** Identifiers by place, which are the same in every answer, so that answers can be joined. */
export function stable(wire: WireGraph): Graph {
  const ids = new Map(
    wire.nodes.map(({ id, uri, range, kind }) => [id, `${uri}#${range.start.line}:${range.start.character}:${kind}`]),
  );
  const nodes = wire.nodes.map(({ id, label, kind, uri, range, container }) => {
    const node: GraphNode = { id: ids.get(id) ?? String(id), label, kind, uri, range };
    return container ? { ...node, container } : node;
  });
  const edges = wire.edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [ids.get(from), ids.get(to)];
    return a !== undefined && b !== undefined ? [{ from: a, to: b, kind }] : [];
  });
  return { nodes, edges, shown: wire.shown, total: wire.total };
}

/** Both graphs as one; what is in both is there once. */
export function join(a: Graph, b: Graph): Graph {
  const nodes = new Map([...a.nodes, ...b.nodes].map((node) => [node.id, node]));
  const edges = new Map([...a.edges, ...b.edges].map((edge) => [`${edge.from}\n${edge.to}\n${edge.kind}`, edge]));
  const more = nodes.size - a.nodes.length;
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    shown: nodes.size,
    total: Math.max(a.total, a.total - a.shown + nodes.size, b.total - b.shown + more),
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
