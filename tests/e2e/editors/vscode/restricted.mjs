// The extension in a workspace that is not trusted, and once it is.
import { strict as assert } from "node:assert";
import { existsSync, readdirSync } from "node:fs";
import { Session } from "./session.mjs";
import { browse, open, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

/** What a folder would have the server do: some of it only the user may say, some only who trusts the folder. */
const wishes = ({ root, cache, packages }) => ({
  "coppice.server.path": "/nowhere/coppice",
  "coppice.server.arguments": ["--nonsense"],
  "coppice.cache.dir": cache,
  "coppice.dependencies": [packages],
  "coppice.pinned": [root],
  "coppice.memory.limitMb": 77,
  "coppice.files.exclude": ["broken.py"],
});

export async function restricted() {
  const folders = workspace(["shop"]);
  const root = folders.path("shop");
  const places = { root, cache: folders.path("cache"), packages: folders.path("packages") };
  folders.write("packages/outside.py", 'def made():\n    """Made outside."""\n');
  folders.write("shop/uses.py", "from outside import made\n\nmade()\n");
  const ask = (settings) => folders.write("shop/.vscode/settings.json", JSON.stringify(settings));
  ask(wishes(places));
  const code = await serve({ install: true, trust: true, settings: { "coppice.memory.limitMb": 256 } });
  const { browser, page, outside } = await browse();
  const s = new Session(page, code, folders);
  try {
    await open(page, `${code.url}/?folder=${root}`);
    await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await s.open("main.py", 5, 13);
    await s.bar(/\d+\/256 MiB/).waitFor();
    await s.command("Show or Focus Hover");
    await page.locator(".monaco-hover", { hasText: "A round thing" }).first().waitFor();
    await s.calm();
    await s.command("Focus on Coppice Folders View");
    // All of its files but the one that is excluded, which anybody may want.
    const row = s.folder("shop", "5 files");
    await row.waitFor();
    assert.ok(!(await row.innerText()).includes("pinned"));
    await s.open("uses.py", 3, 2);
    /** What the server says of the name under the cursor, and where that leads. */
    const why = async () => {
      await s.calm();
      await s.command("coppice: Explain the Name under the Cursor");
      const box = page.locator(".quick-input-widget");
      const title = await box.locator(".quick-input-title", { hasText: "made: " }).innerText();
      const places = await box.locator(".monaco-list-row").allInnerTexts();
      await s.calm();
      return [title, ...places].join("\n");
    };
    assert.ok(!(await why()).includes("outside.py"), "packages where the folder wants them");
    await s.picture("restricted");
    // By now something is kept, and so it is known where.
    await s.eventually("a graph in the user's cache", () => existsSync(code.cache) && readdirSync(code.cache, { recursive: true }).length > 1);
    assert.ok(!existsSync(places.cache), "a cache where the folder wants it");

    await s.command("Workspaces: Manage Workspace Trust");
    await page.locator(".workspace-trust-editor").getByRole("button", { name: /^Trust/ }).first().click();
    await s.message("/nowhere/coppice, named by the setting coppice.server.path, is not a program").waitFor();
    const { "coppice.server.path": _path, "coppice.server.arguments": _arguments, ...others } = wishes(places);
    ask(others);
    await s.folder("shop", "pinned").waitFor();
    await s.open("main.py");
    await s.bar(/\d+\/256 MiB/).waitFor();
    await s.eventually("the cache where the folder wants it", () => existsSync(places.cache));
    await s.open("uses.py", 3, 2);
    await s.eventually("what is outside", async () => (await why()).includes("outside.py"));
    await s.command("Show or Focus Hover");
    await page.locator(".monaco-hover", { hasText: "Made outside" }).first().waitFor();
    assert.deepEqual([...outside, ...code.outside()], [], "something outside loopback");
  } catch (error) {
    await s.picture("failed-restricted");
    throw error;
  } finally {
    await browser.close();
    code.stop();
  }
}
