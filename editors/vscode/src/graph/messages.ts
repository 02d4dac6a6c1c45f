/** What the extension and the picture's page tell each other. */
import type { Format } from "./export";
import type { Graph } from "./model";

export type ToPage = {
  type: "graph";
  title: string;
  graph: Graph;
  /** The node that the picture is about. */
  focus?: string;
  depth: number;
};

export type ToHost =
  | { type: "ready" }
  | { type: "open"; id: string }
  | { type: "expand"; id: string }
  | { type: "depth"; depth: number }
  | { type: "export"; format: Format; graph: Graph; svg?: string };
