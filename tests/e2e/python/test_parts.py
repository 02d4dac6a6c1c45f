"""Results in parts, and features that are switched on while the server runs."""

import pytest
from editor import EMACS, VSCODE
from languages import PROGRAMS
from lsprotocol import types
from metamodel import SERVER

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)


def parts(editor, token):
    """What came for a token, one list after the other."""
    frames = [f["params"] for sender, f in editor.conversation.frames if sender == SERVER and f.get("method") == "$/progress"]
    return [params["value"] for params in frames if params["token"] == token]


@EVERY_LANGUAGE
async def test_results_come_in_parts_to_whoever_wants_them(start, workspace, language):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files))
    await editor.ready()
    document, position = editor.position("Item")
    context = types.ReferenceContext(include_declaration=True)
    whole = await editor.references("Item")
    params = types.ReferenceParams(context=context, text_document=document, position=position, partial_result_token="refs")
    assert list(await editor.client.text_document_references_async(params)) == []
    (places,) = parts(editor, "refs")
    assert len(places) == len(whole) > 1
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.workspace.uri(program.model)), partial_result_token="outline")
    assert list(await editor.client.text_document_document_symbol_async(params)) == []
    (outline,) = parts(editor, "outline")
    assert len(outline) == len(program.outline)
    params = types.WorkspaceSymbolParams(query="Item", partial_result_token="symbols")
    assert list(await editor.client.workspace_symbol_async(params)) == []
    (symbols,) = parts(editor, "symbols")
    assert "Item" in [symbol["name"] for symbol in symbols]


async def test_symbols_of_each_folder_are_a_part(start, workspace):
    first, second = workspace({"a.py": "thing = 1\n"}, "first"), workspace({"b.py": "thing = 2\n"}, "second")
    editor = await start(first, folders=[first.root, second.root])
    await editor.ready()
    params = types.WorkspaceSymbolParams(query="thing", partial_result_token="symbols")
    assert list(await editor.client.workspace_symbol_async(params)) == []
    found = parts(editor, "symbols")
    assert len(found) == 2 and {symbol["location"]["uri"] for part in found for symbol in part} == {first.uri("a.py"), second.uri("b.py")}


async def test_many_references_are_several_parts(start, workspace):
    editor = await start(workspace({"a.py": "⟦thing⟧ = 1\n" + "thing\n" * 1_200}))
    await editor.ready()
    document, position = editor.position("thing")
    context = types.ReferenceContext(include_declaration=False)
    params = types.ReferenceParams(context=context, text_document=document, position=position, partial_result_token=7)
    assert list(await editor.client.text_document_references_async(params)) == []
    assert [len(part) for part in parts(editor, 7)] == [500, 500, 200]


async def test_workspace_diagnostics_come_in_parts(start, workspace):
    def pulls(capabilities):
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()

    editor = await start(workspace({"a.py": "from .nowhere import x\n"}), adapt=pulls)
    await editor.ready()
    params = types.WorkspaceDiagnosticParams(previous_result_ids=[], partial_result_token="problems")
    report = await editor.client.workspace_diagnostic_async(params)
    assert list(report.items) == []
    (part,) = parts(editor, "problems")
    assert [item["uri"] for item in part["items"]] == [editor.workspace.uri("a.py")]


@pytest.mark.parametrize("profile", [VSCODE, EMACS])
async def test_a_feature_that_is_switched_on_is_registered(start, workspace, profile):
    off = {"features": {"hover": "off", "rename": "off"}}

    def takes(capabilities):
        registers = profile == VSCODE
        capabilities.text_document.hover.dynamic_registration = registers
        capabilities.text_document.rename.dynamic_registration = False

    editor = await start(workspace({"a.py": "⟦thing⟧ = 1\n"}), configuration={"": {"coppice": off}}, settings=off, profile=profile, adapt=takes)
    await editor.ready()
    assert editor.server.capabilities.hover_provider is None
    on = {"features": {"hover": "on", "rename": "on"}}
    editor.client.set_configuration(on, section="coppice")
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={"coppice": on}))

    async def registered():
        frames = [f for sender, f in editor.conversation.frames if sender == SERVER and f.get("method") == "client/registerCapability"]
        return [r["method"] for f in frames for r in f["params"]["registrations"] if r["method"].startswith("textDocument/")]

    if profile == VSCODE:
        await editor.eventually(registered, ["textDocument/hover"])
        assert "thing" in await editor.hover("thing")
    else:
        await editor.status()
        assert await registered() == []
