/** Notices that extensions made for a language have started or gone: what was shown until then is asked for again. */
import * as vscode from "vscode";
import { DEDICATED } from "./coexistence";
import { extension } from "./middleware";
import type { StatusModel } from "./model";
import type { ServerHost } from "./server";
import { SECTION } from "./settings";

/** Settings that say how coppice stands beside others. */
const STANDING = ["coexistence", "features"];

export class Neighbours implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private seen = dedicated();

  constructor(
    private readonly host: ServerHost,
    model: StatusModel,
  ) {
    this.subscriptions = [
      vscode.extensions.onDidChange(() => this.look()),
      // VS Code does not tell of an extension that starts; the status is looked at every few seconds anyway.
      model.onChanged(() => this.look()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (STANDING.some((setting) => event.affectsConfiguration(`${SECTION}.${setting}`))) host.askAgain();
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
  const ids = [...new Set(Object.values(DEDICATED).flat())];
  return ids.map((id) => `${id} ${extension(id)}`).join();
}
