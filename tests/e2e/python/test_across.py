"""Folders that depend on one another: who calls, what is below, what bears the name, over all of them."""

import os

import pytest
from editor import VSCODE
from lsprotocol import types
from pygls.exceptions import JsonRpcException

PYTHON = {
    "lib/shop/__init__.py": "",
    "lib/shop/model.py": (
        "class ⟦Item⟧:\n    def ⟦total⟧(self):\n        return ⟦inside:price⟧()\n\n\n"
        "def ⟦price⟧():\n    return 1\n"
    ),
    "app/requirements.txt": "-e ../lib\n",
    "app/main.py": (
        "from shop.model import ⟦taken:Item⟧, ⟦import:price⟧\n\n\nclass ⟦Special⟧(⟦base:Item⟧):\n    pass\n\n\n"
        "def ⟦main⟧():\n    ⟦call:price⟧()\n    Item().⟦member:total⟧()\n"
    ),
    "other/main.py": "def price():\n    pass\n\n\nprice()\n",
}
GO = {
    "lib/go.mod": "module example.com/lib\n\ngo 1.21\n",
    "lib/model.go": (
        "package lib\n\ntype ⟦Item⟧ struct{}\n\nfunc (i Item) ⟦total:Total⟧() int { return ⟦inside:Price⟧() }\n\n"
        "func ⟦price:Price⟧() int { return 1 }\n"
    ),
    "app/go.mod": (
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n"
    ),
    "app/main.go": (
        'package main\n\nimport "example.com/lib"\n\ntype ⟦Special⟧ struct{ lib.⟦base:Item⟧ }\n\n'
        "func ⟦main⟧() {\n\tlib.⟦call:Price⟧()\n\tlib.Item{}.⟦member:Total⟧()\n}\n"
    ),
    "other/main.go": "package main\n\nfunc Price() {}\n\nfunc main() { Price() }\n",
}
TYPESCRIPT = {
    "lib/package.json": '{"name": "lib", "main": "model.ts", "types": "model.ts"}',
    "lib/model.ts": (
        "export class ⟦Item⟧ {\n    ⟦total⟧() { return ⟦inside:price⟧(); }\n}\n"
        "export function ⟦price⟧() { return 1; }\n"
    ),
    "app/package.json": '{"name": "app", "dependencies": {"lib": "file:../lib"}}',
    "app/main.ts": (
        "import { ⟦taken:Item⟧, ⟦import:price⟧ } from 'lib';\n\nclass ⟦Special⟧ extends ⟦base:Item⟧ {}\n\n"
        "function ⟦main⟧() {\n    ⟦call:price⟧();\n    new Item().⟦member:total⟧();\n}\n"
    ),
    "other/main.ts": "function price() {}\nprice();\n",
}
PROGRAMS = {"python": PYTHON, "go": GO, "typescript": TYPESCRIPT}


@pytest.fixture(params=PROGRAMS)
async def editor(request, start, workspace):
    both = workspace(PROGRAMS[request.param], "all")
    if request.param == "typescript":
        (both.root / "app/node_modules").mkdir()
        os.symlink("../../lib", both.root / "app/node_modules/lib")
    folders = [both.root / name for name in ("lib", "app", "other")]
    editor = await start(both, folders=folders, profile=VSCODE)
    await editor.ready()
    return editor


def place(item):
    return types.Location(item.uri, item.selection_range)


async def prepared(editor, key):
    document, position = editor.position(key)
    [item] = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, position)
    )
    return item


async def callers(editor, item):
    calls = await editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    return sorted(
        (editor.key(place(call.from_)), *editor.keys([types.Location(call.from_.uri, r) for r in call.from_ranges]))
        for call in calls or []
    )


async def test_calls_come_from_other_folders(editor):
    item = await prepared(editor, "price")
    assert await callers(editor, item) == [("main", "call"), ("total", "inside")]
    # A method by the type of what it is called on.
    assert await callers(editor, await prepared(editor, "total")) == [("main", "member")]


