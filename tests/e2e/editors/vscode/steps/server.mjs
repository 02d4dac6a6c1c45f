// The server as the extension shows it: status bar, messages, commands.
import { strict as assert } from "node:assert";

const BUDGET = { "coppice.memory.limitMb": 256 };

export const SERVER = [
  [
    "the status bar follows a change of the budget",
    async (s) => {
      await s.open("main.py");
      s.code.configure({ "coppice.memory.limitMb": 300 });
      await s.bar(/\/300 MiB/).waitFor();
      s.code.configure(BUDGET);
      await s.bar(/\/256 MiB/).waitFor();
    },
  ],
  [
    "the status bar is there always or never, if that is wanted",
    async (s) => {
      s.code.configure({ ...BUDGET, "coppice.statusBar": "never" });
      await s.bar("MiB").waitFor({ state: "hidden" });
      s.code.configure({ ...BUDGET, "coppice.statusBar": "always" });
      await s.closeEditors();
      await s.bar("MiB").waitFor();
      s.code.configure(BUDGET);
      await s.bar("MiB").waitFor({ state: "hidden" });
      await s.open("main.py", 5, 13);
      await s.bar("MiB").waitFor();
    },
  ],
  [
    "the language's own status",
    async (s) => {
      await s.page.locator(".statusbar-item[id*='languageStatus']").first().hover();
      await s.page.locator(".hover-language-status", { hasText: /coppice: loaded/ }).first().waitFor();
      await s.picture("language-status");
    },
  ],
  [
    "status, and how a name was resolved, in a box",
    async (s) => {
      const box = s.page.locator(".quick-input-widget");
      await s.command("coppice: Show Status");
      await box.locator(".monaco-list-row", { hasText: "of 256 MiB" }).waitFor();
      await box.locator(".monaco-list-row", { hasText: "shop" }).filter({ hasText: "loaded" }).waitFor();
      await box.locator(".monaco-list-row", { hasText: /coppice \d.* \(bundled\)/ }).waitFor();
      await s.picture("status");
      await s.calm();
      await s.at(5, 13);
      await s.command("coppice: Explain the Name under the Cursor");
      await box.locator(".quick-input-title", { hasText: "Circle" }).waitFor();
      await box.locator(".monaco-list-row", { hasText: "shapes.py:1" }).waitFor();
      await s.calm();
    },
  ],
  [
    "a walkthrough of three steps",
    async (s) => {
      await s.command("Welcome: Open Walkthrough");
      await (await s.input()).fill("Get Started with coppice");
      await s.page.locator(".quick-input-list .monaco-list-row", { hasText: "Get Started with coppice" }).first().click();
      for (const step of ["Open a file", "See what is in memory", "Look at the graph"]) {
        await s.page.locator(".gettingStartedContainer .getting-started-step", { hasText: step }).first().waitFor();
      }
      await s.picture("walkthrough");
      await s.closeEditors();
      await s.open("main.py", 5, 13);
    },
  ],
  [
    "the doctor's report comes to the clipboard",
    async (s) => {
      await s.command("coppice: Run Doctor and Copy Its Report");
      await s.message("report is on the clipboard").waitFor();
      const report = await s.page.evaluate(() => navigator.clipboard.readText());
      assert.match(report, /coppice/);
      assert.ok(report.includes(s.folders.path("shop")), report);
      await s.clearMessages();
    },
  ],
  [
    "a server that cannot be started is told, with ways out",
    async (s) => {
      s.code.configure({ ...BUDGET, "coppice.server.path": "/nowhere/coppice" });
      const message = s.message("/nowhere/coppice, named by the setting coppice.server.path, is not a program");
      await message.waitFor();
      await s.bar("MiB").waitFor({ state: "hidden" });
      // What has gone wrong is there to be seen after the message, too, with ways out.
      await s.bar("coppice").hover();
      const tooltip = s.page.locator(".monaco-hover", { hasText: "coppice does not run" }).last();
      await tooltip.locator("p", { hasText: "/nowhere/coppice" }).first().waitFor();
      for (const name of ["Start", "Log", "Settings"]) await tooltip.getByRole("link", { name }).or(tooltip.locator("a", { hasText: name })).first().waitFor();
      await s.page.locator(".statusbar-item[id*='languageStatus']").first().hover();
      const language = s.page.locator(".hover-language-status", { hasText: "coppice: not running" }).first();
      await language.locator("a", { hasText: "Start" }).first().waitFor();
      // A tooltip lies over the message as long as the pointer rests on what it is about.
      await s.page.mouse.move(640, 300);
      await language.waitFor({ state: "hidden" });
      for (const name of ["Open Settings", "Show Logs"]) await message.getByRole("button", { name }).waitFor();
      await s.picture("failure");
      await message.getByRole("button", { name: "Install Guide" }).click();
      await s.inner().getByText("The first five minutes").first().waitFor();
      s.code.configure(BUDGET);
      await s.open("main.py", 5, 13);
      await s.bar(/\/256 MiB/).waitFor();
      await s.closeEditors();
    },
  ],
];
