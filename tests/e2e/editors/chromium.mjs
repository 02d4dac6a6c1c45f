// Where Chromium is, under the names that systems have for it.
import { execFileSync } from "node:child_process";

const NAMES = "chromium chromium-browser google-chrome";

export function chromiumPath() {
  const [found] = execFileSync("sh", ["-c", `for name in ${NAMES}; do command -v $name; done; true`], { encoding: "utf8" }).split("\n");
  if (!found) throw new Error("there is no Chromium on the PATH; tests/e2e/editors/install browser");
  return found;
}
