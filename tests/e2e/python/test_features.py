"""Every feature in every language, as different editors ask for it."""

import pytest
from editor import EMACS, NEOVIM, VSCODE
from languages import PROGRAMS
from lsprotocol import types

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)


@pytest.fixture
async def editor(start, workspace, language):
    editor = await start(workspace(PROGRAMS[language].files))
    await editor.ready()
    return editor


@EVERY_LANGUAGE
async def test_definition(editor, language):
    assert await editor.definition("construct") == ["Item"]
    assert await editor.definition("call") == ["total"]
    assert await editor.definition("use") == ["local"]
    for mention in PROGRAMS[language].mentions:
        assert await editor.definition(mention) == ["Item"], mention


@EVERY_LANGUAGE
async def test_definition_from_every_column_of_a_name(editor, language):
    for within in range(len("item")):
        assert await editor.definition("use", within) == ["local"]
    assert await editor.definition("use", len("item")) == ["local"], "a cursor behind the last letter"


@EVERY_LANGUAGE
async def test_definition_at_a_definition_is_itself(editor, language):
    assert await editor.definition("Item") == ["Item"]
    assert await editor.definition("total") == ["total"]


@EVERY_LANGUAGE
async def test_declaration(editor, language):
    assert await editor.declaration("call") == ["total"]


@EVERY_LANGUAGE
async def test_type_definition(editor, language):
    assert await editor.type_definition("use") == ["Item"]
    assert await editor.type_definition("local") == ["Item"]
    assert await editor.type_definition("construct") == ["Item"]
    assert await editor.type_definition("call") == [], "an integer is defined elsewhere"


@EVERY_LANGUAGE
async def test_implementation(editor, language):
    assert await editor.implementation("call") == ["total"]


async def test_implementation_of_an_interface(start, workspace):
    editor = await start(
        workspace(
            {
                "a.ts": "export interface ⟦Shape⟧ { ⟦area⟧(): number }\n",
                "b.ts": """import { ⟦import:Shape⟧ } from "./a";
export class ⟦Square⟧ implements ⟦implements:Shape⟧ { ⟦square:area⟧() { return 1; } }
export class ⟦Circle⟧ implements Shape { ⟦circle:area⟧() { return 3; } }
export const sum = (shape: Shape) => shape.⟦call:area⟧();
""",
            }
        )
    )
    await editor.ready()
    assert await editor.implementation("Shape") == ["Circle", "Square"]
    assert await editor.implementation("call") == ["circle", "square"]
    assert await editor.type_definition("Square") == ["Square"]


@EVERY_LANGUAGE
async def test_references(editor, language):
    item = sorted(["Item", "construct", *PROGRAMS[language].mentions])
    assert await editor.references("construct") == item
    assert await editor.references("Item") == item
    assert await editor.references("Item", declaration=False) == [key for key in item if key != "Item"]
    assert await editor.references("total") == ["call", "total"]
    assert await editor.references("total", declaration=False) == ["call"]
    assert await editor.references("use") == ["local", "use"]


@EVERY_LANGUAGE
async def test_highlight(editor, language):
    assert await editor.highlights("use") == ["local", "use"]
    assert await editor.highlights("call") == ["call"]


@EVERY_LANGUAGE
async def test_hover(editor, language):
    model = PROGRAMS[language].model
    name = "Total" if language == "go" else "total"
    text = await editor.hover("call")
    assert name in text and "rice of several" in text and model in text, text
    assert "hing for sale" in await editor.hover("construct")


@EVERY_LANGUAGE
async def test_document_symbols(editor, language):
    program = PROGRAMS[language]
    editor.open(program.model)
    assert await editor.outline(program.model) == program.outline


@EVERY_LANGUAGE
async def test_document_symbols_of_a_closed_file(editor, language):
    program = PROGRAMS[language]
    assert await editor.outline(program.model) == program.outline


@EVERY_LANGUAGE
async def test_workspace_symbols(editor, language):
    name = "Total" if language == "go" else "total"
    assert (await editor.workspace_symbols(name))[0] == (name, "total")
    assert ("Item", "Item") in await editor.workspace_symbols("itm"), "letters in order suffice"
    assert await editor.workspace_symbols("no such thing") == []


@EVERY_LANGUAGE
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM, EMACS])
async def test_every_editor(start, workspace, language, profile):
    """Each client profile gets answers in the form that it can take; the metaModel checks see to the rest."""
    program = PROGRAMS[language]
    editor = await start(workspace(program.files), profile=profile)
    await editor.ready()
    editor.open(program.app)
    assert await editor.definition("call") == ["total"]
    assert await editor.references("total") == ["call", "total"]
    assert await editor.highlights("use") == ["local", "use"]
    assert "rice of several" in await editor.hover("call")
    assert await editor.symbols(program.model)
    assert await editor.workspace_symbols("item")


