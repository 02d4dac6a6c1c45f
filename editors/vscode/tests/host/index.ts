/** Tests that run inside VS Code's extension host, on the workspace that the runner opens. */
import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Api } from "../../src/extension";
import type { Status } from "../../src/status";

const PATIENCE_MS = 90_000;
const POLL_MS = 50;

async function eventually<T>(what: string, attempt: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const got = await attempt();
    if (got) return got;
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const root = () => vscode.workspace.workspaceFolders![0]!.uri;
const file = (name: string) => vscode.Uri.joinPath(root(), name);
const names = (places: { uri: vscode.Uri; range: vscode.Range }[]) =>
  places.map(({ uri, range }) => `${uri.path.split("/").pop()}:${range.start.line + 1}`).sort();

let api: Api;

/** The servers that this extension host has started, where the system tells of them. */
function servers(): number[] {
  const ours = (pid: string) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return stat.includes("(coppice)") && state !== "Z" && Number(parent) === process.pid;
    } catch {
      return false;
    }
  };
  return readdirSync("/proc").filter(ours).map(Number);
}

async function ready(): Promise<Status> {
  return eventually("a folder that is loaded", async () => {
    const status = await api.status();
    return status?.ready && status.folders.length > 0 && status;
  });
}

type Settings = Record<string, unknown>;

/** Runs with settings of coppice's, or of others by their whole names, and puts back what was there. */
async function having(settings: Settings, run: () => Promise<void>, target = vscode.ConfigurationTarget.Global): Promise<void> {
  const set = async (value: (key: string) => unknown) => {
    for (const key of Object.keys(settings)) await vscode.workspace.getConfiguration().update(key, value(key), target);
  };
  await set((key) => settings[key]);
  try {
    await run();
  } finally {
    await set(() => undefined);
  }
}

/** Runs with another function in place of one of the window's. */
async function instead<K extends keyof typeof vscode.window>(name: K, other: unknown, run: () => Promise<void>): Promise<void> {
  const window = vscode.window as Record<string, unknown>;
  const before = window[name];
  window[name] = other;
  try {
    await run();
  } finally {
    window[name] = before;
  }
}

const sources = (name: string) => new Set(vscode.languages.getDiagnostics(file(name)).map(({ source }) => source));

/** A program in place of the server, which notes each start but those that ask for its version. */
function program(body: string): { path: string; starts(): number } {
  const directory = mkdtempSync(path.join(tmpdir(), "coppice-"));
  const [file, log] = [path.join(directory, "server"), path.join(directory, "starts")];
  writeFileSync(log, "");
  writeFileSync(file, `#!/bin/sh\ncase "$1" in --version) echo test; exit;; esac\necho start >>'${log}'\n${body}\n`);
  chmodSync(file, 0o755);
  return { path: file, starts: () => readFileSync(log, "utf8").length / "start\n".length };
}

