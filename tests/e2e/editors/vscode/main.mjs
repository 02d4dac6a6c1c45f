// node main.mjs [end-to-end|host|figures]...; without a name the first two, since figures are for people.
import { endToEnd } from "./endToEnd.mjs";
import { figures } from "./figures.mjs";
import { hostTests } from "./host.mjs";

const SUITES = { host: hostTests, "end-to-end": endToEnd, figures };
const TESTS = ["host", "end-to-end"];
let failed = false;
for (const name of process.argv.length > 2 ? process.argv.slice(2) : TESTS) {
  const started = Date.now();
  try {
    await SUITES[name]();
    console.log(`vscode ${name}: passed in ${Math.round((Date.now() - started) / 1000)} s`);
  } catch (error) {
    failed = true;
    console.error(`vscode ${name}: ${error.stack}`);
  }
}
process.exit(failed ? 1 : 0);
