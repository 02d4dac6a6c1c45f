"""What helps to read code: hierarchies, structure, colours, hints; in every language that has it."""

import asyncio
import time

import pytest
from editor import EMACS, NEOVIM, READY_WAIT, VSCODE, recorded
from languages import PROGRAMS
from lsprotocol import types
from pygls.exceptions import JsonRpcException

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)
# In C the program's `total` is a field that holds a function.
EVERY_LANGUAGE_WITH_METHODS = pytest.mark.parametrize("language", [name for name in PROGRAMS if name != "c"])
EVERY_EDITOR = pytest.mark.parametrize("profile", [VSCODE, NEOVIM, EMACS])


@pytest.fixture
async def editor(start, workspace, language):
    editor = await start(workspace(PROGRAMS[language].files))
    await editor.ready()
    return editor


def place(item):
    return types.Location(item.uri, item.selection_range)


@EVERY_LANGUAGE_WITH_METHODS
async def test_call_hierarchy(editor, language):
    document, position = editor.position("call")
    [item] = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, position)
    )
    assert editor.key(place(item)) == "total"
    [incoming] = await editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    assert editor.key(place(incoming.from_)) == "main"
    assert editor.keys([types.Location(incoming.from_.uri, site) for site in incoming.from_ranges]) == ["call"]
    outgoing = await editor.client.call_hierarchy_outgoing_calls_async(
        types.CallHierarchyOutgoingCallsParams(incoming.from_)
    )
    assert ("total", ["call"]) in [
        (editor.key(place(call.to)), editor.keys([types.Location(document.uri, site) for site in call.from_ranges]))
        for call in outgoing
    ]


@EVERY_EDITOR
async def test_call_hierarchy_in_every_editor(start, workspace, profile):
    editor = await start(workspace(PROGRAMS["python"].files), profile=profile)
    await editor.ready()
    document, position = editor.position("construct")
    [item] = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, position)
    )
    [incoming] = await editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    assert editor.key(place(incoming.from_)) == "main"


async def test_an_item_whose_name_has_moved_is_not_mistaken(start, workspace):
    editor = await start(workspace({"a.py": "def ⟦f⟧():\n    pass\n\n⟦call:f⟧()\n"}))
    await editor.ready()
    document, position = editor.position("call")
    [item] = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, position)
    )
    editor.open("a.py")
    editor.edit("a.py", "def", "\n\ndef")
    error = await editor.error(
        editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    )
    assert error.code == types.LSPErrorCodes.ContentModified


FAMILIES = {
    "python": {
        "a.py": "class ⟦Top⟧:\n    pass\n\nclass ⟦Mid⟧(Top):\n    pass\n",
        "b.py": "from a import Mid\n\nclass ⟦Low⟧(⟦use:Mid⟧):\n    pass\n",
    },
    "rust": {
        "src/lib.rs": "mod b;\npub trait ⟦Top⟧ {}\npub trait ⟦Mid⟧: Top {}\n",
        "src/b.rs": "use crate::Mid;\nstruct ⟦Low⟧;\nimpl ⟦use:Mid⟧ for Low {}\n",
    },
    "typescript": {
        "a.ts": "export interface ⟦Top⟧ {}\nexport class ⟦Mid⟧ implements Top {}\n",
        "b.ts": 'import { Mid } from "./a";\nclass ⟦Low⟧ extends ⟦use:Mid⟧ {}\n',
    },
    "go": {
        "go.mod": "module example.com/m\n",
        "a.go": "package m\n\ntype ⟦Top⟧ struct{}\n\ntype ⟦Mid⟧ struct{ Top }\n",
        "b.go": "package m\n\ntype ⟦Low⟧ struct{ *⟦use:Mid⟧ }\n",
    },
    "java": {
        "p/Mid.java": "package p;\n\ninterface ⟦Top⟧ {}\n\nclass ⟦Mid⟧ implements Top {}\n",
        "p/Low.java": "package p;\n\nclass ⟦Low⟧ extends ⟦use:Mid⟧ {}\n",
    },
}


@pytest.mark.parametrize("language", FAMILIES)
@EVERY_EDITOR
async def test_type_hierarchy(start, workspace, language, profile):
    editor = await start(workspace(FAMILIES[language]), profile=profile)
    await editor.ready()
    document, position = editor.position("use")
    [item] = await editor.client.text_document_prepare_type_hierarchy_async(
        types.TypeHierarchyPrepareParams(document, position)
    )
    assert editor.key(place(item)) == "Mid"
    above = await editor.client.type_hierarchy_supertypes_async(types.TypeHierarchySupertypesParams(item))
    below = await editor.client.type_hierarchy_subtypes_async(types.TypeHierarchySubtypesParams(item))
    assert ([editor.key(place(i)) for i in above], [editor.key(place(i)) for i in below]) == (["Top"], ["Low"])


