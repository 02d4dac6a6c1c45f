// The packaged extension as a user has it: seen and pressed in a window.
import { strict as assert } from "node:assert";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PATIENCE_MS, browse, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

/** Where pictures are put, and what the names of the steps have to have in them, if somebody wants that. */
const { PICTURES, ONLY = "" } = process.env;

export async function endToEnd() {
  const folders = workspace(["shop", "tool"]);
  const code = await serve({ install: true, settings: { "coppice.memory.limitMb": 256 } });
  const { browser, page, outside } = await browse();
  const session = new Session(page, code, folders);
  let failures = 0;
  try {
    const opened = Date.now();
    await page.goto(`${code.url}/?workspace=${folders.file}`);
    await page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first().waitFor();
    console.log(`       the window is there after ${Date.now() - opened} ms`);
    for (const [name, step] of STEPS.filter(([name]) => name.includes(ONLY))) {
      const started = Date.now();
      try {
        await step(session);
        console.log(`ok     vscode: ${name} (${Date.now() - started} ms)`);
      } catch (error) {
        failures++;
        console.log(`FAILED vscode: ${name}: ${error.stack}`);
        await session.picture(`failed-${failures}`);
        await session.calm().catch(() => undefined);
      }
    }
    assert.deepEqual(outside, [], "requests outside loopback");
    if (failures > 0) throw new Error(`${failures} of ${STEPS.length} steps failed`);
  } finally {
    await browser.close();
    code.stop();
  }
}

class Session {
  constructor(page, code, folders) {
    Object.assign(this, { page, code, folders });
  }