async def test_calls_lead_into_other_folders(editor):
    outgoing = await editor.client.call_hierarchy_outgoing_calls_async(
        types.CallHierarchyOutgoingCallsParams(await prepared(editor, "main"))
    )
    assert {editor.key(place(call.to)) for call in outgoing} >= {"price", "total"}
    # What is named there is prepared where it is defined, and known again there.
    item = await prepared(editor, "call")
    assert editor.key(place(item)) == "price"
    assert await callers(editor, item) == [("main", "call"), ("total", "inside")]


async def test_types_are_related_over_folders(editor):
    document, position = editor.position("Item")
    [item] = await editor.client.text_document_prepare_type_hierarchy_async(
        types.TypeHierarchyPrepareParams(document, position)
    )
    below = await editor.client.type_hierarchy_subtypes_async(types.TypeHierarchySubtypesParams(item))
    assert [editor.key(place(item)) for item in below] == ["Special"]
    above = await editor.client.type_hierarchy_supertypes_async(types.TypeHierarchySupertypesParams(below[0]))
    assert [editor.key(place(item)) for item in above] == ["Item"]


async def test_an_edit_that_is_not_saved_counts_in_other_folders(editor):
    file = editor.workspace.marks["price"].file
    assert len(await callers(editor, await prepared(editor, "price"))) == 2
    text = editor.workspace.texts[file]
    editor.open(file)
    comment = "# x\n" if file.endswith(".py") else "// x\n"
    # What is marked moves down by a line.
    head, rest = ("", text) if not file.endswith(".go") else ("package lib\n", text.removeprefix("package lib\n"))
    editor.client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=2, uri=editor.workspace.uri(file)),
            [types.TextDocumentContentChangeWholeDocument(head + comment + rest)],
        )
    )
    document, position = editor.position("price")
    [item] = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, types.Position(position.line + 1, position.character))
    )
    calls = await editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    assert len(calls) == 2


async def test_a_rename_reaches_other_folders_and_asks(editor):
    edit = await editor.rename("price", "Cost" if "model.go" in editor.workspace.marks["price"].file else "cost")
    changed = {types_uri(change): change.edits for change in edit.document_changes}
    lib, app = (editor.workspace.marks[key].file for key in ("price", "main"))
    assert set(changed) == {editor.workspace.uri(lib), editor.workspace.uri(app)}, "and none of the stranger"
    at_home = [types.Location(editor.workspace.uri(lib), e.range) for e in changed[editor.workspace.uri(lib)]]
    assert editor.keys(at_home) == ["inside", "price"]
    abroad = changed[editor.workspace.uri(app)]
    keys = editor.keys([types.Location(editor.workspace.uri(app), e.range) for e in abroad])
    assert keys == (["call"] if app.endswith(".go") else ["call", "import"])
    # Whether the new name means something else there has not been checked.
    assert all(edit.change_annotations[e.annotation_id].needs_confirmation for e in abroad)


def types_uri(change):
    return change.text_document.uri


async def test_a_rename_from_another_folder_is_refused(editor):
    error = await editor.error(editor.rename("call", "Cost"))
    assert "outside the folder" in error.message


async def test_the_graph_around_a_symbol_has_what_other_folders_do_with_it(editor):
    async def graph(key):
        document, position = editor.position(key)
        argument = {"uri": document.uri, "position": {"line": position.line, "character": position.character}}
        params = types.ExecuteCommandParams("coppice.graph", [argument])
        return await editor.client.workspace_execute_command_async(params)

    def named(found):
        keys = {}
        for node in found["nodes"]:
            start, end = (types.Position(**node["range"][side]) for side in ("start", "end"))
            keys[node["id"]] = editor.key(types.Location(node["uri"], types.Range(start, end)))
        return {(keys[edge["from"]], edge["kind"], keys[edge["to"]]) for edge in found["edges"]}

    assert named(await graph("price")) == {("total", "calls", "price"), ("main", "calls", "price")}
    assert ("main", "calls", "price") in named(await graph("main"))
    assert ("Special", "inherits", "Item") in named(await graph("Item"))


