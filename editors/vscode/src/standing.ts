/** What coppice answers for a file, as the settings and the other extensions stand now. */
import * as vscode from "vscode";
import { type Feature, type Rules, wantedCodes, yields } from "./coexistence";
import { languageOf } from "./languages";
import { coexistence, features, isChosen, setting } from "./settings";

/** Whether the question is another extension's to answer, or nobody's. */
export function isSilent(language: string, uri: vscode.Uri, feature: Feature): boolean {
  if (!isChosen(language, uri)) return true;
  const rules = { mode: coexistence(uri), features: features(uri), extension, setting: (key: string) => setting(key, uri) };
  return yields(language, feature, rules);
}

/** The same of a file that may not be open. */
export function isSilentAt(uri: vscode.Uri, feature: Feature): boolean {
  const language = languageOf(uri);
  return language !== undefined && isSilent(language, uri, feature);
}

/** Which of the diagnostics of a file are shown: `undefined` for all, or those of these codes. */
export function shownCodes(language: string | undefined, uri: vscode.Uri): ReadonlySet<unknown> | undefined {
  if (language === undefined || !isSilent(language, uri, "diagnostics")) return undefined;
  return isChosen(language, uri) ? wantedCodes(language, features(uri)) : new Set();
}

/** Whether an extension is there, and whether it has started. */
export function extension(id: string): ReturnType<Rules["extension"]> {
  const found = vscode.extensions.getExtension(id);
  return found === undefined ? "absent" : found.isActive ? "active" : "installed";
}
