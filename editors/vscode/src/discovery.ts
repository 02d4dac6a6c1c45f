/** Where a server can be, from the most to the least specific. */
import * as path from "node:path";

/** Names the server for those who work on it. */
export const DEBUG_VARIABLE = "COPPICE_SERVER_PATH";

export type Origin = "variable" | "setting" | "bundled" | "path";

export interface Server {
  path: string;
  origin: Origin;
}

export interface Surroundings {
  environment: Record<string, string | undefined>;
  /** `coppice.server.path`. */
  setting: string | null | undefined;
  home: string;
  extensionPath: string;
  windows: boolean;
  isExecutable(path: string): boolean;
}

/** What was looked for, in words for the user. */
export class NoServer extends Error {}

/**
 * The server to start: debug variable, setting, inside the extension, `PATH`. What is named and cannot be run is an
 * error, rather than a reason to look further.
 */
export function discover(around: Surroundings): Server {
  const named: [Origin, string, string | null | undefined][] = [
    ["variable", `the variable ${DEBUG_VARIABLE}`, around.environment[DEBUG_VARIABLE]],
    ["setting", "the setting coppice.server.path", around.setting],
  ];
  for (const [origin, by, value] of named) {
    if (!value) continue;
    const full = expandHome(value, around.home);
    if (!path.isAbsolute(full)) throw new NoServer(`${full}, named by ${by}, is not an absolute path.`);
    if (!around.isExecutable(full)) throw new NoServer(`${full}, named by ${by}, is not a program that can be run.`);
    return { path: full, origin };
  }
  const name = around.windows ? "coppice.exe" : "coppice";
  const bundled = path.join(around.extensionPath, "server", name);
  if (around.isExecutable(bundled)) return { path: bundled, origin: "bundled" };
  const directories = (around.environment["PATH"] ?? "").split(path.delimiter);
  for (const directory of directories.filter((directory) => path.isAbsolute(directory))) {
    const candidate = path.join(directory, name);
    if (around.isExecutable(candidate)) return { path: candidate, origin: "path" };
  }
  throw new NoServer("The coppice server was not found: not inside the extension, and not on the PATH.");
}

export function expandHome(value: string, home: string): string {
  return value === "~" || value.startsWith("~/") ? path.join(home, value.slice(1)) : value;
}
