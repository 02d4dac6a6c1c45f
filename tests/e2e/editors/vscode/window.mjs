// VS Code on loopback in a headless browser: started, driven, ended.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";
import { chromiumPath } from "../chromium.mjs";
import { watchSockets } from "./processes.mjs";

const { EDITORS, SCRATCH, VSIX } = process.env;
const versions = Object.fromEntries(
  readFileSync(new URL("../versions.sh", import.meta.url), "utf8").matchAll(/^([A-Z_]+_VERSION)=(\S+)$/gm).map(([, k, v]) => [k, v]),
);
const NODE = path.join(EDITORS, `node-${versions.NODE_VERSION}`, "package/bin/node");
const ENTRY = path.join(EDITORS, `code-server-${versions.CODE_SERVER_VERSION}`, "node_modules/code-server/out/node/entry.js");
const { chromium } = createRequire(path.join(EDITORS, `playwright-${versions.PLAYWRIGHT_VERSION}`, "/"))("playwright-core");

/** How long a test waits for something to be seen; the machine may be busy. Who waits for a failure may want less. */
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 90_000);
const START_MS = 180_000;

/** Nothing but loopback resolves, so that no request can leave. */
const BROWSER_ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "security.workspace.trust.startupPrompt": "never",
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.tips.enabled": false,
  "editor.minimap.enabled": false,
  "editor.fontSize": 14,
  "git.enabled": false,
  "npm.autoDetect": "off",
  "typescript.disableAutomaticTypeAcquisition": true,
  "files.simpleDialog.enable": true,
  "files.autoSave": "off",
};

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Serves VS Code with the packaged extension, unless it is to be loaded from its directory. Every workspace is trusted, unless
 * trust is a matter.
 */
export async function serve({ install, settings = {}, trust = false }) {
  const data = mkdtempSync(path.join(SCRATCH, "vscode-"));
  const user = path.join(data, "user");
  mkdirSync(path.join(user, "User"), { recursive: true });
  mkdirSync(path.join(data, "home"));
  // What is the machine's, such as a budget, counts only in the settings of the remote side.
  const machine = (more) => writeFileSync(path.join(user, "Machine/settings.json"), JSON.stringify(more, null, 2));
  mkdirSync(path.join(user, "Machine"));
  machine(settings);
  writeFileSync(path.join(user, "User/settings.json"), JSON.stringify({ ...SETTINGS, "security.workspace.trust.enabled": trust }, null, 2));
  const caches = path.join(data, "caches");
  const env = { ...process.env, HOME: path.join(data, "home"), XDG_CACHE_HOME: caches, EXTENSIONS_GALLERY: '{"serviceUrl":""}', PATH: `${path.dirname(NODE)}:${process.env.PATH}` };
  const places = ["--user-data-dir", user, "--extensions-dir", path.join(data, "extensions")];
  if (install) {
    const done = spawnSync(NODE, [ENTRY, ...places, "--install-extension", VSIX], { env, encoding: "utf8", timeout: START_MS });
    if (done.status !== 0) throw new Error(`the extension is not installed: ${done.stdout}${done.stderr}`);
  }
  const port = await freePort();
  const off = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--disable-proxy"];
  if (!trust) off.push("--disable-workspace-trust");
  const child = spawn(NODE, [ENTRY, "--bind-addr", `127.0.0.1:${port}`, ...off, ...places], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + START_MS;
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) break;
    if (child.exitCode !== null || Date.now() > end) throw new Error(`VS Code does not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const sockets = watchSockets(child.pid);
  return {
    url,
    data,
    extensions: path.join(data, "extensions"),
    /** Where the server keeps graphs, unless a setting says otherwise. */
    cache: path.join(caches, "coppice"),
    pid: child.pid,
    /** Replaces the machine's settings, as an edit of the file does. */
    configure: machine,
    /** What VS Code's processes, the extension host and the server among them, had to do with beyond loopback. */
    outside: sockets.outside,
    stop() {
      sockets.stop();
      // The whole group, since the extension host and the server are its children.
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {}
      setTimeout(() => {
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {}
      }, 3_000).unref();
    },
  };
}

/** How often the window is loaded before its absence is an error. */
const OPENINGS_MAX = 3;

/** Opens the window; one that stays empty, as a page of code-server's does now and then, is loaded once more. */
export async function open(page, url) {
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

/** A browser whose requests are recorded. */
export async function browse() {
  const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: BROWSER_ARGUMENTS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => undefined);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const outside = [];
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^https?:|^wss?:/.test(protocol) && hostname !== "127.0.0.1" && !hostname.endsWith(".vscode-resource.vscode-cdn.net")) outside.push(request.url());
  });
  return { browser, page, outside };
}
