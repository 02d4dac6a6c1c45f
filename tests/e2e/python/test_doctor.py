"""`coppice doctor`: on a server that works, and on servers each with a fault of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from languages import PROGRAMS
from marked import MARK

FAULTY = Path(__file__).with_name("faulty_server.py")
FILES = {
    "a.py": "def first(x):\n    return second(x)\n\n\ndef second(x):\n    return first(second(x))\n" + "# padding\n" * 20,
}


@pytest.fixture
def doctor(command):
    def doctor(*arguments, **environment):
        return subprocess.run(
            [*command, "doctor", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environment},
        )

    return doctor


@pytest.fixture
def faulty(tmp_path):
    """A program that starts the faulty server."""
    program = tmp_path / "server"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAULTY}"\n')
    program.chmod(0o755)
    return program


def test_a_working_server_passes(doctor, workspace):
    folders = [workspace(program.files, language) for language, program in PROGRAMS.items()]
    result = doctor("--json", *(folder.root for folder in folders))
    report = json.loads(result.stdout)
    assert result.returncode == 0, report["problems"]
    assert report["ok"] and not report["problems"]
    assert [folder["languages"] for folder in report["folders"]] == [
        {language: len([f for f in program.files if not f.endswith((".toml", ".mod"))])} for language, program in PROGRAMS.items()
    ]
    assert report["status"]["memory"]["limitBytes"] > 0


def test_one_folder_with_every_language(doctor, workspace):
    files = {f"{language}/{file}": text for language, p in PROGRAMS.items() for file, text in p.files.items()}
    folder = workspace({file: MARK.sub(lambda mark: mark["text"], text) for file, text in files.items()})
    result = doctor(folder.root)
    assert result.returncode == 0, result.stdout
    assert "Everything works." in result.stdout
    for language in PROGRAMS:
        assert language in result.stdout


def test_the_report_has_all_that_it_should(doctor, workspace, faulty):
    folder = workspace(FILES)
    text = doctor("--server", faulty, folder.root)
    assert text.returncode == 0, text.stdout + text.stderr
    for part in (str(folder.root), "loaded", "python 1", "10 lines", "big.py: larger than 1 MiB", "hover", "references", "median ms"):
        assert part in text.stdout, part
    report = json.loads(doctor("--server", faulty, "--json", folder.root).stdout)
    (only,) = report["folders"]
    asked = {tally["question"]: tally for tally in only["questions"]}
    assert asked["definition of a use"]["answered"] == asked["definition of a use"]["asked"] > 0
    assert asked["symbols of a file"]["asked"] == 1


@pytest.mark.parametrize(
    "fault, complaint",
    [
        ("dies", "stopped"),
        ("refuses", "not today"),
        ("fails", "no room"),
        ("never ready", "not ready after 1 s"),
        ("knows nothing", "none of"),
        ("loses names", "by its own name"),
        ("over budget", "over the budget"),
        ("lingers", "still there"),
        ("ends badly", "7"),
    ],
)
def test_faults_are_found(doctor, workspace, faulty, fault, complaint):
    patience = 1 if fault == "never ready" else 60
    result = doctor("--server", faulty, "--wait", patience, workspace(FILES).root, FAULT=fault)
    assert result.returncode == 1, result.stdout
    assert "Something is wrong:" in result.stdout
    assert complaint in result.stdout.split("Something is wrong:")[1], result.stdout


def test_folders_that_are_none(doctor, workspace, faulty, tmp_path):
    (tmp_path / "file").write_text("x")
    for folder, complaint in ((tmp_path / "missing", "cannot be opened"), (tmp_path / "file", "not a folder")):
        result = doctor("--server", faulty, folder)
        assert result.returncode == 1 and complaint in result.stdout, result.stdout
    result = doctor("--server", faulty, workspace({"notes.txt": "x"}).root)
    assert result.returncode == 1 and "no file in a language" in result.stdout, result.stdout


def test_settings_that_are_none(doctor, workspace, faulty):
    result = doctor("--server", faulty, "--memory.limitMb", "much", workspace(FILES).root)
    assert result.returncode == 2 and "memory.limitMb" in result.stderr
