"""Emacs in a terminal, set up as the README says: COPPICE_BIN names the server."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
import unittest
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import PATIENCE_S, EditorTest, Terminal

COPPICE = os.environ["COPPICE_BIN"]
# How long an answer may take before it is asked for again.
ANSWER_S = 2
# Keeps the screen for the file: no splash, menu or advice, no warnings about other packages that Emacs compiles.
QUIET = (
    "(setq inhibit-startup-screen t suggest-key-bindings nil native-comp-async-report-warnings-errors nil)\n"
    "(menu-bar-mode -1)\n"
)


class EmacsTest(EditorTest):
    # Emacs asks git itself what a repository's files are.
    MORE = {"python/.git/HEAD": "ref: refs/heads/main\n", "python/.git/objects/x": "", "python/.git/refs/x": ""}

    def open(self, file: str, line: int, column: int) -> Terminal:
        setup = [COPPICE, "setup", "emacs", "--command", COPPICE]
        printed = subprocess.run(setup, check=True, capture_output=True, text=True).stdout
        init = self.place / ".emacs.d/init.el"
        init.parent.mkdir()
        init.write_text(QUIET + printed)
        environment = self.environment() | {"COLORTERM": "truecolor"}
        terminal = Terminal(self.place, ["emacs", "-nw", f"+{line}:{column}", file], self.place / "python", environment)
        self.addCleanup(terminal.close)
        terminal.seen(rf"{file} .*\(Python")
        terminal.keys("M-x")
        terminal.type("eglot")
        terminal.keys("Enter")
        terminal.seen(r"\[eglot")
        return terminal

    def until(self, terminal: Terminal, act: Callable[[], None], pattern: str) -> None:
        """Acts again and again until the screen has what the pattern says."""
        end = time.monotonic() + PATIENCE_S
        while True:
            act()
            try:
                terminal.seen(pattern, ANSWER_S)
                return
            except AssertionError:
                if time.monotonic() > end:
                    raise

    def test_shows_what_a_name_is(self) -> None:
        terminal = self.open("main.py", 5, 13)
        # Emacs asks what is under the cursor when that has moved and rests, and once for each place.
        moves = itertools.cycle(["Right", "Left"])
        self.until(terminal, lambda: terminal.keys(next(moves)), "^class Circle")

        def show() -> None:
            terminal.keys("M-x")
            terminal.seen("^M-x")
            terminal.type("eldoc-doc-buffer")
            terminal.keys("Enter")

        self.until(terminal, show, "A round thing")
        terminal.picture("emacs-hover")

    def test_goes_to_a_definition_in_another_file(self) -> None:
        terminal = self.open("main.py", 5, 22)
        terminal.keys("M-.")
        terminal.seen(r"shapes\.py .*\(Python")
        terminal.picture("emacs-definition")


if __name__ == "__main__":
    unittest.main(verbosity=2)
