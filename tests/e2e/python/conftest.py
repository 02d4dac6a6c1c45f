"""Servers and workspaces for the tests; whatever a test did, its whole conversation must have been right."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from editor import Editor
from marked import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def command() -> list[str]:
    """How the server is started: `COPPICE_BIN`, or the debug build of this checkout."""
    program = Path(os.environ.get("COPPICE_BIN", ROOT / "target" / "debug" / "coppice"))
    assert program.is_file(), f"{program} is missing; build it first"
    return [str(program)]


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    """Makes workspaces in directories of their own."""

    def make(files: dict[str, str] | None = None, name: str = "folder") -> Workspace:
        return Workspace(tmp_path / name, files)

    return make


@pytest_asyncio.fixture
async def start(command: list[str]) -> Any:
    """Starts editors; at the end each one's server must end well and its conversation be without fault."""
    editors: list[Editor] = []

    async def start(workspace: Workspace, *, stays: bool = True, **options: Any) -> Editor:
        editor = await Editor.start(command, workspace, **options)
        if stays:
            editors.append(editor)
        return editor

    yield start
    problems: list[str] = []
    for editor in editors:
        code = await editor.stop()
        if code != 0:
            problems.append(f"the server ended with {code}")
        problems += editor.conversation.problems
        problems += [f"no reply to {request}" for request in editor.conversation.unanswered()]
    assert not problems, "\n".join(problems)
