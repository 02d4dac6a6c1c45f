/** The languages of files that are not open. */
import * as vscode from "vscode";

/** By whole names and by endings such as `.py`, in small letters. */
let known: Map<string, string> | undefined;

/** To be called when extensions have come or gone. */
export function forgetLanguages(): void {
  known = undefined;
}

/** The language of a file as it is open, or by its name as VS Code's extensions have it: the longest ending decides. */
export function languageOf(uri: vscode.Uri): string | undefined {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open) return open.languageId;
  known ??= associations();
  const name = uri.path.slice(uri.path.lastIndexOf("/") + 1).toLowerCase();
  for (let at = 0; at !== -1; at = name.indexOf(".", at + 1)) {
    const language = known.get(name.slice(at));
    if (language !== undefined) return language;
  }
  return undefined;
}

/** Of two extensions that claim an ending, the later has it. */
function associations(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { packageJSON } of vscode.extensions.all) {
    const languages: { id: string; extensions?: string[]; filenames?: string[] }[] = packageJSON.contributes?.languages ?? [];
    for (const { id, extensions = [], filenames = [] } of languages) {
      for (const name of [...extensions, ...filenames]) found.set(name.toLowerCase(), id);
    }
  }
  return found;
}
