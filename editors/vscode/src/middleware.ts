/** What stands between VS Code and the server: the settings that it gets, and the questions that it is not asked. */
import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { type Rules, yields } from "./coexistence";
import { type Renewal, languageOf, workspaceProblems } from "./problems";
import { SECTION, coexistence, features, isChosen, serverSettings } from "./settings";

/** Whether the question is another extension's to answer, or nobody's. */
function silent(document: vscode.TextDocument, feature: string): boolean {
  return isSilent(document.languageId, document.uri, feature);
}

/** The same of a file that is not open. */
export function yieldsAt(uri: vscode.Uri, feature: string): boolean {
  const language = languageOf(uri);
  return language !== undefined && isSilent(language, uri, feature);
}

function isSilent(language: string, uri: vscode.Uri, feature: string): boolean {
  if (!isChosen(language, uri)) return true;
  return yields(language, feature, { mode: coexistence(uri), features: features(uri), extension });
}

/** Whether an extension is there, and whether it has started. */
export function extension(id: string): ReturnType<Rules["extension"]> {
  const found = vscode.extensions.getExtension(id);
  return found === undefined ? "absent" : found.isActive ? "active" : "installed";
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

/** The event without the files whose imports are another extension's to follow. */
function ours<E extends { readonly files: readonly unknown[] }>(event: E, uri: (file: E["files"][number]) => vscode.Uri): E {
  const files = event.files.filter((file) => !yieldsAt(uri(file), "fileRename"));
  return Object.create(event, { files: { value: files, enumerable: true } }) as E;
}

export function middleware(keys: readonly string[], renewal: Renewal): Middleware {
  const questions = Object.entries(FEATURES).map(([question, feature]) => [question, guarded(feature)]);
  return {
    ...(Object.fromEntries(questions) as Middleware),
    provideDiagnostics: (target, previous, token, next) =>
      ("languageId" in target ? silent(target, "diagnostics") : yieldsAt(target, "diagnostics"))
        ? { kind: "full" as never, items: [] }
        : next(target, previous, token),
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