SHOP = {
    "lib/shop/__init__.py": "",
    "lib/shop/model.py": (
        "class ⟦Item⟧:\n    def ⟦total⟧(self):\n        return 1\n\n\n"
        "class ⟦Toy⟧(Item):\n    def ⟦toys:total⟧(self):\n        return 2\n\n\n"
        "def ⟦price⟧(⟦amount⟧):\n    ⟦local:twice⟧ = amount + amount\n    return twice\n\n\n"
        "def ⟦other⟧():\n    return 1\n"
    ),
    "lib/shop/use.py": "from shop.model import price as ⟦alias:cost⟧\n\ncost(1)\n",
    "app/requirements.txt": "-e ../lib\n",
    "app/main.py": (
        "from shop.model import Item, ⟦import:price⟧, other\n\n\nclass Special(Item):\n"
        "    def ⟦overriding:total⟧(self):\n        return 3\n\n\n"
        "def ⟦main⟧(item: Item):\n    ⟦call:price⟧(1)\n    ⟦theirs:other⟧()\n    item.⟦member:total⟧()\n"
    ),
}


async def shop(start, workspace, changes=None, **options):
    both = workspace(SHOP | (changes or {}), "all")
    editor = await start(both, folders=[both.root / name for name in ("lib", "app")], profile=VSCODE, **options)
    await editor.ready()
    return editor


def renamed(editor, edit):
    """The keys of what changes, by file; what is not marked is told by its line."""
    found = {}
    for change in edit.document_changes:
        file = change.text_document.uri.removeprefix(editor.workspace.uri() + "/")
        places = {(p.line, p.start): key for key, p in editor.workspace.marks.items() if p.file == file}
        at = [(e.range.start.line, e.range.start.character) for e in change.edits]
        found[file] = sorted(places.get(place, f"line {place[0]}") for place in at)
    return found


def shown(editor):
    frames = [frame for _, frame in editor.conversation.frames if frame.get("method") == "window/showMessage"]
    return [frame["params"]["message"] for frame in frames]


async def test_a_rename_of_an_alias_leaves_other_folders_alone(start, workspace):
    editor = await shop(start, workspace)
    assert list(renamed(editor, await editor.rename("alias", "fee"))) == ["lib/shop/use.py"]


async def test_a_rename_of_what_is_local_asks_no_other_folder(start, workspace):
    editor = await shop(start, workspace)
    assert list(renamed(editor, await editor.rename("local", "double"))) == ["lib/shop/model.py"]
    assert list(renamed(editor, await editor.rename("amount", "number"))) == ["lib/shop/model.py"]
    assert shown(editor) == []


async def test_members_that_override_each_other_are_renamed_together_over_folders(start, workspace):
    editor = await shop(start, workspace)
    for key in ("total", "toys"):
        found = renamed(editor, await editor.rename(key, "sum"))
        assert found["app/main.py"] == ["member", "overriding"], key
        assert found["lib/shop/model.py"] == ["total", "toys"], key


async def test_a_member_that_overrides_another_folders_is_to_be_confirmed(start, workspace):
    editor = await shop(start, workspace)
    edit = await editor.rename("overriding", "sum")
    edits = [e for change in edit.document_changes for e in change.edits]
    assert edits and all(edit.change_annotations[e.annotation_id].needs_confirmation for e in edits)


async def test_a_rename_does_not_go_by_what_another_folder_knew_before(start, workspace):
    editor = await shop(start, workspace)
    assert "app/main.py" in renamed(editor, await editor.rename("price", "cost"))
    generation = (await editor.status())["folders"][0]["generation"]
    head, _ = editor.workspace.texts["lib/shop/model.py"].split("def price")
    # Another function stands where this one stood.
    editor.workspace.write("lib/shop/model.py", head + "def ⟦other⟧():\n    return 1\n\n\ndef ⟦price⟧(amount): pass\n")
    editor.changed_on_disk("lib/shop/model.py")
    await editor.until(lambda status: status["folders"][0]["generation"] > generation)
    try:
        found = renamed(editor, await editor.rename("other", "another"))
    except JsonRpcException as error:
        assert "app may use it: " in error.message and "what is known of the definition is older" in error.message
    else:
        assert found["app/main.py"] == ["line 0", "theirs"]


