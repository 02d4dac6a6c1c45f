/** What the server says of itself: the answer to `coppice/status` and the notification `coppice/statusChanged`. */
export interface Status {
  version: string;
  pid: number;
  uptimeMs: number;
  /** No folder is being built, and none waits for its first build. */
  ready: boolean;
  memory: Memory;
  folders: FolderStatus[];
}

export interface Memory {
  limitBytes: number;
  usedBytes: number;
  reservedBytes: number;
  residentBytes: number;
  retainedBytes: number;
  documentBytes: number;
  highWaterBytes: number;
  rssBytes: number;
}

export type State = "unloaded" | "loading" | "loaded" | "rebuilding" | "failed" | "evicted";

export interface FolderStatus {
  uri: string;
  name: string;
  state: State;
  stale: boolean;
  pinned: boolean;
  generation: number;
  residentBytes: number;
  highWaterBytes: number;
  files: number;
  lines: number;
  symbols: number;
  references: number;
  languages: Record<string, number>;
  progressPercent: number | null;
  lastGoodAt: string | null;
  ageMs: number;
  lastError: string | null;
  retryCount: number;
  note: string | null;
  skipped: { uri: string | null; why: string }[];
  skippedMore: number;
}

/** What a user has to know of a folder first: `stale` goes before the state that made it so. */
export type Condition = State | "stale";

export function condition(folder: FolderStatus): Condition {
  return folder.stale ? "stale" : folder.state;
}

const RANK: Record<Condition, number> = {
  loaded: 0,
  evicted: 1,
  unloaded: 2,
  rebuilding: 3,
  loading: 4,
  stale: 5,
  failed: 6,
};

/** The condition of the folder that is worst off; `loaded` if there is none. */
export function worst(folders: readonly FolderStatus[]): Condition {
  return folders.map(condition).reduce<Condition>((a, b) => (RANK[b] > RANK[a] ? b : a), "loaded");
}

/** Bytes for people, with as many digits as they can use. */
export function bytes(count: number): string {
  const mib = count / (1 << 20);
  if (mib >= 10) return `${Math.round(mib).toLocaleString("en")} MiB`;
  if (mib >= 0.1) return `${mib.toFixed(1)} MiB`;
  return `${Math.ceil(count / 1024)} KiB`;
}

/** A span of time for people. */
export function age(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1_000, "second"],
  ];
  for (const [size, name] of units) {
    const count = Math.floor(ms / size);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return "a moment";
}

/** The text of the status bar: memory in use of the budget, after an icon for the worst folder. */
export function statusText(status: Status): string {
  const icons: Record<Condition, string> = {
    loaded: "$(type-hierarchy)",
    evicted: "$(type-hierarchy)",
    unloaded: "$(circle-outline)",
    rebuilding: "$(sync~spin)",
    loading: "$(sync~spin)",
    stale: "$(warning)",
    failed: "$(error)",
  };
  const mib = (count: number) => Math.ceil(count / (1 << 20));
  const { usedBytes, limitBytes } = status.memory;
  return `${icons[worst(status.folders)]} ${mib(usedBytes)}/${mib(limitBytes)} MiB`;
}

/** One folder in a few words, such as `loaded · 12 MiB · 340 files`. */
export function describe(folder: FolderStatus): string {
  const words: string[] = [condition(folder)];
  if (folder.progressPercent !== null) words[0] += ` ${folder.progressPercent}%`;
  if (folder.stale && folder.ageMs > 0) words.push(`${age(folder.ageMs)} old`);
  if (folder.residentBytes > 0) words.push(bytes(folder.residentBytes));
  if (folder.files > 0) words.push(`${folder.files.toLocaleString("en")} file${folder.files === 1 ? "" : "s"}`);
  if (folder.pinned) words.push("pinned");
  return words.join(" · ");
}

/** How old the answers are, and of when. */
export function asOf(folder: FolderStatus, lastGoodAt: string, now = Date.now()): string {
  const at = new Date(lastGoodAt);
  return `right as of ${age(folder.stale ? folder.ageMs : now - at.getTime())} ago, ${at.toLocaleString()}`;
}

export function times(count: number): string {
  return count === 1 ? "1 try" : `${count} tries`;
}

/** Why a folder is stale or failed, and what becomes of it. */
export function trouble(folder: FolderStatus): string {
  const why = (folder.lastError ?? "no reason is known").replace(/\.$/, "");
  const since = folder.stale && folder.lastGoodAt ? ` Answers are ${asOf(folder, folder.lastGoodAt)}.` : "";
  const tries = folder.retryCount > 0 ? ` ${times(folder.retryCount)} failed so far; another follows when it may help, or by Reload.` : "";
  return `coppice: ${folder.name} cannot be read${folder.stale ? " again" : ""}: ${why}.${since}${tries}`;
}
