// Reading and changing code.
import { strict as assert } from "node:assert";
import { readdirSync } from "node:fs";
import path from "node:path";

/** All that the package has, but for the pictures. */
const PACKAGED = ["LICENSE.txt", "changelog.md", "dist/extension.js", "dist/graph.js", "media/graph.css", "media/icon.png", "package.json", "readme.md", "server/coppice"];

/** What is installed of the extension, but for what the editor adds. */
function packaged(extensions) {
  const [name] = readdirSync(extensions).filter((name) => name.startsWith("coppice.coppice-"));
  const files = readdirSync(path.join(extensions, name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => path.relative(path.join(extensions, name), path.join(entry.parentPath, entry.name)));
  return names.filter((name) => !/^media\/(pictures|walkthrough|.*\.svg$)|^\.vsixmanifest$/.test(name)).sort();
}

export const EDITING = [
  [
    "the server is inside the package, and the status bar shows memory and budget",
    async (s) => {
      const started = Date.now();
      await s.open("main.py", 5, 21);
      await s.bar(/\d+\/256 MiB/).waitFor();
      assert.deepEqual(packaged(s.code.extensions), PACKAGED);
      console.log(`       from opening a file to the status bar: ${Date.now() - started} ms`);
    },
  ],
  [
    "a hover",
    async (s) => {
      await s.at(5, 13);
      await s.lenses();
      await s.command("Show or Focus Hover");
      await s.page.locator(".monaco-hover", { hasText: "A round thing" }).first().waitFor();
      await s.picture("hover", { x: 352, y: 36, width: 560, height: 300 });
      await s.calm();
    },
  ],
  [
    "F12 across files",
    async (s) => {
      await s.at(5, 21);
      await s.page.keyboard.press("F12");
      await s.tab("shapes.py").waitFor();
      await s.cursor(4, 9);
    },
  ],
  [
    "references in a peek",
    async (s) => {
      await s.at(1, 8);
      await s.lenses();
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
      await (await s.input()).fill("#helper");
      await s.page.locator(".quick-input-list .monaco-list-row", { hasText: "main.rs" }).first().click();
      await s.tab("main.rs").waitFor();
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
      const lens = s.page.locator(".codelens-decoration a", { hasText: "3 references" }).first();
      const places = s.page.locator(".reference-zone-widget", { hasText: "Locations (3)" });
      await lens.waitFor();
      // Lenses move while others come to stand above them, and a click beside one is none.
      await s.eventually("the places that a lens counts", async () => {
        await lens.click({ timeout: 1_000 }).catch(() => undefined);
        return places.waitFor({ timeout: 5_000 }).then(() => true, () => false);
      });
      await s.calm();
    },
  ],
  [
    "completion while typing",
    async (s) => {
      await s.open("main.py", 12, 16);
      await s.lenses();
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
      await s.lenses();
      await s.page.keyboard.press("F2");
      await s.page.locator(".rename-box input").fill("grand_total");
      await s.page.keyboard.press("Control+Enter");
      const preview = s.page.locator(".bulk-edit-panel");
      await preview.locator(".monaco-list-row", { hasText: "main.py" }).first().waitFor();
      await s.picture("rename", { x: 352, y: 36, width: 924, height: 732 });
      await preview.getByRole("button", { name: "Apply" }).click();
      await s.page.locator(".editor-instance .view-line", { hasText: "return grand_total()" }).first().waitFor();
      await s.command("File: Revert File");
      await s.page.locator(".editor-instance .view-line", { hasText: "return total()" }).first().waitFor();
    },
  ],
];
