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

export function middleware(keys: readonly string[]): Middleware {
  return {
    provideHover: (document, position, token, next) =>
      silent(document, "hover") ? undefined : next(document, position, token),
    provideDefinition: (document, position, token, next) =>
      silent(document, "definition") ? undefined : next(document, position, token),
    provideDeclaration: (document, position, token, next) =>
      silent(document, "declaration") ? undefined : next(document, position, token),
    provideTypeDefinition: (document, position, token, next) =>
      silent(document, "typeDefinition") ? undefined : next(document, position, token),
    provideImplementation: (document, position, token, next) =>
      silent(document, "implementation") ? undefined : next(document, position, token),
    provideReferences: (document, position, options, token, next) =>
      silent(document, "references") ? undefined : next(document, position, options, token),
    provideDocumentHighlights: (document, position, token, next) =>
      silent(document, "highlight") ? undefined : next(document, position, token),
    provideDocumentSymbols: (document, token, next) =>
      silent(document, "documentSymbols") ? undefined : next(document, token),
    provideCompletionItem: (document, position, context, token, next) =>
      silent(document, "completion") ? undefined : next(document, position, context, token),
    provideSignatureHelp: (document, position, context, token, next) =>
      silent(document, "signatureHelp") ? undefined : next(document, position, context, token),
    prepareRename: (document, position, token, next) =>
      silent(document, "rename") ? undefined : next(document, position, token),
    provideRenameEdits: (document, position, name, token, next) =>
      silent(document, "rename") ? undefined : next(document, position, name, token),
    prepareCallHierarchy: (document, position, token, next) =>
      silent(document, "callHierarchy") ? undefined : next(document, position, token),
    prepareTypeHierarchy: (document, position, token, next) =>
      silent(document, "typeHierarchy") ? undefined : next(document, position, token),
    provideCodeActions: (document, range, context, token, next) =>
      silent(document, "codeActions") ? undefined : next(document, range, context, token),
    provideCodeLenses: (document, token, next) => (silent(document, "codeLens") ? undefined : next(document, token)),
    provideFoldingRanges: (document, context, token, next) =>
      silent(document, "foldingRange") ? undefined : next(document, context, token),
    provideSelectionRanges: (document, positions, token, next) =>
      silent(document, "selectionRange") ? undefined : next(document, positions, token),
    provideInlayHints: (document, range, token, next) =>
      silent(document, "inlayHint") ? undefined : next(document, range, token),
    provideDocumentSemanticTokens: (document, token, next) =>
      silent(document, "semanticTokens") ? undefined : next(document, token),
    provideDocumentSemanticTokensEdits: (document, previous, token, next) =>
      silent(document, "semanticTokens") ? undefined : next(document, previous, token),
    provideDocumentRangeSemanticTokens: (document, range, token, next) =>
      silent(document, "semanticTokens") ? undefined : next(document, range, token),
    provideDocumentLinks: (document, token, next) =>
      silent(document, "documentLink") ? undefined : next(document, token),
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
