"""The server in a real Kakoune, by kakoune-lsp, in a terminal that the tests read: KAKOUNE_LSP is the directory of `kak-lsp`,
COPPICE_BIN the server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import PATIENCE_S, POLL_S, EditorTest, Terminal

KAKOUNE_LSP = os.environ["KAKOUNE_LSP"]
COPPICE = os.environ["COPPICE_BIN"]


def processes_in(place: Path) -> list[int]:
    """The servers that run in a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_here = (process / "cwd").readlink().is_relative_to(place.resolve())
            if is_here and (process / "exe").readlink() == Path(COPPICE).resolve():
                found.append(int(process.name))
        except OSError:
            continue
    return found


class KakouneTest(EditorTest):
    # A project that is in no repository.
    MORE = {
        "plain/go.mod": "module example.com/plain\n",
        "plain/top.go": "package plain\n\nfunc Top() int {\n\treturn 1\n}\n",
        "plain/deep/deep.go": 'package deep\n\nimport "example.com/plain"\n\nvar _ = plain.Top()\n',
    }

    def setUp(self) -> None:
        super().setUp()
        # What a user does: loads the client, and appends what `coppice setup kakoune` prints.
        setup = [COPPICE, "setup", "kakoune", "--command", COPPICE]
        printed = subprocess.run(setup, check=True, capture_output=True, text=True).stdout
        kakrc = self.place / "config/kak/kakrc"
        kakrc.parent.mkdir(parents=True)
        kakrc.write_text(f"set-option global startup_info_version 99999999\nevaluate-commands %sh{{kak-lsp}}\n{printed}")

    def open(self, file: str, line: int = 1, column: int = 1, folder: str = "python") -> Terminal:
        environment = self.environment()
        environment["PATH"] = f"{KAKOUNE_LSP}:{os.environ['PATH']}"
        terminal = Terminal(self.place, ["kak", f"+{line}:{column}", file], self.place / folder, environment)
        self.addCleanup(self.leave, terminal)
        terminal.seen(rf"{file} {line}:{column}")
        return terminal

    def leave(self, terminal: Terminal) -> None:
        """Quits as a user does: client and server, which run apart from the editor, end with its session."""
        try:
            terminal.command("quit!")
            end = time.monotonic() + PATIENCE_S
            while left := processes_in(self.place):
                self.assertLess(time.monotonic(), end, f"still there: {left}")
                time.sleep(POLL_S)
        finally:
            terminal.close()

    def ask(self, terminal: Terminal, command: str, pattern: str) -> str:
        return terminal.ask([":"], pattern, typed=f"{command}\n")

    def test_attaches_and_shows_a_hover(self) -> None:
        terminal = self.open("main.py", 5, 13)
        self.ask(terminal, "lsp-hover", "A round thing")
        terminal.seen("class Circle")

    def test_goes_to_a_definition_in_another_file(self) -> None:
        terminal = self.open("main.py", 5, 22)
        self.ask(terminal, "lsp-definition", r"shapes\.py 4:9")

    def test_takes_a_project_that_is_in_no_repository_as_a_whole(self) -> None:
        terminal = self.open("deep.go", 5, 16, "plain/deep")
        self.ask(terminal, "lsp-definition", r"top\.go 3:6")

    def test_shows_syntax_errors(self) -> None:
        terminal = self.open("broken.py")
        terminal.seen(r"^\*def half")
        self.ask(terminal, "lsp-diagnostics", r"(?i)broken\.py:1:.*(syntax|expected)")


if __name__ == "__main__":
    unittest.main(verbosity=2)
