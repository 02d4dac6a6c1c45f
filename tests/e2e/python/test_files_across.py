"""Files of several folders that come, go or move at once; what names them in folders that are not asked about."""

import os

import pytest
from lsprotocol import types
from test_across import PATHS, PROGRAMS, RELATIVE, opened, shown

# The file that moves or goes, where to, and the file of the other folder that names it, with the line.
NAMED = {
    "python": ("lib/shop/model.py", "lib/shop/things.py", "app/main.py line 1"),
    "rust": ("lib/src/model.rs", "lib/src/things.rs", "app/part/src/main.rs line 1"),
    "relative": ("lib/src/model.ts", "lib/src/things.ts", "app/in/main.ts line 1"),
    "paths": ("lib/src/model.ts", "lib/src/things.ts", next(f for f in PATHS if f.endswith("main.ts") and "app" in f) + " line 1"),
    "include": ("lib/shop.h", "lib/things.h", "app/main.c line 1"),
    "go": ("lib/model.go", "lib/things/model.go", "app/main.go line 3"),
}
FILES = PROGRAMS | {
    "include": {
        "lib/shop.h": "int price(int amount);\n",
        "app/main.c": '#include "../lib/shop.h"\n\nint main(void) { return price(1); }\n',
        "other/main.c": "int price(int amount);\n",
    }
}


async def renamed(editor, *pairs):
    uri = editor.workspace.uri
    files = [types.FileRename(old_uri=uri(old), new_uri=uri(new)) for old, new in pairs]
    return await editor.client.workspace_will_rename_files_async(types.RenameFilesParams(files=files))


async def deleted(editor, *names):
    files = [types.FileDelete(uri=editor.workspace.uri(name)) for name in names]
    return await editor.client.workspace_will_delete_files_async(types.DeleteFilesParams(files=files))


@pytest.mark.parametrize("program", NAMED)
@pytest.mark.parametrize("deed", ["moves", "goes"])
async def test_what_other_folders_have_of_a_file_is_told(start, workspace, program, deed):
    old, new, place = NAMED[program]
    editor = await opened(start, workspace, FILES[program], ["lib", "app", "other"])
    edit = await (renamed(editor, (old, new)) if deed == "moves" else deleted(editor, old))
    changed = editor.applied(edit) if edit else {}
    assert not any(file.startswith(("app/", "other/")) for file in changed)
    [message] = shown(editor)
    assert f"what {deed} is named in other folders, where nothing is changed" in message
    assert str(editor.workspace.root / place) in message and "other/" not in message


async def test_a_file_that_is_imported_by_the_name_of_its_package_is_told(start, workspace):
    folder = workspace(FILES["typescript"], "all")
    (folder.root / "app/node_modules").mkdir()
    os.symlink("../../lib", folder.root / "app/node_modules/lib")
    editor = await opened(start, workspace, FILES["typescript"], ["lib", "app", "other"])
    await renamed(editor, ("lib/model.ts", "lib/things.ts"))
    [message] = shown(editor)
    assert str(editor.workspace.root / "app/main.ts line 1") in message


async def test_a_file_that_nothing_names_elsewhere_is_no_news(start, workspace):
    files = RELATIVE | {"lib/src/own.ts": "export const own = 1;\n", "lib/src/use.ts": "import { own } from './own';\nown;\n"}
    editor = await opened(start, workspace, files, ["lib", "app", "other"])
    edit = await renamed(editor, ("lib/src/own.ts", "lib/src/mine.ts"))
    assert editor.applied(edit) == {"lib/src/use.ts": "import { own } from './mine';\nown;\n"}
    assert await deleted(editor, "lib/src/use.ts") is None
    assert shown(editor) == []


async def test_a_go_file_that_stays_in_its_package_is_no_news(start, workspace):
    editor = await opened(start, workspace, FILES["go"], ["lib", "app", "other"])
    assert await renamed(editor, ("lib/model.go", "lib/things.go")) is None
    assert shown(editor) == []


TWO = {
    "python": (
        {"a.py": "f = 1\n", "use.py": "from a import f\nx = 1\n"},
        ("a.py", "b.py"),
        {"use.py": "from b import f\nx = 1\n"},
        {"use.py": "x = 1\n"},
    ),
    "typescript": (
        {"a.ts": "export const f = 1;\n", "use.ts": "import { f } from './a';\nx();\n"},
        ("a.ts", "b.ts"),
        {"use.ts": "import { f } from './b';\nx();\n"},
        {"use.ts": "x();\n"},
    ),
    "rust": (
        {"Cargo.toml": '[package]\nname = "m"\n', "src/lib.rs": "mod a;\n", "src/a.rs": "pub fn f() {}\n"},
        ("src/a.rs", "src/b.rs"),
        {"src/lib.rs": "mod b;\n"},
        {"src/lib.rs": ""},
    ),
    "c": (
        {"a.h": "int f(void);\n", "use.c": '#include "a.h"\nint x;\n'},
        ("a.h", "b.h"),
        {"use.c": '#include "b.h"\nint x;\n'},
        {},
    ),
}


