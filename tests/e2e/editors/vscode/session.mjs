// What a user does in the window, in words that the steps are made of.
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PATIENCE_MS } from "./window.mjs";

/** Where pictures are put, if somebody wants them. */
const { PICTURES } = process.env;

/** How long one of several attempts takes at most. */
const BRIEFLY = { timeout: 10_000 };

/** The lenses of files that pictures show, from the top. */
const LENSES = {
  "main.py": ["1 reference", "1 reference"],
  "shapes.py": ["3 references", "1 implementation", "1 reference"],
};

export class Session {
  constructor(page, code, folders) {
    Object.assign(this, { page, code, folders });
  }

  /** Takes a picture of the window, or of a part of it: `{ x, y, width, height }`. */
  async picture(name, clip) {
    if (!PICTURES) return;
    // A pointer that rests on something shows its tooltip, and what is fading in is there, but pale.
    await this.page.mouse.move(640, 790);
    await this.page.waitForTimeout(600);
    await this.snap(name, clip);
  }

  /**
   * Waits until the lenses are those of the file in front: in a file that has just been opened, VS Code may show those of the
   * one before it until it knows better.
   */
  async lenses() {
    const name = await this.page.locator(".tab.active").first().getAttribute("data-resource-name");
    let shown = [];
    const same = async () => {
      const links = await this.page.locator(".editor-instance .codelens-decoration a").all();
      const placed = await Promise.all(links.map(async (link) => [(await link.boundingBox({ timeout: 1_000 }))?.y ?? 0, await link.innerText({ timeout: 1_000 })]));
      shown = placed.sort(([one], [other]) => one - other).map(([, text]) => text);
      return isDeepStrictEqual(shown, LENSES[name]);
    };
    await this.eventually(`the lenses of ${name}`, () => same().catch(() => false)).catch((error) => {
      throw new Error(`${error.message}, but ${shown.join(", ")}`);
    });
  }

  /** Takes a picture of what passes. */
  async snap(name, clip) {
    if (!PICTURES) return;
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`), ...(clip ? { clip } : {}) });
  }

  /** Closes what lies over the editor. */
  async calm() {
    for (let at = 0; at < 3; at++) await this.page.keyboard.press("Escape");
  }

  async command(title) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    // The box closes by itself when something else takes the focus.
    await this.eventually(`the command ${title}`, async () => {
      await this.page.keyboard.press("F1");
      return this.unlessGone(async () => {
        await this.page.locator(".quick-input-widget input.input").fill(`>${title}`, BRIEFLY);
        await row.click(BRIEFLY);
      });
    });
  }

  /** Whether it could be done; what lies over the editor is closed if not. */
  async unlessGone(act) {
    const done = await act().then(() => true, () => false);
    if (!done) await this.page.keyboard.press("Escape");
    return done;
  }

  /** The box that asks for something at the top of the window, once it is there. */
  async input() {
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    return input;
  }

  /**
   * Opens a file, at a line and a column if they are given, both counted from 1. A file whose name others have, too, or had
   * in a folder that is closed, needs its folder before it.
   */
  async open(name, line, column = 1) {
    const folder = path.dirname(name).replace(/^\.$/, "");
    const files = this.page.locator(".quick-input-list .monaco-list-row", { hasText: path.basename(name) });
    const row = files.filter({ hasText: folder }).first();
    // A folder that has just been added is searched only from the next opening of the box on.
    await this.eventually(`${name} among the files`, async () => {
      await this.page.keyboard.press("Control+P");
      return this.unlessGone(async () => {
        await this.page.locator(".quick-input-widget input.input").fill(name, BRIEFLY);
        await row.click(BRIEFLY);
        await this.tab(path.basename(name)).waitFor(BRIEFLY);
      });
    });
    await this.page.locator(".editor-instance .monaco-editor .view-line").first().waitFor();
    if (line) await this.at(line, column);
  }

  async at(line, column) {
    await this.page.keyboard.press("Control+G");
    await (await this.input()).fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.cursor(line, column);
  }

  /** Waits until the cursor is at a place. */
  async cursor(line, column) {
    await this.page.locator(".statusbar-item", { hasText: `Ln ${line}, Col ${column}` }).waitFor();
  }

  async closeEditors() {
    await this.command("View: Close All Editors");
    await this.page.locator(".tab").first().waitFor({ state: "detached" });
  }

  tab(name) {
    return this.page.locator(".tab.active", { hasText: name }).first();
  }

  bar(text) {
    return this.page.locator(".statusbar-item[id*='coppice.status']", { hasText: text });
  }

  /** A message in the corner. */
  message(text) {
    return this.page.locator(".notification-list-item", { hasText: text }).first();
  }

  async clearMessages() {
    await this.command("Notifications: Clear All Notifications");
    await this.page.locator(".notification-list-item").first().waitFor({ state: "hidden" });
  }

  /** What is inside the only page in an editor, such as the graph's. */
  inner() {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  async eventually(what, holds) {
    for (const end = Date.now() + PATIENCE_MS; !(await holds()); ) {
      if (Date.now() > end) throw new Error(`not seen: ${what}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** A row of the folders' view. */
  folder(name, text = "") {
    return this.page.locator(".pane", { hasText: "Coppice Folders" }).locator(".monaco-list-row", { hasText: name }).filter({ hasText: text }).first();
  }

  /** Presses a row's button until what it does is seen: a row that is drawn anew in between takes no click. */
  async press(row, action, seen) {
    const button = row.locator(`.action-label[aria-label*="${action}"]`).first();
    await this.eventually(`what ${action} does`, async () => {
      await row.hover({ timeout: 1_000 }).catch(() => undefined);
      await button.click({ timeout: 1_000 }).catch(() => undefined);
      return await seen.waitFor({ timeout: 3_000 }).then(() => true, () => false);
    });
  }

  /** Picks from the menu of a row in the explorer. */
  async explorerMenu(name, item) {
    // A list that shows a file further down may have the row behind its header.
    await this.page.locator(".explorer-folders-view .monaco-list").first().focus();
    await this.page.keyboard.press("Home");
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().click({ button: "right" });
    const entry = this.page.locator(".monaco-menu .action-item", { hasText: item }).first();
    await entry.waitFor();
    // A menu does not take a click right after it has opened.
    await this.eventually(`the menu takes ${item}`, async () => {
      await entry.click({ timeout: 1_000 }).catch(() => undefined);
      return !(await entry.isVisible());
    });
  }
}
