"""Malformed frames, abuse, and how the process ends."""

import json
import os
import signal
import subprocess
import sys

import pytest
from wire import Wire

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR = -32603


@pytest.fixture
def wire(command, workspace):
    with Wire(command) as wire:
        wire.folder = workspace({"a.py": "def f(): pass\n"})
        wire.initialize(wire.folder.uri())
        wire.ready()
        yield wire


def lives(wire):
    """Whether the next question is answered."""
    reply = wire.ask("textDocument/documentSymbol", {"textDocument": {"uri": wire.folder.uri("a.py")}})
    return [symbol["name"] for symbol in reply["result"]] == ["f"]


def with_header(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"nonsense", b"\xff\xfe\x00", b'{"jsonrpc": "2.0", "id": 9, "method"', b"[" * 10_000, b'"\\ud800"'],
    ids=["cut off", "empty", "no JSON", "no UTF-8", "cut off later", "deeply nested", "lone surrogate"],
)
def test_a_body_that_cannot_be_read_gets_a_parse_error(wire, body):
    wire.raw(with_header(body))
    reply = wire.until(lambda frame: "error" in frame)
    assert reply["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST) and reply["id"] is None
    assert lives(wire)


@pytest.mark.parametrize(
    "message, code",
    [
        ({"jsonrpc": "2.0", "id": 900, "method": "no/such"}, METHOD_NOT_FOUND),
        ({"jsonrpc": "2.0", "id": 900, "method": "$/no/such"}, METHOD_NOT_FOUND),
        ({"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover"}, INVALID_PARAMS),
        ({"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": {"position": 3}}, INVALID_PARAMS),
        ({"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": [1, 2]}, INVALID_PARAMS),
    ],
)
def test_requests_that_make_no_sense_get_the_right_error(wire, message, code):
    wire.raw(wire.frame(message))
    assert wire.reply(900)["error"]["code"] == code
    assert lives(wire)


@pytest.mark.parametrize(
    "message",
    [[], 7, "text", None, {}, {"jsonrpc": "1.0", "method": "x"}, {"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 4, "result": {}}],
)
def test_json_that_is_no_message_does_no_harm(wire, message):
    wire.raw(wire.frame(message))
    assert lives(wire)


@pytest.mark.parametrize(
    "notification, params",
    [
        ("$/no/such", {}),
        ("no/such", {}),
        ("textDocument/didOpen", None),
        ("textDocument/didOpen", {"textDocument": 4}),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///x.py", "version": 3}, "contentChanges": [{"text": "x"}]}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened.py"}}),
        ("workspace/didChangeWatchedFiles", {"changes": [{"uri": "nonsense", "type": 77}]}),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": [{"uri": "", "name": ""}], "removed": []}}),
        ("workspace/didChangeConfiguration", {"settings": 4}),
        ("$/cancelRequest", {"id": None}),
        ("$/setTrace", {"value": "verbose"}),
    ],
)
def test_notifications_that_make_no_sense_do_no_harm(wire, notification, params):
    message = {"jsonrpc": "2.0", "method": notification}
    wire.raw(wire.frame(message if params is None else {**message, "params": params}))
    assert lives(wire)


def test_headers_in_any_order_case_and_with_others(wire):
    body = json.dumps({"jsonrpc": "2.0", "id": 901, "method": "coppice/status"}).encode()
    for header in (
        b"content-length: %d\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\nX-Other: y\r\n\r\n",
    ):
        wire.raw(header % len(body) + body)
        assert wire.reply(901)["result"]["ready"]


def test_a_frame_may_come_in_single_bytes(wire):
    for byte in wire.frame({"jsonrpc": "2.0", "id": 902, "method": "coppice/status"}):
        wire.raw(bytes([byte]))
    assert wire.reply(902)["result"]["ready"]


@pytest.mark.parametrize("header", [b"Content-Length: abc\r\n\r\n", b"Content-Length: -5\r\n\r\n", b"nonsense\r\n\r\n", b"\r\n\r\n"])
def test_headers_that_make_no_sense_are_survived(wire, header):
    wire.raw(header)
    assert lives(wire)


@pytest.mark.parametrize("length", [10 * 2**30, 65 * 2**20, 2**63, 10**40])
def test_a_length_beyond_the_limit_is_refused_without_growth(wire, length):
    before = wire.rss()
    wire.raw(b"Content-Length: %d\r\n\r\n" % length)
    for _ in range(64):
        wire.raw(b" " * 65_536)
    assert lives(wire)
    assert wire.rss() - before < 16 * 2**20


def test_a_header_without_end_is_refused_without_growth(wire):
    before = wire.rss()
    for _ in range(200):
        wire.raw(b"X" * 65_536)
    assert lives(wire)
    assert wire.rss() - before < 16 * 2**20


@pytest.mark.parametrize("place", ["inline", "later", "pool"])
def test_a_panicking_handler_is_an_error_of_its_request_only(command, place):
    with Wire(command, {"COPPICE_TEST_HOOKS": "1"}) as wire:
        wire.initialize()
        for _ in range(20):
            assert wire.ask("coppice/test/panic", {"place": place})["error"]["code"] == INTERNAL_ERROR
            assert wire.ask("coppice/test/quick")["result"] == "quick"
        wire.send("coppice/test/panicNotification")
        assert wire.ask("coppice/test/quick")["result"] == "quick"


def test_the_hooks_of_tests_are_off_otherwise(wire):
    assert wire.ask("coppice/test/panic", {"place": "inline"})["error"]["code"] == METHOD_NOT_FOUND
    assert lives(wire)


def test_end_of_input_ends_the_server(wire):
    wire.process.stdin.close()
    assert wire.ends() == 1


def test_exit_without_shutdown_is_an_error(wire):
    wire.send("exit")
    assert wire.ends() == 1


def test_exit_after_shutdown_is_well(wire):
    assert wire.ask("shutdown")["result"] is None
    wire.send("exit")
    assert wire.ends() == 0


def test_the_server_goes_with_the_process_that_started_it(command, workspace):
    folder = workspace({"a.py": "x = 1\n"})
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with Wire(command) as wire:
        wire.initialize(folder.uri(), process=parent.pid)
        wire.ready()
        parent.kill()
        parent.wait()
        assert wire.ends() == 1


def test_the_server_has_no_children(wire):
    children = f"/proc/{wire.process.pid}/task/{wire.process.pid}/children"
    if not os.path.exists(children):
        pytest.skip("this system does not list children")
    with open(children) as children:
        assert children.read() == ""


def test_a_killed_client_leaves_no_server(command, workspace):
    """The pipes of a killed client end, and with them the server."""
    folder = workspace({"a.py": "x = 1\n"})
    wire = Wire(command)
    wire.initialize(folder.uri(), process=os.getpid())
    wire.ready()
    wire.process.stdin.close()
    wire.process.stdout.close()
    assert wire.ends() in (0, 1, -signal.SIGPIPE)
