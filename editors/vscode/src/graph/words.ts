/** What the picture shows, in words: for those who do not see it, and for the line below it. */
import type { Graph, GraphNode } from "./model";

/** Most names in one list; a longer one is not listened to. */
const NAMES_MAX = 5;

/** How an edge of a kind reads from its other end. */
const PASSIVE: Record<string, string> = { calls: "called by", imports: "imported by", inherits: "inherited by", uses: "used by" };

/** How much of what there is is shown. */
export function extent(shown: number, { total, more }: Graph): string {
  return `${shown} of ${total}${more ? " or more" : ""}`;
}

/** A file's last two names, and the line, counted from 1. */
export function place(uri: string, line: number): string {
  const path = decodeURIComponent(uri.replace(/^[a-z-]+:\/\/[^/]*/, ""));
  return `${path.split("/").slice(-2).join("/")}:${line + 1}`;
}

/** A node, where it is, and where its edges lead, such as `function f in C, src/a.py:4; calls g; called by h, k`. */
export function sentence(graph: Graph, node: GraphNode): string {
  const inside = node.container ? ` in ${node.container}` : "";
  const edges = new Map<string, string[]>();
  const labels = new Map(graph.nodes.map(({ id, label }) => [id, label]));
  const add = (how: string, id: string) => edges.set(how, [...(edges.get(how) ?? []), labels.get(id) ?? "?"]);
  for (const { from, to, kind } of graph.edges) {
    if (from === node.id) add(kind, to);
    if (to === node.id) add(PASSIVE[kind] ?? `${kind} from`, from);
  }
  const parts = [...edges].map(([how, names]) => `${how} ${few(names)}`);
  return [`${node.kind} ${node.label}${inside}, ${place(node.uri, node.range.start.line)}`, ...parts].join("; ");
}

function few(names: string[]): string {
  const more = names.length - NAMES_MAX;
  return more > 0 ? `${names.slice(0, NAMES_MAX).join(", ")} and ${more} more` : names.join(", ");
}
