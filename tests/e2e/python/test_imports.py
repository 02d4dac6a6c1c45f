"""Imports that are added, and those that follow a renamed file."""

import pytest
from editor import NEOVIM, VSCODE
from lsprotocol import types

MISSING = {
    "python": ({"pkg/a.py": "def compute():\n    pass\n", "b.py": "⟦compute⟧()\n"}, "from pkg.a import compute\n\ncompute()\n"),
    "typescript": ({"a.ts": "export function compute() {}\n", "b.ts": "⟦compute⟧();\n"}, "import { compute } from './a';\n\ncompute();\n"),
    "go": (
        {"go.mod": "module m\n", "p/a.go": "package p\n\nfunc Compute() {}\n", "b.go": "package main\n\nfunc main() { ⟦p⟧.Compute() }\n"},
        'package main\n\nimport "m/p"\n\nfunc main() { p.Compute() }\n',
    ),
    "java": (
        {"src/p/Item.java": "package p;\npublic class Item {}\n", "src/q/Use.java": "package q;\n\nclass Use { ⟦Item⟧ x; }\n"},
        "package q;\n\nimport p.Item;\n\nclass Use { Item x; }\n",
    ),
}


@pytest.mark.parametrize("language", MISSING)
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM])
async def test_a_missing_import_is_added(start, workspace, language, profile):
    files, expected = MISSING[language]
    editor = await start(workspace(files), profile=profile)
    await editor.ready()
    (place,) = editor.workspace.marks.values()
    editor.open(place.file)
    document, position = editor.position(next(iter(editor.workspace.marks)))
    params = types.CodeActionParams(
        text_document=document, range=types.Range(position, position), context=types.CodeActionContext(diagnostics=[])
    )
    (action,) = await editor.client.text_document_code_action_async(params)
    assert action.kind == types.CodeActionKind.QuickFix and action.is_preferred
    assert editor.applied(action.edit) == {place.file: expected}


async def test_imports_follow_a_renamed_file(start, workspace):
    files = {
        "pkg/__init__.py": "",
        "pkg/a.py": "f = 1\n",
        "main.py": "from pkg.a import f\n",
        "lib/a.ts": "export const f = 1;\n",
        "main.ts": "import { f } from './lib/a';\n",
        "src/a.h": "int f(void);\n",
        "src/main.c": '#include "a.h"\n',
        "go.mod": "module m\n",
        "p/a.go": "package p\n\nfunc F() {}\n",
        "main.go": 'package main\n\nimport "m/p"\n',
    }
    editor = await start(workspace(files))
    await editor.ready()
    for old, new, changed in [
        ("pkg/a.py", "pkg/b.py", {"main.py": "from pkg.b import f\n"}),
        ("pkg/a.py", "box/b.py", {"main.py": "from box.b import f\n"}),
        ("pkg", "box/inner", {"main.py": "from box.inner.a import f\n"}),
        ("lib/a.ts", "other/b.ts", {"main.ts": "import { f } from './other/b';\n"}),
        ("lib", "other/lib", {"main.ts": "import { f } from './other/lib/a';\n"}),
        ("src/a.h", "src/b.h", {"src/main.c": '#include "b.h"\n'}),
        ("p", "inner/p", {"main.go": 'package main\n\nimport "m/inner/p"\n'}),
    ]:
        rename = types.FileRename(old_uri=editor.workspace.uri(old), new_uri=editor.workspace.uri(new))
        edit = await editor.client.workspace_will_rename_files_async(types.RenameFilesParams(files=[rename]))
        assert editor.applied(edit) == changed


async def test_unused_imports_are_removed(start, workspace):
    files = {"a.py": "⟦import⟧ os\nfrom b import first, second\n\nsecond()\n", "b.py": "first = second = print\n"}
    editor = await start(workspace(files))
    await editor.ready()
    editor.open("a.py")
    document, position = editor.position("import")
    params = types.CodeActionParams(
        text_document=document,
        range=types.Range(position, position),
        context=types.CodeActionContext(diagnostics=[], only=[types.CodeActionKind.SourceOrganizeImports]),
    )
    (action,) = await editor.client.text_document_code_action_async(params)
    assert action.kind == types.CodeActionKind.SourceOrganizeImports
    assert editor.applied(action.edit) == {"a.py": "from b import second\n\nsecond()\n"}


async def test_unused_imports_that_are_switched_off_are_left_alone(start, workspace):
    files = {"a.py": "⟦import⟧ os\n"}
    editor = await start(workspace(files), settings={"features": {"unusedImports": "off"}})
    await editor.ready()
    editor.open("a.py")
    document, position = editor.position("import")
    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceOrganizeImports]
    context = types.CodeActionContext(diagnostics=[], only=kinds)
    params = types.CodeActionParams(document, types.Range(position, position), context)
    assert not await editor.client.text_document_code_action_async(params)


async def test_the_unused_import_of_a_line_is_removed_without_asking_for_more(start, workspace):
    files = {"a.py": "⟦import⟧ os\nfrom b import first, second\n\n⟦second⟧()\n", "b.py": "first = second = print\n"}
    editor = await start(workspace(files))
    await editor.ready()
    editor.open("a.py")

    async def actions(mark):
        document, position = editor.position(mark)
        return await editor.client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=document,
                range=types.Range(position, position),
                context=types.CodeActionContext(diagnostics=[]),
            )
        )

    (action,) = await actions("import")
    assert action.kind == types.CodeActionKind.QuickFix and action.title == "Remove unused import"
    assert editor.applied(action.edit) == {"a.py": "from b import first, second\n\nsecond()\n"}
    assert not await actions("second")
