// node main.mjs [end-to-end|host|restricted|figures]...; without a name the first three, since figures are for people.
import { endToEnd } from "./endToEnd.mjs";
import { figures } from "./figures.mjs";
import { hostTests } from "./host.mjs";
import { restricted } from "./restricted.mjs";

const SUITES = { host: hostTests, "end-to-end": endToEnd, restricted, figures };
const TESTS = ["host", "restricted", "end-to-end"];
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
