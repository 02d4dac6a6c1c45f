"""The server in a real Helix, in a terminal that the tests read: HELIX and COPPICE_BIN name the programs."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import EditorTest, Terminal

HELIX = os.environ["HELIX"]
COPPICE = os.environ["COPPICE_BIN"]
# Where the program `pyright-langserver` is, by the name under which Helix knows it.
PYRIGHT = os.environ["PYRIGHT"]


def servers_of(pid: int, program: str = COPPICE) -> int:
    """How many processes an editor has started that have a program in their command."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(program in Path(f"/proc/{child}/cmdline").read_text().split("\0") for child in children)


class HelixTest(EditorTest):
    MORE = {
        "rust/.git/HEAD": "",
        "rust/src/main.rs": "fn helper() -> u32 {\n    1\n}\n\nfn main() {\n    helper();\n}\n",
    }

    def setUp(self) -> None:
        super().setUp()
        self.configure()

    def configure(self, *arguments: str, settings: str = "") -> None:
        """What a user does: `coppice setup helix > languages.toml`, and settings among what that has of the server."""
        setup = [COPPICE, "setup", "helix", "--command", COPPICE, *arguments]
        printed = subprocess.run(setup, check=True, capture_output=True, text=True).stdout
        config = self.place / "config" / "helix"
        config.mkdir(parents=True, exist_ok=True)
        server = "[language-server.coppice]\n"
        self.assertIn(server, printed)
        (config / "languages.toml").write_text(printed.replace(server, server + settings))
        (config / "config.toml").write_text('theme = "default"\n[editor]\nmouse = false\n')

    def open(self, *files: str) -> Terminal:
        environment = self.environment() | {"COLORTERM": "truecolor"}
        environment["PATH"] = f"{PYRIGHT}:{os.environ['PATH']}"
        command = [HELIX, "--log", str(self.place / "helix.log"), *(str(self.place / file) for file in files)]
        editor = Terminal(self.place, command, self.place / "python", environment)
        self.addCleanup(editor.close)
        # What is pressed before the editor reads keys one by one is read all at once, an escape and what follows as one.
        editor.seen("^ NOR ")
        return editor

    def test_shows_syntax_errors(self) -> None:
        editor = self.open("python/broken.py")
        editor.ask(["Space", "d"], "1/1")
        editor.seen("(?i)syntax|expected")
        editor.picture("helix-diagnostics")

    def test_shows_a_hover(self) -> None:
        editor = self.open("python/main.py:5:13")
        self.assertIn("class Circle", editor.ask(["Space", "k"], "A round thing"))
        editor.picture("helix-hover")

    def test_goes_to_a_definition_in_another_file(self) -> None:
        editor = self.open("python/main.py:5:22")
        editor.ask(["g", "d"], r"shapes\.py .* 4:9")

    def test_lists_references(self) -> None:
        editor = self.open("python/shapes.py:1:7")
        editor.ask(["g", "r"], "3/3")
        editor.seen(r"main\.py")
        editor.seen(r"shapes\.py")
        editor.picture("helix-references")

    def test_lists_symbols(self) -> None:
        editor = self.open("python/shapes.py")
        editor.ask(["Space", "s"], "2/2")
        editor.seen("area")
        editor.keys("Escape")
        editor.ask(["Space", "S"], r"total\b.*main\.py", typed="total")
        editor.picture("helix-symbols")

    def test_renames(self) -> None:
        editor = self.open("python/main.py:4:5")
        editor.ask(["Space", "s"], "1/1")
        editor.keys("Escape")
        editor.keys("Space", "r")
        editor.seen("rename-to:")
        editor.keys("C-u")
        editor.type("grand_total")
        editor.keys("Enter")
        self.assertIn("def grand_total():", editor.seen(r"print\(grand_total\(\)\)"))

    def test_serves_two_folders_with_one_process(self) -> None:
        editor = self.open("python/main.py:5:13")
        editor.ask(["Space", "k"], "A round thing")
        editor.command(f"open {self.place}/rust/src/main.rs:6:6")
        editor.seen("fn helper")
        # A file outside of where Helix works is answered for by itself.
        editor.ask(["Space", "k"], r"fn helper.*(\n.*)*fn helper")
        editor.keys("Escape")
        editor.command("buffer-close")
        editor.command(f"cd {self.place}/rust")
        editor.command("open src/main.rs:6:6")
        editor.seen("fn helper")
        editor.ask(["Space", "S"], r"helper\b.*main\.rs", typed="helper")
        self.assertEqual(servers_of(editor.pid()), 1)

    def test_sees_a_file_that_changes_on_disk(self) -> None:
        editor = self.open("python/main.py:5:13")
        editor.ask(["Space", "k"], "A round thing")
        (self.place / "python/late.py").write_text("def came_later():\n    pass\n")
        editor.ask(["Space", "S"], r"late\.py", typed="came_later")

    def test_takes_settings(self) -> None:
        (self.place / "python/hidden.py").write_text("def total_hidden():\n    pass\n")
        editor = self.open("python/main.py")
        editor.ask(["Space", "S"], r"total_hidden\b.*hidden\.py", typed="total")
        editor.close()
        self.configure(settings='config = { files.exclude = ["hidden.py"] }\n')
        editor = self.open("python/main.py")
        screen = editor.ask(["Space", "S"], r"1/1(.*\n)*.*total\b.*main\.py", typed="total")
        self.assertNotIn("total_hidden", screen)

    def test_leaves_to_a_dedicated_server_what_that_can_do(self) -> None:
        self.configure("--languages", "python", "--beside", "pyright")
        editor = self.open("python/main.py:5:22")
        hover = editor.ask(["Space", "k"], r"\(method\) def area")
        self.assertEqual(hover.count("def area"), 1, hover)
        self.assertNotIn("1/2", hover)
        editor.picture("helix-beside")
        editor.keys("Escape")
        self.assertEqual(servers_of(editor.pid()), 1)
        self.assertEqual(servers_of(editor.pid(), f"{PYRIGHT}/pyright-langserver"), 1)
        # Several definitions would be a picker, and the cursor where it was.
        editor.ask(["g", "d"], r"shapes\.py .* 4:9")
        editor.command("lsp-workspace-command")
        editor.seen("coppice.reload")

    def test_does_what_a_dedicated_server_cannot_do(self) -> None:
        self.configure("--languages", "python", "--beside", "pyright")
        (self.place / "python/disc.py").write_text("from shapes import Circle\n\n\nclass Disc(Circle):\n    pass\n")
        editor = self.open("python/shapes.py:1:7")
        editor.ask(["g", "i"], r"disc\.py:4")


if __name__ == "__main__":
    unittest.main(verbosity=2)
