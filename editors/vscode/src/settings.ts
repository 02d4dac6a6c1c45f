/** The extension's settings: those of the editor, and those that the server gets. */
import * as vscode from "vscode";
import type { Coexistence, Features } from "./coexistence";

interface Manifest {
  activationEvents: string[];
  contributes: { configuration: { title: string; properties: Record<string, unknown> }[] };
}

export const SECTION = "coppice";

/** Keys of the server's settings, without the section, as the manifest has them. */
export function serverKeys(manifest: Manifest): string[] {
  const server = manifest.contributes.configuration.find((group) => group.title === "Server");
  return Object.keys(server?.properties ?? {}).map((key) => key.slice(SECTION.length + 1));
}

/** The languages that the server knows, by VS Code's identifiers. */
export function knownLanguages(manifest: Manifest): string[] {
  const prefix = "onLanguage:";
  return manifest.activationEvents.filter((event) => event.startsWith(prefix)).map((event) => event.slice(prefix.length));
}

/** A file, a folder or all that is open. */
type Scope = vscode.Uri | undefined;

/** Whether the user wants answers for a language, in the folder of a file. */
export function isChosen(language: string, scope: Scope): boolean {
  const chosen = vscode.workspace.getConfiguration(SECTION, scope).get<string[] | null>("languages");
  return chosen ? chosen.includes(language) : true;
}

/** The languages that the user wants answers for in any folder. */
export function chosenLanguages(known: readonly string[]): string[] {
  const scopes = [undefined, ...(vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri)];
  return known.filter((language) => scopes.some((scope) => isChosen(language, scope)));
}

/** What the server gets, of all or of a folder: its own settings, and none of the editor's. */
export function serverSettings(keys: readonly string[], scope?: Scope): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope);
  return Object.fromEntries(keys.map((key) => [key, configuration.get(key) ?? null]));
}

export function coexistence(scope: Scope): Coexistence {
  return vscode.workspace.getConfiguration(SECTION, scope).get<Coexistence>("coexistence", "auto");
}

export function features(scope: Scope): Features {
  return vscode.workspace.getConfiguration(SECTION, scope).get<Features>("features", {});
}
