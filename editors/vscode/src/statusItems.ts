/** The item in the status bar and the one of the language. */
import * as vscode from "vscode";
import type { ServerHost } from "./server";
import type { StatusModel } from "./model";
import { type FolderStatus, type Status, bytes, condition, describe, statusText, worst } from "./status";

const COMMANDS = ["coppice.showStatus", "coppice.folders.focus", "coppice.showLog", "coppice.server.restart", "workbench.action.openSettings"];

export class StatusItems implements vscode.Disposable {
  private readonly bar = vscode.window.createStatusBarItem("coppice.status", vscode.StatusBarAlignment.Right, 90);
  private readonly language: vscode.LanguageStatusItem;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly host: ServerHost,
    private readonly model: StatusModel,
  ) {
    this.bar.name = "coppice";
    const selector = host.languages.map((language) => ({ language, scheme: "file" }));
    this.language = vscode.languages.createLanguageStatusItem("coppice.folder", selector);
    this.language.name = "coppice";
    this.subscriptions = [
      model.onChanged(() => this.show()),
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
      vscode.workspace.onDidChangeConfiguration(() => this.show()),
    ];
    this.show();
  }

  private show(): void {
    const status = this.model.current;
    this.showBar(status);
    this.showLanguage(status);
  }

  private showBar(status: Status | undefined): void {
    if (!status) {
      this.showFailure(this.host.failure);
      return;
    }
    if (!this.isWanted(status)) {
      this.bar.hide();
      return;
    }
    const bad = worst(status.folders);
    this.bar.text = statusText(status);
    this.bar.tooltip = tooltip(status);
    this.bar.command = "coppice.folders.focus";
    this.bar.backgroundColor =
      bad === "failed"
        ? new vscode.ThemeColor("statusBarItem.errorBackground")
        : bad === "stale"
          ? new vscode.ThemeColor("statusBarItem.warningBackground")
          : undefined;
    const { usedBytes, limitBytes } = status.memory;
    this.bar.accessibilityInformation = {
      label: `coppice: ${bad}, ${bytes(usedBytes)} of ${bytes(limitBytes)} in use`,
    };
    this.bar.show();
  }

  /** A server that is wanted and does not run is told of as trouble is, with what can be done. */
  private showFailure(failure: string | undefined): void {
    if (failure === undefined || wanted() === "never") {
      this.bar.hide();
      return;
    }
    this.bar.text = "$(error) coppice";
    this.bar.tooltip = links("coppice does not run", failure, [], [
      ["Start", "coppice.server.restart"],
      ["Log", "coppice.showLog"],
      ["Settings", settingsOf("coppice.server")],
    ]);
    this.bar.command = "coppice.showStatus";
    this.bar.backgroundColor = new vscode.ThemeColor("statusBarItem.errorBackground");
    this.bar.accessibilityInformation = { label: `coppice does not run: ${failure}` };
    this.bar.show();
  }

  private isWanted(status: Status): boolean {
    const when = wanted();
    if (when !== "auto") return when === "always";
    const language = vscode.window.activeTextEditor?.document.languageId;
    const isOurs = language !== undefined && this.host.languages.includes(language);
    return isOurs || !["loaded", "evicted"].includes(worst(status.folders));
  }

  private showLanguage(status: Status | undefined): void {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const folder = status && uri ? owner(status.folders, uri) : undefined;
    this.language.busy = folder?.state === "loading" || folder?.state === "rebuilding";
    const failure = status ? undefined : this.host.failure;
    this.language.severity =
      failure !== undefined || (folder && condition(folder) === "failed")
        ? vscode.LanguageStatusSeverity.Error
        : folder?.stale
          ? vscode.LanguageStatusSeverity.Warning
          : vscode.LanguageStatusSeverity.Information;
    this.language.text = folder ? `coppice: ${describe(folder)}` : status ? "coppice: no folder" : "coppice: not running";
    this.language.detail = failure ?? folder?.lastError ?? folder?.name ?? "";
    this.language.command = status
      ? { command: "coppice.showStatus", title: "Show Status" }
      : { command: "coppice.server.restart", title: "Start" };
  }

  dispose(): void {
    vscode.Disposable.from(this.bar, this.language, ...this.subscriptions).dispose();
  }
}

/** The innermost folder around a file. */
export function owner(folders: readonly FolderStatus[], uri: vscode.Uri): FolderStatus | undefined {
  const inside = folders.filter((folder) => {
    const root = vscode.Uri.parse(folder.uri).path.replace(/\/$/, "");
    return uri.path === root || uri.path.startsWith(`${root}/`);
  });
  return inside.sort((a, b) => b.uri.length - a.uri.length)[0];
}

/** When the user wants the item in the status bar. */
function wanted(): string {
  return vscode.workspace.getConfiguration("coppice").get("statusBar", "auto");
}

/** The command that opens the settings at some of them. */
function settingsOf(query: string): string {
  return `workbench.action.openSettings?${encodeURIComponent(JSON.stringify([query]))}`;
}

/** A title, a text and a list that are shown as they are, and what a click can do. */
function links(title: string, body: string, items: readonly string[], commands: readonly (readonly [string, string])[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString("", true);
  text.isTrusted = { enabledCommands: COMMANDS };
  text.appendMarkdown(`**${title}**\n\n`).appendText(body).appendMarkdown("\n\n");
  for (const item of items) text.appendMarkdown("- ").appendText(item).appendMarkdown("\n");
  text.appendMarkdown("\n");
  return text.appendMarkdown(commands.map(([name, command]) => `[${name}](command:${command})`).join(" · "));
}

function tooltip(status: Status): vscode.MarkdownString {
  const { usedBytes, limitBytes, highWaterBytes, rssBytes } = status.memory;
  const memory =
    `${bytes(usedBytes)} of ${bytes(limitBytes)} in use, at most ${bytes(highWaterBytes)} so far; ` +
    `the process takes ${bytes(rssBytes)}.`;
  const folders = status.folders.map((folder) => `${folder.name}: ${describe(folder)}`);
  return links(`coppice ${status.version}`, memory, folders, [
    ["Status", "coppice.showStatus"],
    ["Folders", "coppice.folders.focus"],
    ["Log", "coppice.showLog"],
    ["Budget", settingsOf("coppice.memory.limitMb")],
  ]);
}
