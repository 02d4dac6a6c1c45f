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
RUST = {
    "lib/Cargo.toml": '[package]\nname = "shop-lib"\n',
    "lib/src/lib.rs": "pub mod model;\n",
    "lib/src/model.rs": (
        "pub trait ⟦Item⟧ {\n    fn ⟦total⟧(&self) -> u32 { ⟦inside:price⟧() }\n}\n\n"
        "pub fn ⟦price⟧() -> u32 { 1 }\n"
    ),
    # By the workspace, under another name.
    "app/Cargo.toml": (
        '[workspace]\nmembers = ["part"]\n\n'
        '[workspace.dependencies]\nshop = { path = "../lib", package = "shop-lib" }\n'
    ),
    "app/part/Cargo.toml": '[package]\nname = "part"\n\n[dependencies]\nshop.workspace = true\n',
    "app/part/src/main.rs": (
        "use shop::model::{⟦taken:Item⟧, ⟦import:price⟧};\n\nstruct ⟦Special⟧;\n\nimpl ⟦base:Item⟧ for ⟦implementing:Special⟧ {}\n\n"
        "fn ⟦main⟧() {\n    ⟦call:price⟧();\n    Special.⟦member:total⟧();\n}\n"
    ),
    "other/Cargo.toml": '[package]\nname = "other"\n',
    "other/src/main.rs": "fn price() {}\n\nfn main() { price() }\n",
}
# By the way to the file, without a package.
RELATIVE = {
    "lib/src/model.ts": TYPESCRIPT["lib/model.ts"],
    "app/in/main.ts": TYPESCRIPT["app/main.ts"].replace("'lib'", "'../../lib/src/model'"),
    "other/main.ts": TYPESCRIPT["other/main.ts"],
}
# By what the project's paths say.
PATHS = {
    "lib/tsconfig.json": "{}",
    "lib/src/model.ts": TYPESCRIPT["lib/model.ts"],
    "app/tsconfig.json": (
        '{"references": [{"path": "../lib"}], "compilerOptions": {"paths": {"@lib/*": ["../lib/src/*"]}}}'
    ),
    "app/in/main.ts": TYPESCRIPT["app/main.ts"].replace("'lib'", "'@lib/model'"),
    "other/main.ts": TYPESCRIPT["other/main.ts"],
}
PROGRAMS = {
    "python": PYTHON,
    "go": GO,
    "typescript": TYPESCRIPT,
    "rust": RUST,
    "relative": RELATIVE,
    "paths": PATHS,
}


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


async def test_references_come_from_other_folders(editor):
    home = ["inside", "price"]
    abroad = ["call"] if editor.workspace.marks["main"].file.endswith(".go") else ["call", "import"]
    assert await editor.references("price") == sorted(home + abroad)
    # From a use as from the definition.
    assert await editor.references("call") == sorted(home + abroad)
    assert await editor.references("price", declaration=False) == sorted(["inside", *abroad])
    # A member by the type of what it is called on.
    assert await editor.references("total") == ["member", "total"]
    assert await editor.references("member") == ["member", "total"]


async def implementations(editor, key):
    document, position = editor.position(key)
    params = types.ImplementationParams(document, position)
    return editor.keys(await editor.client.text_document_implementation_async(params))


async def test_implementations_are_in_other_folders(editor):
    if editor.workspace.marks["main"].file.endswith(".go"):
        pytest.skip("nothing implements a struct")
    # Rust has what implements where it does.
    found = await implementations(editor, "Item")
    assert {"Special", "implementing"} & set(found)
    assert await implementations(editor, "base") == found


async def test_an_interface_is_implemented_in_other_folders(start, workspace):
    files = {
        "lib/go.mod": GO["lib/go.mod"],
        "lib/close.go": "package lib\n\ntype ⟦Closer⟧ interface{ ⟦close:Close⟧() }\n",
        "app/go.mod": GO["app/go.mod"],
        "app/main.go": (
            'package main\n\nimport "example.com/lib"\n\ntype ⟦File⟧ struct{}\n\n'
            "func (f File) ⟦closing:Close⟧() {}\n\nfunc end(c lib.⟦used:Closer⟧) { c.⟦call:Close⟧() }\n"
        ),
    }
    editor = await opened(start, workspace, files, ["lib", "app"])
    for key in ("Closer", "used"):
        assert "File" in await implementations(editor, key), key
    for key in ("close", "call"):
        assert "closing" in await implementations(editor, key), key


async def test_names_of_other_folders_are_highlighted_and_prepared(editor):
    only = editor.workspace.marks["main"].file.endswith(".go")
    assert await editor.highlights("call") == (["call"] if only else ["call", "import"])
    document, position = editor.position("price")
    params = types.PrepareRenameParams(document, position)
    assert (await editor.client.text_document_prepare_rename_async(params)).placeholder.lower() == "price"
    # What another open folder defines can be renamed from here.
    prepared = await editor.prepare_rename("call")
    assert (prepared.placeholder.lower(), prepared.range) == ("price", editor.range(editor.workspace.marks["call"]))


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