STRUCTURE = {
    "a.py": """import os
import re

# ⟦words:two⟧ words
# here
class A:
    def f(self):
        return ⟦call:os⟧.getcwd(
            1
        )
""",
    "a.rs": """use std::fmt;
use std::io;

// two ⟦rs_words:words⟧
// here
fn f() {
    g(
        1,
    )
}
""",
    "a.ts": """import * as a from "a";
import * as b from "b";

/* ⟦ts_words:two⟧
   words */
function f() {
    return [
        1,
    ];
}
""",
    "A.java": """import a.B;
import a.C;

/** ⟦java_words:two⟧
 * words */
class A {
    void f() {
        g();
    }
}
""",
    "a.go": """import (
	"a"
)

// ⟦go_words:two⟧
// words
func f() {
	g([]int{
		1,
	})
}
""",
}
FOLDS = {
    # As lines, the closing one stays to be seen.
    "a.py": [(0, 1, "imports"), (3, 4, "comment"), (5, 9, None), (6, 9, None), (7, 8, None)],
    "a.rs": [(0, 1, "imports"), (3, 4, "comment"), (5, 8, None), (6, 7, None)],
    "a.ts": [(0, 1, "imports"), (3, 4, "comment"), (5, 8, None), (6, 7, None)],
    "A.java": [(0, 1, "imports"), (3, 4, "comment"), (5, 8, None), (6, 7, None)],
    "a.go": [(0, 1, "imports"), (4, 5, "comment"), (6, 9, None), (7, 8, None)],
}


@pytest.mark.parametrize("file", FOLDS)
@EVERY_EDITOR
async def test_folding_ranges(start, workspace, file, profile):
    def whole_lines(capabilities):
        capabilities.text_document.folding_range = types.FoldingRangeClientCapabilities(line_folding_only=True)

    editor = await start(workspace(STRUCTURE), profile=profile, adapt=whole_lines)
    document = types.TextDocumentIdentifier(editor.workspace.uri(file))
    editor.open(file)
    ranges = await editor.client.text_document_folding_range_async(types.FoldingRangeParams(document))
    assert [(r.start_line, r.end_line, r.kind) for r in ranges] == FOLDS[file]
    assert all(r.start_character is None for r in ranges)


@pytest.mark.parametrize("key", ["words", "rs_words", "ts_words", "java_words", "go_words"])
@EVERY_EDITOR
async def test_selection_ranges(start, workspace, key, profile):
    editor = await start(workspace(STRUCTURE), profile=profile)
    document, position = editor.position(key)
    ranges = await editor.client.text_document_selection_range_async(
        types.SelectionRangeParams(document, [position, types.Position(0, 0), types.Position(99, 9)])
    )
    assert len(ranges) == 3, "one for each position"
    assert ranges[0].range == editor.range(editor.workspace.marks[key])
    for inner in ranges:
        while inner.parent:
            assert inner.range != inner.parent.range
            assert inner.parent.range.start <= inner.range.start and inner.range.end <= inner.parent.range.end
            inner = inner.parent


def decoded(legend, data):
    """Line, column, length and kind of each token."""
    line = column = 0
    tokens = []
    for at in range(0, len(data), 5):
        lines, columns, length, kind, _ = data[at : at + 5]
        line, column = line + lines, columns if lines else column + columns
        tokens.append((line, column, length, legend.token_types[kind]))
    return tokens


def token_at(editor, legend, data, key):
    span = editor.range(editor.workspace.marks[key])
    wanted = (span.start.line, span.start.character, span.end.character - span.start.character)
    return [kind for *where, kind in decoded(legend, data) if tuple(where) == wanted]


TYPES = {"rust": "struct", "go": "struct", "c": "struct"}
CALLED = {"c": "property"}


@EVERY_LANGUAGE
@EVERY_EDITOR
async def test_semantic_tokens(start, workspace, language, profile):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files), profile=profile)
    await editor.ready()
    provider = editor.server.capabilities.semantic_tokens_provider
    if profile == EMACS:
        assert provider is None, "this client knows no tokens"
        return
    editor.open(program.app)
    document = types.TextDocumentIdentifier(editor.workspace.uri(program.app))
    full = await editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    tokens = decoded(provider.legend, full.data)
    assert tokens == sorted(tokens) and len({token[:2] for token in tokens}) == len(tokens)
    kinds = {"construct": TYPES.get(language, "class"), "call": CALLED.get(language, "method"), "use": "variable"}
    for key, kind in kinds.items():
        assert token_at(editor, provider.legend, full.data, key) == [kind], key

    [place] = [place for key, place in editor.workspace.marks.items() if key == "call"]
    line = types.Range(types.Position(place.line, 0), types.Position(place.line + 1, 0))
    part = await editor.client.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document, line))
    assert decoded(provider.legend, part.data) == [token for token in tokens if token[0] == place.line]


@EVERY_LANGUAGE
async def test_semantic_tokens_as_a_difference(editor, language):
    program = PROGRAMS[language]
    legend = editor.server.capabilities.semantic_tokens_provider.legend
    editor.open(program.app)
    document = types.TextDocumentIdentifier(editor.workspace.uri(program.app))

    async def full():
        return await editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))

    async def delta(before):
        params = types.SemanticTokensDeltaParams(document, before.result_id)
        return await editor.client.text_document_semantic_tokens_full_delta_async(params)

    before = await full()
    same = await delta(before)
    assert list(same.edits) == [] and same.result_id != before.result_id
    place = editor.workspace.marks["local"]
    start = types.Position(place.line, 0)
    change = types.TextDocumentContentChangePartial(range=types.Range(start, start), text="\n\n")
    editor.change(program.app, change)
    difference = await delta(same)
    data = list(before.data)
    for edit in reversed(difference.edits):
        data[edit.start : edit.start + edit.delete_count] = edit.data or []
    after = await full()
    assert data == list(after.data)
    assert decoded(legend, data) != decoded(legend, before.data)
    assert hasattr(await delta(types.SemanticTokens([], "of somebody else")), "data"), "what is unknown gets everything"


