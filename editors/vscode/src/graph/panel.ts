/** The panels that show a part of the graph, and the questions behind them. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { ServerHost } from "../server";
import type { FolderStatus } from "../status";
import { EXTENSIONS, dot, json, mermaid } from "./export";
import { html } from "./html";
import type { ToHost, ToPage } from "./messages";
import { type Graph, type GraphNode, type Position, type WireGraph, join, stable } from "./model";

/** Most nodes that a picture grows to; more is not read by anybody. */
const NODES_MAX = 200;
const COMMAND = "coppice.graph";

/** What a picture is about: a symbol at a position, a file or a folder. */
interface Subject {
  title: string;
  uri: string;
  position?: Position;
}

export class GraphPanels implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly host: ServerHost,
  ) {
    this.subscriptions = [
      vscode.commands.registerCommand("coppice.showGraph", () => this.ofSymbol()),
      vscode.commands.registerCommand("coppice.showFileGraph", (uri?: vscode.Uri) => this.ofFile(uri)),
      vscode.commands.registerCommand("coppice.showFolderGraph", (at?: vscode.Uri | { folder: FolderStatus }) =>
        this.ofFolder(at),
      ),
    ];
  }

  private async ofSymbol(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return;
    const { document, selection } = editor;
    const word = document.getWordRangeAtPosition(selection.active);
    const title = word ? document.getText(word) : vscode.workspace.asRelativePath(document.uri);
    const { line, character } = selection.active;
    await this.show({ title, uri: document.uri.toString(), position: { line, character } });
  }

  private async ofFile(uri = vscode.window.activeTextEditor?.document.uri): Promise<void> {
    if (uri) await this.show({ title: vscode.workspace.asRelativePath(uri), uri: uri.toString() });
  }

  private async ofFolder(at?: vscode.Uri | { folder: FolderStatus }): Promise<void> {
    const uri =
      at instanceof vscode.Uri
        ? at
        : at
          ? vscode.Uri.parse(at.folder.uri)
          : (await vscode.window.showWorkspaceFolderPick())?.uri;
    if (!uri) return;
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    const isRoot = folder?.uri.toString() === uri.toString();
    await this.show({ title: isRoot ? folder.name : vscode.workspace.asRelativePath(uri, true), uri: uri.toString() });
  }

  private async show(subject: Subject): Promise<void> {
    const client = this.host.client;
    if (!client) {
      void vscode.window.showErrorMessage("coppice: the server does not run.");
      return;
    }
    if (!client.initializeResult?.capabilities.executeCommandProvider?.commands.includes(COMMAND)) {
      void vscode.window.showErrorMessage("coppice: this server has no graph to show; a newer one is needed.");
      return;
    }
    try {
      const graph = await ask(client, subject, 1);
      if (graph.nodes.length === 0) {
        void vscode.window.showInformationMessage(`coppice: nothing is known around ${subject.title}.`);
        return;
      }
      new Panel(this.context, this.host, subject, graph);
    } catch (error) {
      void vscode.window.showErrorMessage(`coppice: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

async function ask(client: LanguageClient, subject: Subject, depth: number): Promise<Graph> {
  const { uri, position } = subject;
  const argument = { uri, ...(position ? { position } : {}), depth };
  const wire = await client.sendRequest<WireGraph | null>("workspace/executeCommand", {
    command: COMMAND,
    arguments: [argument],
  });
  return wire ? stable(wire) : { nodes: [], edges: [], shown: 0, total: 0, more: false };
}

/** One picture. */
class Panel {
  private readonly panel: vscode.WebviewPanel;
  private depth = 1;
  /** Counts the changes of depth: answers about an earlier one come too late. */
  private turn = 0;

  constructor(
    context: vscode.ExtensionContext,
    private readonly host: ServerHost,
    private readonly subject: Subject,
    private graph: Graph,
  ) {
    const roots = [vscode.Uri.joinPath(context.extensionUri, "dist"), vscode.Uri.joinPath(context.extensionUri, "media")];
    const title = `Graph: ${subject.title}`;
    this.panel = vscode.window.createWebviewPanel("coppice.graph", title, vscode.ViewColumn.Beside, {
      enableScripts: true,
      localResourceRoots: roots,
    });
    const icon = (theme: string) => vscode.Uri.joinPath(context.extensionUri, "media", `tab-${theme}.svg`);
    this.panel.iconPath = { light: icon("light"), dark: icon("dark") };
    this.panel.webview.html = html(this.panel.webview, context.extensionUri);
    this.panel.webview.onDidReceiveMessage((message: ToHost) => this.received(message));
  }

  private async received(message: ToHost): Promise<void> {
    try {
      switch (message.type) {
        case "ready":
          return this.tell();
        case "open":
          return await this.open(message.id);
        case "expand":
          return await this.expand(message.id);
        case "depth":
          return await this.deepen(message.depth);
        case "export":
          return await this.export(message);
      }
    } catch (error) {
      void vscode.window.showErrorMessage(`coppice: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private tell(): void {
    const focus = this.focus();
    const message: ToPage = { type: "graph", title: this.subject.title, graph: this.graph, depth: this.depth };
    void this.panel.webview.postMessage(focus ? { ...message, focus } : message);
  }

  /** The symbol or file that was asked about is the first that the server names; of a folder, none is. */
  private focus(): string | undefined {
    const first = this.graph.nodes[0];
    return this.subject.position || first?.uri === this.subject.uri ? first?.id : undefined;
  }

  private node(id: string): GraphNode | undefined {
    return this.graph.nodes.find((node) => node.id === id);
  }

  private async open(id: string): Promise<void> {
    const node = this.node(id);
    if (!node) return;
    const { start } = node.range;
    const at = new vscode.Position(start.line, start.character);
    const uri = vscode.Uri.parse(node.uri);
    const viewColumn = vscode.ViewColumn.One;
    await vscode.window.showTextDocument(uri, { viewColumn, selection: new vscode.Range(at, at) });
  }

  private async expand(id: string): Promise<void> {
    const [node, client] = [this.node(id), this.host.client];
    if (!node || !client) return;
    if (this.graph.nodes.length >= NODES_MAX) {
      void vscode.window.showInformationMessage(`coppice: the picture has ${NODES_MAX} symbols, and takes no more.`);
      return;
    }
    const around: Subject = { title: node.label, uri: node.uri, ...(node.kind === "file" ? {} : { position: node.range.start }) };
    const turn = this.turn;
    const more = await ask(client, around, 1);
    if (turn !== this.turn) return;
    this.graph = join(this.graph, more, NODES_MAX);
    this.tell();
  }

  private async deepen(depth: number): Promise<void> {
    const client = this.host.client;
    if (!client) return;
    const turn = ++this.turn;
    const graph = await ask(client, this.subject, depth);
    if (turn !== this.turn) return;
    this.graph = graph;
    this.depth = depth;
    this.tell();
  }

  private async export(message: Extract<ToHost, { type: "export" }>): Promise<void> {
    const extension = EXTENSIONS[message.format];
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(this.subject.uri))?.uri;
    const name = `${this.subject.title.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")}.${extension}`;
    const options: vscode.SaveDialogOptions = { filters: { [message.format]: [extension] } };
    if (folder) options.defaultUri = vscode.Uri.joinPath(folder, name);
    const target = await vscode.window.showSaveDialog(options);
    if (!target) return;
    const texts = {
      svg: () => message.svg ?? "",
      dot: () => dot(message.graph),
      mermaid: () => mermaid(message.graph),
      json: () => json(message.graph),
    };
    await vscode.workspace.fs.writeFile(target, Buffer.from(texts[message.format]()));
  }
}
