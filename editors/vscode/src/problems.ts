/** Problems of files that are not open: they come by themselves, and those that are another extension's to tell are dropped. */
import * as vscode from "vscode";
import type { Middleware, vsdiag } from "vscode-languageclient/node";
import { yieldsAt } from "./middleware";

type Provide = NonNullable<Middleware["provideWorkspaceDiagnostics"]>;

/** Tells that all that is shown is to be asked for once more. */
export class Renewal implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly event = this.emitter.event;
  /** How often it has been told. */
  count = 0;

  fire(): void {
    this.count++;
    this.emitter.fire();
  }

  dispose(): void {
    this.emitter.dispose();
  }
}

/**
 * Asks the server for the problems of all files. What is known of them is forgotten, and asked for anew, at each renewal:
 * a question may wait for its answer until something changes.
 */
export function workspaceProblems(renewal: Renewal): Provide {
  let seen = renewal.count;
  return async (known, token, report, next) => {
    const cancel = new vscode.CancellationTokenSource();
    let stop: vscode.Disposable | undefined;
    const ended = new Promise<vsdiag.WorkspaceDiagnosticReport>((resolve) => {
      stop = renewal.event(() => resolve({ items: [] }));
    });
    const linked = token.onCancellationRequested(() => cancel.cancel());
    try {
      const asked = seen === renewal.count ? known : [];
      seen = renewal.count;
      const answer = Promise.resolve(next(asked, cancel.token, (chunk) => report(chunk && { items: chunk.items.map(told) })));
      return await Promise.race([answer, ended]);
    } finally {
      cancel.cancel();
      linked.dispose();
      stop?.dispose();
    }
  };
}

function told(item: vsdiag.WorkspaceDocumentDiagnosticReport): vsdiag.WorkspaceDocumentDiagnosticReport {
  return "items" in item && yieldsAt(item.uri, "diagnostics") ? { ...item, items: [] } : item;
}

/** The language of a file by its name, as VS Code and its extensions have it. */
export function languageOf(uri: vscode.Uri): string | undefined {
  const name = uri.path.slice(uri.path.lastIndexOf("/") + 1);
  const ending = name.slice(name.lastIndexOf("."));
  for (const { packageJSON } of vscode.extensions.all) {
    const languages: { id: string; extensions?: string[]; filenames?: string[] }[] = packageJSON.contributes?.languages ?? [];
    const found = languages.find(({ extensions, filenames }) => extensions?.includes(ending) || filenames?.includes(name));
    if (found) return found.id;
  }
  return undefined;
}
