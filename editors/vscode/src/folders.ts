/** The view of the folders, and what can be done with each. */
import * as vscode from "vscode";
import type { ServerHost } from "./server";
import type { StatusModel } from "./model";
import { type Condition, type FolderStatus, asOf, bytes, condition, describe, times, trouble } from "./status";

const ICONS: Record<Condition, [string, string?]> = {
  loaded: ["pass", "testing.iconPassed"],
  evicted: ["archive"],
  unloaded: ["circle-outline"],
  loading: ["sync~spin"],
  rebuilding: ["sync~spin"],
  stale: ["warning", "list.warningForeground"],
  failed: ["error", "list.errorForeground"],
};

type Node = FolderNode | DetailNode;

class FolderNode extends vscode.TreeItem {
  constructor(readonly folder: FolderStatus) {
    super(folder.name, vscode.TreeItemCollapsibleState.Collapsed);
    const what = condition(folder);
    const [icon, color] = ICONS[what];
    this.id = folder.uri;
    this.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    this.description = describe(folder);
    this.tooltip = `${vscode.Uri.parse(folder.uri).fsPath}\n${details(folder).map((d) => d.text).join("\n")}`;
    this.accessibilityInformation = { label: `${folder.name}, ${describe(folder)}` };
    const isLoaded = folder.residentBytes > 0 ? "loaded" : "empty";
    this.contextValue = `folder ${what} ${isLoaded} ${folder.pinned ? "pinned" : "unpinned"}`;
  }
}

class DetailNode extends vscode.TreeItem {
  constructor(text: string, icon: string, uri?: string | null) {
    super(text, vscode.TreeItemCollapsibleState.None);
    this.iconPath = new vscode.ThemeIcon(icon);
    this.tooltip = text;
    if (uri) this.command = { command: "vscode.open", title: "Open", arguments: [vscode.Uri.parse(uri)] };
  }
}

interface Detail {
  text: string;
  icon: string;
  uri?: string | null;
}

/** All that is known of a folder, one line each. */
export function details(folder: FolderStatus): Detail[] {
  const lines: Detail[] = [];
  if (folder.lastError) lines.push({ text: folder.lastError, icon: "error" });
  if (folder.note) lines.push({ text: folder.note, icon: "info" });
  if (folder.lastGoodAt) lines.push({ text: asOf(folder, folder.lastGoodAt), icon: "history" });
  if (folder.retryCount > 0) lines.push({ text: `${times(folder.retryCount)} failed in a row`, icon: "debug-restart" });
  const count = (n: number) => n.toLocaleString("en");
  lines.push({
    text: `${count(folder.files)} files, ${count(folder.lines)} lines, ${count(folder.symbols)} symbols, ${count(folder.references)} references`,
    icon: "symbol-numeric",
  });
  const languages = Object.entries(folder.languages).sort(([, a], [, b]) => b - a);
  if (languages.length > 0) {
    lines.push({ text: languages.map(([name, files]) => `${name} ${count(files)}`).join(", "), icon: "code" });
  }
  // The server counts the graph alone at its highest.
  const most = Math.max(folder.residentBytes, folder.highWaterBytes);
  lines.push({
    text: `${bytes(folder.residentBytes)} in memory, at most ${bytes(most)}; generation ${folder.generation}`,
    icon: "database",
  });
  for (const { uri, why } of folder.skipped) {
    const name = uri ? vscode.workspace.asRelativePath(vscode.Uri.parse(uri)) : "a file";
    lines.push({ text: `skipped ${name}: ${why}`, icon: "circle-slash", uri });
  }
  if (folder.skippedMore > 0) lines.push({ text: `and ${count(folder.skippedMore)} more skipped`, icon: "ellipsis" });
  return lines;
}

export class FoldersView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly host: ServerHost,
    private readonly model: StatusModel,
  ) {
    const view = vscode.window.createTreeView("coppice.folders", { treeDataProvider: this });
    this.subscriptions = [
      view,
      this.changed,
      model.onChanged(() => this.changed.fire()),
      view.onDidChangeVisibility(({ visible }) => {
        if (visible) void model.refresh();
      }),
      ...(["pin", "unpin", "evict", "reload"] as const).map((verb) =>
        vscode.commands.registerCommand(`coppice.folders.${verb}`, (node?: FolderNode) => this.act(verb, node)),
      ),
      vscode.commands.registerCommand("coppice.folders.whyStale", (node?: FolderNode) => this.whyStale(node)),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node;
  }

  getChildren(node?: Node): Node[] {
    if (node instanceof FolderNode) return details(node.folder).map((d) => new DetailNode(d.text, d.icon, d.uri));
    return node ? [] : (this.model.current?.folders ?? []).map((folder) => new FolderNode(folder));
  }

  private async act(verb: string, node?: FolderNode): Promise<void> {
    const folder = node?.folder ?? (await this.pick());
    if (!folder) return;
    try {
      const params = { command: `coppice.${verb}`, arguments: [folder.uri] };
      await this.host.client?.sendRequest("workspace/executeCommand", params);
    } catch (error) {
      void vscode.window.showErrorMessage(`coppice: ${error instanceof Error ? error.message : String(error)}`);
    }
    await this.model.refresh();
  }

  /** The only folder, or the one that the user picks. */
  async pick(): Promise<FolderStatus | undefined> {
    const folders = (await this.model.refresh())?.folders ?? [];
    if (folders.length <= 1) return folders[0];
    const items = folders.map((folder) => ({ label: folder.name, description: describe(folder), folder }));
    return (await vscode.window.showQuickPick(items, { placeHolder: "Which folder?" }))?.folder;
  }

  private async whyStale(node?: FolderNode): Promise<void> {
    const folder = node?.folder ?? (await this.pick());
    if (!folder) return;
    if (!folder.stale && !folder.lastError) {
      void vscode.window.showInformationMessage(`coppice: ${folder.name} is ${describe(folder)}. Nothing is wrong with it.`);
      return;
    }
    const [reload, logs] = ["Reload", "Show Log"];
    const choice = await vscode.window.showWarningMessage(trouble(folder), reload, logs);
    if (choice === reload) await this.act("reload", new FolderNode(folder));
    if (choice === logs) this.host.log.show();
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}
