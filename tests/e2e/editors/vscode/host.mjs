// Runs the extension's own test suite inside the extension host.
import { browse, serve } from "./window.mjs";
import { workspace } from "./workspace.mjs";

const SUITE_MS = 600_000;

export async function hostTests() {
  const folders = workspace(["shop"]);
  const code = await serve({ install: false });
  const { browser, page, outside } = await browse();
  try {
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    // The two functions by which the workbench tells an automation what the suite printed, and how it ended.
    await page.exposeFunction("codeAutomationLog", (_, values) => {
      const text = values.join(" ");
      // The workbench has things of its own to say.
      if (/^(ok|FAILED|figure)\s/.test(text)) console.log(text);
    });
    await page.exposeFunction("codeAutomationExit", (status) => finish(status));
    // A product build takes the suite only from its configuration, which is put there before the workbench reads it.
    await page.addInitScript(([extensions, tests]) => {
      const remote = (path) => ({ scheme: "vscode-remote", authority: "remote", path });
      const put = () => {
        const meta = document.getElementById("vscode-workbench-web-configuration");
        if (!meta || meta.dataset.tests) return;
        const settings = JSON.parse(meta.getAttribute("data-settings"));
        settings.developmentOptions = { ...settings.developmentOptions, extensions: extensions.map(remote), extensionTestsPath: remote(tests) };
        meta.setAttribute("data-settings", JSON.stringify(settings));
        meta.dataset.tests = "yes";
      };
      new MutationObserver(put).observe(document, { childList: true, subtree: true });
      document.addEventListener("DOMContentLoaded", put);
    }, [[process.env.EXTENSION, `${process.env.EXTENSION}/dist/beside`], `${process.env.EXTENSION}/dist/host-tests.js`]);
    await page.goto(`${code.url}/?folder=${folders.path("shop")}`);
    const timeout = new Promise((resolve) => setTimeout(() => resolve(`nothing within ${SUITE_MS} ms`), SUITE_MS).unref());
    const status = await Promise.race([finished, timeout]);
    if (status !== 0) throw new Error(`the suite in the extension host ended with ${status}`);
    const beyond = [...outside, ...code.outside()];
    if (beyond.length > 0) throw new Error(`something outside loopback: ${beyond.join(", ")}`);
  } finally {
    await browser.close();
    code.stop();
  }
}