async def test_definitions_as_links_or_locations(start, workspace):
    files = PROGRAMS["python"].files

    def asks_for_links(yes):
        def adapt(capabilities):
            capabilities.text_document.definition = types.DefinitionClientCapabilities(link_support=yes)

        return adapt

    for links in (True, False):
        editor = await start(workspace(files, f"links {links}"), adapt=asks_for_links(links))
        await editor.ready()
        document, position = editor.position("call")
        result = await editor.client.text_document_definition_async(types.DefinitionParams(document, position))
        found = result if isinstance(result, (list, tuple)) else [result]
        assert all(isinstance(target, types.LocationLink) == links for target in found), result
        assert editor.keys(result) == ["total"]


async def test_flat_symbols_for_clients_without_hierarchy(start, workspace):
    def adapt(capabilities):
        capabilities.text_document.document_symbol = types.DocumentSymbolClientCapabilities()

    program = PROGRAMS["python"]
    editor = await start(workspace(program.files), adapt=adapt)
    await editor.ready()
    symbols = await editor.symbols(program.model)
    assert [(symbol.name, symbol.container_name) for symbol in symbols] == [("Item", None), ("total", "Item")]
    assert all(isinstance(symbol, types.SymbolInformation) for symbol in symbols)


LISTED = {
    "rust": ("a.rs", "struct Item;\nenum Kind { One }\n", {"Item": "Struct", "Kind": "Enum", "One": "EnumMember"}),
    "go": ("a.go", "package a\n\ntype Item struct{}\n", {"Item": "Struct"}),
    "c": ("a.c", "struct Item { int x; };\nenum Kind { One };\n", {"Item": "Struct", "Kind": "Enum", "One": "EnumMember"}),
    "java": ("A.java", "enum Kind { One }\n", {"Kind": "Enum", "One": "EnumMember"}),
}


@pytest.mark.parametrize("language", LISTED)
@pytest.mark.parametrize("where", ["outline", "search", "both", "neither"])
async def test_kinds_of_symbols_are_those_that_the_client_lists(start, workspace, language, where):
    file, text, kinds = LISTED[language]
    every = types.ClientSymbolKindOptions(value_set=list(types.SymbolKind))

    def adapt(capabilities):
        outline = types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True)
        search = types.WorkspaceSymbolClientCapabilities()
        outline.symbol_kind = every if where in ("outline", "both") else None
        search.symbol_kind = every if where in ("search", "both") else None
        capabilities.text_document.document_symbol, capabilities.workspace.symbol = outline, search

    editor = await start(workspace({file: text}), adapt=adapt)
    await editor.ready()
    plainer = {"Struct": "Class", "EnumMember": "Constant"}
    plain = {name: plainer.get(kind, kind) for name, kind in kinds.items()}

    def nested(symbols):
        return [symbol for s in symbols for symbol in (s, *nested(s.children or []))]

    outline = {symbol.name: symbol.kind.name for symbol in nested(await editor.symbols(file)) if symbol.name in kinds}
    assert outline == (kinds if where in ("outline", "both") else plain)
    found = {}
    for name in kinds:
        symbols = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams(query=name))
        found |= {symbol.name: symbol.kind.name for symbol in symbols if symbol.name == name}
    assert found == (kinds if where in ("search", "both") else plain)


async def test_plain_hover_for_clients_without_markdown(start, workspace):
    def adapt(capabilities):
        capabilities.text_document.hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])

    editor = await start(workspace(PROGRAMS["python"].files), adapt=adapt)
    await editor.ready()
    document, position = editor.position("call")
    hover = await editor.client.text_document_hover_async(types.HoverParams(document, position))
    assert hover.contents.kind == types.MarkupKind.PlainText
    assert "```" not in hover.contents.value


@pytest.mark.parametrize("reads", [True, False])
async def test_hovers_link_where_markdown_is_read(start, workspace, reads):
    def adapt(capabilities):
        capabilities.text_document.hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
        markdown = types.MarkdownClientCapabilities(parser="marked")
        capabilities.general = types.GeneralClientCapabilities(markdown=markdown if reads else None)

    editor = await start(workspace(PROGRAMS["python"].files), adapt=adapt)
    await editor.ready()
    text = await editor.hover("call")
    assert ("](file:///" in text) == reads
    # Where a hover is cut, what it says of itself is still seen.
    assert text.index(" · ") < text.index("rice of several")


async def test_languages_do_not_answer_for_each_other(start, workspace):
    editor = await start(
        workspace(
            {
                "a.py": "def ⟦py:shared⟧():\n    pass\n\n⟦py_use:shared⟧()\n",
                "b.go": "package b\n\nfunc ⟦go:shared⟧() {\n\t⟦go_use:shared⟧()\n}\n",
                "c.rs": "fn ⟦rs:shared⟧() {\n    ⟦rs_use:shared⟧()\n}\n",
            }
        )
    )
    await editor.ready()
    for language in ("py", "go", "rs"):
        assert await editor.definition(f"{language}_use") == [language]
        assert await editor.references(language) == [language, f"{language}_use"]
    found = await editor.workspace_symbols("shared")
    assert sorted(found) == [("shared", "go"), ("shared", "py"), ("shared", "rs")]
