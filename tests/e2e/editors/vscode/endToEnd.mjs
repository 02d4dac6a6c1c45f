// The packaged extension as a user has it: seen and pressed in a window.
import { strict as assert } from "node:assert";
import { Session } from "./session.mjs";
import { BESIDE } from "./steps/beside.mjs";
import { EDITING } from "./steps/editing.mjs";
import { FOLDERS } from "./steps/folders.mjs";
import { GRAPH } from "./steps/graph.mjs";
import { SERVER } from "./steps/server.mjs";
import { browse, open, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

/** What the names of the steps match, if somebody wants only some. The first step starts the server. */
const { ONLY = "" } = process.env;
const [start, ...STEPS] = [...EDITING, ...SERVER, ...GRAPH, ...FOLDERS, ...BESIDE];

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
    assert.deepEqual([...outside, ...code.outside()], [], "something outside loopback");
    if (failures > 0) throw new Error(`${failures} of ${STEPS.length + 1} steps failed`);
  } finally {
    await browser.close();
    code.stop();
  }
}