async def test_a_rename_is_refused_if_another_folder_cannot_tell(start, workspace):
    editor = await shop(start, workspace)
    argument = editor.workspace.uri("app")
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("coppice.evict", [argument]))
    error = await editor.error(editor.rename("price", "cost"))
    assert "app" in error.message and "evicted" in error.message


async def test_a_caller_that_has_come_since_is_found(start, workspace):
    editor = await shop(start, workspace)
    assert await callers(editor, await prepared(editor, "Toy")) == []
    editor.open("app/main.py")
    text = editor.workspace.texts["app/main.py"]
    editor.workspace.write("lib/shop/more.py", "def ⟦more⟧(): pass\n")
    editor.changed_on_disk("lib/shop/more.py", kind=types.FileChangeType.Created)
    await editor.until(lambda status: status["folders"][0]["files"] == 4)
    editor.replace("app/main.py", text + "\n\nfrom shop.more import more\n\n\ndef ⟦new⟧():\n    ⟦newly:more⟧()\n")
    assert await callers(editor, await prepared(editor, "more")) == [("new", "newly")]


async def test_a_folder_in_a_folder_is_asked_with_its_open_documents(start, workspace):
    files = {
        "requirements.txt": "-e ./lib\n",
        "main.py": "from shop.model import ⟦import:price⟧\n\n\ndef ⟦main⟧():\n    ⟦call:price⟧()\n",
        "lib/shop/__init__.py": "",
        "lib/shop/model.py": "def ⟦price⟧():\n    return 1\n",
    }
    outer = workspace(files, "all")
    editor = await start(outer, folders=[outer.root, outer.root / "lib"], profile=VSCODE)
    await editor.ready()
    item = await prepared(editor, "price")
    # The folder around the other one has its files until it has been read again, and says so.
    while (found := await callers(editor, item)) != [("main", "call")]:
        assert found == [] and "it is being read again" in shown(editor)[-1]
    editor.open("lib/shop/model.py", "# moved\n\ndef ⟦price⟧():\n    return 1\n")
    assert await callers(editor, await prepared(editor, "price")) == [("main", "call")]
    found = renamed(editor, await editor.rename("price", "cost"))
    assert found == {"lib/shop/model.py": ["price"], "main.py": ["call", "import"]}


async def test_the_graph_around_what_a_dependency_defines_says_where_that_is(start, workspace):
    files = {
        "app.py": "from engine import run\n\n\ndef ⟦main⟧():\n    ⟦call:run⟧()\n",
        "env/pyvenv.cfg": "home = /usr/bin\n",
        "env/lib/python3.11/site-packages/engine.py": "def ⟦run⟧(): pass\n",
    }
    editor = await start(workspace(files), profile=VSCODE)
    await editor.ready()
    document, position = editor.position("call")
    argument = {"uri": document.uri, "position": {"line": position.line, "character": position.character}}
    params = types.ExecuteCommandParams("coppice.graph", [argument])
    found = await editor.client.workspace_execute_command_async(params)
    assert {(node["label"], node["uri"]) for node in found["nodes"]} == {
        ("main", editor.workspace.uri("app.py")),
        ("run", editor.workspace.uri("env/lib/python3.11/site-packages/engine.py")),
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
async def test_a_manifest_that_is_a_pipe_holds_nobody_up(start, workspace):
    both = workspace(SHOP, "all")
    os.mkfifo(both.root / "app/package.json")
    editor = await start(both, folders=[both.root / name for name in ("lib", "app")], profile=VSCODE)
    await editor.ready()
    assert await callers(editor, await prepared(editor, "other")) == [("main", "theirs")]
