/** The graph as text for other programs. */
import type { Graph } from "./model";

export const FORMATS = ["svg", "dot", "mermaid", "json"] as const;
export type Format = (typeof FORMATS)[number];

export const EXTENSIONS: Record<Format, string> = { svg: "svg", dot: "dot", mermaid: "mmd", json: "json" };

/** In the language of Graphviz. */
export function dot(graph: Graph): string {
  const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  const number = numbers(graph);
  const nodes = graph.nodes.map((node) => `  n${number.get(node.id)} [label=${quote(node.label)} tooltip=${quote(place(node.uri, node.range.start.line))}];`);
  const edges = graph.edges.map((edge) => `  n${number.get(edge.from)} -> n${number.get(edge.to)} [label=${quote(edge.kind)}];`);
  return ["digraph coppice {", "  rankdir=LR;", "  node [shape=box];", ...nodes, ...edges, "}", ""].join("\n");
}

/** As a flowchart of Mermaid. */
export function mermaid(graph: Graph): string {
  const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll("\n", " ");
  const number = numbers(graph);
  const nodes = graph.nodes.map((node) => `  n${number.get(node.id)}["${escape(node.label)}"]`);
  const edges = graph.edges.map((edge) => `  n${number.get(edge.from)} -->|${escape(edge.kind)}| n${number.get(edge.to)}`);
  return ["flowchart LR", ...nodes, ...edges, ""].join("\n");
}

export function json(graph: Graph): string {
  return `${JSON.stringify(graph, null, 2)}\n`;
}

function numbers(graph: Graph): Map<string, number> {
  return new Map(graph.nodes.map((node, at) => [node.id, at]));
}

function place(uri: string, line: number): string {
  return `${decodeURIComponent(uri.replace(/^file:\/\//, ""))}:${line + 1}`;
}