async def test_tokens_are_asked_for_again_once_the_folder_is_there(start, workspace):
    editor = await start(workspace(PROGRAMS["python"].files))
    await editor.ready()
    await editor.received("workspace/semanticTokens/refresh")


HINTED = {
    "python": ("def make(⟦size⟧, name):\n    pass\n\n\nmake(⟦1⟧, name)\n", "a.py", ["size:"]),
    "rust": ("fn make(⟦size⟧: u8, name: u8) {}\nfn f(name: u8) { make(⟦1⟧, name) }\n", "a.rs", ["size:"]),
    "typescript": ("function make(⟦size⟧: number, name: any) {}\nmake(⟦1⟧, name);\n", "a.ts", ["size:"]),
    "go": ("package m\n\nfunc mk(⟦size⟧, name int) {}\nfunc f(name int) { mk(⟦1⟧, name) }\n", "a.go", ["size:"]),
    "java": ("class A { void f(int ⟦size⟧, int name) { f(⟦1⟧, name); } }\n", "A.java", ["size:"]),
}


@pytest.mark.parametrize("language", HINTED)
@EVERY_EDITOR
async def test_inlay_hints(start, workspace, language, profile):
    text, file, labels = HINTED[language]
    editor = await start(workspace({file: text}), profile=profile)
    await editor.ready()
    editor.open(file)
    document = types.TextDocumentIdentifier(editor.workspace.uri(file))
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    hints = await editor.client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
    # Who does not say what it asks for later on has the places at once, and no tooltips.
    later = profile == NEOVIM
    assert [label(hint) for hint in hints] == labels
    assert hints[0].position == editor.range(editor.workspace.marks["1"]).start
    if later:
        assert [hint.label for hint in hints] == labels and all(hint.data for hint in hints)
    more = await editor.client.inlay_hint_resolve_async(hints[0])
    assert editor.keys(more.label[0].location) == ["size"]
    assert (more.tooltip is not None) == later
    assert not later or "size" in more.tooltip.value


def label(hint):
    return hint.label if isinstance(hint.label, str) else "".join(part.value for part in hint.label)


def asks_later_for(*properties):
    def adapt(capabilities):
        later = types.ClientInlayHintResolveOptions(properties=list(properties))
        capabilities.text_document.inlay_hint = types.InlayHintClientCapabilities(resolve_support=later)

    return adapt


@pytest.mark.parametrize("properties", [["tooltip"], ["label.location"], ["textEdits"], ["tooltip", "label.location"]])
async def test_only_what_the_client_asks_for_later_is_left_for_later(start, workspace, properties):
    text, file, labels = HINTED["python"]
    editor = await start(workspace({file: text}), adapt=asks_later_for(*properties))
    await editor.ready()
    editor.open(file)
    [hint] = await hints_of(editor, file)
    assert label(hint) == "size:" and hint.tooltip is None
    assert isinstance(hint.label, str) == ("label.location" in properties)
    more = await editor.client.inlay_hint_resolve_async(hint)
    assert editor.keys(more.label[0].location) == ["size"]
    assert (more.tooltip is not None) == ("tooltip" in properties)


async def hints_of(editor, file):
    document = types.TextDocumentIdentifier(editor.workspace.uri(file))
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    return await editor.client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))


# What is put before the text or in its place, so that the place of the parameter is another's, or nobody's.
MOVED = {
    "another function's of the same name": "def take(size):\n    pass\n\n\n{}",
    "nobody's": "# nothing\n{}",
    "another name": "def make(wide, name):\n    pass\n",
}


@pytest.mark.parametrize("now", MOVED)
@pytest.mark.parametrize("opened", [True, False])
async def test_a_hint_whose_place_is_another_s_by_now_is_not_told_more(start, workspace, now, opened):
    files = {"a.py": "def make(size, name):\n    pass\n", "b.py": "from a import make\n\nmake(1, 2)\n"}
    editor = await start(workspace(files), adapt=asks_later_for("tooltip", "label.location"))
    await editor.ready()
    editor.open("b.py")
    hint, _ = await hints_of(editor, "b.py")
    if opened:
        # The same text in an editor is no change.
        editor.open("a.py")
        assert "size" in (await editor.client.inlay_hint_resolve_async(hint)).tooltip.value
        hint, _ = await hints_of(editor, "b.py")
        editor.replace("a.py", MOVED[now].format(files["a.py"]))
    else:
        editor.open("a.py", MOVED[now].format(files["a.py"]))
    error = await editor.error(editor.client.inlay_hint_resolve_async(hint))
    assert error.code == types.LSPErrorCodes.ContentModified


async def test_a_hint_is_told_no_more_once_its_document_is_another(start, workspace):
    """Though a parameter of the same name, of a function of the same name, stands at the place."""
    text = "def make(size):\n    return 1\n"
    editor = await start(workspace({"a.py": text + "\n\nmake(1)\n"}), adapt=asks_later_for("tooltip"))
    await editor.ready()
    editor.open("a.py")
    [hint] = await hints_of(editor, "a.py")
    editor.replace("a.py", text.replace("1", "2") + "\n\n" + text + "\n\nmake(1)\n")
    error = await editor.error(editor.client.inlay_hint_resolve_async(hint))
    assert error.code == types.LSPErrorCodes.ContentModified


