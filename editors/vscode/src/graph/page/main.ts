/** The page that shows a part of the graph, as a picture or as a list. */
import type { Format } from "../export";
import { type Drawing, layout } from "../layout";
import type { ToHost, ToPage } from "../messages";
import { type Graph, edgeKinds, filtered } from "../model";
import { extent, place, sentence } from "../words";
import { draw, standalone } from "./draw";

/** What a page that comes back shows again: VS Code throws away one that is behind another. */
interface Kept {
  given: ToPage;
  hiddenKinds: string[];
  filter: string;
  zoom: number;
  asList: boolean;
}

interface Host {
  postMessage(message: ToHost): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
}
declare function acquireVsCodeApi(): Host;

const ZOOM_STEP = 1.25;
const ZOOM_MIN = 0.2;
const ZOOM_MAX = 4;
/** How far a picture is made smaller by itself, so that it fits; what is smaller still is hard to read. */
const ZOOM_UNASKED_MIN = 0.7;

const host = acquireVsCodeApi();
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const main = byId("main");
const filter = byId<HTMLInputElement>("filter");
const depth = byId<HTMLSelectElement>("depth");
const count = byId("count");
const about = byId("about");
const listButton = byId<HTMLButtonElement>("list");

let given: ToPage | undefined;
let hiddenKinds = new Set<string>();
let shown: Graph = { nodes: [], edges: [], shown: 0, total: 0, more: false };
let drawing: Drawing = layout(shown);
let svg: SVGSVGElement | undefined;
let zoom = 1;
let asList = false;

function receive(message: ToPage): void {
  const isFirst = given === undefined;
  const isOther = given?.depth !== message.depth;
  given = message;
  depth.value = String(message.depth);
  // A folder is drawn as all its files.
  depth.disabled = message.focus === undefined;
  showKinds(message.graph);
  render();
  if (isOther) fit(ZOOM_UNASKED_MIN);
  if (isFirst && message.focus) focusNode(message.focus);
}

/** Notes what is shown and how, for when the page comes back. */
function keep(): void {
  if (given) host.setState({ given, hiddenKinds: [...hiddenKinds], filter: filter.value, zoom, asList });
}

function restore(kept: Kept): void {
  hiddenKinds = new Set(kept.hiddenKinds);
  filter.value = kept.filter;
  showAs(kept.asList);
  receive(kept.given);
  zoom = kept.zoom;
  scale();
}

function showAs(list: boolean): void {
  asList = list;
  listButton.setAttribute("aria-pressed", String(list));
}

function showKinds(graph: Graph): void {
  const focused = document.activeElement?.getAttribute("data-kind");
  const boxes = edgeKinds(graph).map((kind) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.dataset["kind"] = kind;
    box.checked = !hiddenKinds.has(kind);
    box.addEventListener("change", () => {
      if (box.checked) hiddenKinds.delete(kind);
      else hiddenKinds.add(kind);
      render();
    });
    label.append(box, ` ${kind}`);
    label.className = `kind edge-${kind.replaceAll(/[^a-z]/gi, "").toLowerCase()}`;
    return label;
  });
  byId("kinds").replaceChildren(...boxes);
  if (focused) byId("kinds").querySelector<HTMLElement>(`[data-kind="${focused}"]`)?.focus();
}

function render(): void {
  if (!given) return;
  // What the keyboard is on stays so, when more is drawn around it.
  const [before, isButton] = [main.contains(document.activeElement) ? idOf(document.activeElement) : undefined, isExpand(document.activeElement)];
  const kinds = new Set(edgeKinds(given.graph).filter((kind) => !hiddenKinds.has(kind)));
  shown = filtered(given.graph, filter.value, kinds, given.focus);
  drawing = layout(shown, given.focus);
  count.textContent = extent(shown.nodes.length, given.graph);
  svg = asList ? undefined : draw(shown, drawing, given.focus);
  main.replaceChildren(svg ?? list(shown));
  scale();
  if (before) focusNode(before, isButton);
}

function scale(): void {
  keep();
  svg?.setAttribute("width", String(drawing.width * zoom));
  svg?.setAttribute("height", String(drawing.height * zoom));
}

function zoomBy(factor: number): void {
  zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom * factor));
  scale();
}

/** Makes the picture so small that it is seen as a whole, but no smaller than that. */
function fit(least: number): void {
  const whole = Math.min(1, main.clientWidth / drawing.width, main.clientHeight / drawing.height);
  zoom = Math.max(whole, least);
  scale();
}

/** The same as the picture says, as text: each symbol, and where its edges lead. */
function list(graph: Graph): HTMLElement {
  const items = document.createElement("ul");
  const labels = new Map(graph.nodes.map((node) => [node.id, node.label]));
  for (const node of graph.nodes) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.dataset["id"] = node.id;
    button.textContent = `${node.kind} ${node.label}`;
    const where = document.createElement("span");
    where.textContent = ` ${place(node.uri, node.range.start.line)} `;
    const more = document.createElement("button");
    more.dataset["id"] = node.id;
    more.className = "expand";
    more.textContent = "Expand";
    more.setAttribute("aria-label", `Expand ${node.label}`);
    item.append(button, where, more);
    const links = document.createElement("ul");
    for (const edge of graph.edges.filter(({ from }) => from === node.id)) links.append(line(`${edge.kind} → ${labels.get(edge.to)}`));
    for (const edge of graph.edges.filter(({ to }) => to === node.id)) links.append(line(`${edge.kind} ← ${labels.get(edge.from)}`));
    if (links.childElementCount > 0) item.append(links);
    items.append(item);
  }
  return items;
}

