// The view of the folders, and what can be done with each.
import { strict as assert } from "node:assert";
import { renameSync } from "node:fs";

/** Lines of a folder whose loading can be seen; where the machine is too fast for that, the next is tried. */
const LONG_LINES = [40_000, 160_000, 640_000, 2_560_000];

export const FOLDERS = [
  [
    "folders: loaded, pinned, evicted, and back with a question",
    async (s) => {
      await s.open("shapes.py", 1, 8);
      await s.lenses();
      await s.command("Focus on Coppice Folders View");
      await s.folder("tool", "loaded").waitFor();
      await s.press(s.folder("shop", "loaded"), "Pin Folder", s.folder("shop", "pinned"));
      await s.picture("folders");
      await s.press(s.folder("shop"), "Unpin Folder", s.folder("shop").filter({ hasNotText: "pinned" }));
      await s.press(s.folder("tool"), "Evict Folder", s.folder("tool", "evicted"));
      await s.press(s.folder("tool"), "Reload Folder", s.folder("tool", "loaded"));
      await s.press(s.folder("tool"), "Evict Folder", s.folder("tool", "evicted"));
      await s.open("main.rs", 6, 6);
      await s.page.keyboard.press("F12");
      await s.cursor(1, 4);
      await s.folder("tool", "loaded").waitFor();
    },
  ],
  [
    "folders: each has settings of its own",
    async (s) => {
      await s.folder("tool", "1 file").waitFor();
      const before = await s.folder("shop", "files").innerText();
      s.folders.write("tool/.vscode/settings.json", JSON.stringify({ "coppice.files.exclude": ["src"], "coppice.features": { hover: "off" } }));
      await s.folder("tool", "loaded").filter({ hasNotText: "file" }).waitFor();
      assert.equal(count(await s.folder("shop", "files").innerText()), count(before));
      s.folders.write("tool/.vscode/settings.json", "{}");
      await s.folder("tool", "1 file").waitFor();
    },
  ],
  [
    "folders: stale while one cannot be read, with the reason, recovered after",
    async (s) => {
      await unreadable(s, "tool", async () => {
        await s.folder("tool", "stale").waitFor();
        await s.message("cannot be read").waitFor();
        await s.clearMessages();
        await s.bar(/MiB/).waitFor();
        await s.picture("stale", { x: 0, y: 36, width: 1280, height: 764 });
        await s.press(s.folder("tool"), "Why Is the Folder Stale?", s.message("cannot be read"));
        await s.clearMessages();
      });
      await s.folder("tool", "loaded").waitFor();
    },
  ],
  [
    "folders: one goes from loading to loaded, stale, loaded, evicted and back",
    async (s) => {
      await s.command("Focus on Coppice Folders View");
      const name = await seenLoading(s);
      await unreadable(s, name, async () => {
        await s.folder(name, "stale").waitFor();
        await s.message("cannot be read").waitFor();
        await s.clearMessages();
      });
      await s.folder(name, "loaded").waitFor();
      await s.press(s.folder(name), "Evict Folder", s.folder(name, "evicted"));
      await s.open(`${name}/part_0.py`, 4, 13);
      await s.page.keyboard.press("F12");
      await s.tab("start.py").waitFor();
      await s.folder(name, "loaded").waitFor();
      await s.closeEditors();
      s.folders.only(s.folders.names);
      await s.folder(name).waitFor({ state: "hidden" });
    },
  ],
  [
    "folders: one is removed and added again",
    async (s) => {
      s.folders.only(["shop", "suite"]);
      await s.folder("tool").waitFor({ state: "hidden" });
      s.folders.only(s.folders.names);
      await s.folder("tool", "loaded").waitFor();
      await s.open("main.rs", 6, 6);
      await s.page.keyboard.press("F12");
      await s.cursor(1, 4);
    },
  ],
];

/** How many files a row tells of. */
function count(text) {
  return /(\d+) files/.exec(text)[1];
}

/** Adds a folder that is seen loading, with how much of it is read, and loaded, and gives its name. */
async function seenLoading(s) {
  for (const lines of LONG_LINES) {
    const name = `long-${lines}`;
    s.folders.long(name, lines);
    const loading = s.page
      .waitForFunction(
        (name) => [...document.querySelectorAll(".pane .monaco-list-row")].some((row) => row.textContent.includes(name) && /loading \d+%/.test(row.textContent)),
        name,
        { polling: "raf" },
      )
      .then(() => true);
    s.folders.only([...s.folders.names, name]);
    const loaded = s.folder(name, "loaded").waitFor();
    const isSeen = await Promise.race([loading, loaded.then(() => false)]);
    loading.catch(() => undefined);
    if (isSeen) await s.snap("loading", { x: 0, y: 520, width: 560, height: 280 });
    await loaded;
    if (isSeen) return name;
    s.folders.only(s.folders.names);
    await s.folder(name).waitFor({ state: "hidden" });
  }
  throw new Error("no folder was seen loading");
}

/** A folder that cannot be read for as long as a function runs. */
async function unreadable(s, name, run) {
  const root = s.folders.path(name);
  const aside = `${root}-aside`;
  renameSync(root, aside);
  try {
    await run();
  } finally {
    renameSync(aside, root);
  }
}
