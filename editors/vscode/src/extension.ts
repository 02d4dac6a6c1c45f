/** Starts the server and everything that shows something of it. */
import { execFile } from "node:child_process";
import * as vscode from "vscode";
import type { Location, Position } from "vscode-languageclient/node";
import { FoldersView } from "./folders";
import { GraphPanels } from "./graph/panel";
import { StatusModel } from "./model";
import { Neighbours } from "./neighbours";
import { SHOW_REFERENCES, ServerHost } from "./server";
import { StatusItems } from "./statusItems";
import { type Status, bytes, describe } from "./status";

/** How long the doctor may take; it reads all folders anew. */
const DOCTOR_MS = 900_000;
const DOCTOR_OUTPUT_BYTES_MAX = 16 << 20;
/** Settings that count from the server's start on. */
const RESTART_SETTINGS = ["coppice.server", "coppice.languages"];

/** What the tests of the extension look at. */
export interface Api {
  status(): Promise<Status | undefined>;
}

/** What `deactivate` ends. */
let running: ServerHost | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const host = new ServerHost(context);
  running = host;
  const model = new StatusModel(host);
  const folders = new FoldersView(host, model);
  context.subscriptions.push(host, model, folders, new StatusItems(host, model), new GraphPanels(context, host));
  context.subscriptions.push(new Neighbours(host, model));

  const command = (id: string, run: (...args: never[]) => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(id, run));
  command("coppice.server.restart", () => host.restart());
  command("coppice.server.stop", () => host.stop());
  command("coppice.showLog", () => host.log.show());
  command("coppice.showTrace", () => host.trace.show());
  command("coppice.showStatus", () => showStatus(host, model));
  command("coppice.doctor", () => doctor(host));
  command("coppice.explain", () => explain(host));
  command(SHOW_REFERENCES, (uri: string, at: Position, places: Location[]) => showReferences(host, uri, at, places));

  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (RESTART_SETTINGS.some((setting) => event.affectsConfiguration(setting))) void host.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void host.restart()),
  );
  await vscode.commands.executeCommand("setContext", "coppice.languages", host.languages);
  // The editor need not wait for the server, whose absence may put a question to the user.
  void host.start();
  return { status: () => model.refresh() };
}

async function showStatus(host: ServerHost, model: StatusModel): Promise<void> {
  const status = await model.refresh();
  if (!status) {
    const [restart, logs] = ["Start", "Show Log"];
    const why = host.failure ?? "The coppice server does not run.";
    const choice = await vscode.window.showInformationMessage(why, restart, logs);
    if (choice === logs) host.log.show();
    if (choice === restart) {
      await vscode.commands.executeCommand("coppice.server.restart");
    }
    return;
  }
  const { memory } = status;
  const items: (vscode.QuickPickItem & { run?: string })[] = [
    {
      label: `$(database) ${bytes(memory.usedBytes)} of ${bytes(memory.limitBytes)}`,
      description: `at most ${bytes(memory.highWaterBytes)}; the process takes ${bytes(memory.rssBytes)}`,
    },
    { label: `$(server-process) process ${status.pid}`, detail: host.told },
    { label: "folders", kind: vscode.QuickPickItemKind.Separator },
    ...status.folders.map((folder) => ({
      label: folder.name,
      description: describe(folder),
      detail: folder.lastError ?? folder.note ?? "",
      run: "coppice.folders.focus",
    })),
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    { label: "$(output) Show Log", run: "coppice.showLog" },
    { label: "$(pulse) Run Doctor and Copy Its Report", run: "coppice.doctor" },
    { label: "$(debug-restart) Restart Server", run: "coppice.server.restart" },
  ];
  const choice = await vscode.window.showQuickPick(items, { title: "coppice", placeHolder: "Memory, folders and what to do" });
  if (choice?.run) await vscode.commands.executeCommand(choice.run);
}

/** Runs the command-line examination on the open folders, and puts its report on the clipboard. */
async function doctor(host: ServerHost): Promise<void> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
  if (folders.length === 0) {
    void vscode.window.showInformationMessage("coppice: there is no folder to examine.");
    return;
  }
  const server = host.find().path;
  const progress = { location: vscode.ProgressLocation.Notification, title: "coppice examines the folders", cancellable: true };
  const report = await vscode.window.withProgress(progress, (_, token) => {
    return new Promise<string | undefined>((resolve) => {
      const options = { timeout: DOCTOR_MS, maxBuffer: DOCTOR_OUTPUT_BYTES_MAX };
      const arguments_ = host.commandLine("doctor", ...folders.map((folder) => folder.uri.fsPath));
      const child = execFile(server, arguments_, options, (error, stdout, stderr) =>
        resolve(token.isCancellationRequested ? undefined : stdout || stderr || String(error)),
      );
      token.onCancellationRequested(() => child.kill());
    });
  });
  if (report === undefined) return;
  host.log.info(report);
  await vscode.env.clipboard.writeText(report);
  const show = "Show";
  const choice = await vscode.window.showInformationMessage("The doctor's report is on the clipboard.", show);
  if (choice === show) host.log.show();
}

/** What a lens counted, in the editor's own list. */
async function showReferences(host: ServerHost, uri: string, at: Position, places: Location[]): Promise<void> {
  const convert = host.client?.protocol2CodeConverter;
  if (!convert) return;
  const locations = places.map((place) => convert.asLocation(place));
  await vscode.commands.executeCommand("editor.action.showReferences", convert.asUri(uri), convert.asPosition(at), locations);
}

interface Why {
  name: string;
  role: string | null;
  how: string | null;
  nothing: string | null;
  candidates: { name: string; kind: string; how: string; uri: string; range: { start: vscode.Position; end: vscode.Position } }[];
}

/** How the name under the cursor was resolved; a candidate that is picked is opened. */
async function explain(host: ServerHost): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const client = host.client;
  if (!editor || !client) return;
  const textDocument = client.code2ProtocolConverter.asTextDocumentIdentifier(editor.document);
  const position = client.code2ProtocolConverter.asPosition(editor.selection.active);
  let why: Why | null;
  try {
    why = await client.sendRequest<Why | null>("workspace/executeCommand", {
      command: "coppice.why",
      arguments: [{ textDocument, position }],
    });
  } catch (error) {
    void vscode.window.showErrorMessage(`coppice: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  if (!why) {
    void vscode.window.showInformationMessage("coppice: there is no name here.");
    return;
  }
  const items = why.candidates.map((candidate) => ({
    label: `$(symbol-${candidate.kind}) ${candidate.name}`,
    description: `${vscode.workspace.asRelativePath(vscode.Uri.parse(candidate.uri))}:${candidate.range.start.line + 1}`,
    detail: candidate.how,
    candidate,
  }));
  const title = `${why.name}: ${why.how ?? why.nothing ?? "nothing is known"}`;
  const choice = await vscode.window.showQuickPick(items, { title, placeHolder: items.length ? "Open" : "No candidates" });
  if (choice) {
    const { uri, range } = choice.candidate;
    const selection = client.protocol2CodeConverter.asRange(range);
    await vscode.window.showTextDocument(vscode.Uri.parse(uri), { selection });
  }
}

/** VS Code waits for this before it ends the process that the server is a child of. */
export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}
