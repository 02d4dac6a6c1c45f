"""The server in a real Helix, in a terminal that the tests read: HELIX and COPPICE_BIN name the programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import Terminal

HELIX = os.environ["HELIX"]
COPPICE = os.environ["COPPICE_BIN"]

FILES = {
    "python/.git/HEAD": "",
    "python/shapes.py": 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n',
    "python/main.py": "from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\nprint(total())\n",
    "python/broken.py": "def half(:\n",
    "rust/.git/HEAD": "",
    "rust/src/main.rs": "fn helper() -> u32 {\n    1\n}\n\nfn main() {\n    helper();\n}\n",
}

# A second server for the same language, answering hover and definition with what is recognisably its own.
OTHER = '''
import json, sys
def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(sys.stdin.buffer.read(length)) if length else None
while (message := read()):
    if "id" not in message or "method" not in message:
        continue
    method, result = message["method"], None
    if method == "initialize":
        result = {"capabilities": {"hoverProvider": True, "definitionProvider": True, "textDocumentSync": 1}}
    elif method == "textDocument/hover":
        result = {"contents": {"kind": "plaintext", "value": "from the other"}}
    elif method == "textDocument/definition":
        uri = message["params"]["textDocument"]["uri"].replace("main.py", "shapes.py")
        place = {"line": 3, "character": 8}
        result = {"uri": uri, "range": {"start": place, "end": {"line": 3, "character": 12}}}
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
    sys.stdout.buffer.flush()
'''


class Editor(Terminal):
    """One Helix in a terminal."""

    def __init__(self, place: Path, *files: str) -> None:
        environment = dict(os.environ, HOME=str(place), XDG_CONFIG_HOME=str(place / "config"), TERM="xterm-256color")
        environment |= {"XDG_CACHE_HOME": str(place / "cache"), "COLORTERM": "truecolor"}
        super().__init__(place, [HELIX, "--log", str(place / "helix.log"), *files], place / "python", environment)


def servers_of(pid: int) -> int:
    """How many server processes an editor has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    # The system keeps the first 15 characters.
    return names.count(Path(COPPICE).name[:15])


class HelixTest(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="coppice-helix-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        for name, text in FILES.items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.configure()

    def configure(self, *arguments: str, extra: str = "") -> None:
        """What a user does: `coppice setup helix > languages.toml`."""
        setup = [COPPICE, "setup", "helix", "--command", COPPICE, *arguments]
        printed = subprocess.run(setup, check=True, capture_output=True, text=True).stdout
        config = self.place / "config" / "helix"
        config.mkdir(parents=True, exist_ok=True)
        (config / "languages.toml").write_text(extra + printed)
        (config / "config.toml").write_text('theme = "default"\n[editor]\nmouse = false\n')

    def open(self, *files: str) -> Editor:
        editor = Editor(self.place, *(str(self.place / file) for file in files))
        self.addCleanup(editor.close)
        return editor

    def test_shows_syntax_errors(self) -> None:
        editor = self.open("python/broken.py")
        screen = editor.ask(["Space", "d"], r"(?i)1/1")
        self.assertRegex(screen, "(?i)syntax|expected")
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
        screen = editor.ask(["g", "r"], r"3/3")
        self.assertRegex(screen, r"main\.py")
        self.assertRegex(screen, r"shapes\.py")
        editor.picture("helix-references")

    def test_lists_symbols(self) -> None:
        editor = self.open("python/shapes.py")
        self.assertIn("area", editor.ask(["Space", "s"], "2/2"))
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
        editor.ask(["Space", "k"], r"fn helper.*(\n.*)*fn helper")
        self.assertEqual(servers_of(editor.pid()), 1)

    def test_sees_a_file_that_changes_on_disk(self) -> None:
        editor = self.open("python/main.py:5:13")
        editor.ask(["Space", "k"], "A round thing")
        (self.place / "python/late.py").write_text("def came_later():\n    pass\n")
        editor.ask(["Space", "S"], r"late\.py", typed="came_later")

    def test_leaves_to_another_server_what_that_can_do(self) -> None:
        (self.place / "other.py").write_text(OTHER)
        other = f'[language-server.other]\ncommand = "python3"\nargs = ["{self.place}/other.py"]\n'
        self.configure("--languages", "python", "--beside", "other", extra=other)
        editor = self.open("python/main.py:5:22")
        editor.ask(["Space", "S"], r"total\b.*main\.py", typed="total")
        editor.keys("Escape")
        self.assertNotIn("def area", editor.ask(["Space", "k"], "from the other"))
        editor.keys("Escape")
        editor.ask(["g", "d"], r"shapes\.py .* 4:9")


if __name__ == "__main__":
    unittest.main(verbosity=2)
