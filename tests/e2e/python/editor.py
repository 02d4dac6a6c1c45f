"""An editor as far as a language server can tell: pytest-lsp's client, with every frame checked."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from pathlib import Path
from typing import Any, Iterable

from lsprotocol import types
from marked import Place, Workspace, path_of, uri
from metamodel import CLIENT, SERVER, Conversation
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import register_lsp_features
from pytest_lsp.protocol import LanguageClientProtocol
from wire import END_WAIT

PROFILES = Path(__file__).parent / "profiles"
READY_WAIT = 60.0
VSCODE, NEOVIM, EMACS = "visual-studio-code", "neovim", "emacs"
# What pytest-lsp's client has no answer for.
REFRESHES = [
    types.WORKSPACE_CODE_LENS_REFRESH,
    types.WORKSPACE_FOLDING_RANGE_REFRESH,
    types.WORKSPACE_INLAY_HINT_REFRESH,
    types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
]
LANGUAGE_IDS = {
    ".py": "python", ".rs": "rust", ".ts": "typescript", ".tsx": "typescriptreact",
    ".js": "javascript", ".jsx": "javascriptreact", ".go": "go", ".java": "java",
    ".c": "c", ".h": "c", ".cc": "cpp",
}  # fmt: skip


class CheckedProtocol(LanguageClientProtocol):
    """Shows every frame to the conversation before it is used."""

    conversation: Conversation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation = Conversation()
        self.arrived = asyncio.Event()

    def structure_message(self, data: dict[str, Any]) -> Any:
        if "jsonrpc" in data:
            # pygls turns what it does not know into objects, in place.
            self.conversation.add(SERVER, copy.deepcopy(data))
            self.arrived.set()
        return super().structure_message(data)

    def set_writer(self, writer: Any, include_headers: bool = True) -> None:
        super().set_writer(Tee(writer, self.conversation), include_headers)


class Tee:
    """A writer that shows what is written."""

    def __init__(self, writer: Any, conversation: Conversation) -> None:
        self.writer = writer
        self.conversation = conversation

    def write(self, data: bytes) -> Any:
        self.conversation.add(CLIENT, json.loads(data.split(b"\r\n\r\n", 1)[1]))
        return self.writer.write(data)

    def close(self) -> Any:
        return self.writer.close()


class Editor:
    """Drives one server; files are named by their paths inside the first workspace."""

    def __init__(self, client: LanguageClient, workspace: Workspace) -> None:
        self.client = client
        self.workspace = workspace
        self.versions: dict[str, int] = {}
        self.encoding = "utf-16"
        self.server: types.InitializeResult | None = None

    @classmethod
    async def start(
        cls,
        command: list[str],
        workspace: Workspace,
        *,
        profile: str | types.ClientCapabilities = VSCODE,
        folders: Iterable[Path] | None = None,
        settings: Any = None,
        configuration: dict[str, Any] | None = None,
        adapt: Any = None,
        held: bool = False,
        picked: str | None = None,
    ) -> Editor:
        """`held`: its folders are opened, and their builds stand still until they are let go by `hold(False)`; `picked`: what
        the user picks where a message offers a choice."""
        if held:
            command = ["env", "COPPICE_TEST_HOOKS=1", *command]
        client = LanguageClient(
            protocol_cls=CheckedProtocol, converter_factory=default_converter, configuration=configuration
        )
        register_lsp_features(client)
        for method in ("coppice/statusChanged", "experimental/serverStatus"):
            client.feature(method)(lambda _client, _params: None)
        for method in (types.CLIENT_REGISTER_CAPABILITY, types.CLIENT_UNREGISTER_CAPABILITY, *REFRESHES):
            client.feature(method)(lambda *_: None)
        choice = types.MessageActionItem(title=picked) if picked else None
        client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(lambda *_: choice)
        await client.start_io(*command)
        editor = cls(client, workspace)
        roots = [workspace.root] if folders is None else list(folders)
        capabilities = client_capabilities(profile) if isinstance(profile, str) else profile
        if adapt:
            adapt(capabilities)
        params = types.InitializeParams(
            capabilities=capabilities,
            root_uri=uri(roots[0]) if roots and not held else None,
            workspace_folders=[] if held else entries(roots),
            initialization_options=settings,
            work_done_token="initializing",
        )
        client.progress_reports["initializing"] = []
        editor.server = await client.initialize_session(params)
        encoding = editor.server.capabilities.position_encoding
        editor.encoding = encoding.value if hasattr(encoding, "value") else encoding or "utf-16"
        if held:
            await editor.hold(True)
            event = types.WorkspaceFoldersChangeEvent(added=entries(roots), removed=[])
            client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event=event))
        return editor

    async def hold(self, held: bool) -> None:
        """Keeps builds from reading files, or lets them go on; for a server that was started `held`."""
        await self.request("coppice/test/hold", {"held": held})

    @property
    def conversation(self) -> Conversation:
        return self.client.protocol.conversation

    async def stop(self) -> int:
        """Shuts the server down; its exit code."""
        await self.client.shutdown_session()
        process = self.client._server
        code = await asyncio.wait_for(process.wait(), END_WAIT)
        await self.client.stop()
        return code

    # Documents

    def open(self, file: str, marked: str | None = None) -> None:
        """Opens a file, with a text that may differ from the one on disk."""
        text = self.workspace.texts[file] if marked is None else self.workspace.read_marks(file, marked)
        self.versions[file] = 1
        item = types.TextDocumentItem(
            uri=self.workspace.uri(file), language_id=LANGUAGE_IDS.get(Path(file).suffix, "plaintext"), version=1, text=text
        )
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def replace(self, file: str, marked: str) -> None:
        """Replaces the whole text of an open file."""
        text = self.workspace.read_marks(file, marked)
        self.change(file, types.TextDocumentContentChangeWholeDocument(text=text))

    def change(self, file: str, *changes: Any) -> None:
        self.versions[file] += 1
        document = types.VersionedTextDocumentIdentifier(uri=self.workspace.uri(file), version=self.versions[file])
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=document, content_changes=list(changes))
        )

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces the only occurrence of a string by an incremental change."""
        text = self.workspace.texts[file]
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        at = text.index(old)
        before = text[:at]
        first = types.Position(before.count("\n"), self.units(before[before.rfind("\n") + 1 :]))
        whole = text[: at + len(old)]
        last = types.Position(whole.count("\n"), self.units(whole[whole.rfind("\n") + 1 :]))
        self.workspace.read_marks(file, before + new + text[at + len(old) :])
        self.change(file, types.TextDocumentContentChangePartial(range=types.Range(first, last), text=new))

    def close(self, file: str) -> None:
        del self.versions[file]
        document = types.TextDocumentIdentifier(uri=self.workspace.uri(file))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))

    def changed_on_disk(self, *files: str, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
        """Tells the server of changes on disk, as a client that watches does."""
        changes = [types.FileEvent(uri=self.workspace.uri(file), type=kind) for file in files]
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=changes))

    # Positions

    def units(self, text: str) -> int:
        """The length of a text in the negotiated encoding."""
        if self.encoding == "utf-8":
            return len(text.encode())
        if self.encoding == "utf-32":
            return len(text)
        return len(text.encode("utf-16-le")) // 2

    def position(self, key: str, within: int = 0) -> tuple[types.TextDocumentIdentifier, types.Position]:
        """The place of a mark, `within` characters into it."""
        place = self.workspace.marks[key]
        column = self.units(self.workspace.line(place)[: place.start + within])
        return types.TextDocumentIdentifier(self.workspace.uri(place.file)), types.Position(place.line, column)

    def range(self, place: Place) -> types.Range:
        line = self.workspace.line(place)
        start, end = self.units(line[: place.start]), self.units(line[: place.end])
        return types.Range(types.Position(place.line, start), types.Position(place.line, end))

    def keys(self, locations: Any) -> list[str]:
        """The keys of the marks that locations are exactly equal to; where there is none, the location itself."""
        if locations is None:
            return []
        found = []
        for location in locations if isinstance(locations, (list, tuple)) else [locations]:
            if isinstance(location, types.LocationLink):
                location = types.Location(location.target_uri, location.target_selection_range)
            found.append(self.key(location))
        return sorted(found)

    def key(self, location: types.Location) -> str:
        path = path_of(location.uri)
        for key, place in self.workspace.marks.items():
            if self.workspace.root / place.file == path and self.range(place) == location.range:
                return key
        start = location.range.start
        return f"{path}:{start.line}:{start.character}"

    # Questions

    async def definition(self, key: str, within: int = 0) -> list[str]:
        document, position = self.position(key, within)
        return self.keys(await self.client.text_document_definition_async(types.DefinitionParams(document, position)))

    async def declaration(self, key: str) -> list[str]:
        document, position = self.position(key)
        return self.keys(await self.client.text_document_declaration_async(types.DeclarationParams(document, position)))

    async def type_definition(self, key: str) -> list[str]:
        document, position = self.position(key)
        params = types.TypeDefinitionParams(document, position)
        return self.keys(await self.client.text_document_type_definition_async(params))

    async def implementation(self, key: str) -> list[str]:
        document, position = self.position(key)
        params = types.ImplementationParams(document, position)
        return self.keys(await self.client.text_document_implementation_async(params))

    async def references(self, key: str, declaration: bool = True) -> list[str]:
        document, position = self.position(key)
        context = types.ReferenceContext(include_declaration=declaration)
        params = types.ReferenceParams(context=context, text_document=document, position=position)
        return self.keys(await self.client.text_document_references_async(params))

    async def highlights(self, key: str) -> list[str]:
        document, position = self.position(key)
        result = await self.client.text_document_document_highlight_async(
            types.DocumentHighlightParams(document, position)
        )
        return self.keys([types.Location(document.uri, highlight.range) for highlight in result or []])

    async def hover(self, key: str) -> str:
        document, position = self.position(key)
        hover = await self.client.text_document_hover_async(types.HoverParams(document, position))
        return "" if hover is None else getattr(hover.contents, "value", str(hover.contents))

    async def prepare_rename(self, key: str) -> Any:
        document, position = self.position(key)
        return await self.client.text_document_prepare_rename_async(types.PrepareRenameParams(document, position))

    async def rename(self, key: str, name: str) -> types.WorkspaceEdit:
        document, position = self.position(key)
        return await self.client.text_document_rename_async(
            types.RenameParams(text_document=document, position=position, new_name=name)
        )

    def applied(self, edit: types.WorkspaceEdit) -> dict[str, str]:
        """The texts of the files that an edit changes, as they are then; a file that is renamed by its new name."""
        changes = [(uri, None, edits) for uri, edits in (edit.changes or {}).items()]
        moves = {}
        for change in edit.document_changes or []:
            if isinstance(change, types.TextDocumentEdit):
                changes.append((change.text_document.uri, change.text_document.version, change.edits))
            else:
                moves[change.old_uri] = change.new_uri
        texts = {}
        for uri, version, edits in changes:
            file = str(path_of(uri).relative_to(self.workspace.root))
            assert version in (None, self.versions.get(file))
            target = str(path_of(moves.get(uri, uri)).relative_to(self.workspace.root))
            texts[target] = self.edited(self.workspace.texts[file], edits)
        return texts

    def edited(self, text: str, edits: Iterable[Any]) -> str:
        """A text with edits applied, which must not overlap."""
        spans = sorted((self.offset(text, e.range.start), self.offset(text, e.range.end), e.new_text) for e in edits)
        out, at = "", 0
        for start, end, new in spans:
            assert start >= at, "edits overlap"
            out, at = out + text[at:start] + new, end
        return out + text[at:]

    def offset(self, text: str, position: types.Position) -> int:
        lines = text.split("\n")
        before = sum(len(line) + 1 for line in lines[: position.line])
        line = lines[position.line]
        return before + next(n for n in range(len(line) + 1) if self.units(line[:n]) == position.character)

    async def symbols(self, file: str) -> list[Any]:
        document = types.TextDocumentIdentifier(self.workspace.uri(file))
        return list(await self.client.text_document_document_symbol_async(types.DocumentSymbolParams(document)) or [])

    async def outline(self, file: str) -> Any:
        """Names of the symbols of a file, nested as they are."""
        return [outline(symbol) for symbol in await self.symbols(file)]

    async def workspace_symbols(self, query: str) -> list[tuple[str, str]]:
        """Names and keys of the symbols found."""
        result = await self.client.workspace_symbol_async(types.WorkspaceSymbolParams(query=query))
        return [(symbol.name, self.key(symbol.location)) for symbol in result or []]

    async def status(self) -> dict[str, Any]:
        """`coppice/status` as plain JSON."""
        await self.request("coppice/status", None)
        frames = reversed(self.conversation.frames)
        return next(frame["result"] for sender, frame in frames if sender == SERVER and "memory" in str(frame.get("result")))

    async def request(self, method: str, params: Any) -> Any:
        return await self.client.protocol.send_request_async(method, params)

    async def error(self, question: Any) -> JsonRpcException:
        """The error that a question ends in."""
        try:
            answer = await question
        except JsonRpcException as error:
            return error
        raise AssertionError(f"an answer instead of an error: {answer}")

    # Waiting

    async def ready(self) -> dict[str, Any]:
        """Waits until no folder is being built; the status then."""
        return await self.until(lambda status: status["ready"])

    async def until(self, holds: Any, wait: float = READY_WAIT) -> dict[str, Any]:
        deadline = time.monotonic() + wait
        while True:
            status = await self.status()
            if holds(status):
                return status
            assert time.monotonic() < deadline, f"still not so after {wait} s: {json.dumps(status)}"
            await asyncio.sleep(0.02)

    async def eventually(self, question: Any, expected: Any, wait: float = READY_WAIT) -> None:
        """Asks until the answer is the expected one; for what follows changes on disk."""
        deadline = time.monotonic() + wait
        while (answer := await question()) != expected:
            assert time.monotonic() < deadline, f"still {answer!r} after {wait} s, expected {expected!r}"
            await asyncio.sleep(0.05)

    async def received(self, method: str, holds: Any = lambda params: True, wait: float = READY_WAIT) -> dict[str, Any]:
        """The params of the first notification or request of a method for which something holds."""
        deadline = time.monotonic() + wait
        while True:
            for sender, frame in self.conversation.frames:
                if sender == SERVER and frame.get("method") == method and holds(frame.get("params")):
                    return frame.get("params")
            left = deadline - time.monotonic()
            assert left > 0, f"no such {method} within {wait} s"
            self.client.protocol.arrived.clear()
            try:
                await asyncio.wait_for(self.client.protocol.arrived.wait(), left)
            except asyncio.TimeoutError:
                pass

    def diagnostics(self, file: str) -> list[types.Diagnostic]:
        return list(self.client.diagnostics.get(self.workspace.uri(file), []))


def recorded(editor: str) -> types.ClientCapabilities:
    """What an editor says that it can do, by its name in `profiles`."""
    text = (PROFILES / f"{editor}.json").read_text()
    return default_converter().structure(json.loads(text), types.ClientCapabilities)


def entries(roots: Iterable[Path]) -> list[types.WorkspaceFolder]:
    return [types.WorkspaceFolder(uri=uri(root), name=root.name) for root in roots]


def outline(symbol: Any) -> Any:
    children = [outline(child) for child in getattr(symbol, "children", None) or []]
    return (symbol.name, children) if children else symbol.name
