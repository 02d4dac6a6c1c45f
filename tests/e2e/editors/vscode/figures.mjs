// What the extension costs: memory of the extension host with and without it, and how soon the first answer is there.
import { readFileSync } from "node:fs";
import { below, told } from "./processes.mjs";
import { Session } from "./session.mjs";
import { PATIENCE_MS, browse, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

const MIB = 1 << 20;
/** A process has come to rest when its memory has changed by less than this between two looks. */
const REST_BYTES = MIB / 2;
const LOOK_MS = 2_000;

export async function figures() {
  for (const install of [false, true]) {
    const folders = workspace(["shop"]);
    const code = await serve({ install });
    const { browser, page } = await browse();
    const s = new Session(page, code, folders);
    try {
      await page.goto(`${code.url}/?workspace=${folders.file}`);
      await page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first().waitFor();
      const opened = Date.now();
      await s.open("main.py", 5, 13);
      if (install) {
        await s.bar("MiB").waitFor();
        await s.command("Show or Focus Hover");
        await page.locator(".monaco-hover", { hasText: "A round thing" }).first().waitFor();
        console.log(`figure from opening a file to a hover: ${Date.now() - opened} ms`);
        console.log(`figure the server: ${(memory(process_(code.pid, "server/coppice")).rss / MIB).toFixed(1)} MiB`);
      }
      const { rss, own } = await atRest(process_(code.pid, "--type=extensionHost"));
      const what = `extension host ${install ? "with" : "without"} the extension`;
      console.log(`figure ${what}: ${(rss / MIB).toFixed(1)} MiB resident, ${(own / MIB).toFixed(1)} MiB of them its own`);
    } finally {
      await browser.close();
      code.stop();
    }
  }
}

/** The process below another whose command line has a text in it. */
function process_(ancestor, text) {
  const found = below(ancestor).filter((pid) => told(pid, "cmdline").includes(text));
  if (found.length !== 1) throw new Error(`${found.length} processes with ${text}`);
  return found[0];
}

function memory(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const bytes = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(rollup)[1]) * 1024;
  return { rss: bytes("Rss"), own: bytes("Private_Dirty") + bytes("Private_Clean") };
}

async function atRest(pid) {
  let before = memory(pid);
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = memory(pid);
    if (Math.abs(now.rss - before.rss) < REST_BYTES) return now;
    before = now;
  }
  return before;
}
