// The folders that the tests open.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";

const FILES = {
  "shop/.git/HEAD": "",
  "shop/shapes.py": 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n\n\nclass Disc(Circle):\n    pass\n',
  "shop/main.py": "from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\ndef report():\n    return total()\n\n\nprint(report())\n",
  "shop/broken.py": "def half(:\n",
  "shop/page.ts": "export function render(): string {\n  return '';\n}\nrender();\n",
  "tool/.git/HEAD": "",
  "tool/Cargo.toml": '[package]\nname = "tool"\nversion = "0.1.0"\n',
  "tool/src/main.rs": "fn helper() -> u32 {\n    1\n}\n\nfn main() {\n    helper();\n}\n",
};

/** Makes both folders and the workspace's file; `settings` are the workspace's. */
export function workspace(folders, settings = {}) {
  const root = mkdtempSync(path.join(process.env.SCRATCH, "folders-"));
  for (const [name, text] of Object.entries(FILES)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const file = path.join(root, "both.code-workspace");
  writeFileSync(file, JSON.stringify({ folders: folders.map((name) => ({ path: name })), settings }));
  return { root, file, path: (name) => path.join(root, name) };
}