async def test_a_hint_of_a_lone_file_that_is_closed_stays_as_it_is(start, workspace):
    text, file, _ = HINTED["python"]
    editor = await start(workspace({file: text}), folders=[], adapt=asks_later_for("tooltip"))
    editor.open(file)
    [hint] = await hints_of(editor, file)
    assert (await editor.client.inlay_hint_resolve_async(hint)).tooltip
    editor.close(file)
    assert await editor.client.inlay_hint_resolve_async(hint) == hint


# What calls something of a dependency, which lies in a store that no folder has.
IN_STORE = {
    "python": {
        "app/main.py": "from shop import make\n\n⟦call:make⟧(1, 2)\n",
        "store/shop/__init__.py": "def ⟦make⟧(⟦size⟧, name):\n    pass\n",
    },
    "rust": {
        "app/Cargo.toml": '[package]\nname = "app"\n\n[dependencies]\nshop = "1"\n',
        "app/src/main.rs": "fn main() { shop::⟦call:make⟧(1, 2) }\n",
        "app/Cargo.lock": '[[package]]\nname = "app"\nversion = "0.1.0"\n\n[[package]]\nname = "shop"\nversion = "1.0.0"\n',
        "store/index.x/shop-1.0.0/Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\n',
        "store/index.x/shop-1.0.0/src/lib.rs": "pub fn ⟦make⟧(⟦size⟧: u8, name: u8) {}\n",
    },
    "go": {
        "app/go.mod": "module app\n\nrequire example.com/shop v1.0.0\n",
        "app/main.go": 'package main\n\nimport "example.com/shop"\n\nfunc main() { shop.⟦call:Make⟧(1, 2) }\n',
        "store/example.com/shop@v1.0.0/go.mod": "module example.com/shop\n",
        "store/example.com/shop@v1.0.0/model.go": "package shop\n\nfunc ⟦make:Make⟧(⟦size⟧, name int) {}\n",
    },
}


@pytest.mark.parametrize("language", IN_STORE)
async def test_a_hint_of_what_lies_outside_every_folder_is_told_more(start, workspace, language):
    files = IN_STORE[language]
    both = workspace(files)
    [file] = [name for name in files if "/main." in name]
    settings = {"dependencies": [str(both.root / "store")]}
    adapt = asks_later_for("tooltip", "label.location")
    editor = await start(both, folders=[both.root / "app"], adapt=adapt, settings=settings)
    await editor.ready()
    editor.open(file)
    # Dependencies are read where something is asked of them.
    assert await editor.definition("call") == ["make"]
    hint, _ = await hints_of(editor, file)
    more = await editor.client.inlay_hint_resolve_async(hint)
    assert editor.keys(more.label[0].location) == ["size"] and "size" in more.tooltip.value


@EVERY_LANGUAGE_WITH_METHODS
@EVERY_EDITOR
async def test_code_lenses(start, workspace, language, profile):
    program = PROGRAMS[language]

    def has_the_command(capabilities):
        capabilities.experimental = {"commands": {"commands": ["coppice.showReferences"]}}

    editor = await start(workspace(program.files), profile=profile, adapt=has_the_command)
    await editor.ready()
    document = types.TextDocumentIdentifier(editor.workspace.uri(program.model))
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
    assert all(lens.command is None for lens in lenses)
    own = editor.range(editor.workspace.marks["total"])
    [lens] = [lens for lens in lenses if lens.range == own]
    counted = await editor.client.code_lens_resolve_async(lens)
    assert (counted.command.title, counted.command.command) == ("1 reference", "coppice.showReferences")
    uri, position, locations = counted.command.arguments
    assert uri == document.uri and [location["uri"] for location in locations] == [editor.workspace.uri(program.app)]


MORE_THAN_CALLED = {
    "python": {
        "a.py": "def ⟦run⟧():\n    pass\n\n\ndef go():\n    ⟦one:run⟧()\n    ⟦two:run⟧()\n",
        "b.py": "from a import run\n\n⟦three:run⟧()\nregister(run)\n",
    },
    "typescript": {
        "a.ts": "export function ⟦run⟧() {}\nfunction go() { ⟦one:run⟧(); ⟦two:run⟧(); }\n",
        "b.ts": "import { run } from './a';\n⟦three:run⟧();\nregister(run);\n",
    },
    "rust": {
        "Cargo.toml": '[package]\nname = "m"\n',
        "src/lib.rs": "mod b;\npub fn ⟦run⟧() {}\nfn go() { ⟦one:run⟧(); ⟦two:run⟧(); }\n",
        "src/b.rs": "use crate::run;\nfn other() { ⟦three:run⟧(); register(run); }\n",
    },
    "go": {
        "go.mod": "module example.com/m\n",
        "a.go": "package m\n\nfunc ⟦run⟧() {}\nfunc again() { ⟦one:run⟧(); ⟦two:run⟧() }\n",
        "b.go": "package m\n\nfunc other() { ⟦three:run⟧(); register(run) }\n",
    },
    "c": {
        "a.h": "int ⟦run⟧(int x);\n",
        "a.c": '#include "a.h"\nint go(void) { return ⟦one:run⟧(1) + ⟦two:run⟧(2); }\n',
        "b.c": '#include "a.h"\nint other(void) { ⟦three:run⟧(3); return hand(run); }\n',
    },
}


