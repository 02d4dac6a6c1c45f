// The packaged extension as a user has it: seen and pressed in a window.
import { strict as assert } from "node:assert";
import { Session } from "./session.mjs";
import { BESIDE } from "./steps/beside.mjs";
import { EDITING } from "./steps/editing.mjs";
import { FOLDERS } from "./steps/folders.mjs";
import { GRAPH } from "./steps/graph.mjs";
import { SERVER } from "./steps/server.mjs";
import { browse, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

/** What the names of the steps match, if somebody wants only some. The first step starts the server. */
const { ONLY = "" } = process.env;
/** How often the window is loaded before its absence is an error. */
const OPENINGS_MAX = 3;
const [start, ...STEPS] = [...EDITING, ...SERVER, ...GRAPH, ...FOLDERS, ...BESIDE];

/** Opens the window; one that stays empty, as a page of code-server's does now and then, is loaded once more. */
async function open(page, url) {
  const row = page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first();
  for (let attempt = 1; ; attempt++) {
    try {
      await page.goto(url);
      return await row.waitFor();
    } catch (error) {
      if (attempt === OPENINGS_MAX) throw error;
      console.log(`       the window is not there: ${error.message.split("\n")[0]}`);
    }
  }
}

export async function endToEnd() {
  const folders = workspace(["shop", "tool", "suite"]);
  const code = await serve({ install: true, settings: { "coppice.memory.limitMb": 256 } });
  const { browser, page, outside } = await browse();
  const session = new Session(page, code, folders);
  let failures = 0;
  try {
    const opened = Date.now();
    await open(page, `${code.url}/?workspace=${folders.file}`);
    console.log(`       the window is there after ${Date.now() - opened} ms`);
    for (const [name, step] of [start, ...STEPS.filter(([name]) => new RegExp(ONLY).test(name))]) {
      const started = Date.now();
      try {
        await step(session);
        console.log(`ok     vscode: ${name} (${Date.now() - started} ms)`);
      } catch (error) {
        failures++;
        console.log(`FAILED vscode: ${name}: ${error.stack}`);
        await session.picture(`failed-${failures}`);
        await session.calm().then(() => session.closeEditors()).catch(() => undefined);
      }
    }
    assert.deepEqual(outside, [], "requests outside loopback");
    if (failures > 0) throw new Error(`${failures} of ${STEPS.length + 1} steps failed`);
  } finally {
    await browser.close();
    code.stop();
  }
}
