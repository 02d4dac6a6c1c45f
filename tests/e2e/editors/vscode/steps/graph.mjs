// The picture of the graph: what it is about, how it is read and pressed, how it looks, what it is saved as.
import { strict as assert } from "node:assert";
import { existsSync, readFileSync, rmSync } from "node:fs";

/** VS Code's themes, and the class by which a page knows which kind it is. */
const THEMES = [
  ["light", "Default Light Modern", "vscode-light"],
  ["contrast-dark", "Default High Contrast", "vscode-high-contrast"],
  ["contrast-light", "Default High Contrast Light", "vscode-high-contrast-light"],
  ["dark", "Default Dark Modern", "vscode-dark"],
];
/** Least contrast of text, and of what is drawn, by the Web Content Accessibility Guidelines 2.2 at level AA. */
const TEXT_CONTRAST_MIN = 4.5;
const SHAPE_CONTRAST_MIN = 3;
/** How many presses of Tab lead from the first thing on the page to the picture at most. */
const TABS_MAX = 20;

const EXPORTS = [
  ["svg", "svg", (text) => assert.ok(text.startsWith("<svg") && text.includes(">total<") && !text.includes("var(--"), text)],
  ["dot", "dot", (text) => assert.match(text, /^digraph coppice \{[^]*label="total"[^]*n\d+ -> n\d+ \[label="calls"\]/)],
  ["mermaid", "mmd", (text) => assert.match(text, /^flowchart LR\n[^]*\["total"\][^]*n\d+ -->\|calls\| n\d+/)],
  [
    "json",
    "json",
    (text) => {
      const { nodes, edges, shown } = JSON.parse(text);
      assert.deepEqual(nodes.map(({ label }) => label).sort(), ["Circle", "area", "report", "total"]);
      assert.equal(edges.length, 3);
      assert.equal(shown, 4);
    },
  ],
];

export const GRAPH = [
  [
    "the graph of a symbol: a picture, a filter, a list, a click that opens a file",
    async (s) => {
      await ofTotal(s);
      const graph = s.inner();
      assert.match(await graph.locator("#count").innerText(), /^4 of 4$/);
      await graph.locator("g.node", { hasText: "area" }).hover();
      await graph.locator("#about", { hasText: "function area" }).or(graph.locator("#about", { hasText: "method area" })).waitFor();
      await graph.locator("#filter").fill("report");
      await graph.locator("g.node", { hasText: "area" }).waitFor({ state: "detached" });
      await graph.locator("#filter").fill("");
      await graph.locator("#list").click();
      await graph.locator("li", { hasText: "calls → area" }).first().waitFor();
      await graph.locator("#list").click();
      await graph.locator("g.node", { hasText: "area" }).click();
      await s.tab("shapes.py").waitFor();
      await s.cursor(4, 9);
    },
  ],
  [
    "the graph by the keyboard, as a screen reader is told of it",
    async (s) => {
      const graph = s.inner();
      const spoken = await graph.locator("body").ariaSnapshot();
      for (const part of ['toolbar "Picture"', 'searchbox "Filter"', 'combobox "Depth"', 'checkbox "calls" [checked]', 'button "Zoom in"', 'combobox "Export"', "status: 4 of 4"]) {
        assert.ok(spoken.includes(part), `${part} is missing in\n${spoken}`);
      }
      assert.match(spoken, /button "function total, shop\/main\.py:4; calls [^"]*area[^"]*; called by report"/);

      await graph.locator("#filter").focus();
      for (let at = 0; (await graph.locator("g.node:focus").count()) === 0; at++) {
        assert.ok(at < TABS_MAX, "Tab does not lead to the picture");
        await s.page.keyboard.press("Tab");
      }
      assert.match(await focused(s), /^function total/);
      await s.page.keyboard.press("ArrowLeft");
      assert.match(await focused(s), /^function report/);
      await graph.locator("#about", { hasText: "function report, shop/main.py:8; calls total" }).waitFor();
      await s.page.keyboard.press("Space");
      await graph.locator("g.node.kind-file", { hasText: "main.py" }).waitFor();
      await s.eventually("the keyboard where it was", async () => /^function report/.test(await focused(s)));
      await s.page.keyboard.press("Enter");
      await s.cursor(8, 5);
      await s.closeEditors();
    },
  ],
  [
    "the graph's list grows by the keyboard, and is as it was when it is looked at again",
    async (s) => {
      await ofTotal(s);
      const graph = s.inner();
      await graph.locator("#list").click();
      await graph.getByRole("button", { name: "Expand report" }).focus();
      await s.page.keyboard.press("Enter");
      const file = graph.locator("main > ul > li > button", { hasText: /^file .*main\.py/ });
      await file.waitFor();
      assert.equal(await graph.locator("button:focus").getAttribute("aria-label"), "Expand report");
      await s.picture("graph-list", { x: 352, y: 36, width: 924, height: 380 });
      const calls = graph.locator("#kinds label", { hasText: "calls" }).locator("input");
      await calls.uncheck();
      assert.equal(await graph.locator("input:focus").getAttribute("data-kind"), "calls");
      await graph.locator("#filter").fill("main");
      // In the same group, so that the page goes.
      await graph.locator("#filter").focus();
      await s.open("shapes.rs");
      await s.page.locator("iframe.webview.ready").waitFor({ state: "hidden" });
      await s.command("View: Open Previous Editor in Group");
      await file.waitFor();
      assert.equal(await calls.isChecked(), false);
      assert.equal(await graph.locator("#filter").inputValue(), "main");
      assert.equal(await graph.locator("#list").getAttribute("aria-pressed"), "true");
      await s.closeEditors();
    },
  ],
  [
    "the graph of a file, deeper and by kinds",
    async (s) => {
      await s.open("wire.py");
      await s.command("coppice: Show Graph of the File");
      const graph = s.inner();
      await graph.locator("g.node.focus", { hasText: "wire.py" }).waitFor();
      await graph.locator("g.node", { hasText: "test_order.py" }).waitFor();
      const near = await nodes(s);
      await graph.locator("#depth").selectOption("2");
      await s.eventually("more at depth 2", async () => (await nodes(s)) > near);
      await s.command("View: Toggle Maximize Editor Group");
      await graph.getByRole("button", { name: "Fit" }).click();
      await s.picture("graph-file", { x: 352, y: 36, width: 924, height: 500 });
      await s.command("View: Toggle Maximize Editor Group");
      await graph.locator("#kinds label", { hasText: "imports" }).locator("input").uncheck();
      await graph.locator("path.edge-imports").first().waitFor({ state: "detached" });
      await graph.locator("#kinds label", { hasText: "imports" }).locator("input").check();
      await graph.locator("path.edge-imports").first().waitFor({ state: "attached" });
      await graph.locator("g.node", { hasText: "test_order.py" }).click();
      await s.tab("test_order.py").waitFor();
      await s.closeEditors();
    },
  ],
  [
    "the graph of a folder, from the explorer, grown by a click",
    async (s) => {
      await s.explorerMenu("suite", "Show Graph of the Folder");
      const graph = s.inner();
      await graph.locator("g.node", { hasText: "wire.py" }).waitFor();
      await graph.locator("path.edge-imports").first().waitFor({ state: "attached" });
      await s.picture("graph-folder", { x: 352, y: 36, width: 924, height: 732 });
      const before = await nodes(s);
      await graph.locator("g.node", { hasText: "wire.py" }).click({ modifiers: ["Shift"] });
      await s.eventually("what is around the file", async () => (await nodes(s)) >= before);
      await graph.locator("g.node", { hasText: "wire.py" }).click();
      await s.tab("wire.py").waitFor();
      await s.closeEditors();
    },
  ],
  [
    "the graph of what much depends on is cut, and says so",
    async (s) => {
      s.folders.long("wide", 3_000);
      s.folders.only([...s.folders.names, "wide"]);
      await s.open("wide/part_0.py", 4, 13);
      await s.page.keyboard.press("F12");
      await s.tab("start.py").waitFor();
      await s.command("coppice: Show Graph around the Symbol");
      await s.inner().locator("g.node.focus", { hasText: "start" }).waitFor();
      assert.match(await s.inner().locator("#count").innerText(), /^200 of \d{3,} or more$/);
      assert.equal(await nodes(s), 200);
      await s.picture("graph-large", { x: 352, y: 36, width: 924, height: 732 });
      await s.closeEditors();
      s.folders.only(s.folders.names);
    },
  ],
  [
    "the graph can be read in light, dark and high contrast",
    async (s) => {
      await s.open("wire.py", 1, 1);
      await s.command("coppice: Show Graph of the File");
      const graph = s.inner();
      await graph.locator("g.node.focus").waitFor();
      for (const [name, theme, kind] of THEMES) {
        s.folders.only(s.folders.names, { "workbench.colorTheme": theme });
        await graph.locator(`body.${kind}`).waitFor();
        await graph.locator("g.node").first().waitFor();
        await s.picture(`graph-${name}`, { x: 814, y: 36, width: 462, height: 732 });
        const seen = await graph.locator("body").evaluate(contrasts);
        const low = seen.filter(({ isText, ratio }) => ratio < (isText ? TEXT_CONTRAST_MIN : SHAPE_CONTRAST_MIN));
        assert.deepEqual(low, [], `too little contrast in ${theme}`);
      }
      s.folders.only(s.folders.names);
      await s.closeEditors();
    },
  ],
  [
    "the graph's page lets nothing in",
    async (s) => {
      await ofTotal(s);
      const policy = await s.inner().locator("meta[http-equiv='Content-Security-Policy']").getAttribute("content");
      assert.match(policy, /^default-src 'none'; script-src 'nonce-[^']+'; style-src 'self' https:[^ ;']*; base-uri 'none'; form-action 'none'$/);
    },
  ],
  [
    "the graph is saved as SVG, DOT, Mermaid and JSON",
    async (s) => {
      for (const [format, ending, check] of EXPORTS) {
        await s.inner().locator("#export").selectOption(format);
        const file = s.folders.path(`shop/total.${ending}`);
        const input = await s.input();
        // The dialog proposes the place some time after it is there, and takes it some time after that.
        await s.eventually(`the saved ${format}`, async () => {
          if ((await input.isVisible()) && (await input.inputValue()) === file) await s.page.keyboard.press("Enter");
          return existsSync(file) && readFileSync(file, "utf8").length > 0;
        });
        check(readFileSync(file, "utf8"));
        rmSync(file);
      }
      await s.closeEditors();
    },
  ],
];

