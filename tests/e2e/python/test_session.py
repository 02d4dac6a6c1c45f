"""From `initialize` to `exit`: capabilities, progress, status, settings."""

import asyncio
import time

import pytest
from editor import EMACS, NEOVIM, VSCODE
from languages import PROGRAMS
from lsprotocol import types
from wire import END_WAIT, Wire

FILES = PROGRAMS["python"].files


async def test_initialize_says_who_and_what(start, workspace):
    editor = await start(workspace(FILES))
    server = editor.server
    assert server.server_info.name == "coppice"
    assert server.server_info.version
    capabilities = server.capabilities
    for provider in (
        "definition_provider",
        "declaration_provider",
        "type_definition_provider",
        "implementation_provider",
        "references_provider",
        "document_highlight_provider",
        "hover_provider",
        "document_symbol_provider",
        "workspace_symbol_provider",
    ):
        assert getattr(capabilities, provider), provider
    assert capabilities.workspace.workspace_folders.supported
    assert capabilities.workspace.workspace_folders.change_notifications
    sync = capabilities.text_document_sync
    assert (sync.change if hasattr(sync, "change") else sync) == types.TextDocumentSyncKind.Incremental


@pytest.mark.parametrize(
    "offered, expected",
    [(None, "utf-16"), (["utf-16"], "utf-16"), (["utf-8", "utf-16"], "utf-8"), (["utf-32", "utf-16"], "utf-32")],
)
async def test_the_position_encoding_is_negotiated(start, workspace, offered, expected):
    def adapt(capabilities):
        capabilities.general = capabilities.general or types.GeneralClientCapabilities()
        capabilities.general.position_encodings = offered and [types.PositionEncodingKind(kind) for kind in offered]

    text = "𝒳ü = 1\nprint(𝒳ü, ⟦f:'𝒳ü'⟧); ⟦d:name⟧ = 2; '𝒳𝒳üü'; ⟦u:name⟧\n"
    editor = await start(workspace({"a.py": text}), adapt=adapt)
    assert editor.encoding == expected
    await editor.ready()
    assert await editor.definition("u") == ["d"]
    assert await editor.references("d") == ["d", "u"]


async def test_initialize_does_not_wait_for_the_build(start, workspace):
    body = "".join(f"def function_{i}(a, b):\n    return function_{i}(b, a)\n\n\n" for i in range(500))
    many = workspace({f"m{i}.py": body for i in range(40)})
    started = time.monotonic()
    editor = await start(many)
    initialized = time.monotonic() - started
    await editor.ready()
    ready = time.monotonic() - started
    assert initialized < ready / 2, "it takes a part of the time, however long that is here"


async def test_a_build_reports_progress_in_percent(start, workspace):
    editor = await start(workspace(FILES), profile=VSCODE)
    await editor.ready()
    end = await editor.received("$/progress", lambda params: params["value"]["kind"] == "end")
    values = [
        frame["params"]["value"]
        for _, frame in editor.conversation.frames
        if frame.get("method") == "$/progress" and frame["params"]["token"] == end["token"]
    ]
    assert values[0]["kind"] == "begin" and values[0]["title"]
    percentages = [value["percentage"] for value in values if "percentage" in value]
    assert percentages == sorted(percentages) and percentages


async def test_status_counts_what_is_there(start, workspace):
    editor = await start(workspace(FILES))
    status = await editor.ready()
    (folder,) = status["folders"]
    assert folder["uri"] == editor.workspace.uri() and folder["name"] == "folder"
    assert folder["state"] == "loaded" and not folder["stale"] and folder["lastError"] is None
    assert folder["languages"] == {"python": 3} and folder["files"] == 3
    assert folder["symbols"] >= 3 and folder["references"] >= 4 and folder["lines"] >= 12
    memory = status["memory"]
    assert 0 < folder["residentBytes"] <= memory["usedBytes"] <= memory["highWaterBytes"] <= memory["limitBytes"]
    assert memory["rssBytes"] > 0


