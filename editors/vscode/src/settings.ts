/** The extension's settings: those of the editor, and those that the server gets. */
import * as vscode from "vscode";
import type { Coexistence, Features } from "./coexistence";

interface Manifest {
  activationEvents: string[];
  contributes: { configuration: { title: string; properties: Record<string, unknown> }[] };
}

export const SECTION = "coppice";

/** A file, a folder or all that is open. */
type Scope = vscode.Uri | undefined;

/** Of no file in particular, it is what all share, whichever file is looked at. */
function configurationOf(section: string | undefined, scope: Scope): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(section, scope ?? null);
}

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

/** Whether the user wants answers for a language, in the folder of a file. */
export function isChosen(language: string, scope: Scope): boolean {
  const chosen = configurationOf(SECTION, scope).get<string[] | null>("languages");
  return chosen ? chosen.includes(language) : true;
}

/** The languages that the user wants answers for in any folder. */
export function chosenLanguages(known: readonly string[]): string[] {
  const scopes = [undefined, ...(vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri)];
  return known.filter((language) => scopes.some((scope) => isChosen(language, scope)));
}

/**
 * What the server gets, of all or of a folder: its own settings, and none of the editor's. What nobody has set is null, and no
 * default, which would go before the server's arguments.
 */
export function serverSettings(keys: readonly string[], scope?: Scope): Record<string, unknown> {
  const configuration = configurationOf(SECTION, scope);
  const isSet = (key: string) => {
    const { globalValue, workspaceValue, workspaceFolderValue } = configuration.inspect(key) ?? {};
    return [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
  };
  return Object.fromEntries(keys.map((key) => [key, isSet(key) ? (configuration.get(key) ?? null) : null]));
}

/** The same as flags of the server's command line. */
export function serverFlags(keys: readonly string[]): string[] {
  const set = Object.entries(serverSettings(keys)).filter(([, value]) => value !== null);
  return set.map(([key, value]) => `--${key}=${JSON.stringify(value)}`);
}

/** More arguments for the server. */
export function serverArguments(): string[] {
  return configurationOf(SECTION, undefined).get<string[]>("server.arguments", []);
}

export function coexistence(scope: Scope): Coexistence {
  return configurationOf(SECTION, scope).get<Coexistence>("coexistence", "auto");
}

/** A setting of any extension. */
export function setting(key: string, scope: Scope): unknown {
  return configurationOf(undefined, scope).get(key);
}

export function features(scope: Scope): Features {
  return configurationOf(SECTION, scope).get<Features>("features", {});
}