/** Opens the picture around a function that is called by one other and calls two. */
async function ofTotal(s) {
  await s.closeEditors();
  await s.open("main.py", 4, 6);
  await s.command("coppice: Show Graph around the Symbol");
  await s.inner().locator("g.node.focus", { hasText: "total" }).waitFor();
  await s.inner().locator("g.node", { hasText: "report" }).waitFor();
  await s.picture("graph", { x: 352, y: 36, width: 924, height: 380 });
}

function nodes(s) {
  return s.inner().locator("g.node").count();
}

function focused(s) {
  return s.inner().locator("g.node:focus").getAttribute("aria-label");
}

/** Runs in the page: the contrast of each text and each shape with what is behind it, lowest first. */
function contrasts(body) {
  const rgba = (text) => {
    const found = /rgba?\(([^)]+)\)/.exec(text);
    if (!found) return undefined;
    const [r, g, b, a = 1] = found[1].split(/[ ,/]+/).map(Number);
    return { r, g, b, a };
  };
  const over = (top, below) => {
    const mix = (name) => top[name] * top.a + below[name] * (1 - top.a);
    return { r: mix("r"), g: mix("g"), b: mix("b"), a: 1 };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ratio = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = rgba(getComputedStyle(body).backgroundColor);
  const measured = [];
  const measure = (what, isText, colour, behind, opacity = 1) => {
    const seen = rgba(colour);
    if (seen) measured.push({ what, isText, ratio: ratio(over({ ...seen, a: seen.a * opacity }, behind), behind) });
  };
  for (const node of body.querySelectorAll("g.node")) {
    const rect = getComputedStyle(node.querySelector("rect"));
    const fill = rgba(rect.fill);
    const behind = fill ? over(fill, ground) : ground;
    for (const text of node.querySelectorAll("text")) measure(`"${text.textContent}" in a node`, true, getComputedStyle(text).fill, behind);
    measure("a node's border", false, rect.stroke, ground, Number(rect.strokeOpacity));
  }
  for (const edge of body.querySelectorAll(".edge")) {
    const style = getComputedStyle(edge);
    if (edge.tagName === "path") measure(`an edge of ${edge.getAttribute("class")}`, false, style.stroke, ground, Number(style.opacity));
  }
  for (const text of body.querySelectorAll("header label, header button, header select, header input[type=search], #count, #about")) {
    const style = getComputedStyle(text);
    const own = rgba(style.backgroundColor);
    measure(`"${text.id || text.textContent}" in the bar`, true, style.color, own ? over(own, ground) : ground);
  }
  return measured.sort((a, b) => a.ratio - b.ratio);
}
