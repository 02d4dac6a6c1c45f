// The extension in a workspace that is not trusted, and once it is.
import { strict as assert } from "node:assert";
import { Session } from "./session.mjs";
import { browse, open, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

/** What a folder would have the server do: some of it only the user may say, some only who trusts the folder. */
const wishes = (root) => ({
  "coppice.server.path": "/nowhere/coppice",
  "coppice.server.arguments": ["--nonsense"],
  "coppice.cache.dir": "/nowhere/cache",
  "coppice.dependencies": ["/nowhere/packages"],
  "coppice.pinned": [root],
  "coppice.memory.limitMb": 77,
  "coppice.files.exclude": ["broken.py"],
});

export async function restricted() {
  const folders = workspace(["shop"]);
  const root = folders.path("shop");
  const ask = (settings) => folders.write("shop/.vscode/settings.json", JSON.stringify(settings));
  ask(wishes(root));
  const code = await serve({ install: true, trust: true, settings: { "coppice.memory.limitMb": 256 } });
  const { browser, page, outside } = await browse();
  const s = new Session(page, code, folders);
  try {
    await open(page, `${code.url}/?folder=${root}`);
    await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await s.open("main.py", 5, 13);
    await s.bar(/\d+\/256 MB/).waitFor();
    await s.command("Show or Focus Hover");
    await page.locator(".monaco-hover", { hasText: "A round thing" }).first().waitFor();
    await s.calm();
    await s.command("Focus on Coppice Folders View");
    // All of its files but the one that is excluded, which anybody may want.
    const row = s.folder("shop", "4 files");
    await row.waitFor();
    assert.ok(!(await row.innerText()).includes("pinned"));
    await s.picture("restricted");

    await s.command("Workspaces: Manage Workspace Trust");
    await page.locator(".workspace-trust-editor").getByRole("button", { name: /^Trust/ }).first().click();
    await s.message("/nowhere/coppice, named by the setting coppice.server.path, is not a program").waitFor();
    const { "coppice.server.path": _path, "coppice.server.arguments": _arguments, ...others } = wishes(root);
    ask(others);
    await s.folder("shop", "pinned").waitFor();
    await s.open("main.py");
    await s.bar(/\d+\/256 MB/).waitFor();
    assert.deepEqual(outside, [], "requests outside loopback");
  } catch (error) {
    await s.picture("failed-restricted");
    throw error;
  } finally {
    await browser.close();
    code.stop();
  }
}
