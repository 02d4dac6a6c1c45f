"""An editor in a terminal of its own, which a test reads and types into."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import struct
import shutil
import subprocess
import tempfile
import termios
import time
import unittest
from pathlib import Path

# How long the editor may take to show what a test waits for; the machine may be busy.
PATIENCE_S = 90
POLL_S = 0.05
# How long one answer may take before the question is put again; each time it may take longer.
ANSWER_S = 0.5
WIDTH, HEIGHT = 100, 24
# Where pictures are put, if somebody wants them.
PICTURES = os.environ.get("PICTURES")

# The project that every editor opens.
PROJECT = {
    "python/.git/HEAD": "",
    "python/shapes.py": 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n',
    "python/main.py": "from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\nprint(total())\n",
    "python/broken.py": "def half(:\n",
}


class EditorTest(unittest.TestCase):
    """A test with a place of its own, which has the project and may have more."""

    MORE: dict[str, str] = {}

    def setUp(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="coppice-editor-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        for name, text in {**PROJECT, **self.MORE}.items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def environment(self) -> dict[str, str]:
        """That of a user whose home is the place."""
        environment = dict(os.environ, HOME=str(self.place), TERM="xterm-256color", XDG_RUNTIME_DIR=str(self.place))
        kinds = ("CONFIG", "STATE", "DATA", "CACHE")
        return environment | {f"XDG_{kind}_HOME": str(self.place / kind.lower()) for kind in kinds}


class Terminal:
    """One program in a terminal."""

    _numbers = itertools.count()

    def __init__(self, place: Path, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        # One that has just been closed may still be listening where it was.
        self.socket = str(place / f"tmux-{next(self._numbers)}")
        size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(cwd), *command, env=environment)

    def _tmux(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE_S)
        if done.returncode:
            raise RuntimeError(f"tmux {arguments}: {done.stderr}")
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Presses keys; a key of one letter is itself, others are tmux's names."""
        self._tmux("send-keys", *keys)
        if keys[-1] == "Escape":
            self._taken()

    def _taken(self) -> None:
        """Waits until the editor has read all that was pressed: an escape and what follows it, read at once, would be one
        key with Alt."""
        terminal = os.open(self._tmux("display-message", "-p", "#{pane_tty}").strip(), os.O_RDWR | os.O_NOCTTY)
        try:
            end = time.monotonic() + PATIENCE_S
            while struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, b"\0" * 4)) != (0,):
                if time.monotonic() > end:
                    raise AssertionError("the editor takes no keys")
                time.sleep(POLL_S)
        finally:
            os.close(terminal)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def seen(self, pattern: str, within_s: float = PATIENCE_S) -> str:
        """Waits until the screen has what the pattern says, and gives the screen."""
        end = time.monotonic() + within_s
        while True:
            screen = self.screen()
            if re.search(pattern, screen, re.M):
                return screen
            if time.monotonic() > end:
                raise AssertionError(f"not seen: {pattern}\n{screen}")
            time.sleep(POLL_S)

    def ask(self, keys: list[str], pattern: str, typed: str = "") -> str:
        """Presses keys until the screen has what the pattern says: what is asked before the server is ready gets no
        answer later."""
        end = time.monotonic() + PATIENCE_S
        within_s = ANSWER_S
        while True:
            self.keys(*keys)
            if typed:
                self.type(typed)
            try:
                return self.seen(pattern, within_s)
            except AssertionError:
                if time.monotonic() > end:
                    raise
            within_s *= 2
            self.keys("Escape")
            self.keys("Escape")

    def command(self, text: str) -> None:
        self.keys("Escape")
        self.type(":" + text)
        self.keys("Enter")

    def picture(self, name: str) -> None:
        """Draws the screen, if pictures are wanted."""
        if not PICTURES:
            return
        screen = self._tmux("capture-pane", "-p", "-e", "-N")
        draw = ["node", str(Path(__file__).with_name("picture.mjs")), str(Path(PICTURES) / f"{name}.png")]
        subprocess.run(draw, input=screen, text=True, check=True, timeout=PATIENCE_S)

    def pid(self) -> int:
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, timeout=PATIENCE_S)