@pytest.mark.parametrize("language", MORE_THAN_CALLED)
async def test_callers_are_counted_beside_references(start, workspace, language):
    """Two functions or files call it, in three places."""

    def has_the_command(capabilities):
        capabilities.experimental = {"commands": {"commands": ["coppice.showReferences"]}}

    editor = await start(workspace(MORE_THAN_CALLED[language]), adapt=has_the_command)
    await editor.ready()
    document, position = editor.position("run")
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
    commands = [
        (await editor.client.code_lens_resolve_async(lens)).command for lens in lenses if lens.range.start == position
    ]
    references, callers = commands
    assert "reference" in references.title
    assert (callers.title, callers.command) == ("2 callers", "coppice.showReferences")
    places = [types.Location(p["uri"], as_range(p["range"])) for p in callers.arguments[2]]
    assert editor.keys(places) == ["one", "three", "two"]


def as_range(plain):
    return types.Range(*(types.Position(plain[end]["line"], plain[end]["character"]) for end in ("start", "end")))


async def test_callers_in_other_folders_count(start, workspace):
    files = {
        "lib/a.py": "def ⟦run⟧():\n    pass\n\n\nlater = run\n",
        "app/requirements.txt": "-e ../lib\n",
        "app/main.py": "from a import run\n\n\ndef main():\n    run()\n    run()\n\n\ndef other():\n    run()\n",
    }
    both = workspace(files, "all")
    editor = await start(both, folders=[both.root / "lib", both.root / "app"])
    await editor.ready()
    assert await lens_titles(editor, "lib/a.py") == ["5 references", "2 callers"]


async def test_no_lens_is_there_where_lenses_are_off(start, workspace):
    editor = await start(workspace(MORE_THAN_CALLED["python"]), settings={"features": {"codeLens": "off"}})
    await editor.ready()
    assert editor.server.capabilities.code_lens_provider is None
    assert await lens_titles(editor, "a.py") == []


async def test_a_lens_is_a_number_for_clients_without_the_command(start, workspace):
    editor = await start(workspace({"a.py": "class A:\n    pass\n\nclass B(A):\n    pass\n"}))
    await editor.ready()
    document = types.TextDocumentIdentifier(editor.workspace.uri("a.py"))
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
    counted = [(await editor.client.code_lens_resolve_async(lens)).command for lens in lenses]
    assert [c.title for c in counted] == ["1 reference", "1 implementation", "0 references", "0 implementations"]
    assert all(c.command == "" and c.arguments is None for c in counted)


async def lens_titles(editor, name):
    document = types.TextDocumentIdentifier(editor.workspace.uri(name))
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document)) or []
    return [(await editor.client.code_lens_resolve_async(lens)).command.title for lens in lenses]


async def test_a_lens_of_a_lone_file_speaks_of_that_file_alone(start, workspace):
    alone = workspace({"lone.py": "def f(): pass\n\ndef g(): return f()\n"})
    editor = await start(alone, folders=[])
    editor.open("lone.py")
    assert await lens_titles(editor, "lone.py") == ["1 reference in this file", "0 references in this file"]


async def test_a_lens_of_a_dependency_speaks_of_the_workspace(start, workspace):
    files = {
        "app.py": "from engine import Engine\nEngine().⟦member:run⟧()\n",
        "env/pyvenv.cfg": "home = /usr/bin\n",
        "env/lib/python3.11/site-packages/engine.py": "class Engine:\n    def run(self): return help()\n\ndef help(): pass\n",
    }
    editor = await start(workspace(files))
    await editor.ready()
    await editor.definition("member")
    editor.open("env/lib/python3.11/site-packages/engine.py")
    assert await lens_titles(editor, "env/lib/python3.11/site-packages/engine.py") == [
        "2 references in the workspace",
        "0 implementations in the workspace",
        "1 reference in the workspace",
        "0 references in the workspace",
    ]


LINKED = {
    "python": {"pkg/__init__.py": "", "pkg/x.py": "y = 1\n", "a.py": "from pkg.⟦x⟧ import y\n"},
    "rust": {"src/lib.rs": "mod ⟦x⟧;\n", "src/x.rs": ""},
    "typescript": {"x.ts": "export const y = 1;\n", "a.ts": 'import { y } from "⟦./x⟧";\n'},
    "go": {"go.mod": "module example.com/m\n", "x/x.go": "package x\n", "a.go": 'package m\n\nimport "⟦example.com/m/x⟧"\n'},
    "java": {"q/x.java": "package q;\n\npublic class x {}\n", "p/A.java": "package p;\n\nimport q.⟦x⟧;\n\nclass A {}\n"},
}


@pytest.mark.parametrize("language", LINKED)
@EVERY_EDITOR
async def test_document_links(start, workspace, language, profile):
    editor = await start(workspace(LINKED[language]), profile=profile)
    await editor.ready()
    [(key, place)] = editor.workspace.marks.items()
    document = types.TextDocumentIdentifier(editor.workspace.uri(place.file))
    links = await editor.client.text_document_document_link_async(types.DocumentLinkParams(document))
    [link] = [link for link in links if link.range == editor.range(place)]
    assert link.target.rsplit("/", 1)[1].split(".")[0] == "x", link


