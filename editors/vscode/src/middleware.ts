/** What stands between VS Code and the server: the settings that it gets, and the questions that it is not asked. */
import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { yields } from "./coexistence";
import { SECTION, coexistence, features, serverSettings } from "./settings";

/** Whether the question is another extension's to answer. */
function silent(document: vscode.TextDocument, feature: string): boolean {
  return yields(document.languageId, feature, {
    mode: coexistence(),
    features: features(),
    extension: (id) => {
      const found = vscode.extensions.getExtension(id);
      return found === undefined ? "absent" : found.isActive ? "active" : "installed";
    },
  });
}

/** The feature that each of the client's questions belongs to. */
const FEATURES = {
  provideHover: "hover",
  provideDefinition: "definition",
  provideDeclaration: "declaration",
  provideTypeDefinition: "typeDefinition",
  provideImplementation: "implementation",
  provideReferences: "references",
  provideDocumentHighlights: "highlight",
  provideDocumentSymbols: "documentSymbols",
  provideCompletionItem: "completion",
  provideSignatureHelp: "signatureHelp",
  prepareRename: "rename",
  provideRenameEdits: "rename",
  prepareCallHierarchy: "callHierarchy",
  prepareTypeHierarchy: "typeHierarchy",
  provideCodeActions: "codeAction",
  provideCodeLenses: "codeLens",
  provideFoldingRanges: "foldingRange",
  provideSelectionRanges: "selectionRange",
  provideInlayHints: "inlayHint",
  provideLinkedEditingRange: "linkedEditingRange",
  provideDocumentSemanticTokens: "semanticTokens",
  provideDocumentSemanticTokensEdits: "semanticTokens",
  provideDocumentRangeSemanticTokens: "semanticTokens",
  provideDocumentLinks: "documentLink",
} as const satisfies Partial<Record<keyof Middleware, string>>;

/** Each question begins with its document and ends with the function that asks the server. */
type Question = (document: vscode.TextDocument, ...rest: unknown[]) => unknown;

/** Asks the server only what is coppice's to answer. */
function guarded(feature: string): Question {
  return (document, ...rest) => {
    const next = rest.pop() as Question;
    return silent(document, feature) ? undefined : next(document, ...rest);
  };
}

export function middleware(keys: readonly string[]): Middleware {
  const questions = Object.entries(FEATURES).map(([question, feature]) => [question, guarded(feature)]);
  return {
    ...(Object.fromEntries(questions) as Middleware),
    provideDiagnostics: (target, previous, token, next) =>
      "languageId" in target && silent(target, "diagnostics")
        ? { kind: "full" as never, items: [] }
        : next(target, previous, token),
    workspace: {
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        if (!Array.isArray(values)) return values;
        return values.map((value: unknown, at) =>
          params.items[at]?.section === SECTION ? serverSettings(keys) : value,
        );
      },
    },
  };
}
