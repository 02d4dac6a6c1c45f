"""Folders come and go, and change on disk under the server."""

import os
import shutil
import subprocess

import pytest
from languages import PROGRAMS
from lsprotocol import types
from marked import uri

FILES = PROGRAMS["python"].files
GO_FILES = PROGRAMS["go"].files


def folders_event(added=(), removed=()):
    def entries(paths):
        return [types.WorkspaceFolder(uri=uri(path), name=path.name) for path in paths]

    event = types.WorkspaceFoldersChangeEvent(added=entries(added), removed=entries(removed))
    return types.DidChangeWorkspaceFoldersParams(event=event)


def states(status):
    return {folder["name"]: folder["state"] for folder in status["folders"]}


async def test_folders_are_added_and_removed(start, workspace):
    one, two = workspace(FILES, "one"), workspace(GO_FILES, "two")
    editor = await start(one)
    await editor.ready()
    editor.client.workspace_did_change_workspace_folders(folders_event(added=[two.root]))
    editor.workspace = two
    assert await editor.definition("call") == ["total"], "a question right after the folder came waits for it"
    assert states(await editor.ready()) == {"one": "loaded", "two": "loaded"}
    editor.client.workspace_did_change_workspace_folders(folders_event(removed=[one.root]))
    assert states(await editor.status()) == {"two": "loaded"}
    found = await editor.workspace_symbols("Item")
    assert [key for name, key in found if name == "Item"] == ["Item"]


async def test_two_folders_answer_side_by_side(start, workspace):
    one, two = workspace(FILES, "one"), workspace(FILES, "two")
    editor = await start(one, folders=[one.root, two.root])
    await editor.ready()
    assert await editor.references("total") == ["call", "total"]
    editor.workspace = two
    assert await editor.references("total") == ["call", "total"]
    assert len([name for name, _ in await editor.workspace_symbols("total") if name == "total"]) == 2


async def test_a_folder_has_settings_of_its_own(start, workspace):
    one, two = workspace(FILES, "one"), workspace({**FILES, "gen/more.py": "⟦made⟧ = 1\n"}, "two")
    own = {"files": {"exclude": ["gen"]}, "features": {"hover": "off"}, "memory": {"limitMb": 9}}
    shared = {"files": {"exclude": []}, "memory": {"limitMb": 200}}
    editor = await start(one, configuration={"": {"coppice": shared}, uri(two.root): {"coppice": own}})
    await editor.ready()
    assert await editor.hover("total")

    async def files():
        return {folder["name"]: folder["files"] for folder in (await editor.status())["folders"]}

    editor.client.workspace_did_change_workspace_folders(folders_event(added=[two.root]))
    await editor.eventually(files, {"one": len(FILES), "two": len(FILES)})
    status = await editor.ready()
    assert status["memory"]["limitBytes"] == 200 << 20, "the budget is the process's"
    editor.workspace = two
    assert not await editor.hover("total")
    editor.client.set_configuration(shared, section="coppice", scope_uri=uri(two.root))
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    await editor.eventually(files, {"one": len(FILES), "two": len(FILES) + 1})
    assert await editor.hover("total")


async def test_the_innermost_folder_owns_a_file(start, workspace):
    outer = workspace({"a.py": "def ⟦outer_name:shared⟧(): pass\n"}, "outer")
    inner = workspace({"b.py": "def ⟦shared⟧(): pass\n⟦use:shared⟧()\n"}, "outer/inner")
    editor = await start(inner, folders=[outer.root, inner.root])
    status = await editor.ready()
    assert {folder["name"]: folder["files"] for folder in status["folders"]} == {"outer": 1, "inner": 1}
    assert await editor.definition("use") == ["shared"]
    found = [name for name, _ in await editor.workspace_symbols("shared") if name == "shared"]
    assert len(found) == 2, "each file is in one folder only"


