"""`coppice query`: the same answers from the command line."""

import json
import subprocess

import pytest
from languages import PROGRAMS

FOUND, NONE, USAGE, FAILED = 0, 1, 2, 4


@pytest.fixture
def query(command, workspace):
    folder = workspace(PROGRAMS["python"].files)

    def query(*arguments):
        return subprocess.run(
            [*command, "query", *map(str, arguments)], cwd=folder.root, capture_output=True, text=True, timeout=60
        )

    query.folder = folder
    return query


def place(query, key):
    mark = query.folder.marks[key]
    return f"{mark.file}:{mark.line + 1}:{mark.start + 1}"


def places(query, keys):
    return sorted((mark.file, mark.line + 1, mark.start + 1) for mark in map(query.folder.marks.get, keys))


def found(result):
    assert result.returncode == FOUND, result.stderr
    answer = json.loads(result.stdout)
    assert answer["generation"] >= 1 and answer["stale"] is None
    return answer


def items(answer):
    return sorted((item["file"], item["line"], item["column"]) for item in answer["items"])


def test_definition_by_place_and_by_name(query):
    for subject in (place(query, "call"), "total", "Item.total"):
        answer = found(query("def", subject, "--json"))
        assert items(answer) == places(query, ["total"]), subject
        assert answer["items"][0]["name"] == "total" and answer["items"][0]["kind"] == "method"
    assert query("def", place(query, "call")).stdout.startswith("shop/model.py:4:9: method total")


def test_a_place_without_a_column_is_the_first_name_on_the_line(query):
    line = query.folder.marks["construct"].line + 1
    assert items(found(query("def", f"app.py:{line}", "--json"))) == places(query, ["local"])


def test_references(query):
    for subject in (place(query, "construct"), "Item"):
        answer = found(query("refs", subject, "--json"))
        assert items(answer) == places(query, ["Item", "construct", "import"])
        assert [item["declaration"] for item in answer["items"] if "declaration" in item] == [True]
        assert answer["total"] == 3 and not answer["truncated"]


def test_a_limit_is_said(query):
    answer = found(query("refs", "Item", "--json", "--limit", 1))
    assert len(answer["items"]) == 1 and answer["truncated"]
    assert "more" in query("refs", "Item", "--limit", 1).stderr


def test_a_folder_that_the_budget_cannot_hold_is_answered_in_part_and_that_is_said(query):
    body = "".join(f"def f{i}(a):\n    return a.b{i}()\n" for i in range(500))
    for i in range(80):
        query.folder.write(f"m{i}.py", body)
    tight = ["--memory.limitMb", 8, "--cache.dir", "off"]
    answer = found(query("symbols", "f17", "--json", *tight))
    assert "definitions" in answer["degraded"]
    refused = query("refs", "f17", *tight)
    assert refused.returncode == FAILED and "not known where things are used" in refused.stderr
    assert "there may be more" in query("symbols", "f17", *tight).stderr
    assert found(query("symbols", "f17", "--json"))["degraded"] is None


def test_symbols(query):
    answer = found(query("symbols", "itm", "--json"))
    assert [(item["name"], item["kind"]) for item in answer["items"]] == [("Item", "class")]


def test_outline(query):
    (item,) = found(query("outline", "shop/model.py", "--json"))["items"]
    assert item["name"] == "Item" and [child["name"] for child in item["children"]] == ["total"]
    assert "method total" in query("outline", "shop/model.py").stdout
    short = found(query("outline", "shop/model.py", "--json", "--limit", 1))
    assert short["total"] == 2 and short["truncated"] and "children" not in short["items"][0]


def test_files_are_named_from_the_folder_or_from_here(query):
    root = query.folder.root
    for arguments in (["--folder", root, root / "shop/model.py"], ["--folder", ".", "shop/model.py"]):
        assert query("outline", *arguments).returncode == FOUND
    assert query("outline", "--folder", "shop", "model.py").returncode == FOUND


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["def", "no_such_name"], NONE),
        (["symbols", "no such thing"], NONE),
        (["def", "shop/model.py:3:1"], NONE),
        (["def", "shop/gone.py:1:1"], FAILED),
        (["def", "app.py:9999"], FAILED),
        (["def", "app.py"], FAILED),
        (["outline", "nothing"], FAILED),
        (["def", "x", "--folder", "no/such"], FAILED),
        (["what", "x"], USAGE),
        (["def"], USAGE),
        (["def", "x", "--limit", "many"], USAGE),
        (["symbols", "total", "--limit", "0"], USAGE),
    ],
)
def test_exit_codes(query, arguments, code):
    result = query(*arguments)
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stderr


def test_what_is_left_out_of_many_of_one_name_is_said(query):
    (query.folder.root / "many.py").write_text("".join(f"class C{n}:\n    def same(self): self.same()\n" for n in range(30)))
    answer = found(query("def", "same", "--json", "--limit", 5))
    assert (len(answer["items"]), answer["total"], answer["truncated"]) == (5, 30, True)
    answer = found(query("refs", "same", "--json", "--limit", 5))
    assert len(answer["items"]) == 5 and answer["truncated"]
    answer = found(query("refs", "same", "--json", "--limit", 60))
    assert len(answer["items"]) == 60 and not answer["truncated"]


def test_a_reader_that_has_had_enough_is_no_fault(command, query):
    # More than a pipe holds.
    (query.folder.root / "many.py").write_text("".join(f"def found_{n}(): pass\n" for n in range(5_000)))
    arguments = [*command, "query", "symbols", "found_", "--limit", "5000"]
    for stderr in (subprocess.PIPE, subprocess.STDOUT):
        process = subprocess.Popen(arguments, cwd=query.folder.root, stdout=subprocess.PIPE, stderr=stderr, text=True)
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == FOUND
        assert stderr == subprocess.STDOUT or "panicked" not in process.stderr.read()


def test_an_answer_that_cannot_be_printed_is_a_failure(command, query):
    with open("/dev/full", "w") as full:
        arguments = [*command, "query", "symbols", "total"]
        assert subprocess.run(arguments, cwd=query.folder.root, stdout=full, timeout=60).returncode == FAILED


def test_numbers_that_are_too_large_are_no_end(query):
    most = 2**64 - 1
    assert found(query("symbols", "total", "--json", "--limit", most))["truncated"] is False
    assert query("symbols", "total", "--wait", most).returncode == USAGE


def test_the_help_tells_the_exit_codes(query):
    text = query("--help").stdout
    for part in ("0 if something was found", "1 if there is nothing", "3 if the folder was not ready", "4 if"):
        assert part in " ".join(text.split()), part