@EVERY_LANGUAGE
@EVERY_EDITOR
async def test_monikers(start, workspace, language, profile):
    editor = await start(workspace(PROGRAMS[language].files), profile=profile)
    await editor.ready()

    async def moniker(key):
        document, position = editor.position(key)
        [found] = await editor.client.text_document_moniker_async(types.MonikerParams(document, position))
        return found

    used, declared = await moniker("call"), await moniker("total")
    assert used == declared and used.identifier.startswith(f"{PROGRAMS[language].model}:Item.")
    assert (await moniker("use")).kind == types.MonikerKind.Local


async def pull(editor, file, before=None):
    document = types.TextDocumentIdentifier(editor.workspace.uri(file))
    params = types.DocumentDiagnosticParams(document, previous_result_id=before)
    return await editor.client.text_document_diagnostic_async(params)


PROBLEMS = {
    "python": {
        "pkg/a.py": "import ⟦unused-import:os⟧\nfrom .⟦unresolved-import:nowhere⟧ import x\nfrom .⟦import-cycle:b⟧ import z\n\n\n"
        "def ⟦unreachable-definition:_dead⟧():\n    ⟦unused-local:y⟧ = x\n    z()\n",
        "pkg/__init__.py": "",
        "pkg/b.py": "from .a import x\nz = 1\n",
    },
    "rust": {
        "src/lib.rs": "mod ⟦unresolved-import:nowhere⟧;\nmod m;\nuse m::⟦unused-import:S⟧;\n"
        "fn ⟦unreachable-definition:dead⟧() { let ⟦unused-local:y⟧ = 1; }\n",
        "src/m.rs": "pub struct S;\n",
    },
    "typescript": {
        "a.ts": 'import { g } from "⟦import-cycle:./b⟧";\nimport { ⟦unused-import:k⟧ } from "⟦unresolved-import:./nowhere⟧";\n'
        "export function f() { const ⟦unused-local:y⟧ = 1; return g; }\nfunction ⟦unreachable-definition:dead⟧() {}\n",
        "b.ts": 'import { f } from "./a";\nexport const g = f;\n',
    },
    "go": {
        "a.go": 'package m\n\nimport ⟦unused-import:u⟧ "example.com/m/x"\n\nfunc ⟦unreachable-definition:dead⟧() {\n\t⟦unused-local:y⟧ := 1\n}\n',
        "go.mod": "module example.com/m\n",
        "x/x.go": "package x\n",
    },
    "java": {
        "p/A.java": "package p;\n\nimport q.⟦unused-import:B⟧;\n\nclass A {\n"
        "    private void ⟦unreachable-definition:dead⟧() { int ⟦unused-local:y⟧ = 1; }\n}\n",
    },
}


@pytest.mark.parametrize("language", PROBLEMS)
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM])
async def test_pulled_diagnostics(start, workspace, language, profile):
    def pulls(capabilities):
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()

    editor = await start(workspace(PROBLEMS[language]), profile=profile, adapt=pulls)
    await editor.ready()
    file = next(iter(PROBLEMS[language]))
    editor.open(file)
    report = await pull(editor, file)
    found = sorted((d.code, d.range.start.line, d.range.start.character) for d in report.items)
    spans = {key: editor.range(place).start for key, place in editor.workspace.marks.items()}
    assert found == sorted((key, at.line, at.character) for key, at in spans.items())
    assert {d.code for d in report.items if d.tags} <= {"unused-import", "unused-local", "unreachable-definition"}
    assert (await pull(editor, file, report.result_id)).kind == "unchanged"


def pushed(capabilities):
    capabilities.text_document.diagnostic = None


@pytest.mark.parametrize("language", PROBLEMS)
async def test_pushed_diagnostics_are_the_same(start, workspace, language):
    editor = await start(workspace(PROBLEMS[language]), adapt=pushed, held=True)
    file = next(iter(PROBLEMS[language]))
    # Opened before the folder is there.
    editor.open(file)
    await editor.hold(False)
    spans = {key: editor.range(place).start for key, place in editor.workspace.marks.items()}
    expected = sorted((key, at.line, at.character) for key, at in spans.items())

    async def found():
        return sorted((d.code, d.range.start.line, d.range.start.character) for d in editor.diagnostics(file))

    await editor.eventually(found, expected)
    editor.close(file)

    async def nothing():
        return editor.diagnostics(file)

    await editor.eventually(nothing, [])


async def test_pushed_diagnostics_have_switches_and_follow_edits(start, workspace):
    features = {"unusedImports": "off"}
    editor = await start(workspace({"a.py": "import os\nfrom .b import x\n"}), settings={"features": features}, adapt=pushed)
    await editor.ready()

    async def codes():
        return sorted(d.code for d in editor.diagnostics("a.py"))

    editor.open("a.py")
    await editor.eventually(codes, ["unresolved-import"])
    editor.edit("a.py", "from .b import x", "from .b import (")
    await editor.eventually(codes, ["syntax"])
    editor.edit("a.py", "from .b import (", "x = 1")
    await editor.eventually(codes, [])


async def test_each_diagnostic_has_a_switch(start, workspace):
    features = {"unusedImports": "off", "unresolvedImports": "off", "unusedLocals": "off", "importCycles": "off"}
    editor = await start(workspace(PROBLEMS["python"]), settings={"features": features}, profile=NEOVIM)
    await editor.ready()
    editor.open("pkg/a.py")
    assert {d.code for d in (await pull(editor, "pkg/a.py")).items} == {"unreachable-definition"}


