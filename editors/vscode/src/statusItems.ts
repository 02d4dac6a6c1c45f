/** The item in the status bar and the one of the language. */
import * as vscode from "vscode";
import type { ServerHost } from "./server";
import type { StatusModel } from "./model";
import { type FolderStatus, type Status, bytes, condition, describe, statusText, worst } from "./status";

const COMMANDS = ["coppice.showStatus", "coppice.folders.focus", "coppice.showLog", "workbench.action.openSettings"];

export class StatusItems implements vscode.Disposable {
  private readonly bar = vscode.window.createStatusBarItem("coppice.status", vscode.StatusBarAlignment.Right, 90);
  private readonly language: vscode.LanguageStatusItem;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly host: ServerHost,
    private readonly model: StatusModel,
  ) {
    this.bar.name = "coppice";
    this.bar.command = "coppice.folders.focus";
    const selector = host.languages.map((language) => ({ language, scheme: "file" }));
    this.language = vscode.languages.createLanguageStatusItem("coppice.folder", selector);
    this.language.name = "coppice";
    this.language.command = { command: "coppice.showStatus", title: "Show Status" };
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
    if (!status || !this.isWanted(status)) {
      this.bar.hide();
      return;
    }
    const bad = worst(status.folders);
    this.bar.text = statusText(status);
    this.bar.tooltip = tooltip(status);
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

  private isWanted(status: Status): boolean {
    const when = vscode.workspace.getConfiguration("coppice").get<string>("statusBar", "auto");
    if (when !== "auto") return when === "always";
    const language = vscode.window.activeTextEditor?.document.languageId;
    const isOurs = language !== undefined && this.host.languages.includes(language);
    return isOurs || !["loaded", "evicted"].includes(worst(status.folders));
  }

  private showLanguage(status: Status | undefined): void {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const folder = status && uri ? owner(status.folders, uri) : undefined;
    this.language.busy = folder?.state === "loading" || folder?.state === "rebuilding";
    this.language.severity =
      folder && condition(folder) === "failed"
        ? vscode.LanguageStatusSeverity.Error
        : folder?.stale
          ? vscode.LanguageStatusSeverity.Warning
          : vscode.LanguageStatusSeverity.Information;
    this.language.text = folder ? `coppice: ${describe(folder)}` : status ? "coppice: no folder" : "coppice: not running";
    this.language.detail = folder?.lastError ?? folder?.name ?? "";
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

function tooltip(status: Status): vscode.MarkdownString {
  const { usedBytes, limitBytes, highWaterBytes, rssBytes } = status.memory;
  const text = new vscode.MarkdownString("", true);
  text.isTrusted = { enabledCommands: COMMANDS };
  text.appendMarkdown(`**coppice ${status.version}**\n\n`);
  text.appendMarkdown(`${bytes(usedBytes)} of ${bytes(limitBytes)} in use, at most ${bytes(highWaterBytes)} so far; `);
  text.appendMarkdown(`the process takes ${bytes(rssBytes)}.\n\n`);
  for (const folder of status.folders) {
    text.appendMarkdown("- ").appendText(`${folder.name}: ${describe(folder)}`).appendMarkdown("\n");
  }
  const budget = encodeURIComponent(JSON.stringify(["coppice.memory.limitMb"]));
  text.appendMarkdown(
    `\n[Status](command:coppice.showStatus) · [Folders](command:coppice.folders.focus) · ` +
      `[Log](command:coppice.showLog) · [Budget](command:workbench.action.openSettings?${budget})`,
  );
  return text;
}
