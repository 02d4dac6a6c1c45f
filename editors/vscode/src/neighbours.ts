/** Notices that extensions made for a language have started, gone or been switched: what was shown until then is asked for again. */
import * as vscode from "vscode";
import { DEDICATED, SWITCHES } from "./coexistence";
import { forgetLanguages } from "./languages";
import type { StatusModel } from "./model";
import type { ServerHost } from "./server";
import { SECTION } from "./settings";
import { extension } from "./standing";

/** Settings that say how coppice stands beside others, and those by which others stand at all. */
const STANDING = [`${SECTION}.coexistence`, `${SECTION}.features`, ...SWITCHES];

export class Neighbours implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private seen = dedicated();

  constructor(
    private readonly host: ServerHost,
    model: StatusModel,
  ) {
    this.subscriptions = [
      vscode.extensions.onDidChange(() => {
        forgetLanguages();
        this.look();
      }),
      // VS Code does not tell of an extension that starts; the status is looked at every few seconds anyway.
      model.onChanged(() => this.look()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (STANDING.some((setting) => event.affectsConfiguration(setting))) host.askAgain();
      }),
    ];
  }

  private look(): void {
    const now = dedicated();
    if (now === this.seen) return;
    this.seen = now;
    this.host.askAgain();
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

/** The extensions that are made for one language, each with whether it has started. */
function dedicated(): string {
  return DEDICATED.map(({ id }) => `${id} ${extension(id)}`).join();
}