async def test_a_file_that_is_there_and_not_indexed_is_not_missing(start, workspace):
    folder = workspace({"pkg/__init__.py": "", "pkg/a.py": "from .fast import x\nfrom . import a\n"})
    (folder.root / "pkg" / "fast.cpython-313.so").write_bytes(b"\x7fELF")
    editor = await start(folder, profile=NEOVIM)
    await editor.ready()
    editor.open("pkg/a.py")
    assert "unresolved-import" not in {d.code for d in (await pull(editor, "pkg/a.py")).items}


# Pulls, and cannot be told to pull again.
NEVER_TOLD = "neovim-0.10"


class Puller:
    """Pulls as Neovim does: told to ask again, it does so at once. Counts the answers."""

    def __init__(self, editor, file):
        self.editor, self.file, self.answers = editor, file, 0

    async def report(self):
        while True:
            try:
                report = await pull(self.editor, self.file)
            except JsonRpcException as error:
                self.answers += 1
                if error.code != types.LSPErrorCodes.ServerCancelled or not error.data["retriggerRequest"]:
                    raise
            else:
                self.answers += 1
                return report


@pytest.mark.parametrize("wait", [10_000, 0])
async def test_a_pull_while_loading_waits_where_nobody_can_be_told(start, workspace, wait):
    settings = {"request": {"waitMs": wait}}
    folder = workspace({"a.py": "import ⟦unused-import:os⟧\n"})
    editor = await start(folder, profile=recorded(NEVER_TOLD), held=True, settings=settings)
    editor.open("a.py")
    puller, began = Puller(editor, "a.py"), time.monotonic()
    asked = asyncio.ensure_future(puller.report())
    for _ in range(50):
        await editor.status()
    # Half a second for an answer is the busiest that this may be.
    assert not asked.done() and puller.answers <= 2 * (time.monotonic() - began)
    await editor.hold(False)
    report = await asyncio.wait_for(asked, READY_WAIT)
    assert [d.code for d in report.items] == ["unused-import"]
    assert puller.answers <= 1 + 2 * (time.monotonic() - began)


async def test_a_pull_that_has_waited_long_enough_is_to_be_made_again(start, workspace):
    settings = {"request": {"waitMs": 1_100}}
    editor = await start(workspace({"a.py": "x = 1\n"}), profile=recorded(NEVER_TOLD), held=True, settings=settings)
    editor.open("a.py")
    began = time.monotonic()
    error = await editor.error(pull(editor, "a.py"))
    assert error.code == types.LSPErrorCodes.ServerCancelled and error.data["retriggerRequest"]
    assert time.monotonic() - began >= 1.1


async def test_a_pull_that_waits_ends_with_its_text(start, workspace):
    editor = await start(workspace({"a.py": "x = 1\n", "b.py": "y = 1\n"}), profile=recorded(NEVER_TOLD), held=True)
    for file in ("a.py", "b.py"):
        editor.open(file)
    asked = [asyncio.ensure_future(editor.error(pull(editor, file))) for file in ("a.py", "b.py", "a.py")]
    await editor.status()
    assert not any(one.done() for one in asked)
    editor.edit("a.py", "1", "2")
    editor.close("b.py")
    for one in asked:
        assert (await asyncio.wait_for(one, READY_WAIT)).code == types.LSPErrorCodes.ContentModified


async def test_a_pull_that_waits_ends_with_the_session(start, workspace):
    editor = await start(workspace({"a.py": "x = 1\n"}), profile=recorded(NEVER_TOLD), held=True, stays=False)
    editor.open("a.py")
    asked = asyncio.ensure_future(editor.error(pull(editor, "a.py")))
    await editor.status()
    assert not asked.done()
    assert await editor.stop() == 0
    assert editor.conversation.problems == [] and editor.conversation.unanswered() == []
    [error] = [frame["error"] for _, frame in editor.conversation.frames if "error" in frame]
    # A request after the end would be an error that the user sees.
    assert error["code"] == types.LSPErrorCodes.ServerCancelled and error["data"] == {"retriggerRequest": False}
    assert (await asyncio.wait_for(asked, READY_WAIT)).code == error["code"]


@pytest.mark.parametrize("profile", ["vscode", "neovim"])
async def test_a_pull_while_loading_is_answered_at_once_where_somebody_can_be_told(start, workspace, profile):
    editor = await start(workspace({"a.py": "import os\ndef f(:\n"}), profile=recorded(profile), held=True)

    def refreshes():
        method = types.WORKSPACE_DIAGNOSTIC_REFRESH
        return sum(frame.get("method") == method for _, frame in editor.conversation.frames)

    editor.open("a.py")
    assert [d.code for d in (await pull(editor, "a.py")).items] == ["syntax"]
    assert refreshes() == 0
    await editor.hold(False)
    await editor.received(types.WORKSPACE_DIAGNOSTIC_REFRESH)
    assert {d.code for d in (await pull(editor, "a.py")).items} == {"syntax", "unused-import"}
    for _ in range(50):
        await pull(editor, "a.py")
    status = await editor.ready()
    # Nothing but a new graph is a reason to ask again.
    assert refreshes() <= status["folders"][0]["generation"]


