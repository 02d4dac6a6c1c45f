// Bundles the extension, the picture's script and, with --tests, the unit tests; fails when the bundle outgrows its limit.
import { copyFileSync, readdirSync, statSync } from "node:fs";
import { build } from "esbuild";

/** Bytes of all that the editor loads; a larger one would be felt at start. */
const BUNDLE_BYTES_MAX = 600_000;

const common = { bundle: true, minify: true, sourcemap: false, legalComments: "none", logLevel: "warning" };
const host = { ...common, platform: "node", format: "cjs", target: "node20", external: ["vscode"] };

if (process.argv.includes("--tests")) {
  const tests = readdirSync("tests").filter((name) => name.endsWith(".test.ts"));
  await build({
    ...host,
    minify: false,
    entryPoints: tests.map((name) => `tests/${name}`),
    outdir: "dist/tests",
    outExtension: { ".js": ".cjs" },
  });
} else {
  await build({ ...host, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js" });
  await build({
    ...common,
    platform: "browser",
    format: "iife",
    target: "chrome120",
    entryPoints: ["src/graph/page/main.ts"],
    outfile: "dist/graph.js",
  });
  await build({ ...host, entryPoints: ["tests/host/index.ts"], outfile: "dist/host-tests.js" });
  await build({ ...host, entryPoints: ["tests/beside/extension.ts"], outfile: "dist/beside/extension.js" });
  copyFileSync("tests/beside/package.json", "dist/beside/package.json");
  const bytes = ["dist/extension.js", "dist/graph.js"].reduce((sum, file) => sum + statSync(file).size, 0);
  console.log(`bundle: ${bytes} bytes of at most ${BUNDLE_BYTES_MAX}`);
  if (bytes > BUNDLE_BYTES_MAX) process.exit(1);
}
