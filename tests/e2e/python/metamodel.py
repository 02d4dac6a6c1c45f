"""Checks every frame of a conversation against the protocol's metaModel.

No package ships `metaModel.json` itself. lsprotocol's types are generated from it, one class per structure and one
entry per message, with what the metaModel says of directions, optional properties, literals and integer ranges; so
this module reads the model back from them. What coppice adds to the protocol is described here in the same form.
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import types as python_types
import typing
from typing import Any, Literal, Mapping, Optional, Sequence, Union

import attrs
from lsprotocol import types

CLIENT = "clientToServer"
SERVER = "serverToClient"


@attrs.define
class ServerStatus:
    """`experimental/serverStatus`, as rust-analyzer describes it."""

    health: Literal["ok", "warning", "error"]
    quiescent: bool
    message: Optional[str] = None


@attrs.define
class Memory:
    limit_bytes: int
    used_bytes: int
    reserved_bytes: int
    resident_bytes: int
    retained_bytes: int
    document_bytes: int
    high_water_bytes: int
    rss_bytes: int


@attrs.define
class Skipped:
    uri: str
    why: str


@attrs.define
class Folder:
    uri: str
    name: str
    state: Literal["unloaded", "loading", "loaded", "rebuilding", "failed", "evicted"]
    stale: bool
    pinned: bool
    generation: int
    resident_bytes: int
    high_water_bytes: int
    files: int
    lines: int
    symbols: int
    references: int
    languages: Mapping[str, int]
    skipped: Sequence[Skipped]
    retry_count: int
    last_good_at: Union[str, None]
    age_ms: int
    last_error: Union[str, None]
    build_ms: Union[int, None]
    watcher: Literal["client", "native", "poll", "none"]
    note: Union[str, None]
    skipped_more: int
    progress_percent: Union[int, None] = None


@attrs.define
class Status:
    version: str
    pid: int
    uptime_ms: int
    ready: bool
    memory: Memory
    folders: Sequence[Folder]


@attrs.define
class Hold:
    """The parameters of `coppice/test/hold`, which only tests have."""

    held: bool


# Properties that newer servers may add to `coppice/status` without breaking a client.
OPEN_STRUCTURES = {Status, Memory, Folder}
# Properties that are always there, with null for "none".
NULLABLE = {
    (Folder, name) for name in ("last_good_at", "last_error", "build_ms", "note", "progress_percent")
}

# Of the properties that may be null, those that may also be left out. The others are always there.
OPTIONAL = {
    (types.InitializeParams, "root_path"),
    (types.InitializeParams, "workspace_folders"),
    (types.SignatureHelp, "active_parameter"),
    (types.SignatureInformation, "active_parameter"),
}

OWN_REQUESTS = {"coppice/status": (type(None), Status), "coppice/test/hold": (Hold, type(None))}
OWN_NOTIFICATIONS = {"coppice/statusChanged": Status, "experimental/serverStatus": ServerStatus}

PROGRESS_KINDS = {
    "begin": types.WorkDoneProgressBegin,
    "report": types.WorkDoneProgressReport,
    "end": types.WorkDoneProgressEnd,
}


@functools.cache
def fields(cls: type) -> dict[str, tuple[attrs.Attribute, Any]]:
    """The properties of a structure by their names in JSON, each with its type."""
    if cls.__module__ == types.__name__:
        attrs.resolve_types(cls, types.ALL_TYPES_MAP, {})
    else:
        attrs.resolve_types(cls)
    return {json_name(field.name): (field, field.type) for field in attrs.fields(cls)}


def json_name(name: str) -> str:
    first, *rest = name.removesuffix("_").split("_")
    return first + "".join(part.title() for part in rest)


def check(value: Any, kind: Any, path: str = "$") -> list[str]:
    """What is wrong with a JSON value that should be of a type."""
    if isinstance(kind, typing.ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        kind = types.ALL_TYPES_MAP[kind]
    if kind is Any or kind is object:
        return []
    if kind is None or kind is type(None):
        return [] if value is None else [f"{path}: null expected, found {brief(value)}"]
    origin = typing.get_origin(kind)
    if origin in (Union, python_types.UnionType):
        return check_union(value, typing.get_args(kind), path)
    if origin is Literal:
        return [] if value in typing.get_args(kind) else [f"{path}: {brief(value)} is none of {typing.get_args(kind)}"]
    if origin is tuple:
        return check_tuple(value, typing.get_args(kind), path)
    if origin is not None and issubclass(origin, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{path}: object expected, found {brief(value)}"]
        _, item = typing.get_args(kind)
        return [p for key, v in value.items() for p in check(v, item, f"{path}.{key}")]
    if origin is not None and issubclass(origin, collections.abc.Sequence):
        if not isinstance(value, list):
            return [f"{path}: array expected, found {brief(value)}"]
        (item,) = typing.get_args(kind)
        return [p for i, v in enumerate(value) for p in check(v, item, f"{path}[{i}]")]
    if attrs.has(kind):
        return check_structure(value, kind, path)
    return check_plain(value, kind, path)


def check_plain(value: Any, kind: type, path: str) -> list[str]:
    if issubclass(kind, enum.Enum):
        return [] if value in [member.value for member in kind] else [f"{path}: {brief(value)} is no {kind.__name__}"]
    accepted = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}.get(kind)
    if accepted is None:
        raise TypeError(f"no check for the type {kind!r}")
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        return [f"{path}: {kind.__name__} expected, found {brief(value)}"]
    return []


def check_union(value: Any, kinds: Sequence[Any], path: str) -> list[str]:
    best: list[str] | None = None
    for kind in kinds:
        problems = check(value, kind, path)
        if not problems:
            return []
        if best is None or len(problems) < len(best):
            best = problems
    return best or []


def check_tuple(value: Any, kinds: Sequence[Any], path: str) -> list[str]:
    if not isinstance(value, list) or len(value) != len(kinds):
        return [f"{path}: array of {len(kinds)} expected, found {brief(value)}"]
    return [p for i, (v, kind) in enumerate(zip(value, kinds)) for p in check(v, kind, f"{path}[{i}]")]


def check_structure(value: Any, cls: type, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {cls.__name__} expected, found {brief(value)}"]
    problems = []
    known = fields(cls)
    if cls not in OPEN_STRUCTURES:
        problems += [f"{path}.{name}: {cls.__name__} has no such property" for name in value if name not in known]
    for name, (field, kind) in known.items():
        nullable = (cls, field.name) in NULLABLE or types.is_special_property(cls, field.name)
        if name not in value:
            always = types.is_special_property(cls, field.name) and (cls, field.name) not in OPTIONAL
            if field.default is attrs.NOTHING or always:
                problems.append(f"{path}.{name}: missing from {cls.__name__}")
        elif value[name] is None and field.default is None and not nullable and kind is not Any:
            problems.append(f"{path}.{name}: null, where {cls.__name__} only lets it be left out")
        else:
            found = check(value[name], kind, f"{path}.{name}")
            problems += found or check_validator(field, value[name], f"{path}.{name}")
    return problems + check_meaning(value, cls, path)


def check_validator(field: attrs.Attribute, value: Any, path: str) -> list[str]:
    if field.validator is None or value is None:
        return []
    try:
        field.validator(None, field, value)
    except (ValueError, TypeError) as error:
        return [f"{path}: {error}"]
    return []


def check_meaning(value: dict, cls: type, path: str) -> list[str]:
    """What the metaModel only says in words."""
    problems = []
    if cls is types.Range and "start" in value and "end" in value and point(value["start"]) > point(value["end"]):
        problems.append(f"{path}: ends before it starts: {value}")
    for owner, inner, outer in (
        (types.DocumentSymbol, "selectionRange", "range"),
        (types.LocationLink, "targetSelectionRange", "targetRange"),
    ):
        if cls is owner and inner in value and outer in value and not encloses(value[outer], value[inner]):
            problems.append(f"{path}: {inner} {value[inner]} is not inside {outer} {value[outer]}")
    return problems


def point(position: dict) -> tuple[int, int]:
    return position.get("line", 0), position.get("character", 0)


def encloses(outer: dict, inner: dict) -> bool:
    return point(outer["start"]) <= point(inner["start"]) and point(inner["end"]) <= point(outer["end"])


def brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class Conversation:
    """The frames of one connection, with what is wrong with each."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, dict]] = []
        self.problems: list[str] = []
        self.requests: dict[tuple[str, Any], str] = {}
        self.progress: dict[Any, str] = {}
        self.partial: dict[Any, str] = {}

    def add(self, sender: str, frame: Any) -> None:
        self.frames.append((sender, frame))
        found = self.check_frame(sender, frame)
        self.problems += [f"{sender} {problem} in {brief(frame)}" for problem in found]

    def check_frame(self, sender: str, frame: Any) -> list[str]:
        if not isinstance(frame, dict):
            return ["the frame is no object"]
        problems = [] if frame.get("jsonrpc") == "2.0" else ["jsonrpc is not 2.0"]
        problems += [f"unknown member {key}" for key in frame if key not in ("jsonrpc", "id", "method", "params", "result", "error")]
        if "method" not in frame:
            return problems + self.check_response(sender, frame)
        if "id" in frame:
            return problems + self.check_request(sender, frame)
        return problems + self.check_notification(sender, frame)

    def check_request(self, sender: str, frame: dict) -> list[str]:
        method, params = frame["method"], frame.get("params")
        problems = check(frame["id"], Union[int, str], "id")
        if (sender, frame["id"]) in self.requests:
            problems.append(f"the id {frame['id']} is in use")
        self.requests[sender, frame["id"]] = method
        self.note_token(sender, method, params)
        if method in OWN_REQUESTS:
            return problems + check(params, OWN_REQUESTS[method][0], "params")
        return problems + self.check_direction(sender, method) + self.check_params(method, params)

    def check_notification(self, sender: str, frame: dict) -> list[str]:
        method, params = frame["method"], frame.get("params")
        if method in OWN_NOTIFICATIONS:
            return check(params, OWN_NOTIFICATIONS[method], "params")
        problems = self.check_direction(sender, method) + self.check_params(method, params)
        if method == types.PROGRESS and not problems:
            problems += self.check_progress(params)
        return problems

    def check_direction(self, sender: str, method: str) -> list[str]:
        if method not in types.METHOD_TO_TYPES:
            return [f"{method} is not in the protocol"]
        allowed = types.message_direction(method)
        return [] if allowed in (sender, "both") else [f"{method} goes {allowed} only"]

    def check_params(self, method: str, params: Any) -> list[str]:
        entry = types.METHOD_TO_TYPES.get(method)
        if entry is None or "params" not in fields(entry[0]):
            return []
        problems = check(params, fields(entry[0])["params"][1], "params")
        if method in (types.CLIENT_REGISTER_CAPABILITY,) and not problems:
            for i, registration in enumerate(params["registrations"]):
                problems += self.check_registration(registration, f"params.registrations[{i}]")
        return problems

    def check_registration(self, registration: dict, path: str) -> list[str]:
        entry = types.METHOD_TO_TYPES.get(registration["method"])
        if registration["method"] == types.WORKSPACE_DID_CHANGE_CONFIGURATION or entry is None:
            return [] if entry else [f"{path}: {registration['method']} is not in the protocol"]
        options = registration.get("registerOptions")
        return check(options, entry[3], f"{path}.registerOptions") if entry[3] and options is not None else []

    def note_token(self, sender: str, method: str, params: Any) -> None:
        if method == types.WINDOW_WORK_DONE_PROGRESS_CREATE and isinstance(params, dict):
            self.progress[params.get("token")] = "created"
        elif sender == CLIENT and isinstance(params, dict) and "workDoneToken" in params:
            self.progress[params["workDoneToken"]] = "created"
        if sender == CLIENT and isinstance(params, dict) and "partialResultToken" in params:
            self.partial[params["partialResultToken"]] = method

    def check_progress(self, params: dict) -> list[str]:
        token, value = params["token"], params["value"]
        if token in self.partial:
            if self.partial[token] not in self.requests.values():
                return [f"a part of the result of {self.partial[token]}, which is answered"]
            result = fields(types.METHOD_TO_TYPES[self.partial[token]][1])["result"][1]
            return check(value, result, "params.value") if value else ["an empty part"]
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind not in PROGRESS_KINDS:
            return [f"progress of the kind {kind!r}"]
        before = self.progress.get(token)
        expected = {"begin": ("created",), "report": ("begin", "report"), "end": ("begin", "report")}[kind]
        self.progress[token] = kind
        problems = check(value, PROGRESS_KINDS[kind], "params.value")
        if before not in expected:
            problems.append(f"progress {token!r}: {kind} after {before}")
        return problems

    def check_response(self, sender: str, frame: dict) -> list[str]:
        asker = SERVER if sender == CLIENT else CLIENT
        if "id" not in frame:
            return ["a response without an id"]
        method = self.requests.pop((asker, frame["id"]), None)
        if ("result" in frame) == ("error" in frame):
            return ["a response has either a result or an error"]
        if "error" in frame:
            problems = check_structure(frame["error"], types.ResponseError, "error")
            # An error about a frame that could not be read belongs to no request.
            return problems if method or frame["id"] is None else problems + [f"no request {frame['id']}"]
        if method is None:
            return [f"no request {frame['id']}"]
        if method in OWN_REQUESTS:
            return check(frame["result"], OWN_REQUESTS[method][1], "result")
        entry = types.METHOD_TO_TYPES.get(method)
        if entry is None or entry[1] is None:
            return []
        problems = check(frame["result"], fields(entry[1])["result"][1], "result")
        return [f"{method} {problem}" for problem in problems]

    def unanswered(self) -> list[str]:
        """The client's requests that the server has not replied to."""
        return [f"{method} ({id})" for (sender, id), method in self.requests.items() if sender == CLIENT]
