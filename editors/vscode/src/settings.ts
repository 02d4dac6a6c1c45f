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

/** The languages that the user wants answers for. */
export function chosenLanguages(known: readonly string[]): string[] {
  const chosen = vscode.workspace.getConfiguration(SECTION).get<string[] | null>("languages");
  return chosen ? known.filter((language) => chosen.includes(language)) : [...known];
}

/** What the server gets: its own settings, and none of the editor's. */
export function serverSettings(keys: readonly string[]): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return Object.fromEntries(keys.map((key) => [key, configuration.get(key) ?? null]));
}

export function coexistence(): Coexistence {
  return vscode.workspace.getConfiguration(SECTION).get<Coexistence>("coexistence", "auto");
}

export function features(): Features {
  return vscode.workspace.getConfiguration(SECTION).get<Features>("features", {});
}
