"""Answers reflect exactly what came before their questions, and each question gets one reply."""

import random
import time

import pytest
from marked import uri
from metamodel import CLIENT
from wire import Wire

EDITS = 2_000
CANCELS = 1_000
CANCELLED, CONTENT_MODIFIED = -32800, -32801


@pytest.fixture
def wire(command, workspace):
    with Wire(command) as wire:
        wire.folder = workspace({f"m{i}.py": module(i) for i in range(30)})
        wire.initialize(wire.folder.uri())
        wire.ready()
        yield wire
        assert not wire.conversation.problems


def module(i):
    return "".join(f"def common_{j}(a):\n    return common_{(j + 1) % 40}(a)\n\n\n" for j in range(40)) + f"x{i} = 1\n"


def names(result):
    return [symbol["name"] for symbol in result]


def test_every_answer_reflects_exactly_the_edits_before_it(wire):
    document = wire.folder.uri("m0.py")
    wire.open(document, "")
    expected, names_now, choose = {}, [], random.Random(7)
    for edit in range(EDITS):
        version = edit + 2
        if len(names_now) > 40 or names_now and choose.random() < 0.3:
            line = choose.randrange(len(names_now))
            names_now.pop(line)
            change = {"range": span(line, line + 1), "text": ""}
        else:
            line = choose.randint(0, len(names_now))
            names_now.insert(line, f"name_{edit}")
            change = {"range": span(line, line), "text": f"name_{edit} = {edit}\n"}
        wire.send(
            "textDocument/didChange",
            {"textDocument": {"uri": document, "version": version}, "contentChanges": [change]},
        )
        request = wire.request("textDocument/documentSymbol", {"textDocument": {"uri": document}})
        expected[request] = list(names_now)
    answered = 0
    for request, wanted in expected.items():
        reply = wire.reply(request)
        if "error" in reply:
            assert reply["error"]["code"] == CONTENT_MODIFIED, reply
        else:
            answered += 1
            assert names(reply["result"]) == wanted, f"after {request} requests"
    assert answered > 0 and names(wire.ask("textDocument/documentSymbol", {"textDocument": {"uri": document}})["result"]) == names_now


def span(first, last):
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


def test_a_thousand_cancels_get_one_reply_each(wire):
    position = {"line": 0, "character": 5}
    params = {"textDocument": {"uri": wire.folder.uri("m1.py")}, "position": position, "context": {"includeDeclaration": True}}
    requests = []
    for _ in range(CANCELS):
        request = wire.request("textDocument/references", params)
        wire.send("$/cancelRequest", {"id": request})
        requests.append(request)
    replies = [wire.reply(request) for request in requests]
    assert all("result" in reply or reply["error"]["code"] == CANCELLED for reply in replies)
    assert not wire.conversation.unanswered()
    wire.send("$/cancelRequest", {"id": requests[0]})
    wire.send("$/cancelRequest", {"id": "never sent"})
    assert wire.ask("coppice/status")["result"]["ready"]
    seen = [frame["id"] for sender, frame in wire.conversation.frames if sender != CLIENT and "method" not in frame]
    assert len(seen) == len(set(seen))


def test_a_quick_request_behind_slow_ones_takes_as_long_as_alone(command):
    def fastest():
        """Of a few, so that it says what the server takes and not what else the machine does."""
        times = []
        for _ in range(20):
            started = time.monotonic()
            assert wire.ask("coppice/test/quick")["result"] == "quick"
            times.append(time.monotonic() - started)
        return min(times)

    with Wire(command, {"COPPICE_TEST_HOOKS": "1"}) as wire:
        wire.initialize()
        alone = fastest()
        slow = [wire.request("coppice/test/slow", {"milliseconds": 600_000}) for _ in range(8)]
        assert fastest() < alone + 0.1
        for request in slow:
            wire.send("$/cancelRequest", {"id": request})
        assert all(wire.reply(request)["error"]["code"] == CANCELLED for request in slow)


def test_status_is_answered_while_a_folder_is_being_built(command, workspace):
    folder = workspace({"a.py": "x = 1\n"})
    with Wire(command, {"COPPICE_TEST_HOOKS": "1"}) as wire:
        wire.initialize()
        wire.ask("coppice/test/hold", {"held": True})
        event = {"added": [{"uri": folder.uri(), "name": "held"}], "removed": []}
        wire.send("workspace/didChangeWorkspaceFolders", {"event": event})
        status = wire.ask("coppice/status")["result"]
        assert [(folder["uri"], folder["state"]) for folder in status["folders"]] == [(uri(folder.root), "loading")]
        assert not status["ready"]
