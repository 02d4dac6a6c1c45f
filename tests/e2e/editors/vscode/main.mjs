// node main.mjs [end-to-end|host]...
import { endToEnd } from "./endToEnd.mjs";
import { hostTests } from "./host.mjs";

const SUITES = { host: hostTests, "end-to-end": endToEnd };
let failed = false;
for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SUITES)) {
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