  async picture(name, options = {}) {
    if (!PICTURES) return;
    // What is fading in is there, but pale.
    await this.page.waitForTimeout(400);
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`), ...options });
  }

  /** Closes what lies over the editor. */
  async calm() {
    for (let at = 0; at < 3; at++) await this.page.keyboard.press("Escape");
  }

  async command(title) {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
  }

  /** Opens a file, at a line and a column if they are given, both counted from 1. */
  async open(name, line, column = 1) {
    await this.page.keyboard.press("Control+P");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(name);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: path.basename(name) }).first().click();
    await this.page.locator(".tab.active", { hasText: path.basename(name) }).waitFor();
    await this.page.locator(".editor-instance .monaco-editor .view-line").first().waitFor();
    if (line) await this.at(line, column);
  }

  async at(line, column) {
    await this.page.keyboard.press("Control+G");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.page.locator(".statusbar-item", { hasText: `Ln ${line}, Col ${column}` }).waitFor();
  }

  tab(name) {
    return this.page.locator(".tab.active", { hasText: name });
  }

  bar(text) {
    return this.page.locator(".statusbar-item[id*='coppice.status']", { hasText: text });
  }

  /** What is inside the page of the graph. */
  graph() {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  async eventually(what, holds) {
    for (const end = Date.now() + PATIENCE_MS; !holds(); ) {
      if (Date.now() > end) throw new Error(`not seen: ${what}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** A row of the folders' view. */
  folder(name, text = "") {
    return this.page.locator(".pane", { hasText: "Coppice Folders" }).locator(".monaco-list-row", { hasText: name }).filter({ hasText: text }).first();
  }

  async press(row, action) {
    await row.hover();
    await row.locator(`.action-label[aria-label*="${action}"]`).first().click();
  }
}

const STEPS = [
  [
    "the server is inside the package, and the status bar shows memory and budget",
    async (s) => {
      const started = Date.now();
      await s.open("main.py", 5, 21);
      await s.bar(/\d+\/256 MB/).waitFor();
      console.log(`       from opening a file to the status bar: ${Date.now() - started} ms`);
    },
  ],
  [
    "a hover",
    async (s) => {
      await s.at(5, 13);
      await s.command("Show or Focus Hover");
      await s.page.locator(".monaco-hover", { hasText: "A round thing" }).first().waitFor();
      await s.picture("hover");
      await s.calm();
    },
  ],
  [
    "F12 across files",
    async (s) => {
      await s.at(5, 21);
      await s.page.keyboard.press("F12");
      await s.tab("shapes.py").waitFor();
      await s.page.locator(".statusbar-item", { hasText: "Ln 4, Col 9" }).waitFor();
    },
  ],
  [
    "references in a peek",
    async (s) => {
      await s.at(1, 8);
      await s.command("Peek References");
      const rows = s.page.locator(".reference-zone-widget .monaco-list-row");
      await s.page.locator(".reference-zone-widget", { hasText: "References (4)" }).waitFor();
      assert.ok((await rows.count()) >= 2);
      await s.picture("references");
      await s.calm();
    },
  ],
  [
    "a squiggle and an entry among the problems",
    async (s) => {
      await s.open("broken.py");
      await s.page.locator(".squiggly-error").first().waitFor();
      await s.command("Problems: Focus on Problems View");
      await s.page.locator(".markers-panel .monaco-list-row", { hasText: /syntax|expected/i }).first().waitFor();
      await s.picture("problems");
      await s.command("View: Toggle Panel Visibility");
    },
  ],
  [
    "symbols of the workspace",
    async (s) => {
      await s.page.keyboard.press("Control+P");
      const input = s.page.locator(".quick-input-widget input.input");
      await input.waitFor();
      await input.fill("#helper");
      await s.page.locator(".quick-input-list .monaco-list-row", { hasText: "main.rs" }).first().click();
      await s.tab("main.rs").waitFor();
    },
  ],
  [
    "the status bar follows a change of the budget",
    async (s) => {
      s.code.configure({ "coppice.memory.limitMb": 300 });
      await s.bar(/\/300 MB/).waitFor();
      s.code.configure({ "coppice.memory.limitMb": 256 });
      await s.bar(/\/256 MB/).waitFor();
    },
  ],
  [
    "call hierarchy in a peek",
    async (s) => {
      await s.open("main.py", 4, 6);
      await s.command("Peek Call Hierarchy");
      await s.page.locator(".call-hierarchy .monaco-list-row", { hasText: "report" }).first().waitFor();
      await s.calm();
    },
  ],
  [
    "a lens counts references, and shows them",
    async (s) => {
      await s.open("shapes.py", 1, 8);
      await s.page.locator(".codelens-decoration a", { hasText: "3 references" }).first().click();
      await s.page.locator(".reference-zone-widget", { hasText: "Locations (3)" }).waitFor();
      await s.calm();
    },
  ],
  [
    "completion while typing",
    async (s) => {
      await s.open("main.py", 12, 16);
      await s.page.keyboard.press("Enter");
      await s.page.keyboard.type("repo");
      await s.page.locator(".suggest-widget .monaco-list-row", { hasText: "report" }).first().waitFor();
      await s.picture("completion");
      await s.calm();
      await s.command("File: Revert File");
    },
  ],
  [
    "rename with a preview",
    async (s) => {
      await s.open("main.py", 4, 6);
      await s.page.keyboard.press("F2");
      await s.page.locator(".rename-box input").fill("grand_total");
      await s.page.keyboard.press("Control+Enter");
      const preview = s.page.locator(".bulk-edit-panel");
      await preview.locator(".monaco-list-row", { hasText: "main.py" }).first().waitFor();
      await s.picture("rename");
      await preview.getByRole("button", { name: "Apply" }).click();
      await s.page.locator(".editor-instance .view-line", { hasText: "return grand_total()" }).first().waitFor();
      await s.command("File: Revert File");
      await s.page.locator(".editor-instance .view-line", { hasText: "return total()" }).first().waitFor();
    },
  ],
  [
    "the graph: a picture, the keyboard, a filter, a list, a click that opens a file",
    async (s) => {
      await s.open("main.py", 4, 6);
      await s.command("coppice: Show Graph around the Symbol");
      const graph = s.graph();
      await graph.locator("g.node.focus", { hasText: "total" }).waitFor();
      await graph.locator("g.node", { hasText: "report" }).waitFor();
      assert.match(await graph.locator("#count").innerText(), /^\d+ of \d+$/);
      await s.picture("graph");
      await graph.locator("g.node.focus").focus();
      await s.page.keyboard.press("ArrowLeft");
      const pressed = graph.locator("g.node:focus");
      assert.match(await pressed.getAttribute("aria-label"), /^function report/);
      await s.page.keyboard.press("Space");
      await graph.locator("#filter").fill("report");
      await graph.locator("g.node", { hasText: "area" }).waitFor({ state: "detached" });
      await graph.locator("#filter").fill("");
      await graph.locator("#list").click();
      await graph.locator("li", { hasText: "calls → area" }).first().waitFor();
      await graph.locator("#list").click();
      await graph.locator("g.node", { hasText: "area" }).click();
      await s.tab("shapes.py").waitFor();
      await s.page.locator(".statusbar-item", { hasText: "Ln 4, Col 9" }).waitFor();
    },
  ],
  [
    "the graph is saved as a picture of its own",
    async (s) => {
      await s.graph().locator("#export").selectOption("svg");
      const input = s.page.locator(".quick-input-widget input.input");
      await input.waitFor();
      const file = s.folders.path("shop/total.svg");
      await input.fill(file);
      await s.page.keyboard.press("Enter");
      await s.eventually("the saved picture", () => existsSync(file) && readFileSync(file, "utf8").startsWith("<svg"));
      await s.command("View: Close All Editors");
    },
  ],
  [
    "folders: loaded, pinned, evicted, and back with a question",
    async (s) => {
      await s.open("shapes.py", 1, 8);
      await s.command("Focus on Coppice Folders View");
      await s.folder("tool", "loaded").waitFor();
      await s.press(s.folder("shop", "loaded"), "Pin Folder");
      await s.folder("shop", "pinned").waitFor();
      await s.picture("folders");
      await s.press(s.folder("shop"), "Unpin Folder");
      await s.press(s.folder("tool"), "Evict Folder");
      await s.folder("tool", "evicted").waitFor();
      await s.open("main.rs", 6, 6);
      await s.page.keyboard.press("F12");
      await s.page.locator(".statusbar-item", { hasText: "Ln 1, Col 4" }).waitFor();
      await s.folder("tool", "loaded").waitFor();
    },
  ],
  [
    "folders: stale while one cannot be read, recovered after",
    async (s) => {
      await unreadable(s, async () => {
        await s.folder("tool", "stale").waitFor();
        await s.page.locator(".notification-list-item", { hasText: "cannot be read" }).first().waitFor();
        await s.command("Notifications: Clear All Notifications");
        await s.bar(/MB/).waitFor();
        await s.picture("stale");
        await s.press(s.folder("tool"), "Why Is the Folder Stale?");
        const toast = s.page.locator(".notification-list-item", { hasText: "cannot be read" }).first();
        await toast.waitFor();
        await s.command("Notifications: Clear All Notifications");
      });
      await s.folder("tool", "loaded").waitFor();
    },
  ],
  [
    "folders: one is removed and added again",
    async (s) => {
      const text = JSON.parse(readFileSync(s.folders.file, "utf8"));
      const only = (names) => writeFileSync(s.folders.file, JSON.stringify({ ...text, folders: names.map((name) => ({ path: name })) }));
      only(["shop"]);
      await s.folder("tool").waitFor({ state: "hidden" });
      only(["shop", "tool"]);
      await s.folder("tool", "loaded").waitFor();
    },
  ],
];

/** A folder that cannot be read for as long as a function runs. */
async function unreadable(s, run) {
  const root = s.folders.path("tool");
  const aside = `${root}-aside`;
  renameSync(root, aside);
  try {
    await run();
  } finally {
    renameSync(aside, root);
  }
}
