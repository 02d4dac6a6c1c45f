"""Fixture workspaces as text: `⟦name⟧` marks an occurrence, `⟦key:name⟧` gives it a key of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlparse

MARK = re.compile(r"⟦(?:(?P<key>[^:⟦⟧]+):)?(?P<text>[^⟦⟧]*)⟧")


class Place(NamedTuple):
    """A marked occurrence: its file, and its line and columns counted in characters."""

    file: str
    line: int
    start: int
    end: int


def uri(path: Path) -> str:
    return "file://" + quote(str(path))


def path_of(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


class Workspace:
    """A folder on disk, made of marked texts."""

    def __init__(self, root: Path, files: dict[str, str] | None = None) -> None:
        self.root = root
        self.texts: dict[str, str] = {}
        self.marks: dict[str, Place] = {}
        root.mkdir(parents=True, exist_ok=True)
        for file, text in (files or {}).items():
            self.write(file, text)

    def write(self, file: str, marked: str) -> str:
        """Puts a file on disk without its marks, which from now on are known by their keys."""
        text = self.read_marks(file, marked)
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return text

    def read_marks(self, file: str, marked: str) -> str:
        self.marks = {key: place for key, place in self.marks.items() if place.file != file}
        text, last = "", 0
        for found in MARK.finditer(marked):
            text += marked[last : found.start()]
            line = text.count("\n")
            start = len(text) - (text.rfind("\n") + 1)
            text += found["text"]
            key = found["key"] or found["text"]
            assert key not in self.marks, f"{key} is marked twice"
            self.marks[key] = Place(file, line, start, start + len(found["text"]))
            last = found.end()
        self.texts[file] = text + marked[last:]
        return self.texts[file]

    def remove(self, file: str) -> None:
        (self.root / file).unlink()
        self.texts.pop(file, None)

    def uri(self, file: str = "") -> str:
        return uri(self.root / file if file else self.root)

    def line(self, place: Place) -> str:
        return self.texts[place.file].split("\n")[place.line]