async def test_removing_the_inner_folder_gives_its_files_to_the_outer(start, workspace):
    outer = workspace({"a.py": "x = 1\n"}, "outer")
    inner = workspace({"b.py": "def ⟦f⟧(): pass\n⟦use:f⟧()\n"}, "outer/inner")
    editor = await start(inner, folders=[outer.root, inner.root])
    await editor.ready()
    editor.client.workspace_did_change_workspace_folders(folders_event(removed=[inner.root]))
    await editor.until(lambda status: status["ready"] and status["folders"][0]["files"] == 2)
    assert await editor.definition("use") == ["f"]


@pytest.mark.parametrize("kind", ["missing", "file", "unreadable"])
async def test_a_folder_that_is_none_fails_and_the_other_is_served(start, workspace, kind):
    good = workspace(FILES, "good")
    bad = good.root.parent / "bad"
    if kind == "file":
        bad.write_text("x")
    elif kind == "unreadable":
        bad.mkdir()
        bad.chmod(0)
        if os.access(bad, os.R_OK):
            bad.chmod(0o700)
            pytest.skip("this user may read everything")
    editor = await start(good, folders=[bad, good.root])
    status = await editor.until(lambda status: states(status) == {"bad": "failed", "good": "loaded"})
    failed = next(folder for folder in status["folders"] if folder["name"] == "bad")
    assert failed["lastError"]
    assert await editor.definition("call") == ["total"]
    document = types.TextDocumentIdentifier(uri(bad / "a.py"))
    error = await editor.error(editor.client.text_document_definition_async(types.DefinitionParams(document, types.Position(0, 0))))
    assert error.code == -32803 and error.data["kind"] == "workspace_build_failed", error


@pytest.mark.parametrize("files", [{}, {"notes.txt": "x\n"}], ids=["empty", "no known language"])
async def test_a_folder_with_nothing_to_index_is_loaded_and_empty(start, workspace, files):
    editor = await start(workspace(files))
    (folder,) = (await editor.ready())["folders"]
    assert folder["state"] == "loaded" and folder["files"] == 0
    assert await editor.workspace_symbols("x") == []


async def test_a_deleted_folder_fails_and_comes_back(start, workspace):
    editor = await start(workspace(FILES))
    await editor.ready()
    shutil.rmtree(editor.workspace.root)
    editor.changed_on_disk("app.py", "shop/model.py", kind=types.FileChangeType.Deleted)
    await editor.until(lambda status: status["folders"][0]["files"] == 0 or status["folders"][0]["lastError"])
    for file, text in FILES.items():
        editor.workspace.write(file, text)
    editor.changed_on_disk(*FILES, kind=types.FileChangeType.Created)
    # A file that is not there yet is an error rather than an empty answer.
    await editor.until(lambda status: status["folders"][0]["files"] == len(FILES))
    await editor.eventually(lambda: editor.definition("call"), ["total"])


# Changes on disk, told by the client and seen by the server itself.


async def told(start, folder):
    """An editor that tells of changes."""
    editor = await start(folder, settings={"watch": "client"})
    await editor.ready()
    return editor, editor.changed_on_disk


async def untold(watch, start, folder):
    editor = await start(folder, settings={"watch": watch})
    await editor.ready()
    return editor, lambda *_files, **_kind: None


@pytest.fixture(params=["client", "native", "poll"])
async def changing(request, start, workspace):
    """Makes editors that learn of changes in each of the ways there are."""

    async def make(files):
        folder = workspace(files)
        return await (told(start, folder) if request.param == "client" else untold(request.param, start, folder))

    return make


async def test_files_change_come_and_go(changing):
    editor, tell = await changing({"a.py": "def ⟦f⟧(): pass\n", "b.py": "from a import ⟦import:f⟧\n⟦use:f⟧()\n"})
    assert await editor.definition("use") == ["f"]
    editor.workspace.write("a.py", "x = 1\n\n\ndef ⟦f⟧(): pass\n")
    tell("a.py")
    await editor.eventually(lambda: editor.definition("use"), ["f"])
    editor.workspace.write("sub/c.py", "from a import ⟦c_import:f⟧\n")
    tell("sub/c.py", kind=types.FileChangeType.Created)
    await editor.eventually(lambda: editor.references("f"), ["c_import", "f", "import", "use"])
    editor.workspace.remove("b.py")
    editor.workspace.marks = {key: place for key, place in editor.workspace.marks.items() if place.file != "b.py"}
    tell("b.py", kind=types.FileChangeType.Deleted)
    await editor.eventually(lambda: editor.references("f"), ["c_import", "f"])


