import { strict as assert } from "node:assert";
import { test } from "node:test";
import { type FolderStatus, type Status, age, asOf, bytes, describe, statusText, trouble, worst } from "../src/status";

function folder(change: Partial<FolderStatus> = {}): FolderStatus {
  return {
    uri: "file:///a", name: "a", state: "loaded", stale: false, pinned: false, generation: 1, residentBytes: 12 << 20,
    highWaterBytes: 12 << 20, files: 340, lines: 1000, symbols: 10, references: 20, languages: {}, progressPercent: null,
    lastGoodAt: null, ageMs: 0, lastError: null, retryCount: 0, note: null, skipped: [], skippedMore: 0, ...change,
  };
}

function status(folders: FolderStatus[]): Status {
  const memory = { limitBytes: 512 << 20, usedBytes: 12 << 20, reservedBytes: 0, residentBytes: 0, retainedBytes: 0, documentBytes: 0, highWaterBytes: 0, rssBytes: 0 };
  return { version: "1", pid: 1, uptimeMs: 1, ready: true, memory, folders };
}

test("the worst folder decides", () => {
  assert.equal(worst([]), "loaded");
  assert.equal(worst([folder(), folder({ state: "loading" }), folder({ state: "evicted" })]), "loading");
  assert.equal(worst([folder({ state: "failed", stale: true }), folder({ state: "loading" })]), "stale");
  assert.equal(worst([folder({ state: "failed", stale: true }), folder({ state: "failed" })]), "failed");
});

test("the status bar says memory, budget and trouble", () => {
  assert.equal(statusText(status([folder()])), "$(type-hierarchy) 12/512 MiB");
  assert.equal(statusText(status([folder({ state: "failed" })])), "$(error) 12/512 MiB");
  assert.equal(statusText(status([folder({ state: "rebuilding" })])), "$(sync~spin) 12/512 MiB");
});

test("a folder is described in a few words", () => {
  assert.equal(describe(folder()), "loaded · 12 MiB · 340 files");
  assert.equal(describe(folder({ state: "loading", progressPercent: 40, residentBytes: 0, files: 0 })), "loading 40%");
  assert.equal(
    describe(folder({ state: "failed", stale: true, ageMs: 90_000, pinned: true, files: 1, residentBytes: 700_000 })),
    "stale · 1 minute old · 0.7 MiB · 1 file · pinned",
  );
});

test("bytes and spans are for people", () => {
  assert.deepEqual([0, 1, 2_000, 5 << 20, 2 ** 31].map(bytes), ["0 KiB", "1 KiB", "2 KiB", "5.0 MiB", "2,048 MiB"]);
  assert.deepEqual([10, 1_000, 7_200_000, 90_000_000].map(age), ["a moment", "1 second", "2 hours", "1 day"]);
});

test("a folder says how old its answers are, and why they are", () => {
  const lastGoodAt = "2026-01-02T03:04:05Z";
  const local = new Date(lastGoodAt).toLocaleString();
  const now = Date.parse(lastGoodAt) + 120_000;
  assert.equal(asOf(folder({ lastGoodAt }), lastGoodAt, now), `right as of 2 minutes ago, ${local}`);
  const stale = folder({ state: "failed", stale: true, ageMs: 60_000, lastGoodAt, lastError: "It is away.", retryCount: 1 });
  assert.equal(
    trouble(stale),
    `coppice: a cannot be read again: It is away. Answers are right as of 1 minute ago, ${local}. 1 try failed so far; another follows when it may help, or by Reload.`,
  );
  assert.equal(trouble(folder({ state: "failed", lastError: "no room" })), "coppice: a cannot be read: no room.");
});