async def test_workspace_diagnostics_wait_for_news(start, workspace):
    def pulls(capabilities):
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()

    files = {"a.py": "def f(:\n    pass\n", "pkg/__init__.py": "", "pkg/b.py": "from .nowhere import x\n", "c.py": "x = 1\n"}
    editor = await start(workspace(files), adapt=pulls)
    await editor.ready()

    async def ask(known):
        ids = [types.PreviousResultId(uri, value) for uri, value in known.items()]
        report = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous_result_ids=ids))
        known.update({item.uri: item.result_id for item in report.items})
        return {item.uri.rsplit("/", 1)[1]: [d.code for d in item.items] for item in report.items}

    known = {}
    assert await ask(known) == {"a.py": ["syntax"], "b.py": ["unresolved-import"]}
    waiting = asyncio.ensure_future(ask(known))
    await editor.status()
    assert not waiting.done(), "there is nothing new to say"
    editor.workspace.write("a.py", "def f():\n    pass\n")
    editor.changed_on_disk("a.py")
    assert await asyncio.wait_for(waiting, READY_WAIT) == {"a.py": []}
    # What is open has reports of its own, and is told of again once it is closed.
    editor.workspace.write("a.py", "def f(:\n    pass\n")
    editor.changed_on_disk("a.py")
    assert await ask(known) == {"a.py": ["syntax"]}
    editor.open("a.py")
    waiting = asyncio.ensure_future(ask(known))
    editor.workspace.write("c.py", "from .nowhere import y\n")
    editor.changed_on_disk("c.py")
    assert await asyncio.wait_for(waiting, READY_WAIT) == {"c.py": ["unresolved-import"]}
    known.pop(next(uri for uri in known if uri.endswith("a.py")))
    waiting = asyncio.ensure_future(ask(known))
    await editor.status()
    assert not waiting.done(), "it is still open"
    editor.close("a.py")
    assert await asyncio.wait_for(waiting, READY_WAIT) == {"a.py": ["syntax"]}
    # One that still waits at the end is answered with an error rather than not at all.
    last = asyncio.ensure_future(ask(known))
    await editor.status()
    assert not last.done()
    last.add_done_callback(lambda done: done.cancelled() or done.exception())


async def graph(editor, **arguments):
    """The result of `coppice.graph` as plain JSON."""
    params = types.ExecuteCommandParams(command="coppice.graph", arguments=[arguments])
    await editor.client.workspace_execute_command_async(params)
    frames = reversed(editor.conversation.frames)
    results = (frame.get("result") for _, frame in frames)
    return next(result for result in results if isinstance(result, dict) and "shown" in result)


@EVERY_LANGUAGE
async def test_graph(editor, language):
    program = PROGRAMS[language]
    document, position = editor.position("call")
    at = {"line": position.line, "character": position.character}
    around = await graph(editor, uri=document.uri, position=at)
    labels = [node["label"] for node in around["nodes"]]
    if language == "c":
        assert labels == ["main"], "what is called is a field, which is in no picture"
        return
    assert labels[0] in ("total", "Total") and "main" in labels
    assert {"from": labels.index("main"), "to": 0, "kind": "calls"} in around["edges"]
    assert around["nodes"][0]["uri"] == editor.workspace.uri(program.model)
    assert (around["shown"], around["total"], around["more"]) == (len(labels), len(labels), False)
    as_text = await graph(editor, uri=document.uri, position=at, format="mermaid", depth=2)
    assert as_text["text"].startswith("flowchart LR\n") and "main" in as_text["text"]
    files = await graph(editor, uri=editor.workspace.uri(program.app))
    assert files["nodes"][0]["kind"] == "file"
    everything = await graph(editor, uri=editor.workspace.uri(""), format="dot")
    assert everything["text"].startswith("digraph coppice {\n") and everything["total"] >= 2


async def test_graph_of_nothing_is_an_error(start, workspace):
    editor = await start(workspace({"a.py": "x = 1\n"}))
    await editor.ready()
    for arguments in ({}, {"uri": editor.workspace.uri("nowhere")}, {"uri": editor.workspace.uri("a.py"), "depth": 3}):
        params = types.ExecuteCommandParams(command="coppice.graph", arguments=[arguments])
        assert (await editor.error(editor.client.workspace_execute_command_async(params))).message


async def test_a_build_can_be_cancelled(start, workspace):
    editor = await start(workspace({"a.py": "x = 1\n"}), held=True)
    command = types.ExecuteCommandParams(command="coppice.cancelBuild", arguments=[editor.workspace.uri("")])
    await editor.client.workspace_execute_command_async(command)
    status = await editor.until(lambda status: status["folders"][0]["state"] == "failed")
    assert "cancelled" in status["folders"][0]["lastError"]
    await editor.hold(False)
    reload = types.ExecuteCommandParams(command="coppice.reload", arguments=[editor.workspace.uri("")])
    await editor.client.workspace_execute_command_async(reload)
    await editor.until(lambda status: status["folders"][0]["state"] == "loaded")


@EVERY_LANGUAGE
async def test_hovers_link_to_the_definition(editor, language):
    place = editor.workspace.marks["total"]
    link = f"({editor.workspace.uri(place.file)}#L{place.line + 1})"
    assert link in await editor.hover("call")


async def test_features_are_switched_by_language(start, workspace):
    files = {"a.py": "def ⟦py:f⟧():\n    pass\n", "b.go": "package b\n\nfunc ⟦go:f⟧() {}\n"}
    editor = await start(workspace(files), settings={"features": {"hover": {"python": "off"}}})
    await editor.ready()
    assert await editor.hover("py") == ""
    assert "func f()" in await editor.hover("go")