def in_both(files):
    return {f"{folder}/{name}": text for folder in ("one", "two") for name, text in files.items()}


@pytest.mark.parametrize("language", TWO)
async def test_files_of_two_folders_are_worked_out_together(start, workspace, language):
    files, (old, new), moved, gone = TWO[language]
    editor = await opened(start, workspace, in_both(files), ["one", "two"])
    edit = await renamed(editor, *((f"{folder}/{old}", f"{folder}/{new}") for folder in ("one", "two")))
    assert editor.applied(edit) == in_both(moved)
    edit = await deleted(editor, *(f"{folder}/{old}" for folder in ("one", "two")))
    assert (editor.applied(edit) if edit else {}) == in_both(gone)
    assert shown(editor) == []


async def test_new_files_of_two_folders_become_modules(start, workspace):
    files, *_ = TWO["rust"]
    editor = await opened(start, workspace, in_both(files), ["one", "two"])
    created = [types.FileCreate(uri=editor.workspace.uri(f"{folder}/src/b.rs")) for folder in ("one", "two")]
    edit = await editor.client.workspace_will_create_files_async(types.CreateFilesParams(files=created))
    assert editor.applied(edit) == in_both({"src/lib.rs": "mod a;\nmod b;\n"})


async def test_one_folder_that_refuses_does_not_keep_the_others_from_it(start, workspace):
    files, (old, new), moved, _ = TWO["python"]
    editor = await opened(start, workspace, in_both(files), ["one", "two"])
    edit = await renamed(editor, ("one/a.py", "one/not-a-name.py"), ("two/a.py", "two/b.py"))
    assert editor.applied(edit) == {"two/use.py": moved["use.py"]}
    [message] = shown(editor)
    assert f"nothing is changed in {editor.workspace.root / 'one'}" in message and "not a name" in message
    error = await editor.error(renamed(editor, ("one/a.py", "one/not-a-name.py")))
    assert "not a name" in error.message


async def test_what_leaves_its_folder_is_told(start, workspace):
    files, *_ = TWO["python"]
    editor = await opened(start, workspace, in_both(files), ["one", "two"])
    assert await renamed(editor, ("one/a.py", "two/c.py")) is None
    [message] = shown(editor)
    assert f"{editor.workspace.root / 'one/a.py'} leaves its folder" in message


async def test_what_moves_into_a_folder_in_its_own_leaves(start, workspace):
    files, (old, _), *_ = TWO["typescript"]
    editor = await opened(start, workspace, in_both(files) | {"one/in/z.ts": "export const z = 1;\n"}, ["one", "one/in"])
    assert await renamed(editor, (f"one/{old}", "one/in/a.ts")) is None
    [message] = shown(editor)
    assert f"{editor.workspace.root / 'one' / old} leaves its folder" in message


async def test_who_goes_too_is_not_told_of(start, workspace):
    editor = await opened(start, workspace, RELATIVE, ["lib", "app", "other"])
    await deleted(editor, "lib/src/model.ts", "app/in")
    assert shown(editor) == []


async def test_a_folder_that_cannot_say_is_named(start, workspace):
    files = RELATIVE | {"lib/src/user.ts": "import './model';\n"}
    editor = await opened(start, workspace, files, ["lib", "app", "other"])
    evicted = types.ExecuteCommandParams("coppice.evict", [editor.workspace.uri("app")])
    await editor.client.workspace_execute_command_async(evicted)
    edit = await renamed(editor, ("lib/src/model.ts", "lib/src/things.ts"))
    assert editor.applied(edit)["lib/src/user.ts"] == "import './things';\n"
    assert any(f"{editor.workspace.root / 'app'} is not part of the answer" in message for message in shown(editor))


async def test_a_directory_is_followed_file_by_file(start, workspace):
    editor = await opened(start, workspace, RELATIVE, ["lib", "app", "other"])
    await renamed(editor, ("lib/src", "lib/code"))
    [message] = shown(editor)
    assert "app/in/main.ts line 1" in message


@pytest.mark.parametrize("picked", ["Show", None])
async def test_the_place_that_is_left_is_shown_if_the_user_wants_it(start, workspace, picked):
    editor = await opened(start, workspace, RELATIVE, ["lib", "app", "other"], picked=picked)
    await renamed(editor, ("lib/src/model.ts", "lib/src/things.ts"))
    asked = await editor.received("window/showMessageRequest")
    assert [action["title"] for action in asked["actions"]] == ["Show"]
    if picked:
        shown_place = await editor.received("window/showDocument")
        assert shown_place["uri"] == editor.workspace.uri("app/in/main.ts")
        assert shown_place["selection"]["start"]["line"] == 0 and shown_place["takeFocus"]
    else:
        await editor.status()
        assert editor.client.shown_documents == []
