/** What stands between VS Code and the server: the settings that it gets, and the questions that it is not asked. */
import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import type { Feature } from "./coexistence";
import { type Renewal, filesProblems, workspaceProblems } from "./problems";
import { SECTION, serverSettings } from "./settings";
import { isSilent, isSilentAt } from "./standing";

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
} as const satisfies Partial<Record<keyof Middleware, Feature>>;

/** Each question begins with its document and ends with the function that asks the server. */
type Question = (document: vscode.TextDocument, ...rest: unknown[]) => unknown;

/** Asks the server only what is coppice's to answer. */
function guarded(feature: Feature): Question {
  return (document, ...rest) => {
    const next = rest.pop() as Question;
    return isSilent(document.languageId, document.uri, feature) ? undefined : next(document, ...rest);
  };
}

/** The event without the files whose imports are another extension's to follow. */
function ours<E extends { readonly files: readonly unknown[] }>(event: E, uri: (file: E["files"][number]) => vscode.Uri): E {
  const files = event.files.filter((file) => !isSilentAt(uri(file), "fileRename"));
  return Object.create(event, { files: { value: files, enumerable: true } }) as E;
}

export function middleware(keys: readonly string[], renewal: Renewal): Middleware {
  const questions = Object.entries(FEATURES).map(([question, feature]) => [question, guarded(feature)]);
  return {
    ...(Object.fromEntries(questions) as Middleware),
    provideDiagnostics: filesProblems,
    provideWorkspaceDiagnostics: workspaceProblems(renewal),
    workspace: {
      willCreateFiles: (event, next) => next(ours(event, (uri) => uri)),
      willRenameFiles: (event, next) => next(ours(event, ({ oldUri }) => oldUri)),
      willDeleteFiles: (event, next) => next(ours(event, (uri) => uri)),
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        if (!Array.isArray(values)) return values;
        return values.map((value: unknown, at) => {
          const { section, scopeUri } = params.items[at] ?? {};
          return section === SECTION ? serverSettings(keys, scopeUri ? vscode.Uri.parse(scopeUri) : undefined) : value;
        });
      },
    },
  };
}
