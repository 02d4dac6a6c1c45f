/** Problems that the server tells; those that are another extension's to tell are dropped. */
import * as vscode from "vscode";
import type { Middleware, vsdiag } from "vscode-languageclient/node";
import { languageOf } from "./languages";
import { shownCodes } from "./standing";

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
  if (!("items" in item)) return item;
  const codes = shownCodes(languageOf(item.uri), item.uri);
  return codes ? { ...item, items: only(item.items, codes) } : item;
}

/** Asks the server for the problems of one file, of which only those are shown that are coppice's to tell. */
export const filesProblems: NonNullable<Middleware["provideDiagnostics"]> = async (target, previous, token, next) => {
  const [language, uri] = "languageId" in target ? [target.languageId, target.uri] : [languageOf(target), target];
  const codes = shownCodes(language, uri);
  if (!codes) return next(target, previous, token);
  // Without a name for the answer: the same may have to be shown in full next time.
  const full = "full" as vsdiag.DocumentDiagnosticReportKind.full;
  if (codes.size === 0) return { kind: full, items: [] };
  const report = await next(target, undefined, token);
  return report && "items" in report ? { kind: full, items: only(report.items, codes) } : report;
};

function only(items: readonly vscode.Diagnostic[], codes: ReadonlySet<unknown>): vscode.Diagnostic[] {
  return items.filter(({ code }) => codes.has(typeof code === "object" ? code.value : code));
}
