"""Every method that the table of methods has as served, asked by each editor as far as its capabilities tell the server.

The conversation is checked frame by frame against the protocol, as everywhere; here that is half of the test.
"""

import asyncio
import re
from pathlib import Path

import pytest
from contents import CONTENTS
from editor import PROFILES, recorded
from languages import PROGRAMS
from lsprotocol import types
from metamodel import CLIENT, SERVER

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "docs" / "lsp.md"
EDITORS = sorted(file.stem for file in PROFILES.glob("*.json"))
LANGUAGES = ["python", "rust", "typescript", "tsx", "javascript", "go", "java", "c", "cpp"]


def served():
    """The methods of the table that are served."""
    rows = re.findall(r"^\| `([^`]+)` \| (yes|always) \|", TABLE.read_text(), re.MULTILINE)
    return {method for method, _ in rows}


def test_the_table_has_every_message_of_a_client():
    rows = re.findall(r"^\| `([^`]+)` \| (?:yes|always|no) \|", TABLE.read_text(), re.MULTILINE)
    sent = [m for m in types.METHOD_TO_TYPES if types.message_direction(m) in (CLIENT, "both")]
    assert sorted(rows) == sorted(sent)


class Questions:
    """Asks everything about one program; each answer that is not there fails."""

    def __init__(self, editor, program, language):
        self.editor = editor
        self.program = program
        self.language = language
        self.content = CONTENTS[language]
        self.ask = editor.client.protocol.send_request_async
        self.tell = editor.client.protocol.notify
        self.app = types.TextDocumentIdentifier(editor.workspace.uri(program.app))
        self.model = types.TextDocumentIdentifier(editor.workspace.uri(program.model))

    def at(self, key, of=types.TextDocumentPositionParams, **more):
        document, position = self.editor.position(key)
        return of(text_document=document, position=position, **more)

    async def places(self):
        """What leads from a name to places."""
        for method, of, key in [
            ("textDocument/declaration", types.DeclarationParams, "call"),
            ("textDocument/definition", types.DefinitionParams, "call"),
            ("textDocument/typeDefinition", types.TypeDefinitionParams, "use"),
            ("textDocument/implementation", types.ImplementationParams, "construct"),
            ("textDocument/documentHighlight", types.DocumentHighlightParams, "use"),
            ("textDocument/hover", types.HoverParams, "construct"),
            ("textDocument/moniker", types.MonikerParams, "construct"),
            ("textDocument/prepareRename", types.PrepareRenameParams, "use"),
        ]:
            assert await self.ask(method, self.at(key, of)), method
        context = types.ReferenceContext(include_declaration=True)
        assert await self.ask("textDocument/references", self.at("use", types.ReferenceParams, context=context))
        edit = await self.ask("textDocument/rename", self.at("use", types.RenameParams, new_name="product"))
        after = self.editor.applied(edit)[self.program.app]
        assert after.count("product") == 2, after

    async def hierarchies(self):
        # In C the program's `total` is a field, which has no callers.
        key = "main" if self.language == "c" else "call"
        [item] = await self.ask("textDocument/prepareCallHierarchy", self.at(key, types.CallHierarchyPrepareParams))
        incoming = await self.ask("callHierarchy/incomingCalls", types.CallHierarchyIncomingCallsParams(item))
        assert self.language == "c" or [call.from_.name for call in incoming] == ["main"]
        [item] = await self.ask("textDocument/prepareCallHierarchy", self.at("main", types.CallHierarchyPrepareParams))
        outgoing = await self.ask("callHierarchy/outgoingCalls", types.CallHierarchyOutgoingCallsParams(item))
        places = [(self.key(call.to), self.editor.keys(self.here(call.from_ranges))) for call in outgoing or []]
        assert sorted(places) == self.content.outgoing
        assert await self.family("construct") == ("Item", [], [])
        if "Kin" in self.editor.workspace.marks:
            assert await self.family("Kin") == ("Kin", ["Base"], [])
            assert await self.family("Base") == ("Base", [], ["Kin"])

    async def family(self, key):
        """A type, those above it and those below it."""
        [item] = await self.ask("textDocument/prepareTypeHierarchy", self.at(key, types.TypeHierarchyPrepareParams))
        above = await self.ask("typeHierarchy/supertypes", types.TypeHierarchySupertypesParams(item))
        below = await self.ask("typeHierarchy/subtypes", types.TypeHierarchySubtypesParams(item))
        return self.key(item), [self.key(i) for i in above or []], [self.key(i) for i in below or []]

    def key(self, item):
        return self.editor.key(types.Location(item.uri, item.selection_range))

    def here(self, ranges):
        return [types.Location(self.app.uri, range) for range in ranges]

    async def document(self):
        """What is told of a whole document."""
        for method, of in [
            ("textDocument/documentSymbol", types.DocumentSymbolParams),
            ("textDocument/foldingRange", types.FoldingRangeParams),
        ]:
            assert await self.ask(method, of(self.app)), method
        links = await self.ask("textDocument/documentLink", types.DocumentLinkParams(self.app))
        assert links or self.language == "go", "a package is no file"
        _, position = self.editor.position("call")
        [selection] = await self.ask("textDocument/selectionRange", types.SelectionRangeParams(self.app, [position]))
        assert selection.parent
        whole = types.Range(types.Position(0, 0), types.Position(99, 0))
        tokens = await self.ask("textDocument/semanticTokens/full", types.SemanticTokensParams(self.app))
        delta = await self.ask("textDocument/semanticTokens/full/delta", types.SemanticTokensDeltaParams(self.app, tokens.result_id or "-" if tokens else "-"))
        part = await self.ask("textDocument/semanticTokens/range", types.SemanticTokensRangeParams(self.app, whole))
        # Who knows no tokens is told none.
        colours = self.editor.server.capabilities.semantic_tokens_provider is not None
        assert colours == bool(tokens and tokens.data and part.data and delta)
        hints = await self.ask("textDocument/inlayHint", types.InlayHintParams(self.app, whole))
        _, argument = self.editor.position("call", within=len("total") + 1)
        told = [(text_of(hint.label), hint.kind, hint.position) for hint in hints or []]
        assert told == ([] if self.language == "c" else [("count:", types.InlayHintKind.Parameter, argument)])
        for hint in hints or []:
            more = await self.ask("inlayHint/resolve", hint)
            assert more.position == hint.position and text_of(more.label) == "count:"
            assert [part.location.uri for part in more.label] == [self.model.uri]
        lenses = await self.ask("textDocument/codeLens", types.CodeLensParams(self.app))
        assert lenses or self.language == "c"
        for lens in lenses or []:
            assert re.match(r"\d+\+? (reference|caller|implementation)", (await self.ask("codeLens/resolve", lens)).command.title)

    async def writing(self):
        place = self.at("call", types.CompletionParams)
        place.position = types.Position(place.position.line, place.position.character + 2)
        found = await self.ask("textDocument/completion", place)
        items = getattr(found, "items", found)
        [item] = [item for item in items if item.label.lower().startswith("total")]
        assert (await self.ask("completionItem/resolve", item)).label == item.label
        _, position = self.editor.position("call", within=len("total") + 1)
        params = types.SignatureHelpParams(self.app, position)
        help = await self.ask("textDocument/signatureHelp", params)
        assert self.language == "c" or help.signatures[0].label
        assert await self.ask("textDocument/linkedEditingRange", self.at("use", types.LinkedEditingRangeParams)) is None
        if self.language in ("tsx", "javascript"):
            linked = await self.ask("textDocument/linkedEditingRange", self.at("opening", types.LinkedEditingRangeParams))
            ends = [self.editor.range(self.editor.workspace.marks[end]) for end in ("opening", "closing")]
            assert list(linked.ranges) == ends
        assert await self.actions("construct") == []
        kin, text = self.content.kin[0], self.editor.workspace.texts[self.content.kin[0]]
        if self.content.imported:
            title, line = self.content.imported
            [action] = await self.actions("loose")
            assert (action.title, action.kind) == (title, types.CodeActionKind.QuickFix)
            after = self.editor.applied(action.edit)
            assert list(after) == [kin] and after[kin].count(line) == 1 and after[kin].replace(line, "") == text
        if "begun" in self.editor.workspace.marks:
            [action] = await self.actions("begun")
            assert action.title == "Create function `begun`"
            after = self.editor.applied(action.edit)
            assert list(after) == [kin] and after[kin].count("begun()") == text.count("begun()") + 1

    async def actions(self, key):
        document, position = self.editor.position(key)
        context = types.CodeActionContext(diagnostics=[])
        params = types.CodeActionParams(document, types.Range(position, position), context)
        return list(await self.ask("textDocument/codeAction", params) or [])

    async def knowing(self):
        report = await self.ask("textDocument/diagnostic", types.DocumentDiagnosticParams(self.app))
        assert report.kind == "full"
        # Without news the server would wait for some: what was wrong with a file before is not any more.
        before = [types.PreviousResultId(self.model.uri, "before")]
        report = await self.ask("workspace/diagnostic", types.WorkspaceDiagnosticParams(previous_result_ids=before))
        assert [(item.uri, list(item.items)) for item in report.items] == [(self.model.uri, [])]
        symbols = await self.ask("workspace/symbol", types.WorkspaceSymbolParams(query="Item"))
        assert "Item" in [symbol.name for symbol in symbols]
        graph = types.ExecuteCommandParams("coppice.graph", [{"uri": self.app.uri}])
        assert (await self.ask("workspace/executeCommand", graph))["nodes"]

    async def files(self):
        """Files that come, move and go: what has to be edited with them, and then what happened."""
        uri = self.editor.workspace.uri
        model = Path(self.program.model)
        created = types.CreateFilesParams([types.FileCreate(uri("src/new" + model.suffix))])
        moved = types.RenameFilesParams([types.FileRename(self.model.uri, uri(str(model.with_name("moved" + model.suffix))))])
        gone = types.DeleteFilesParams([types.FileDelete(self.model.uri)])
        for method, files, replaced in [
            ("workspace/willCreateFiles", created, self.content.created),
            ("workspace/willRenameFiles", moved, self.content.moved),
            ("workspace/willDeleteFiles", gone, self.content.deleted),
        ]:
            edit = await self.ask(method, files)
            expected = {file: self.replaced(file, pairs) for file, pairs in replaced.items()}
            assert (self.editor.applied(edit) if edit else {}) == expected, method
        self.tell("workspace/didCreateFiles", created)
        self.tell("workspace/didRenameFiles", moved)
        self.tell("workspace/didDeleteFiles", gone)

    def replaced(self, file, pairs):
        text = self.editor.workspace.texts[file]
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    async def documents(self):
        """A document that is changed, saved and closed; its folder and settings that change."""
        self.editor.edit(self.program.app, "2)", "3)")
        self.tell("textDocument/didSave", types.DidSaveTextDocumentParams(self.app))
        self.editor.close(self.program.app)
        self.editor.changed_on_disk(self.program.app)
        self.tell("workspace/didChangeConfiguration", types.DidChangeConfigurationParams({"coppice": {}}))
        gone = types.WorkspaceFolder(self.editor.workspace.uri(), "folder")
        event = types.WorkspaceFoldersChangeEvent(added=[], removed=[gone])
        self.tell("workspace/didChangeWorkspaceFolders", types.DidChangeWorkspaceFoldersParams(event))
        asked = asyncio.ensure_future(self.ask("workspace/symbol", types.WorkspaceSymbolParams(query="x")))
        await asyncio.sleep(0)
        self.tell("$/cancelRequest", types.CancelParams(id=self.last_id()))
        await asyncio.wait([asked])

    def last_id(self):
        asked = [f["id"] for sender, f in self.editor.conversation.frames if sender == CLIENT and "id" in f and "method" in f]
        return asked[-1]


def text_of(label):
    return label if isinstance(label, str) else "".join(part.value for part in label)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("profile", EDITORS)
async def test_every_method_that_is_served_answers(start, workspace, profile, language):
    program = PROGRAMS[language]
    kin, text = CONTENTS[language].kin
    editor = await start(workspace(program.files | {kin: text}), profile=recorded(profile), stays=False)
    await editor.ready()
    editor.open(program.app)
    editor.open(kin)
    questions = Questions(editor, program, language)
    for part in ("places", "hierarchies", "document", "writing", "knowing", "files", "documents"):
        await getattr(questions, part)()
    assert await editor.stop() == 0
    frames = editor.conversation.frames
    sent = {frame["method"] for sender, frame in frames if sender == CLIENT and "method" in frame}
    # In the program in C there is nothing to hint at.
    without = {"inlayHint/resolve"} if language == "c" else set()
    assert served() - sent == without
    errors = [frame["error"] for sender, frame in frames if sender == SERVER and "error" in frame]
    # What was cancelled.
    assert [error["code"] for error in errors] in ([], [types.LSPErrorCodes.RequestCancelled]), errors
    assert editor.conversation.problems == [] and editor.conversation.unanswered() == []