function line(text: string): HTMLElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function idOf(target: EventTarget | null): string | undefined {
  return (target as Element | null)?.closest<HTMLElement | SVGElement>("[data-id]")?.dataset["id"];
}

function isExpand(target: EventTarget | null): boolean {
  return (target as Element | null)?.classList?.contains("expand") === true;
}

function focusNode(id: string, isButton = false): void {
  if (asList) {
    const buttons = [...main.querySelectorAll<HTMLElement>("button")].filter((button) => button.dataset["id"] === id);
    buttons.find((button) => isExpand(button) === isButton)?.focus();
    return;
  }
  for (const node of main.querySelectorAll<SVGElement>(".node")) {
    const isIt = node.dataset["id"] === id;
    node.setAttribute("tabindex", isIt ? "0" : "-1");
    if (isIt) {
      node.focus();
      node.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
}

/** The node that an arrow key leads to: along an edge to the sides, within the column up and down. */
function towards(id: string, key: string): string | undefined {
  const here = drawing.boxes.find((box) => box.node.id === id);
  if (!here) return undefined;
  const middle = (box: typeof here) => box.y + box.height / 2;
  const near = (boxes: (typeof here)[]) =>
    boxes.sort((a, b) => Math.abs(middle(a) - middle(here)) - Math.abs(middle(b) - middle(here)) || Math.abs(a.x - here.x) - Math.abs(b.x - here.x))[0]?.node.id;
  switch (key) {
    case "ArrowUp":
      return near(drawing.boxes.filter((box) => box.x === here.x && box.y < here.y));
    case "ArrowDown":
      return near(drawing.boxes.filter((box) => box.x === here.x && box.y > here.y));
    default: {
      const linked = new Set(shown.edges.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : [])));
      const isThere = (box: typeof here) => (key === "ArrowRight" ? box.x > here.x : box.x < here.x);
      return near(drawing.boxes.filter((box) => isThere(box) && linked.has(box.node.id))) ?? near(drawing.boxes.filter(isThere));
    }
  }
}

/** Edges of the node under the pointer or the keyboard stand out, and the line below says what it is. */
function mark(id: string | undefined): void {
  const node = shown.nodes.find((node) => node.id === id);
  about.textContent = node ? sentence(shown, node) : "";
  for (const edge of main.querySelectorAll<SVGElement>(".edge")) {
    edge.classList.toggle("marked", id !== undefined && (edge.dataset["from"] === id || edge.dataset["to"] === id));
  }
}

main.addEventListener("click", (event) => {
  const id = idOf(event.target);
  if (id) host.postMessage({ type: event.altKey || event.shiftKey || isExpand(event.target) ? "expand" : "open", id });
});
main.addEventListener("mouseover", (event) => mark(idOf(event.target) ?? idOf(document.activeElement)));
main.addEventListener("focusin", (event) => mark(idOf(event.target)));
main.addEventListener("keydown", (event) => {
  const id = idOf(event.target);
  if (!id || asList) return;
  if (event.key === "Enter") host.postMessage({ type: "open", id });
  else if (event.key === " ") host.postMessage({ type: "expand", id });
  else if (event.key.startsWith("Arrow")) {
    const next = towards(id, event.key);
    if (next) focusNode(next);
  } else return;
  event.preventDefault();
});
main.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomBy(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
}, { passive: false });
filter.addEventListener("input", () => render());
depth.addEventListener("change", () => host.postMessage({ type: "depth", depth: Number(depth.value) }));
byId("larger").addEventListener("click", () => zoomBy(ZOOM_STEP));
byId("smaller").addEventListener("click", () => zoomBy(1 / ZOOM_STEP));
byId("fit").addEventListener("click", () => fit(ZOOM_MIN));
listButton.addEventListener("click", () => {
  showAs(!asList);
  render();
});
byId<HTMLSelectElement>("export").addEventListener("change", (event) => {
  const select = event.target as HTMLSelectElement;
  const format = select.value as Format | "";
  select.value = "";
  if (!format) return;
  const picture = svg ?? draw(shown, drawing, given?.focus);
  if (format === "svg" && !svg) main.append(picture);
  const text = format === "svg" ? standalone(picture, drawing) : undefined;
  if (!svg) picture.remove();
  host.postMessage(text === undefined ? { type: "export", format, graph: shown } : { type: "export", format, graph: shown, svg: text });
});
window.addEventListener("message", (event: MessageEvent<ToPage>) => receive(event.data));

const kept = host.getState();
if (kept) restore(kept);
host.postMessage({ type: "ready" });
