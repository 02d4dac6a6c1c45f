"""A tiny language server for Python that has the fault it is told to have, for `coppice doctor` to find.

The variable FAULT names the fault.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from urllib.parse import unquote

FAULT = os.environ.get("FAULT", "none")
WORD = re.compile(r"\w+")


def read():
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def write(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


def text_of(uri):
    return Path(unquote(uri.removeprefix("file://"))).read_text()


def occurrences(name, pattern=r"\b{}\b"):
    found = []
    for path in sorted(Path(FOLDER).rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines()):
            for match in re.finditer(pattern.format(name), line):
                found.append({"uri": f"file://{path}", "range": span(number, match.end() - len(name), match.end())})
    return found


def span(line, start, end):
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def word_at(params):
    line = text_of(params["textDocument"]["uri"]).splitlines()[params["position"]["line"]]
    column = params["position"]["character"]
    return next((m.group() for m in WORD.finditer(line) if m.start() <= column <= m.end()), None)


def answer(method, params):
    if method == "initialize":
        global FOLDER
        FOLDER = unquote(params["workspaceFolders"][0]["uri"].removeprefix("file://"))
        return {"serverInfo": {"name": "faulty", "version": "0"}, "capabilities": {}}
    if method == "coppice/status":
        return status()
    if method == "shutdown" or FAULT == "knows nothing":
        return None
    if method == "textDocument/documentSymbol":
        uri = params["textDocument"]["uri"]
        own = [place for place in occurrences(r"\w+", r"(?<=def ){}") if place["uri"] == uri]
        names = re.findall(r"def (\w+)", text_of(uri))
        lines = [number for number, line in enumerate(text_of(uri).splitlines()) if "def " in line]
        return [
            {"name": name, "kind": 12, "range": span(line, 0, 99), "selectionRange": span(line, 4, 4 + len(name))}
            for name, line, _ in zip(names, lines, own)
        ]
    if method == "workspace/symbol":
        name = "other" if FAULT == "loses names" else params["query"]
        return [{"name": name, "kind": 12, "location": place} for place in occurrences(name, r"(?<=def ){}\b")]
    name = word_at(params)
    if method == "textDocument/hover":
        return {"contents": {"kind": "markdown", "value": f"```python\ndef {name}\n```\n\nin some file"}}
    pattern = r"\b{}\b" if method == "textDocument/references" else r"(?<=def ){}\b"
    return occurrences(name, pattern)


def status():
    loaded = FAULT not in ("never ready", "fails")
    state = "failed" if FAULT == "fails" else "loaded" if loaded else "loading"
    python = len(list(Path(FOLDER).rglob("*.py")))
    return {
        "version": "0",
        "ready": loaded,
        "memory": {"limitBytes": 1000, "usedBytes": 2000 if FAULT == "over budget" else 500, "highWaterBytes": 500, "rssBytes": 9000},
        "folders": [
            {
                "uri": f"file://{FOLDER}",
                "state": state,
                "files": python,
                "lines": 10,
                "symbols": 2,
                "references": 2,
                "residentBytes": 100,
                "languages": {"python": python} if python else {},
                "lastError": "no room" if FAULT == "fails" else None,
                "skipped": [{"uri": f"file://{FOLDER}/big.py", "why": "larger than 1 MiB"}],
            }
        ],
    }


while (message := read()) is not None:
    method = message["method"]
    if method == "exit":
        time.sleep(60 if FAULT == "lingers" else 0)
        sys.exit(7 if FAULT == "ends badly" else 0)
    if "id" in message:
        if FAULT == "dies" and method == "textDocument/hover":
            print("out of order", file=sys.stderr)
            sys.exit(3)
        if FAULT == "refuses" and method == "textDocument/references":
            write({"id": message["id"], "error": {"code": -32603, "message": "not today"}})
        else:
            write({"id": message["id"], "result": answer(method, message.get("params"))})