def by_place(editor, edit):
    """What changes, and for which reason somebody has to look at it first."""
    return {
        (editor.key(types.Location(change.text_document.uri, e.range)), e.new_text, getattr(e, "annotation_id", None))
        for change in edit.document_changes
        for e in change.edits
    }


async def test_a_rename_may_begin_where_another_folders_definition_is_used(editor):
    names = {"price": "Cost" if "model.go" in editor.workspace.marks["price"].file else "cost", "total": "Sum", "Item": "Ware"}
    go = editor.workspace.marks["main"].file.endswith(".go")
    for definition, use in [("price", "call"), ("total", "member"), ("Item", "base")]:
        if go and definition == "Item":
            # What is embedded is a field's name as well.
            for key in (definition, use):
                assert "a type embeds `Item`" in (await editor.error(editor.rename(key, "Ware"))).message
            continue
        at_home = by_place(editor, await editor.rename(definition, names[definition]))
        assert {key for key, _, _ in at_home} >= {definition, use}
        assert by_place(editor, await editor.rename(use, names[definition])) == at_home, definition
    if "import" in editor.workspace.marks:
        assert by_place(editor, await editor.rename("import", "cost")) == by_place(editor, await editor.rename("price", "cost"))


async def test_a_rename_of_another_folders_definition_is_refused_as_at_home(editor):
    error = await editor.error(editor.rename("call", "if"))
    assert "is not a name" in error.message
    # The stranger's own name is its own.
    assert "other" not in {key.split("/")[0] for key, _, _ in by_place(editor, await editor.rename("call", "Costs"))}


async def test_an_alias_of_another_folders_definition_is_not_renamed_there(start, workspace):
    files = SHOP | {"app/main.py": "from shop.model import price as ⟦theirs:cost⟧\n\n⟦call:cost⟧(1)\n"}
    editor = await opened(start, workspace, files, ["lib", "app"])
    for key in ("theirs", "call"):
        assert "outside the folder" in (await editor.error(editor.rename(key, "fee"))).message


async def test_a_rename_from_another_folder_counts_edits_that_are_not_saved(start, workspace):
    editor = await shop(start, workspace)
    editor.open("lib/shop/model.py")
    editor.replace("lib/shop/model.py", "# moved\n" + SHOP["lib/shop/model.py"])
    edit = await editor.rename("call", "cost")
    assert renamed(editor, edit)["lib/shop/model.py"] == ["price"]
    versions = {c.text_document.uri.rsplit("/", 1)[1]: c.text_document.version for c in edit.document_changes}
    assert versions == {"model.py": 2, "main.py": None, "use.py": None}


async def test_a_rename_from_another_folder_brings_that_folder_back(start, workspace):
    editor = await shop(start, workspace)
    argument = editor.workspace.uri("lib")
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("coppice.evict", [argument]))
    found = renamed(editor, await editor.rename("call", "cost"))
    assert (found["lib/shop/model.py"], found["app/main.py"]) == (["price"], ["call", "import"])


async def test_what_no_open_folder_defines_is_not_renamed(start, workspace):
    files = {
        "app/main.py": "from engine import run\n\n⟦call:run⟧()\n",
        "app/env/pyvenv.cfg": "home = /usr/bin\n",
        "app/env/lib/python3.11/site-packages/engine.py": "def ⟦run⟧(): pass\n",
        "other/main.py": "x = 1\n",
    }
    editor = await opened(start, workspace, files, ["app", "other"])
    error = await editor.error(editor.rename("call", "go"))
    assert "outside the folder" in error.message
    assert "outside the folder" in (await editor.error(editor.prepare_rename("call"))).message


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
    messages = ("window/showMessage", "window/showMessageRequest")
    frames = [frame for _, frame in editor.conversation.frames if frame.get("method") in messages]
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


async def opened(start, workspace, files, names, **options):
    all_of = workspace(files, "all")
    editor = await start(all_of, folders=[all_of.root / name for name in names], profile=VSCODE, **options)
    await editor.ready()
    return editor


async def test_a_folder_that_another_one_hands_on_is_a_dependency_too(start, workspace):
    files = {
        "base/ground.py": "class ⟦Ground⟧:\n    def ⟦dig⟧(self):\n        return 1\n",
        "lib/requirements.txt": "-e ../base\n",
        "lib/shop.py": "from ground import ⟦handed:Ground⟧\n\n\ndef take() -> ⟦given:Ground⟧: ...\n",
        "app/requirements.txt": "-e ../lib\n",
        "app/main.py": "from shop import ⟦taken:Ground⟧, take\n\ntake().⟦call:dig⟧()\n⟦built:Ground⟧()\n",
    }
    editor = await opened(start, workspace, files, ["base", "lib", "app"])
    assert await editor.references("Ground") == ["Ground", "built", "given", "handed", "taken"]
    assert await editor.references("dig") == ["call", "dig"]
    assert await editor.references("call") == ["call", "dig"]


