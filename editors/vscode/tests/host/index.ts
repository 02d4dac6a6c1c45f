/** Tests that run inside VS Code's extension host, on the workspace that the runner opens. */
import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
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
      const sources = (name = "broken.py") => new Set(vscode.languages.getDiagnostics(file(name)).map(({ source }) => source));
      await eventually("an error from coppice", () => sources().has("coppice"));
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
      await eventually("the other's errors alone", () => sources().has("Pyright") && !sources().has("coppice"));
      await eventually("none in a file that is not open", () => !sources("closed.py").has("coppice"));
      const configuration = vscode.workspace.getConfiguration("coppice");
      await configuration.update("coexistence", "always", vscode.ConfigurationTarget.Global);
      await eventually("both hovers", async () => (await hovers()).length === 2);
      await eventually("the errors of both", () => sources().has("Pyright") && sources().has("coppice"));
      await eventually("one in a file that is not open again", () => sources("closed.py").has("coppice"));
      await configuration.update("coexistence", undefined, vscode.ConfigurationTarget.Global);
      await eventually("one hover", async () => (await hovers()).length === 1);
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