async def test_status_is_also_a_command_and_a_notification(start, workspace):
    editor = await start(workspace(FILES))
    await editor.ready()
    params = types.ExecuteCommandParams(command="coppice.status")
    result = await editor.client.workspace_execute_command_async(params)
    assert result is not None
    await editor.received("coppice/statusChanged", lambda status: status["folders"][0]["state"] == "loaded")


async def test_server_status_for_clients_that_opt_in(start, workspace):
    def adapt(capabilities):
        capabilities.experimental = {"serverStatusNotification": True}

    editor = await start(workspace(FILES), adapt=adapt)
    await editor.ready()
    status = await editor.received("experimental/serverStatus", lambda params: params["quiescent"])
    assert status["health"] == "ok"


async def test_a_question_during_the_build_waits_for_its_answer(start, workspace):
    editor = await start(workspace(FILES), held=True)
    answer = asyncio.ensure_future(editor.definition("call"))
    assert (await editor.status())["folders"][0]["state"] == "loading"
    assert not answer.done()
    await editor.hold(False)
    assert await answer == ["total"]


async def test_what_is_local_to_a_file_is_answered_during_the_build(start, workspace):
    editor = await start(workspace(FILES), held=True)
    editor.open("app.py")
    assert await editor.outline("app.py")
    assert await editor.highlights("use") == ["local", "use"]
    assert (await editor.status())["folders"][0]["state"] == "loading"
    await editor.hold(False)
    await editor.ready()


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM, EMACS])
async def test_settings_in_the_options(start, workspace, profile):
    settings = {"memory": {"limitMb": 77}}
    editor = await start(workspace(FILES), profile=profile, settings=settings)
    status = await editor.ready()
    assert status["memory"]["limitBytes"] in (77 * 1024 * 1024, 77 * 1000 * 1000)


async def test_settings_by_configuration_while_running(start, workspace):
    editor = await start(workspace(FILES), configuration={"": {"coppice": {"memory": {"limitMb": 64}}}})
    await editor.until(lambda status: status["memory"]["limitBytes"] <= 64 * 1024 * 1024)
    editor.client.set_configuration({"memory": {"limitMb": 33}}, section="coppice")
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    await editor.until(lambda status: status["memory"]["limitBytes"] <= 33 * 1024 * 1024)


async def test_a_bad_setting_is_named_and_its_default_kept(start, workspace):
    editor = await start(workspace(FILES), settings={"memory": {"limitMb": "much"}, "files": {"maxBytes": 500_000}})
    status = await editor.ready()
    assert status["memory"]["limitBytes"] > 100_000_000
    await editor.received("window/showMessage", lambda params: "memory.limitMb" in params["message"])


async def test_requests_before_initialize_are_refused(command):
    with Wire(command) as wire:
        reply = wire.ask("textDocument/hover", {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}})
        assert reply["error"]["code"] == -32002
        assert "result" in wire.initialize()


async def test_after_shutdown_only_exit_is_taken(start, workspace):
    editor = await start(workspace(FILES), stays=False)
    await editor.client.shutdown_async(None)
    error = await editor.error(editor.symbols("app.py"))
    assert error.code == -32600
    editor.client.exit(None)
    assert await asyncio.wait_for(editor.client._server.wait(), END_WAIT) == 0
    await editor.client.stop()


async def test_commands_for_a_folder(start, workspace):
    editor = await start(workspace(FILES))
    generation = (await editor.ready())["folders"][0]["generation"]

    async def run(command):
        params = types.ExecuteCommandParams(command=command, arguments=[editor.workspace.uri()])
        return await editor.client.workspace_execute_command_async(params)

    await run("coppice.pin")
    assert (await editor.status())["folders"][0]["pinned"]
    await run("coppice.unpin")
    assert not (await editor.status())["folders"][0]["pinned"]
    await run("coppice.evict")
    status = await editor.until(lambda status: status["folders"][0]["state"] == "evicted")
    assert status["folders"][0]["residentBytes"] == 0
    assert await editor.definition("call") == ["total"], "an evicted folder comes back on demand"
    await run("coppice.reload")
    await editor.until(lambda status: status["ready"] and status["folders"][0]["generation"] > generation)
