// Makes the .vsix for Linux, with the server inside: node package.mjs SERVER [OUT.vsix]
import { execFileSync } from "node:child_process";
import { copyFileSync, chmodSync, mkdirSync, rmSync } from "node:fs";

const [server = "../../target/release/coppice", out = "coppice-linux-x64.vsix"] = process.argv.slice(2);
rmSync("server", { recursive: true, force: true });
mkdirSync("server");
copyFileSync(server, "server/coppice");
try {
  execFileSync("strip", ["server/coppice"]);
} catch {
  // Without binutils the package is larger, and as good.
}
chmodSync("server/coppice", 0o755);
copyFileSync("../../LICENSE", "LICENSE.txt");
const arguments_ = ["package", "--target", "linux-x64", "--no-dependencies", "--allow-missing-repository", "--out", out];
arguments_.push("--no-rewrite-relative-links");
// By this very Node.js, since vsce wants 22 or later.
execFileSync(process.execPath, ["node_modules/@vscode/vsce/vsce", ...arguments_], { stdio: "inherit" });