const tests: [string, () => Promise<void>][] = [
  [
    "starts with the first file of a language",
    async () => {
      const heap = process.memoryUsage().heapUsed;
      const started = Date.now();
      await vscode.window.showTextDocument(file("main.py"));
      const extension = vscode.extensions.getExtension<Api>("coppice.coppice")!;
      api = await extension.activate();
      assert.equal((await ready()).folders[0]!.state, "loaded");
      const mib = ((process.memoryUsage().heapUsed - heap) / (1 << 20)).toFixed(1);
      console.log(`figure extension host: ${Date.now() - started} ms from opening a file to an answer, the heap grew by ${mib} MiB`);
    },
  ],
  [
    "answers definition, references, hover and symbols",
    async () => {
      const at = new vscode.Position(4, 20);
      type Place = vscode.Location | vscode.LocationLink;
      const definitions = await vscode.commands.executeCommand<Place[]>("vscode.executeDefinitionProvider", file("main.py"), at);
      const plain = definitions.map((d) => ("targetUri" in d ? { uri: d.targetUri, range: d.targetSelectionRange ?? d.targetRange } : d));
      assert.deepEqual(names(plain), ["shapes.py:4"]);
      const circle = new vscode.Position(0, 7);
      const references = await vscode.commands.executeCommand<vscode.Location[]>("vscode.executeReferenceProvider", file("shapes.py"), circle);
      assert.deepEqual(names(references), ["main.py:1", "main.py:5", "shapes.py:1", "shapes.py:8"]);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("main.py"), new vscode.Position(4, 12));
      assert.equal(hovers.length, 1);
      assert.match((hovers[0]!.contents[0] as vscode.MarkdownString).value, /A round thing/);
      const symbols = await vscode.commands.executeCommand<vscode.SymbolInformation[]>("vscode.executeWorkspaceSymbolProvider", "Circle");
      assert.ok(symbols.some((symbol) => symbol.name === "Circle"));
      const outline = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>("vscode.executeDocumentSymbolProvider", file("shapes.py"));
      assert.deepEqual(outline.map((symbol) => [symbol.name, symbol.children.map((child) => child.name)]), [["Circle", ["area"]], ["Disc", []]]);
    },
  ],
  [
    "shows syntax errors",
    async () => {
      await vscode.window.showTextDocument(file("broken.py"));
      await eventually("a diagnostic", () => vscode.languages.getDiagnostics(file("broken.py"))[0]);
    },
  ],
  [
    "hands changed settings to the running server",
    async () => {
      const configuration = vscode.workspace.getConfiguration("coppice");
      await configuration.update("memory.limitMb", 333, vscode.ConfigurationTarget.Global);
      await eventually("the new budget", async () => (await api.status())?.memory.limitBytes === 333 << 20);
      await configuration.update("memory.limitMb", undefined, vscode.ConfigurationTarget.Global);
      await eventually("the old budget", async () => (await api.status())?.memory.limitBytes !== 333 << 20);
    },
  ],
  [
    "restarts the server on command, and answers again",
    async () => {
      const { pid } = await ready();
      await vscode.commands.executeCommand("coppice.server.restart");
      const status = await ready();
      assert.notEqual(status.pid, pid);
    },
  ],
  [
    "has one server after starts that overtake each other, and none after a stop",
    async () => {
      const restart = () => vscode.commands.executeCommand("coppice.server.restart");
      await Promise.all([restart(), restart(), restart()]);
      const { pid } = await ready();
      await eventually("one server", () => servers().length === 1 && servers()[0] === pid);
      // One that is stopped while it starts does not come back.
      const late = restart();
      await eventually("a server that starts", () => servers().some((one) => one !== pid));
      await Promise.all([late, restart()]);
      const { pid: last } = await ready();
      await eventually("the last server", () => servers().length === 1 && servers()[0] === last);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("main.py"), new vscode.Position(4, 12));
      assert.equal(hovers.length, 1);
      await Promise.all([restart(), vscode.commands.executeCommand("coppice.server.stop")]);
      assert.equal(await api.status(), undefined);
      await eventually("no server", () => servers().length === 0);
      await restart();
      await ready();
    },
  ],
  [
    "stops the server on command, and answers once it is started again",
    async () => {
      await ready();
      await vscode.commands.executeCommand("coppice.server.stop");
      assert.equal(await api.status(), undefined);
      const hover = () => vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("main.py"), new vscode.Position(4, 12));
      assert.equal((await hover()).length, 0);
      await vscode.commands.executeCommand("coppice.server.restart");
      await ready();
      assert.equal((await hover()).length, 1);
    },
  ],
  [
    "stands beside an extension made for the language",
    async () => {
      await vscode.window.showTextDocument(file("page.ts"));
      const at = new vscode.Position(3, 3);
      const ask = () => vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("page.ts"), at);
      await eventually("TypeScript's own extension", () => vscode.extensions.getExtension("vscode.typescript-language-features")?.isActive);
      const alone = await eventually("a hover", async () => {
        const hovers = await ask();
        return hovers.length > 0 && hovers;
      });
      assert.equal(alone.length, 1);
      const definitions = await vscode.commands.executeCommand<unknown[]>("vscode.executeDefinitionProvider", file("page.ts"), at);
      assert.equal(definitions.length, 1);
      const configuration = vscode.workspace.getConfiguration("coppice");
      await configuration.update("coexistence", "always", vscode.ConfigurationTarget.Global);
      await eventually("two hovers", async () => (await ask()).length === 2);
      await configuration.update("coexistence", undefined, vscode.ConfigurationTarget.Global);
      await eventually("one hover", async () => (await ask()).length === 1);
      // What TypeScript's own extension does not have.
      const above = async () => {
        const [item] = await vscode.commands.executeCommand<vscode.TypeHierarchyItem[]>("vscode.prepareTypeHierarchy", file("page.ts"), new vscode.Position(5, 7));
        const types = item && (await vscode.commands.executeCommand<vscode.TypeHierarchyItem[]>("vscode.provideSupertypes", item));
        return types?.map(({ name }) => name) ?? [];
      };
      assert.deepEqual(await above(), ["Page"]);
      await having({ "coppice.coexistence": "never" }, async () => {
        await eventually("no type hierarchy", async () => (await above()).length === 0);
      });
    },
  ],
  [
    "leaves a language to another extension once that has started",
    async () => {
      await vscode.workspace.fs.writeFile(file("closed.py"), Buffer.from("def half(:\n"));
      await vscode.window.showTextDocument(file("broken.py"));
      const at = new vscode.Position(4, 20);
      const hovers = async () => {
        const found = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("main.py"), at);
        return found.map((hover) => hover.contents.map((part) => (typeof part === "string" ? part : part.value)).join());
      };
      await eventually("an error from coppice", () => sources("broken.py").has("coppice"));
      await eventually("one in a file that is not open", () => sources("closed.py").has("coppice"));
      const [own] = await hovers();
      assert.doesNotMatch(own!, /\(method\)/);
      await vscode.extensions.getExtension("ms-pyright.pyright")!.activate();
      await eventually("the other's hover alone", async () => {
        const texts = await hovers();
        return texts.length === 1 && /\(method\) def area/.test(texts[0]!);
      });
      const definitions = await vscode.commands.executeCommand<unknown[]>("vscode.executeDefinitionProvider", file("main.py"), at);
      assert.equal(definitions.length, 1);
      await eventually("the other's errors alone", () => sources("broken.py").has("Pyright") && !sources("broken.py").has("coppice"));
      await eventually("none in a file that is not open", () => !sources("closed.py").has("coppice"));
      const configuration = vscode.workspace.getConfiguration("coppice");
      await configuration.update("coexistence", "always", vscode.ConfigurationTarget.Global);
      await eventually("both hovers", async () => (await hovers()).length === 2);
      await eventually("the errors of both", () => sources("broken.py").has("Pyright") && sources("broken.py").has("coppice"));
      await eventually("one in a file that is not open again", () => sources("closed.py").has("coppice"));
      await configuration.update("coexistence", undefined, vscode.ConfigurationTarget.Global);
      await eventually("one hover", async () => (await hovers()).length === 1);
      await having({ "pyright.disableLanguageServices": true }, async () => {
        // The other one here does not heed it, and answers, too.
        await eventually("a hover of coppice's", async () => (await hovers()).length === 2);
        await eventually("the other's errors alone", () => !sources("closed.py").has("coppice") && !sources("broken.py").has("coppice"));
      });
      await eventually("one hover again", async () => (await hovers()).length === 1);
    },
  ],
  [
    "shows the findings that are wanted beside another extension's",
    async () => {
      for (const name of ["open.py", "shut.py"]) {
        await vscode.workspace.fs.writeFile(file(name), Buffer.from("from .nowhere import thing\n\n\ndef half(:\n"));
      }
      await vscode.window.showTextDocument(file("open.py"));
      const told = (name: string) =>
        vscode.languages.getDiagnostics(file(name)).filter(({ source }) => source === "coppice").map(({ code }) => String(code));
      await eventually("the other's errors", () => sources("open.py").has("Pyright"));
      assert.deepEqual([told("open.py"), told("shut.py")], [[], []]);
      await having({ "coppice.features": { unresolvedImports: "on" } }, async () => {
        const alone = () => ["open.py", "shut.py"].every((name) => told(name).join() === "unresolved-import");
        await eventually("the imports alone", alone);
        await having({ "coppice.coexistence": "always" }, async () => {
          await eventually("all", () => told("open.py").length > 1 && told("shut.py").length > 1);
        });
        await eventually("the imports alone again", alone);
      });
      await eventually("nothing", () => told("open.py").length === 0 && told("shut.py").length === 0);
    },
  ],
  [
    "lets the server's arguments stand where no setting is made",
    async () => {
      const isPinned = async () => (await ready()).folders[0]!.pinned;
      assert.equal(await isPinned(), false);
      await having({ "coppice.server.arguments": ["--pinned", root().fsPath] }, async () => {
        await eventually("a folder that is pinned by them", isPinned);
        await having({ "coppice.pinned": [] }, async () => {
          await eventually("a setting that goes before them", async () => !(await isPinned()));
        });
      });
      await eventually("a folder that is not pinned", async () => !(await isPinned()));
    },
  ],
  [
    "tells once of a server that dies before it answers, and does not start it again",
    async () => {
      await ready();
      const dying = program("exit 1");
      const told: string[] = [];
      const tell = async (message: string) => void told.push(message);
      await instead("showErrorMessage", tell, async () => {
        await having({ "coppice.server.path": dying.path }, async () => {
          await eventually("a message", () => told.length > 0);
          assert.equal(await api.status(), undefined);
        });
        await ready();
      });
      assert.deepEqual(told, ["The coppice server does not start: it ended before it answered; the log may tell more."]);
      assert.equal(dying.starts(), 1);
    },
  ],
  [
    "has another server after one that ends by itself",
    async () => {
      const { pid } = await ready();
      process.kill(pid, "SIGKILL");
      await eventually("another server", async () => {
        const status = await api.status();
        return status?.ready && status.pid !== pid;
      });
      await eventually("one alone", () => servers().length === 1);
      const at = new vscode.Position(1, 3);
      await eventually("a hover", async () => (await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("shapes.rs"), at)).length === 1);
    },
  ],
  [
    "has the doctor examine with the user's settings, and leaves the clipboard alone when it is cancelled",
    async () => {
      const cancel = new vscode.CancellationTokenSource();
      const withProgress = (_: unknown, task: (progress: unknown, token: vscode.CancellationToken) => unknown) => {
        const done = task({ report: () => undefined }, cancel.token);
        cancel.cancel();
        return done;
      };
      await vscode.env.clipboard.writeText("mine");
      await instead("showInformationMessage", async () => undefined, async () => {
        await instead("withProgress", withProgress, async () => {
          await vscode.commands.executeCommand("coppice.doctor");
        });
        assert.equal(await vscode.env.clipboard.readText(), "mine");
        await having({ "coppice.memory.limitMb": 333, "coppice.files.exclude": ["broken.py", "page.ts"], "coppice.watch": "poll" }, async () => {
          await vscode.commands.executeCommand("coppice.doctor");
        });
      });
      const report = await vscode.env.clipboard.readText();
      assert.match(report, /of 333 MiB used/);
    },
  ],
  [
    "answers for the languages that are chosen",
    async () => {
      const hover = () => vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", file("shapes.rs"), new vscode.Position(1, 3));
      await eventually("a hover", async () => (await hover()).length === 1);
      const configuration = vscode.workspace.getConfiguration("coppice");
      await configuration.update("languages", ["python"], vscode.ConfigurationTarget.Workspace);
      await eventually("no hover", async () => (await hover()).length === 0);
      await configuration.update("languages", undefined, vscode.ConfigurationTarget.Workspace);
      await eventually("a hover again", async () => (await hover()).length === 1);
    },
  ],
  [
    "runs where the files are, and says what it does not do in which workspaces",
    async () => {
      const { extensionKind, packageJSON } = vscode.extensions.getExtension("coppice.coppice")!;
      assert.equal(extensionKind, vscode.ExtensionKind.Workspace);
      const { untrustedWorkspaces, virtualWorkspaces } = packageJSON.capabilities;
      assert.equal(untrustedWorkspaces.supported, "limited");
      assert.equal(virtualWorkspaces.supported, false);
      for (const { description } of [untrustedWorkspaces, virtualWorkspaces]) assert.ok(description.length > 0);
    },
  ],
  [
    "registers every command of its manifest",
    async () => {
      const { commands } = vscode.extensions.getExtension("coppice.coppice")!.packageJSON.contributes;
      const known = new Set(await vscode.commands.getCommands(true));
      const missing = (commands as { command: string }[]).filter(({ command }) => !known.has(command));
      assert.deepEqual(missing, []);
    },
  ],
];

/** What the host calls; it takes a rejection for a failure. */
export async function run(): Promise<void> {
  const failures: string[] = [];
  for (const [name, test] of tests) {
    const started = Date.now();
    try {
      await test();
      console.log(`ok     extension host: ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      failures.push(name);
      console.log(`FAILED extension host: ${name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  if (failures.length > 0) throw new Error(`${failures.length} of ${tests.length} tests failed`);
}
