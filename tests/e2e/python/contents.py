"""What is to be said of each language's program, beside what `languages` marks in it, and of a file next to that: types one
above the other, and a use of what that file does not import."""

from __future__ import annotations

from typing import NamedTuple


class Content(NamedTuple):
    kin: tuple[str, str]
    """The file beside the program: `Kin` is below `Base`, `loose` names what could be imported."""
    outgoing: list[tuple[str, list[str]]]
    """What `main` calls, and where."""
    imported: tuple[str, str] | None
    """The action that would import it, and the line that it adds."""
    moved: dict[str, list[tuple[str, str]]]
    """What is replaced in other files if the model's file is called `moved`."""
    deleted: dict[str, list[tuple[str, str]]] = {}
    """The same if it is deleted."""
    created: dict[str, list[tuple[str, str]]] = {}
    """The same if there is a new file `src/new`."""


CONTENTS = {
    "python": Content(
        kin=(
            "kin.py",
            "class ⟦Base⟧:\n    pass\n\n\nclass ⟦Kin⟧(Base):\n    pass\n\n\ndef loose():\n    ⟦loose:Item⟧()\n    ⟦begun⟧()\n",
        ),
        outgoing=[("Item", ["construct"]), ("total", ["call"])],
        imported=("Import `Item` from `shop.model`", "from shop.model import Item\n\n"),
        moved={"app.py": [("shop.model", "shop.moved")]},
    ),
    "rust": Content(
        kin=(
            "src/kin.rs",
            "pub trait ⟦Base⟧ {}\n\npub trait ⟦Kin⟧: Base {}\n\nfn loose() {\n    let _ = ⟦loose:Item⟧;\n    ⟦begun⟧();\n}\n",
        ),
        outgoing=[("total", ["call"])],
        imported=("Import `Item` from `crate::model`", "use crate::model::Item;\n\n"),
        moved={"src/main.rs": [("mod model", "mod moved"), ("use model", "use moved")]},
        deleted={"src/main.rs": [("mod model;\n", "")]},
        created={"src/main.rs": [("mod model;\n", "mod model;\nmod new;\n")]},
    ),
    "typescript": Content(
        kin=(
            "src/kin.ts",
            "class ⟦Base⟧ {}\n\nclass ⟦Kin⟧ extends Base {}\n\nfunction loose() {\n    new ⟦loose:Item⟧();\n    ⟦begun⟧();\n}\n",
        ),
        outgoing=[("Item", ["construct"]), ("total", ["call"])],
        imported=("Import `Item` from `./model`", "import { Item } from './model';\n\n"),
        moved={"src/app.ts": [("./model", "./moved")]},
    ),
    "tsx": Content(
        kin=(
            "src/kin.tsx",
            "class ⟦Base⟧ {}\n\nclass ⟦Kin⟧ extends Base {}\n\nfunction loose() {\n    new ⟦loose:Item⟧();\n"
            "    return <⟦opening:b⟧>1</⟦closing:b⟧>;\n}\n",
        ),
        outgoing=[("Item", ["construct"]), ("total", ["call"])],
        imported=("Import `Item` from `./model`", "import { Item } from './model';\n\n"),
        moved={"src/app.tsx": [("./model", "./moved")]},
    ),
    "javascript": Content(
        kin=(
            "lib/kin.js",
            "class ⟦Base⟧ {}\n\nclass ⟦Kin⟧ extends Base {}\n\nfunction loose() {\n    new ⟦loose:Item⟧();\n"
            "    return <⟦opening:b⟧>1</⟦closing:b⟧>;\n}\n",
        ),
        outgoing=[("Item", ["construct"]), ("total", ["call"])],
        imported=("Import `Item` from `./model`", "import { Item } from './model';\n\n"),
        moved={"lib/app.js": [("./model.js", "./moved.js")]},
    ),
    "go": Content(
        kin=(
            "kin.go",
            "package main\n\ntype ⟦Base⟧ struct{}\n\ntype ⟦Kin⟧ struct{ Base }\n\n"
            "func loose() {\n\t_ = ⟦loose:model⟧.Item{}\n\t⟦begun⟧()\n}\n",
        ),
        outgoing=[("total", ["call"])],
        imported=("Import `model` from `example.com/shop/model`", 'import "example.com/shop/model"\n\n'),
        # A package is known by its directory.
        moved={},
    ),
    "java": Content(
        kin=(
            "src/main/java/app/Kin.java",
            "package app;\n\nclass ⟦Base⟧ {}\n\nclass ⟦Kin⟧ extends Base {\n    void loose() {\n        new ⟦loose:Item⟧();\n"
            "        ⟦begun⟧();\n    }\n}\n",
        ),
        outgoing=[("total", ["call"])],
        imported=("Import `Item` from `shop`", "import shop.Item;\n\n"),
        # It is the class that is imported.
        moved={},
    ),
    "c": Content(
        kin=("kin.c", "struct Alone { int x; };\n"),
        # `total` is a field there.
        outgoing=[],
        imported=None,
        moved={"main.c": [("shop/model.h", "shop/moved.h")]},
    ),
    "cpp": Content(
        kin=("kin.cc", "class ⟦Base⟧ {};\n\nclass ⟦Kin⟧ : public Base {};\n"),
        outgoing=[("total", ["call"])],
        imported=None,
        moved={"main.cc": [("shop/model.h", "shop/moved.h")]},
    ),
}
