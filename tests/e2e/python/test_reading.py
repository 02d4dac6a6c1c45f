"""What helps to read code: hierarchies, structure, colours, hints; in every language that has it."""

import pytest
from editor import EMACS, NEOVIM, VSCODE
from languages import PROGRAMS
from lsprotocol import types

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)
EVERY_EDITOR = pytest.mark.parametrize("profile", [VSCODE, NEOVIM, EMACS])


@pytest.fixture
async def editor(start, workspace, language):
    editor = await start(workspace(PROGRAMS[language].files))
    await editor.ready()
    return editor


def place(item):
    return types.Location(item.uri, item.selection_range)


@EVERY_LANGUAGE
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
