"""Names that lead into dependencies: those in the folder, and in a store that the user names."""

import pytest
from lsprotocol import types

TYPESCRIPT = {
    "app.ts": "import { make } from 'engine';\nconst it = ⟦call:make⟧();\nit.⟦member:run⟧();\n",
    "other.ts": "export class Mine {\n    run() {}\n}\n",
    "node_modules/engine/package.json": '{"name": "engine", "types": "lib/index.d.ts"}',
    "node_modules/engine/lib/index.d.ts": "export * from './engine';\n",
    "node_modules/engine/lib/engine.d.ts": (
        "export declare class Engine {\n    /** Starts it. */\n    ⟦run⟧(): void;\n}\n"
        "export declare function ⟦make⟧(): Engine;\n"
    ),
}
PYTHON = {
    "app.py": "from engine import Engine\nEngine().⟦member:run⟧()\n",
    "env/pyvenv.cfg": "home = /usr/bin\n",
    "env/lib/python3.11/site-packages/engine.py": (
        'class Engine:\n    def ⟦run⟧(self):\n        """Starts it."""\n        return 1\n'
    ),
}


@pytest.mark.parametrize(("files", "package"), [(TYPESCRIPT, "engine"), (PYTHON, "engine")])
async def test_a_member_of_a_library_is_found(start, workspace, files, package):
    editor = await start(workspace(files))
    await editor.ready()
    assert await editor.definition("member") == ["run"]
    hover = await editor.hover("member")
    assert "run" in hover and "Starts it." in hover
    assert "node_modules" not in str(await editor.workspace_symbols("run"))
    status = await editor.status()
    known = status["folders"][0]["dependencies"]
    assert known["state"] == "read" and [p["name"] for p in known["packages"]] == [package]
    assert status["memory"]["dependencyBytes"] == known["bytes"] > 0


async def test_uses_of_a_library_are_those_in_the_folder(start, workspace):
    editor = await start(workspace(TYPESCRIPT))
    await editor.ready()
    await editor.definition("member")
    assert await editor.references("member") == ["member"]
    completions = await editor.client.text_document_completion_async(
        types.CompletionParams(*editor.position("member"))
    )
    assert "run" in [item.label for item in getattr(completions, "items", completions)]


async def test_without_dependencies_names_stay_outside(start, workspace):
    editor = await start(workspace(TYPESCRIPT), settings={"dependencies": "off"})
    await editor.ready()
    assert await editor.definition("member") == []
    assert "outside the folder" in await editor.hover("member")
    assert (await editor.status())["folders"][0]["dependencies"]["state"] == "none"


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("a.py", "import os\nos.⟦use:getcwd⟧()\n", "getcwd"),
        ("a.ts", 'import { run } from "engine";\n⟦use:run⟧();\n', "run"),
        ("a.go", 'package a\n\nimport "fmt"\n\nfunc f() { fmt.⟦use:Println⟧() }\n', "Println"),
        ("A.java", "import java.util.List;\nclass A { ⟦use:List⟧ all; }\n", "List"),
        ("a.rs", "use std::fs;\nfn f() { fs::⟦use:read⟧(); }\n", "read"),
    ],
)
async def test_a_hover_on_what_nothing_read_has_says_so(start, workspace, file, text, name):
    editor = await start(workspace({file: text}))
    await editor.ready()
    hover = await editor.hover("use")
    assert name in hover and "outside the folder" in hover, hover
