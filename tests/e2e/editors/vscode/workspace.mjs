// The folders that the tests open.
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FILES = {
  "shop/.git/HEAD": "",
  "shop/shapes.py": 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n\n\nclass Disc(Circle):\n    pass\n',
  "shop/main.py": "from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\ndef report():\n    return total()\n\n\nprint(report())\n",
  "shop/broken.py": "def half(:\n",
  "shop/shapes.rs": "/// A square one.\nfn square() {}\n",
  "shop/page.ts": "export function render(): string {\n  return '';\n}\nrender();\nclass Page {}\nclass Home extends Page {}\nnew Home();\n",
  "tool/.git/HEAD": "",
  "tool/Cargo.toml": '[package]\nname = "tool"\nversion = "0.1.0"\n',
  "tool/src/main.rs": "fn helper() -> u32 {\n    1\n}\n\nfn main() {\n    helper();\n}\n",
  "suite/.git/HEAD": "",
};

/** Code that somebody works with, for pictures of graphs that are not tiny. */
const SUITE = fileURLToPath(new URL("../../python", import.meta.url));

/** Lines of each file of a folder that is only there to take its time. */
const LONG_FILE_LINES = 1_000;

/** Makes the folders and the workspace's file. */
export function workspace(names) {
  const root = mkdtempSync(path.join(process.env.SCRATCH, "folders-"));
  const at = (name) => path.join(root, name);
  const write = (name, text) => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  for (const [name, text] of Object.entries(FILES)) write(name, text);
  cpSync(SUITE, at("suite"), { recursive: true, filter: (file) => !file.includes("__pycache__") });
  /** Opens just these folders, with settings of the workspace, as an edit of its file does. */
  const only = (folders, settings = {}) =>
    write("both.code-workspace", JSON.stringify({ folders: folders.map((name) => ({ path: name })), settings }));
  only(names);
  return {
    names,
    file: at("both.code-workspace"),
    path: at,
    only,
    write,
    /** Makes a folder of so many lines, with `start` in `start.py` and a call of it in each of the other files. */
    long(name, lines) {
      write(`${name}/.git/HEAD`, "");
      write(`${name}/start.py`, "def start(number):\n    return number\n");
      for (let file = 0; file * LONG_FILE_LINES < lines; file++) {
        const calls = Array.from({ length: LONG_FILE_LINES / 2 }, (_, n) => `def step_${file}_${n}(value):\n    return start(value + ${n})\n`);
        write(`${name}/part_${file}.py`, `from start import start\n\n${calls.join("")}`);
      }
    },
  };
}
