// Beside another extension for the same language: the one for TypeScript that VS Code brings along.
import { strict as assert } from "node:assert";

export const BESIDE = [
  [
    "beside TypeScript's own extension: one hover, one definition",
    async (s) => {
      await s.open("page.ts", 4, 3);
      await s.eventually("one hover alone", async () => (await hovers(s)) === 1);
      await s.page.keyboard.press("F12");
      await s.cursor(1, 17);
      assert.equal(await s.page.locator(".reference-zone-widget").count(), 0);
      await s.at(4, 3);
      s.code.configure({ "coppice.memory.limitMb": 256, "coppice.coexistence": "always" });
      await s.eventually("two hovers", async () => (await hovers(s)) === 2);
      s.code.configure({ "coppice.memory.limitMb": 256 });
      await s.eventually("one hover again", async () => (await hovers(s)) === 1);
      // The other one has no hierarchy of types.
      await s.at(6, 7);
      await s.command("Types: Show Type Hierarchy");
      await s.page.locator(".monaco-list-row", { hasText: "Home" }).first().waitFor();
      await s.closeEditors();
    },
  ],
];

/** How many extensions have something in the hover under the cursor. */
async function hovers(s) {
  await s.calm();
  await s.command("Show or Focus Hover");
  const texts = s.page.locator(".monaco-hover:visible .hover-contents", { hasText: "render" });
  await texts.first().waitFor();
  return texts.count();
}