async def test_members_that_override_each_other_are_used_together_over_folders(start, workspace):
    files = {
        "lib/model.ts": "export class Item {\n    ⟦total⟧() { return 1; }\n}\n",
        "app/main.ts": (
            "import { Item } from '../lib/model';\n\nclass Special extends Item {\n    ⟦overriding:total⟧() { return 2; }\n}\n\n"
            "export const f = (item: Item) => item.⟦member:total⟧();\nnew Special().⟦own:total⟧();\n"
        ),
    }
    editor = await opened(start, workspace, files, ["lib", "app"])
    for key in ("total", "overriding", "member", "own"):
        assert await editor.references(key) == ["member", "overriding", "own", "total"], key


async def test_a_name_that_only_its_file_sees_is_asked_of_no_other_folder(start, workspace):
    editor = await shop(start, workspace)
    argument = editor.workspace.uri("app")
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("coppice.evict", [argument]))
    await editor.references("local")
    assert shown(editor) == []
    # Nobody takes the folder's silence for an answer.
    assert "import" not in await editor.references("price")
    assert "app is not part of the answer" in shown(editor)[-1]


async def test_an_import_that_is_not_saved_makes_a_folder_a_dependent(start, workspace):
    files = RELATIVE | {"app/in/main.ts": "export {};\n"}
    editor = await opened(start, workspace, files, ["lib", "app"])
    assert await editor.references("price") == ["inside", "price"]
    editor.open("app/in/main.ts")
    editor.replace("app/in/main.ts", RELATIVE["app/in/main.ts"])
    assert await editor.references("price") == ["call", "import", "inside", "price"]
    assert await editor.definition("call") == ["price"]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_folder_that_is_not_open_is_not_read(start, workspace, program):
    editor = await opened(start, workspace, PROGRAMS[program], ["app", "other"])
    assert await editor.definition("call") == []
    assert await editor.references("call") == []


async def test_a_header_is_included_by_the_way_from_another_folder(start, workspace):
    files = {
        "lib/shop.h": "int ⟦price⟧(int amount);\n",
        "app/main.c": '#include "../lib/shop.h"\n\nint main(void) { return ⟦call:price⟧(1); }\n',
    }
    editor = await opened(start, workspace, files, ["lib", "app"])
    assert await editor.definition("call") == ["price"]
    assert await editor.references("price") == ["call", "price"]


async def test_a_package_inside_another_folder_is_named_by_its_place_there(start, workspace):
    files = {
        "mono/Cargo.toml": '[workspace]\nmembers = ["*"]\n\n[workspace.dependencies]\ndeep = { path = "deep" }\n',
        "mono/deep/Cargo.toml": '[package]\nname = "deep"\n',
        "mono/deep/src/lib.rs": "pub struct ⟦Deep⟧;\nimpl Deep { pub fn ⟦dive⟧(&self) {} }\n",
        "mono/shop/Cargo.toml": '[package]\nname = "shop"\n[dependencies]\ndeep.workspace = true\n',
        "mono/shop/src/lib.rs": "pub fn take() -> deep::⟦given:Deep⟧ { deep::⟦built:Deep⟧ }\n",
        "app/Cargo.toml": '[package]\nname = "app"\n[dependencies]\nmarket = { path = "../mono/shop", package = "shop" }\n',
        "app/src/main.rs": "fn main() { market::take().⟦call:dive⟧(); }\n",
    }
    editor = await opened(start, workspace, files, ["mono", "app"])
    assert await editor.definition("call") == ["dive"]
    assert await editor.references("dive") == ["call", "dive"]
    assert await editor.references("call") == ["call", "dive"]


async def test_lenses_count_what_other_folders_use(start, workspace):
    editor = await shop(start, workspace)
    document, position = editor.position("other")
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
    [lens] = [lens for lens in lenses if lens.range.start == position]

    async def title():
        return (await editor.client.code_lens_resolve_async(lens)).command.title

    assert await title() == "2 references"
    argument = editor.workspace.uri("app")
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("coppice.evict", [argument]))
    assert await title() == "0+ references"


async def test_a_graph_that_lacks_a_part_of_another_folder_says_so(start, workspace):
    async def more(editor):
        document, position = editor.position("price")
        at = {"line": position.line, "character": position.character}
        params = types.ExecuteCommandParams("coppice.graph", [{"uri": document.uri, "position": at}])
        return (await editor.client.workspace_execute_command_async(params))["more"]

    editor = await shop(start, workspace)
    assert not await more(editor)
    # More calls than are followed.
    calls = "".join(f"\n\ndef c{n}():\n    price({n})\n" for n in range(600))
    editor.open("app/main.py", "from shop.model import price\n" + calls)
    assert await more(editor)
    argument = editor.workspace.uri("app")
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("coppice.evict", [argument]))
    assert await more(editor), "a folder that cannot say"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
async def test_a_manifest_that_is_a_pipe_holds_nobody_up(start, workspace):
    both = workspace(SHOP, "all")
    os.mkfifo(both.root / "app/package.json")
    editor = await start(both, folders=[both.root / name for name in ("lib", "app")], profile=VSCODE)
    await editor.ready()
    assert await callers(editor, await prepared(editor, "other")) == [("main", "theirs")]
