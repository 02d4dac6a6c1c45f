// The protocol package behind VS Code's client drives the real server over stdio.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, describe, it } = require("node:test");
const { pathToFileURL } = require("node:url");
const lsp = require("vscode-languageserver-protocol/node");

const program = process.env.COPPICE_BIN ?? path.resolve(__dirname, "../../../target/debug/coppice");

const FILES = {
  "src/model.ts": `/** A thing for sale. */
export class Item {
    /** Price of several. */
    total(count: number): number {
        return 3 * count;
    }
}
`,
  "src/app.ts": `import { Item } from "./model";

export function main(): number {
    const item = new Item();
    return item.total(2);
}
`,
  "app.py": `def helper():
    """Helps."""


helper()
`,
};

/** Where the n-th occurrence of a text stands. */
function find(file, text, nth = 0) {
  let at = -1;
  for (let i = 0; i <= nth; i++) {
    at = FILES[file].indexOf(text, at + 1);
    assert.notEqual(at, -1, `${text} in ${file}`);
  }
  const lines = FILES[file].slice(0, at).split("\n");
  const start = { line: lines.length - 1, character: lines.at(-1).length };
  return { start, end: { line: start.line, character: start.character + text.length } };
}

/** Whether the server ends within some time, and with what. */
function ending(server, milliseconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`still there after ${milliseconds} ms`)), milliseconds);
    server.once("exit", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

describe("coppice, driven by vscode-languageserver-protocol", () => {
  let folder, server, connection, initialized;
  const progress = [];
  let ended;
  const progressEnded = new Promise((resolve) => (ended = resolve));
  const uri = (file) => pathToFileURL(path.join(folder, file)).href;
  const at = (file, text, nth) => ({ textDocument: { uri: uri(file) }, position: find(file, text, nth).start });
  const ask = (type, params) => connection.sendRequest(type, params);

  before(async () => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "coppice-e2e-")));
    for (const [file, text] of Object.entries(FILES)) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
    server = spawn(program, [], { stdio: ["pipe", "pipe", "ignore"] });
    connection = lsp.createProtocolConnection(
      new lsp.StreamMessageReader(server.stdout),
      new lsp.StreamMessageWriter(server.stdin),
    );
    connection.onRequest(lsp.WorkDoneProgressCreateRequest.type, ({ token }) => {
      connection.onProgress(lsp.WorkDoneProgress.type, token, (value) => {
        progress.push(value);
        if (value.kind === "end") ended();
      });
    });
    connection.onRequest(lsp.ConfigurationRequest.type, ({ items }) => items.map(() => null));
    connection.onRequest(lsp.RegistrationRequest.type, () => {});
    connection.listen();
    initialized = await ask(lsp.InitializeRequest.type, {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "shop" }],
      capabilities: {
        window: { workDoneProgress: true },
        workspace: { workspaceFolders: true, configuration: true },
        textDocument: {
          definition: { linkSupport: true },
          documentSymbol: { hierarchicalDocumentSymbolSupport: true },
          hover: { contentFormat: ["markdown"] },
        },
      },
    });
    await connection.sendNotification(lsp.InitializedNotification.type, {});
  });

  after(() => {
    connection.dispose();
    server.kill();
    fs.rmSync(folder, { recursive: true });
  });

  it("introduces itself", () => {
    assert.equal(initialized.serverInfo.name, "coppice");
    assert.ok(initialized.capabilities.definitionProvider);
  });

  it("opens documents and finds definitions in other files", async () => {
    for (const file of ["src/app.ts", "src/model.ts"]) {
      const textDocument = { uri: uri(file), languageId: "typescript", version: 1, text: FILES[file] };
      await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, { textDocument });
    }
    const links = await ask(lsp.DefinitionRequest.type, at("src/app.ts", "total"));
    assert.equal(links.length, 1);
    assert.ok(lsp.LocationLink.is(links[0]), JSON.stringify(links));
    assert.equal(links[0].targetUri, uri("src/model.ts"));
    assert.deepEqual(links[0].targetSelectionRange, find("src/model.ts", "total"));
  });

  it("finds references, with and without the declaration", async () => {
    const params = { ...at("src/model.ts", "total"), context: { includeDeclaration: true } };
    const all = await ask(lsp.ReferencesRequest.type, params);
    assert.ok(all.every((location) => lsp.Location.is(location)));
    const places = all.map((location) => [location.uri, location.range.start.line]).sort();
    assert.deepEqual(places, [[uri("src/app.ts"), 4], [uri("src/model.ts"), 3]]);
    params.context.includeDeclaration = false;
    assert.equal((await ask(lsp.ReferencesRequest.type, params)).length, 1);
  });

  it("hovers with signature and documentation", async () => {
    const hover = await ask(lsp.HoverRequest.type, at("src/app.ts", "total"));
    assert.ok(lsp.Hover.is(hover), JSON.stringify(hover));
    assert.match(hover.contents.value, /total/);
    assert.match(hover.contents.value, /Price of several/);
  });

  it("lists the symbols of a document and of the workspace", async () => {
    const symbols = await ask(lsp.DocumentSymbolRequest.type, { textDocument: { uri: uri("src/model.ts") } });
    assert.ok(symbols.every((symbol) => lsp.DocumentSymbol.is(symbol)));
    assert.deepEqual(symbols.map((symbol) => [symbol.name, symbol.children.map((child) => child.name)]), [["Item", ["total"]]]);
    const found = await ask(lsp.WorkspaceSymbolRequest.type, { query: "helper" });
    assert.deepEqual(found.map((symbol) => [symbol.name, symbol.location.uri]), [["helper", uri("app.py")]]);
  });

  it("highlights a local name", async () => {
    const highlights = await ask(lsp.DocumentHighlightRequest.type, at("src/app.ts", "item"));
    assert.deepEqual(highlights.map((highlight) => highlight.range.start.line), [3, 4]);
  });

  it("follows an edit", async () => {
    await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
      textDocument: { uri: uri("src/app.ts"), version: 2 },
      contentChanges: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "\n\n" }],
    });
    const moved = find("src/app.ts", "total").start;
    const links = await ask(lsp.DefinitionRequest.type, {
      textDocument: { uri: uri("src/app.ts") },
      position: { line: moved.line + 2, character: moved.character },
    });
    assert.equal(links[0].targetUri, uri("src/model.ts"));
  });

  it("has shown its progress", { timeout: 60_000 }, async () => {
    await progressEnded;
    assert.equal(progress[0]?.kind, "begin");
    assert.equal(progress.at(-1).kind, "end");
  });

  it("refuses what it does not know and lives on", async () => {
    await assert.rejects(ask("no/such", {}), { code: lsp.ErrorCodes.MethodNotFound });
    assert.ok((await ask("coppice/status")).ready);
  });

  it("cancels a request", async () => {
    const cancel = new lsp.CancellationTokenSource();
    const answer = connection.sendRequest(lsp.WorkspaceSymbolRequest.type, { query: "a" }, cancel.token);
    cancel.cancel();
    await answer.catch((error) => assert.equal(error.code, lsp.LSPErrorCodes.RequestCancelled));
  });

  it("shuts down and is gone", async () => {
    await ask(lsp.ShutdownRequest.type);
    const ended = ending(server, 60_000);
    await connection.sendNotification(lsp.ExitNotification.type);
    assert.equal(await ended, 0);
  });
});
