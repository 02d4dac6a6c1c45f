"""Files that come and go, functions that are begun, names that are edited together."""

import pytest
from editor import NEOVIM, VSCODE
from lsprotocol import types

CRATE = {"Cargo.toml": "[package]\nname = \"m\"\n", "src/lib.rs": "mod a;\n", "src/a.rs": "pub fn f() {}\n"}


async def test_a_new_file_becomes_a_module(start, workspace):
    editor = await start(workspace(CRATE))
    await editor.ready()
    for file, changed in [("src/b.rs", {"src/lib.rs": "mod a;\nmod b;\n"}), ("src/main.rs", None)]:
        params = types.CreateFilesParams(files=[types.FileCreate(uri=editor.workspace.uri(file))])
        edit = await editor.client.workspace_will_create_files_async(params)
        assert (edit and editor.applied(edit)) == changed


DELETED = {
    "python": ({"a.py": "f = 1\n", "b.py": "from a import f\nx = 1\n"}, "a.py", {"b.py": "x = 1\n"}),
    "typescript": (
        {"lib/a.ts": "export const f = 1;\n", "b.ts": "import { f } from './lib/a';\nx();\n"},
        "lib",
        {"b.ts": "x();\n"},
    ),
    "rust": (CRATE, "src/a.rs", {"src/lib.rs": ""}),
    "java": (
        {"p/Item.java": "package p;\npublic class Item {}\n", "q/Use.java": "package q;\nimport p.Item;\nclass Use {}\n"},
        "p/Item.java",
        {"q/Use.java": "package q;\nclass Use {}\n"},
    ),
}


@pytest.mark.parametrize("language", DELETED)
async def test_what_is_deleted_is_imported_no_more(start, workspace, language):
    files, gone, changed = DELETED[language]
    editor = await start(workspace(files))
    await editor.ready()
    params = types.DeleteFilesParams(files=[types.FileDelete(uri=editor.workspace.uri(gone))])
    assert editor.applied(await editor.client.workspace_will_delete_files_async(params)) == changed


async def test_what_the_client_says_of_files_is_believed(start, workspace):
    """By a client that watches nothing by itself."""
    editor = await start(workspace({"a.py": "first = 1\n"}), settings={"watch": "client"})
    await editor.ready()
    root = editor.workspace.root

    async def names():
        found = [await editor.workspace_symbols(query) for query in ("first", "second")]
        return sorted(name for symbols in found for name, _ in symbols)

    (root / "b.py").write_text("second = 1\n")
    created = types.FileCreate(uri=editor.workspace.uri("b.py"))
    editor.client.workspace_did_create_files(types.CreateFilesParams(files=[created]))
    await editor.eventually(names, ["first", "second"])
    (root / "b.py").rename(root / "c.py")
    renamed = types.FileRename(old_uri=editor.workspace.uri("b.py"), new_uri=editor.workspace.uri("c.py"))
    editor.client.workspace_did_rename_files(types.RenameFilesParams(files=[renamed]))
    await editor.eventually(names, ["first", "second"])
    (root / "c.py").unlink()
    deleted = types.FileDelete(uri=editor.workspace.uri("c.py"))
    editor.client.workspace_did_delete_files(types.DeleteFilesParams(files=[deleted]))
    await editor.eventually(names, ["first"])


MISSING = {
    "python": ("a.py", "def f(x):\n    return ⟦go⟧(x)\n", "\n\n\ndef go(x):\n    raise NotImplementedError"),
    "typescript": ("a.ts", "function f(x: number) {\n    return ⟦go⟧(x);\n}\n", "\n\nfunction go(x) {\n    throw new Error('not implemented');\n}"),
    "rust": ("a.rs", "fn f(x: u32) {\n    ⟦go⟧(x);\n}\n", "\n\nfn go(x: impl Sized) {\n    todo!()\n}"),
    "go": ("a.go", "package p\n\nfunc f(x int) {\n\t⟦help⟧(x)\n}\n", "\n\nfunc help(x any) {\n\tpanic(\"not implemented\")\n}"),
}


@pytest.mark.parametrize("language", MISSING)
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM])
async def test_a_function_that_is_missing_is_begun(start, workspace, language, profile):
    file, text, stub = MISSING[language]
    editor = await start(workspace({file: text, "go.mod": "module m\n"}), profile=profile)
    await editor.ready()
    editor.open(file)
    (key,) = editor.workspace.marks
    document, position = editor.position(key)
    line_end = types.Position(position.line, position.character + 2)
    params = types.CodeActionParams(
        text_document=document, range=types.Range(position, line_end), context=types.CodeActionContext(diagnostics=[])
    )
    (action,) = await editor.client.text_document_code_action_async(params)
    assert action.title == f"Create function `{key}`" and action.kind == types.CodeActionKind.QuickFix
    before = editor.workspace.texts[file]
    assert editor.applied(action.edit) == {file: before.rstrip("\n") + stub + "\n"}


@pytest.mark.parametrize("file", ["a.jsx", "a.js", "a.tsx"])
async def test_the_names_of_an_element_are_edited_together(start, workspace, file):
    editor = await start(workspace({file: "const x = <⟦open:div⟧ a={1}>text</⟦close:div⟧>;\n"}))
    await editor.ready()
    editor.open(file)
    for key in ("open", "close"):
        document, position = editor.position(key, 1)
        params = types.LinkedEditingRangeParams(text_document=document, position=position)
        found = await editor.client.text_document_linked_editing_range_async(params)
        assert list(found.ranges) == [editor.range(editor.workspace.marks[end]) for end in ("open", "close")]
