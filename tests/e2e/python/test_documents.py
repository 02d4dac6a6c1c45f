"""Open buffers: they win over disk, follow edits exactly, and hold any text and any question."""

import shutil

import pytest
from editor import NEOVIM
from languages import PROGRAMS
from lsprotocol import types

FILES = PROGRAMS["python"].files


async def test_an_open_buffer_wins_over_disk_and_closing_returns_to_it(start, workspace):
    editor = await start(workspace({"a.py": "def ⟦old⟧():\n    pass\n", "b.py": "from a import ⟦import:new⟧\n⟦use:new⟧()\n"}))
    await editor.ready()
    assert await editor.definition("use") != ["new"]
    editor.open("a.py", "\n\ndef ⟦new⟧():\n    pass\n")
    assert await editor.definition("use") == ["new"]
    assert await editor.references("new") == ["import", "new", "use"]
    assert ("new", "new") in await editor.workspace_symbols("new")
    editor.close("a.py")
    editor.workspace.read_marks("a.py", "def ⟦old⟧():\n    pass\n")
    assert await editor.outline("a.py") == ["old"]
    assert "old" not in await editor.definition("use")


async def test_incremental_edits_move_what_follows(start, workspace):
    editor = await start(workspace(FILES))
    await editor.ready()
    editor.open("app.py")
    editor.workspace.marks.clear()
    editor.edit("app.py", "    return item", "    other = item\n    return other")
    editor.edit("app.py", "def main():", "def first():\n    pass\n\n\ndef main():")
    assert await editor.outline("app.py") == ["first", "main"]
    editor.replace("app.py", "def ⟦f⟧():\n    ⟦d:x⟧ = 1\n    return ⟦u:x⟧\n")
    assert await editor.definition("u") == ["d"]
    assert await editor.highlights("u") == ["d", "u"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no BOM", "BOM"])
@pytest.mark.parametrize("profile", ["visual-studio-code", NEOVIM])
async def test_line_ends_marks_of_order_and_wide_letters(start, workspace, newline, bom, profile):
    text = "def ⟦f⟧():\n    '''𝒳ü漢'''; ⟦d:größe⟧ = 1; '𝒳'; return ⟦u:größe⟧\n"
    editor = await start(workspace({"a.py": bom + text.replace("\n", newline), "b.py": "from a import ⟦import:f⟧\n"}), profile=profile)
    await editor.ready()
    # No editor counts the mark of a file, so nobody who has not opened it does.
    editor.workspace.read_marks("a.py", text.replace("\n", newline))
    assert await editor.definition("u") == ["d"], "on disk"
    assert await editor.definition("import") == ["f"], "on disk"
    editor.open("a.py", bom + text.replace("\n", newline))
    assert await editor.definition("u") == ["d"], "open"
    assert await editor.highlights("d") == ["d", "u"], "open"
    editor.edit("a.py", "'𝒳'", "'漢𝒳漢'")
    editor.edit("a.py", "ü漢'''", "'''")
    edited = text.replace("'𝒳'", "'漢𝒳漢'").replace("ü漢", "")
    editor.workspace.read_marks("a.py", bom + edited.replace("\n", newline))
    assert await editor.highlights("u") == ["d", "u"], "edited"
    assert await editor.definition("u") == ["d"], "edited"


async def test_positions_that_are_nowhere(start, workspace):
    editor = await start(workspace({"a.py": "x = '𝒳'\n"}))
    await editor.ready()
    editor.open("a.py")
    document = types.TextDocumentIdentifier(editor.workspace.uri("a.py"))
    for line, column in [(0, 6), (0, 1000), (1, 0), (1, 5), (2, 0), (2**31 - 1, 2**31 - 1)]:
        position = types.Position(line, column)
        for ask, params in (
            (editor.client.text_document_hover_async, types.HoverParams(document, position)),
            (editor.client.text_document_definition_async, types.DefinitionParams(document, position)),
            (editor.client.text_document_document_highlight_async, types.DocumentHighlightParams(document, position)),
        ):
            try:
                await ask(params)
            except Exception as error:
                assert getattr(error, "code", None) in (-32602, -32803), error
    assert await editor.outline("a.py") == ["x"]


@pytest.mark.parametrize(
    "uri",
    ["untitled:Untitled-1", "git:/a.py?ref=HEAD", "file:///no/such/file.py", "https://example.com/a.py", "file:///", "urn:x", "file:///a%ZZb.py"],
)
async def test_uris_that_are_no_file(start, workspace, uri):
    editor = await start(workspace(FILES))
    await editor.ready()
    document = types.TextDocumentIdentifier(uri)
    for ask, params in (
        (editor.client.text_document_hover_async, types.HoverParams(document, types.Position(0, 0))),
        (editor.client.text_document_document_symbol_async, types.DocumentSymbolParams(document)),
    ):
        try:
            assert not await ask(params)
        except Exception as error:
            assert getattr(error, "code", None) in (-32602, -32803), error
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text="x = 1\n")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    change = types.TextDocumentContentChangeWholeDocument(text="y = 1\n")
    versioned = types.VersionedTextDocumentIdentifier(version=2, uri=uri)
    editor.client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [change]))
    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
    assert await editor.definition("call") == ["total"]


