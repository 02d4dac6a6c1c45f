"""The checker itself: right frames pass, each kind of wrong one is seen."""

import pytest
from lsprotocol import types
from metamodel import CLIENT, SERVER, Conversation, check

RANGE = {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 4}}


def request(id, method, params=None):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def response(id, result):
    return {"jsonrpc": "2.0", "id": id, "result": result}


POSITION_PARAMS = {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}}


def talk(*frames):
    conversation = Conversation()
    for sender, frame in frames:
        conversation.add(sender, frame)
    return conversation.problems


def test_a_right_conversation_passes():
    assert not talk(
        (CLIENT, request(1, "textDocument/hover", POSITION_PARAMS)),
        (SERVER, response(1, {"contents": {"kind": "markdown", "value": "x"}, "range": RANGE})),
        (CLIENT, request(2, "textDocument/definition", POSITION_PARAMS)),
        (SERVER, response(2, [{"uri": "file:///a", "range": RANGE}])),
        (CLIENT, request(3, "textDocument/documentSymbol", {"textDocument": {"uri": "file:///a"}})),
        (SERVER, response(3, [{"name": "f", "kind": 12, "range": RANGE, "selectionRange": RANGE}])),
        (CLIENT, request(4, "textDocument/hover", POSITION_PARAMS)),
        (SERVER, response(4, None)),
        (SERVER, request("t", "window/workDoneProgress/create", {"token": "p"})),
        (SERVER, {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": "p", "value": {"kind": "begin", "title": "x", "percentage": 0}}}),
        (SERVER, {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": "p", "value": {"kind": "end"}}}),
    )


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"contents": {"kind": "html", "value": "x"}}, id="unknown markup kind"),
        pytest.param({"contents": {"kind": "markdown"}}, id="missing property"),
        pytest.param({"contents": "x", "extra": 1}, id="unknown property"),
        pytest.param({"contents": "x", "range": None}, id="null for an optional property"),
        pytest.param({"contents": "x", "range": {"start": RANGE["end"], "end": RANGE["start"]}}, id="backwards range"),
        pytest.param({"contents": "x", "range": {"start": {"line": -1, "character": 0}, "end": RANGE["end"]}}, id="negative line"),
        pytest.param({"contents": "x", "range": {"start": {"line": 0.5, "character": 0}, "end": RANGE["end"]}}, id="fraction"),
        pytest.param([], id="a list for an object"),
    ],
)
def test_a_wrong_hover_is_seen(result):
    assert talk((CLIENT, request(1, "textDocument/hover", POSITION_PARAMS)), (SERVER, response(1, result)))


@pytest.mark.parametrize(
    "sender, frame",
    [
        pytest.param(SERVER, response(7, None), id="reply to nothing"),
        pytest.param(SERVER, {"jsonrpc": "2.0", "id": 1}, id="neither result nor error"),
        pytest.param(SERVER, {"id": 1, "result": None}, id="no version"),
        pytest.param(SERVER, request(1, "textDocument/hover", POSITION_PARAMS), id="wrong direction"),
        pytest.param(SERVER, {"jsonrpc": "2.0", "method": "window/showMessage", "params": {"type": 9, "message": ""}}, id="unknown kind"),
        pytest.param(SERVER, {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": 1, "value": {"kind": "report"}}}, id="progress of nothing"),
        pytest.param(SERVER, {"jsonrpc": "2.0", "method": "coppice/other", "params": {}}, id="unknown method"),
        pytest.param(CLIENT, request(1, "textDocument/hover", {"position": {"line": 0, "character": 0}}), id="incomplete params"),
    ],
)
def test_a_wrong_frame_is_seen(sender, frame):
    assert talk((sender, frame))


def test_a_name_outside_its_symbol_is_seen():
    outside = {"start": {"line": 9, "character": 0}, "end": {"line": 9, "character": 1}}
    symbol = {"name": "f", "kind": 12, "range": RANGE, "selectionRange": outside}
    assert check(symbol, types.DocumentSymbol)
    assert not check({**symbol, "selectionRange": RANGE}, types.DocumentSymbol)


def test_every_message_of_the_model_can_be_checked():
    for method, (message, response_type, _, _) in types.METHOD_TO_TYPES.items():
        for cls in filter(None, (message, response_type)):
            check({}, cls)
        assert types.message_direction(method) in (CLIENT, SERVER, "both")
