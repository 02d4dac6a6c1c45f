/** The picture as SVG, for the page and for export. */
import { type Drawing, shortened } from "../layout";
import type { Graph } from "../model";
import { place, sentence } from "../words";

const SVG = "http://www.w3.org/2000/svg";

const MARKS: Record<string, string> = {
  function: "ƒ",
  method: "ƒ",
  constructor: "ƒ",
  class: "C",
  struct: "S",
  enum: "E",
  interface: "I",
  trait: "T",
  module: "M",
  namespace: "N",
  file: "▤",
  folder: "▸",
  field: "·",
  property: "·",
  variable: "x",
  constant: "k",
  type: "t",
};

/** More lines than this are drawn thinner, or they would cover each other. */
const DENSE_LINES = 80;

export function draw(graph: Graph, drawing: Drawing, focus: string | undefined): SVGSVGElement {
  const svg = element("svg", { viewBox: `0 0 ${drawing.width} ${drawing.height}`, role: "group" }) as SVGSVGElement;
  svg.setAttribute("aria-label", "Graph; arrow keys move, Enter opens, Space expands");
  const marker = element("marker", {
    id: "arrow", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "9", markerHeight: "9", orient: "auto", markerUnits: "userSpaceOnUse",
  });
  marker.append(element("path", { d: "M0 0 L8 4 L0 8 z", class: "head" }));
  const definitions = element("defs", {});
  definitions.append(marker);
  svg.append(definitions);

  if (drawing.lines.length > DENSE_LINES) svg.classList.add("dense");
  for (const { edge, path } of drawing.lines) {
    const line = element("path", { d: path, class: `edge edge-${word(edge.kind)}`, "marker-end": "url(#arrow)" });
    line.dataset["from"] = edge.from;
    line.dataset["to"] = edge.to;
    line.append(title(edge.kind));
    svg.append(line);
  }
  drawing.boxes.forEach((box, at) => {
    const { node } = box;
    const isFocus = node.id === focus;
    const group = element("g", {
      class: `node kind-${word(node.kind)}${isFocus ? " focus" : ""}`,
      transform: `translate(${box.x} ${box.y})`,
      role: "button",
      tabindex: isFocus || (!focus && at === 0) ? "0" : "-1",
      "aria-label": sentence(graph, node),
    });
    group.dataset["id"] = node.id;
    group.append(element("rect", { width: String(box.width), height: String(box.height), rx: "4" }));
    const mark = element("text", { x: "13", y: "18.5", class: "mark", "text-anchor": "middle" });
    mark.textContent = MARKS[node.kind] ?? "•";
    const label = element("text", { x: "25", y: "18.5", class: "label" });
    label.textContent = shortened(node.label);
    const inside = node.container ? `\nin ${node.container}` : "";
    group.append(mark, label, title(`${node.kind} ${node.label}${inside}\n${place(node.uri, node.range.start.line)}`));
    svg.append(group);
  });
  return svg;
}

/** A picture that needs no page around it: the colours that the page shows, and nothing to press. */
export function standalone(svg: SVGSVGElement, drawing: Drawing): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(drawing.width));
  copy.setAttribute("height", String(drawing.height));
  const originals = svg.querySelectorAll<SVGElement>("rect, path, text");
  copy.querySelectorAll<SVGElement>("rect, path, text").forEach((shape, at) => {
    const original = originals[at];
    if (!original) return;
    const seen = getComputedStyle(original);
    for (const name of ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-family", "font-size", "font-weight"]) {
      shape.setAttribute(name, seen.getPropertyValue(name));
    }
  });
  for (const group of copy.querySelectorAll("g")) {
    for (const name of ["tabindex", "role", "data-id", "class"]) group.removeAttribute(name);
  }
  const background = element("rect", { width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor });
  copy.prepend(background);
  return new XMLSerializer().serializeToString(copy);
}

function word(kind: string): string {
  return kind.replaceAll(/[^a-z]/gi, "").toLowerCase();
}

function title(text: string): SVGElement {
  const element_ = element("title", {});
  element_.textContent = text;
  return element_;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