@pytest.mark.parametrize("name", ["with space", "ünïcödé 漢", "100%25 #?&+", "a b%20c"])
async def test_folders_with_names_that_need_escapes(start, workspace, name):
    editor = await start(workspace(FILES, name))
    await editor.ready()
    assert await editor.definition("call") == ["total"]
    editor.open("app.py")
    assert await editor.references("total") == ["call", "total"]


async def test_a_lone_file_is_served_by_itself(start, workspace, tmp_path):
    inside = workspace(FILES)
    outside = workspace({"lone.py": "def ⟦f⟧():\n    return ⟦call:f⟧()\n", "beside.py": "def beside(): pass\n"}, "outside")
    editor = await start(inside)
    await editor.ready()
    editor.workspace = outside
    editor.open("lone.py")
    assert await editor.definition("call") == ["f"]
    assert await editor.references("f") == ["call", "f"]
    assert await editor.outline("lone.py") == ["f"]
    assert await editor.workspace_symbols("beside") == [], "the directory of a lone file is not scanned"


async def test_no_folder_at_all(start, workspace):
    alone = workspace({"lone.py": "def ⟦f⟧():\n    return ⟦call:f⟧()\n"})
    editor = await start(alone, folders=[])
    editor.open("lone.py")
    assert await editor.definition("call") == ["f"]


async def test_syntax_errors_are_pushed_and_go_again(start, workspace):
    editor = await start(workspace({"a.py": "x = 1\n"}))
    await editor.ready()
    uri = editor.workspace.uri("a.py")
    editor.open("a.py", "def f(:\n    pass\n")
    published = await editor.received("textDocument/publishDiagnostics", lambda p: p["uri"] == uri and p["diagnostics"])
    assert published["diagnostics"][0]["source"] == "coppice"
    editor.replace("a.py", "def f():\n    pass\n")
    count = len(editor.conversation.frames)
    await editor.symbols("a.py")
    await editor.received(
        "textDocument/publishDiagnostics",
        lambda p: p["uri"] == uri and p.get("version") == 2 and not p["diagnostics"] and count,
    )


async def test_syntax_errors_are_pulled_by_clients_that_pull(start, workspace):
    editor = await start(workspace({"a.py": "def f(:\n    pass\n", "b.py": "x = 1\n"}), profile=NEOVIM)
    if not editor.server.capabilities.diagnostic_provider:
        pytest.fail("no pulled diagnostics for a client that supports them")
    await editor.ready()
    editor.open("a.py")
    editor.open("b.py")

    async def pull(file):
        document = types.TextDocumentIdentifier(editor.workspace.uri(file))
        return await editor.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))

    assert (await pull("a.py")).items
    assert not (await pull("b.py")).items


async def test_a_half_written_file_keeps_its_other_symbols(start, workspace):
    editor = await start(workspace({"a.py": "def ⟦f⟧():\n    pass\n\n\ndef ⟦g⟧():\n    ⟦call:f⟧()\n"}))
    await editor.ready()
    editor.open("a.py")
    editor.replace("a.py", "def ⟦f⟧():\n    pass\n\n\nclass (\n\ndef ⟦g⟧():\n    ⟦call:f⟧()\n")
    assert await editor.definition("call") == ["f"]


@pytest.mark.parametrize(
    "name, content, why",
    [
        ("nul.py", b"a = '\0'\n", "NUL"),
        ("latin.py", "a = 'ü'\n".encode("latin-1"), "UTF-8"),
        ("long.py", b"a = '" + b"x" * 30_000 + b"'\n", "20000"),
        ("large.py", b"a = 1\n" * 400_000, "larger"),
    ],
)
async def test_files_that_are_skipped_are_named_with_why(start, workspace, name, content, why):
    folder = workspace(FILES)
    (folder.root / name).write_bytes(content)
    editor = await start(folder)
    status = await editor.ready()
    (skipped,) = status["folders"][0]["skipped"]
    assert skipped["uri"] == folder.uri(name)
    assert why in skipped["why"].replace("_", "").replace(",", ""), skipped
    published = await editor.received("textDocument/publishDiagnostics", lambda p: p["uri"] == folder.uri(name))
    assert published["diagnostics"][0]["message"]
    assert await editor.definition("call") == ["total"]


async def test_a_document_of_an_unknown_language(start, workspace):
    editor = await start(workspace({"notes.txt": "hello ⟦w:world⟧\n", **FILES}))
    await editor.ready()
    editor.open("notes.txt")
    assert await editor.definition("w") == []
    assert await editor.hover("w") == ""
    assert await editor.definition("call") == ["total"]


async def test_the_folder_goes_while_documents_are_open(start, workspace):
    editor = await start(workspace(FILES))
    await editor.ready()
    editor.open("app.py")
    shutil.rmtree(editor.workspace.root)
    assert await editor.definition("use") == ["local"]
