import { strict as assert } from "node:assert";
import { test } from "node:test";
import { dot, json, mermaid } from "../src/graph/export";
import { layout } from "../src/graph/layout";
import { type Graph, edgeKinds, filtered, join, stable } from "../src/graph/model";
import { extent, sentence } from "../src/graph/words";

/** A graph from lines such as `a call b`; a line with one word is a node alone. */
function graph(...lines: string[]): Graph {
  const names = new Set<string>();
  const edges = lines.flatMap((line) => {
    const [from, kind, to] = line.split(" ") as [string, string?, string?];
    for (const name of [from, to]) if (name) names.add(name);
    return kind && to ? [{ from, to, kind }] : [];
  });
  const nodes = [...names].map((name, at) => ({
    id: name, label: name, kind: "function", uri: "file:///x.py",
    range: { start: { line: at, character: 0 }, end: { line: at, character: 1 } },
  }));
  return { nodes, edges, shown: nodes.length, total: nodes.length, more: false };
}

/** Labels by column, from left to right. */
function columns(of: Graph, focus?: string): string[][] {
  const byX = new Map<number, string[]>();
  for (const box of layout(of, focus).boxes) byX.set(box.x, [...(byX.get(box.x) ?? []), box.node.label]);
  return [...byX].sort(([a], [b]) => a - b).map(([, labels]) => labels);
}

test("callers stand left of the focus, callees right", () => {
  assert.deepEqual(columns(graph("a call f", "b call f", "f call c", "c call d"), "f"), [["a", "b"], ["f"], ["c"], ["d"]]);
});

test("without a focus the longest way decides", () => {
  assert.deepEqual(columns(graph("a call b", "b call c", "a call c")), [["a"], ["b"], ["c"]]);
});

test("cycles and nodes without edges have a place", () => {
  for (const cyclic of [graph("a call b", "b call a"), graph("a call a", "z"), graph("x call a", "a call b", "b call c", "c call a")]) {
    const { boxes, width, height } = layout(cyclic);
    assert.equal(boxes.length, cyclic.nodes.length);
    for (const box of boxes) assert.ok(box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height);
  }
});

test("boxes do not overlap, whatever the graph", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 50; round++) {
    const count = 2 + random(199);
    const lines = Array.from({ length: 1 + random(400) }, () => `n${random(count)} call n${random(count)}`);
    const any = graph(...lines);
    const { boxes, lines: drawn } = layout(any, round % 2 ? "n0" : undefined);
    assert.equal(boxes.length, any.nodes.length);
    assert.equal(drawn.length, any.edges.length);
    boxes.forEach((a, at) => {
      for (const b of boxes.slice(at + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        assert.ok(apart, `${a.node.id} and ${b.node.id} overlap in round ${round}`);
      }
    });
  }
});

test("crossings are untied", () => {
  assert.deepEqual(columns(graph("a call y", "b call x", "r call a", "r call b"), "r"), [["r"], ["a", "b"], ["y", "x"]]);
});

test("answers are joined by place", () => {
  const range = { start: { line: 1, character: 2 }, end: { line: 1, character: 3 } };
  const node = (id: number, label: string, line: number) => ({ id, label, kind: "function", detail: null, uri: "file:///a", range: { ...range, start: { line, character: 0 } } });
  const a = stable({ nodes: [node(0, "f", 1), node(1, "g", 2)], edges: [{ from: 0, to: 1, kind: "call" }], shown: 2, total: 5 });
  const b = stable({ nodes: [node(0, "g", 2), node(1, "h", 3)], edges: [{ from: 0, to: 1, kind: "call" }, { from: 0, to: 9, kind: "call" }], shown: 2, total: 2 });
  const both = join(a, b, 200);
  assert.deepEqual(both.nodes.map(({ label }) => label), ["f", "g", "h"]);
  assert.equal(both.edges.length, 2);
  assert.deepEqual([both.shown, both.total], [3, 5]);
  const few = join(a, b, 2);
  assert.deepEqual([few.nodes.length, few.edges.length, few.total], [2, 1, 5]);
});

test("files of one name are told apart by their directories", () => {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const file = (path: string, id: number) => ({ id, label: path.split("/").at(-1)!, kind: "file", detail: null, uri: `file:///${path}`, range });
  const graph = (...paths: string[]) => stable({ nodes: paths.map(file), edges: [], shown: 0, total: 0 });
  const labels = (of: Graph) => of.nodes.map(({ label }) => label);
  const few = graph("p/a/__init__.py", "p/b/__init__.py", "q/a/__init__.py", "p/c.py");
  assert.deepEqual(labels(few), ["p/a/__init__.py", "b/__init__.py", "q/a/__init__.py", "c.py"]);
  assert.deepEqual(labels(join(few, graph("q/c.py"), 200)).slice(3), ["p/c.py", "q/c.py"]);
});

test("a total that is not known is said to be the least", () => {
  const some = graph("a call b");
  assert.equal(extent(2, some), "2 of 2");
  assert.equal(extent(1, { ...some, more: true }), "1 of 2 or more");
  assert.equal(stable({ nodes: [], edges: [], shown: 0, total: 501, more: true }).more, true);
  assert.equal(join(some, graph("b call c"), 200).more, false);
  assert.equal(join(some, { ...graph("b call c"), total: 9 }, 200).more, true);
  assert.equal(join(some, { ...graph("b call c"), more: true }, 200).more, true);
});

test("a filter keeps the focus", () => {
  const all = graph("alpha call beta", "alpha import gamma");
  assert.deepEqual(edgeKinds(all), ["call", "import"]);
  const few = filtered(all, "BET", new Set(["call"]), "alpha");
  assert.deepEqual(few.nodes.map(({ id }) => id), ["alpha", "beta"]);
  assert.deepEqual(few.edges.map(({ kind }) => kind), ["call"]);
});

test("a node is told in words, with what its edges lead to", () => {
  const all = graph("f calls g", "f calls h", "k calls f", "f inherits k", "k uses t", ...["a", "b", "c", "d", "e", "i"].map((n) => `${n} calls h`));
  const told = (name: string) => sentence(all, all.nodes.find(({ id }) => id === name)!);
  assert.equal(told("f"), "function f, /x.py:1; calls g, h; called by k; inherits k");
  assert.equal(told("h"), "function h, /x.py:3; called by f, a, b, c, d and 2 more");
  assert.equal(told("k"), "function k, /x.py:4; calls f; inherited by f; uses t");
  assert.equal(told("t"), "function t, /x.py:5; used by k");
});

test("exports quote what their languages need", () => {
  const odd = graph("f call g");
  odd.nodes[0]!.label = 'operator "<\\';
  assert.match(dot(odd), /n0 \[label="operator \\"<\\\\" tooltip="\/x.py:1"\];/);
  assert.match(dot(odd), /n0 -> n1 \[label="call"\];/);
  assert.match(mermaid(odd), /n0\["operator &quot;&lt;\\"\]\n {2}n1\["g"\]\n {2}n0 -->\|call\| n1/);
  assert.deepEqual(JSON.parse(json(odd)), odd);
});