async def test_a_file_and_a_directory_are_renamed(changing):
    editor, tell = await changing({"old/a.py": "def ⟦f⟧(): pass\n", "b.py": "x = 1\n"})
    (editor.workspace.root / "old").rename(editor.workspace.root / "new")
    editor.workspace.read_marks("new/a.py", "def ⟦moved:f⟧(): pass\n")
    tell("old/a.py", kind=types.FileChangeType.Deleted)
    tell("new/a.py", kind=types.FileChangeType.Created)
    await editor.eventually(lambda: named(editor, "f"), ["moved"])


async def named(editor, name):
    return [key for found, key in await editor.workspace_symbols(name) if found == name]


async def test_a_branch_switch(changing):
    editor, tell = await changing(FILES)
    git = ["git", "-C", str(editor.workspace.root), "-c", "user.name=t", "-c", "user.email=t@example.com"]

    def run(*arguments):
        subprocess.run([*git, *arguments], check=True, capture_output=True)

    run("init", "-q")
    run("add", ".")
    run("commit", "-qm", "one")
    run("checkout", "-qb", "other")
    for i in range(50):
        editor.workspace.write(f"pkg/m{i}.py", f"def on_the_branch_{i}(): pass\n")
    editor.workspace.write("app.py", "def ⟦elsewhere⟧(): pass\n")
    run("add", ".")
    run("commit", "-qm", "two")
    tell("app.py", *(f"pkg/m{i}.py" for i in range(50)))
    await editor.until(lambda status: status["folders"][0]["files"] == 53)
    await editor.eventually(lambda: named(editor, "elsewhere"), ["elsewhere"])
    run("checkout", "-q", "-")
    tell("app.py", *(f"pkg/m{i}.py" for i in range(50)), kind=types.FileChangeType.Deleted)
    await editor.until(lambda status: status["folders"][0]["files"] == 3)
    editor.workspace.read_marks("app.py", FILES["app.py"])
    await editor.eventually(lambda: editor.definition("call"), ["total"])
    assert await named(editor, "on_the_branch_7") == []


async def test_a_save_brings_the_text_on_disk_into_the_graph(start, workspace):
    editor = await start(workspace(FILES))
    await editor.ready()
    editor.open("app.py")
    editor.replace("app.py", FILES["app.py"] + "\n\ndef ⟦saved⟧():\n    pass\n")
    editor.workspace.write("app.py", FILES["app.py"] + "\n\ndef ⟦saved⟧():\n    pass\n")
    document = types.TextDocumentIdentifier(editor.workspace.uri("app.py"))
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document))
    editor.close("app.py")
    await editor.eventually(lambda: named(editor, "saved"), ["saved"])


async def test_ignored_files_are_not_indexed(start, workspace):
    folder = workspace(
        {
            ".gitignore": "ignored/\n*.gen.py\n",
            "sub/.ignore": "hidden.py\n",
            "ignored/a.py": "def name_one(): pass\n",
            "b.gen.py": "def name_two(): pass\n",
            "sub/hidden.py": "def name_three(): pass\n",
            "sub/seen.py": "def ⟦name_four⟧(): pass\n",
            "excluded/x.py": "def name_five(): pass\n",
        }
    )
    editor = await start(folder, settings={"files": {"exclude": ["excluded/**"]}})
    await editor.ready()
    assert await editor.workspace_symbols("name_") == [("name_four", "name_four")]


async def test_a_symlink_out_of_the_folder_is_not_followed(start, workspace):
    secret = workspace({"secret.py": "def secret_name(): pass\n"}, "elsewhere")
    folder = workspace(FILES)
    (folder.root / "link").symlink_to(secret.root)
    (folder.root / "link.py").symlink_to(secret.root / "secret.py")
    editor = await start(folder)
    await editor.ready()
    assert await editor.workspace_symbols("secret_name") == []
