"""A client that can misbehave: it writes bytes, and reads frames as they come."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from typing import Any

from metamodel import CLIENT, SERVER, Conversation

# No machine is so busy that it takes this long, and no test waits for it unless it fails.
ANSWER_WAIT = 60.0
END_WAIT = 60.0


class Wire:
    """One server and its pipes."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        self.conversation = Conversation()
        self.arrivals: queue.Queue[dict | None] = queue.Queue()
        self.kept: list[dict] = []
        self.next_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass

    def read(self) -> None:
        while (frame := self.read_frame()) is not None:
            self.conversation.add(SERVER, frame)
            self.arrivals.put(frame)
        self.arrivals.put(None)

    def read_frame(self) -> dict | None:
        """The next frame; nothing once the output has ended or was closed."""
        length = None
        try:
            while line := self.process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            return None if length is None else json.loads(self.process.stdout.read(length))
        except ValueError:
            return None

    def raw(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    @staticmethod
    def frame(message: Any) -> bytes:
        body = json.dumps(message).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    def send(self, method: str, params: Any = None, id: Any = None) -> None:
        message = {"jsonrpc": "2.0", "method": method}
        if id is not None:
            message["id"] = id
        if params is not None:
            message["params"] = params
        self.conversation.add(CLIENT, message)
        self.raw(self.frame(message))

    def request(self, method: str, params: Any = None) -> int:
        self.next_id += 1
        self.send(method, params, self.next_id)
        return self.next_id

    def reply(self, id: Any, wait: float = ANSWER_WAIT) -> dict:
        """The response with an id; what the server asks meanwhile is answered with null."""
        return self.until(lambda frame: "method" not in frame and frame.get("id") == id, wait)

    def ask(self, method: str, params: Any = None) -> dict:
        return self.reply(self.request(method, params))

    def until(self, holds: Any, wait: float = ANSWER_WAIT) -> dict:
        for i, frame in enumerate(self.kept):
            if holds(frame):
                return self.kept.pop(i)
        deadline = time.monotonic() + wait
        while True:
            frame = self.arrivals.get(timeout=max(0.0, deadline - time.monotonic()))
            if frame is None:
                raise EOFError("the server closed its output")
            if "method" in frame and "id" in frame:
                response = {"jsonrpc": "2.0", "id": frame["id"], "result": self.answer(frame)}
                self.conversation.add(CLIENT, response)
                self.raw(self.frame(response))
            if holds(frame):
                return frame
            self.kept.append(frame)

    @staticmethod
    def answer(frame: dict) -> Any:
        if frame["method"] == "workspace/configuration":
            return [None] * len(frame["params"]["items"])
        return None

    def initialize(self, *folders: str, process: int | None = None, **options: Any) -> dict:
        reply = self.ask(
            "initialize",
            {
                "processId": process,
                "rootUri": folders[0] if folders else None,
                "workspaceFolders": [{"uri": folder, "name": folder.rsplit("/", 1)[-1]} for folder in folders],
                "capabilities": {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}},
                **options,
            },
        )
        self.send("initialized", {})
        return reply

    def ready(self, wait: float = 60.0) -> dict:
        deadline = time.monotonic() + wait
        while True:
            status = self.ask("coppice/status")["result"]
            if status["ready"]:
                return status
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def rss(self) -> int:
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def ends(self) -> int:
        """The exit code of a server that should be ending. How soon it has to is for `tests/transport.rs` to say."""
        return self.process.wait(END_WAIT)
