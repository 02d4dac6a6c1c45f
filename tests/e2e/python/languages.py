"""The same small program in every language: a type with a method in one file, used from another.

The keys are the same everywhere: `Item` and `total` are the definitions, `construct` and `call` their uses, `local`
and `use` a local name. Where a language also imports or mentions the type by name elsewhere, `mentions` lists those keys.
"""

from __future__ import annotations

from typing import NamedTuple


class Program(NamedTuple):
    files: dict[str, str]
    model: str
    """The file that defines the type."""
    app: str
    """The file that uses it."""
    mentions: list[str]
    outline: list
    """Symbols of the model file."""


PYTHON = Program(
    files={
        "shop/__init__.py": "",
        "shop/model.py": '''class ⟦Item⟧:
    """A thing for sale."""

    def ⟦total⟧(self, count: int) -> int:
        """Price of several."""
        return 3 * count
''',
        "app.py": """from shop.model import ⟦import:Item⟧


def ⟦main⟧():
    ⟦local:item⟧ = ⟦construct:Item⟧()
    return ⟦use:item⟧.⟦call:total⟧(2)
""",
    },
    model="shop/model.py",
    app="app.py",
    mentions=["import"],
    outline=[("Item", ["total"])],
)

RUST = Program(
    files={
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2024"\n',
        "src/model.rs": """/// A thing for sale.
pub struct ⟦Item⟧;

impl ⟦impl:Item⟧ {
    /// Price of several.
    pub fn ⟦total⟧(&self, count: u32) -> u32 {
        3 * count
    }
}
""",
        "src/main.rs": """mod model;

use model::⟦import:Item⟧;

fn ⟦main⟧() {
    let ⟦local:item⟧ = ⟦construct:Item⟧;
    let _ = ⟦use:item⟧.⟦call:total⟧(2);
}
""",
    },
    model="src/model.rs",
    app="src/main.rs",
    mentions=["import", "impl"],
    outline=["Item", ("impl Item", ["total"])],
)

TYPESCRIPT = Program(
    files={
        "src/model.ts": """/** A thing for sale. */
export class ⟦Item⟧ {
    /** Price of several. */
    ⟦total⟧(count: number): number {
        return 3 * count;
    }
}
""",
        "src/app.ts": """import { ⟦import:Item⟧ } from "./model";

export function ⟦main⟧(): number {
    const ⟦local:item⟧ = new ⟦construct:Item⟧();
    return ⟦use:item⟧.⟦call:total⟧(2);
}
""",
    },
    model="src/model.ts",
    app="src/app.ts",
    mentions=["import"],
    outline=[("Item", ["total"])],
)

TSX = Program(
    files={
        "src/model.tsx": """/** A thing for sale. */
export class ⟦Item⟧ {
    /** Price of several. */
    ⟦total⟧(count: number): JSX.Element {
        return <b>{3 * count}</b>;
    }
}
""",
        "src/app.tsx": """import { ⟦import:Item⟧ } from "./model";

export function ⟦main⟧() {
    const ⟦local:item⟧ = new ⟦construct:Item⟧();
    return <p>{⟦use:item⟧.⟦call:total⟧(2)}</p>;
}
""",
    },
    model="src/model.tsx",
    app="src/app.tsx",
    mentions=["import"],
    outline=[("Item", ["total"])],
)

JAVASCRIPT = Program(
    files={
        "lib/model.js": """/** A thing for sale. */
export class ⟦Item⟧ {
    /** Price of several. */
    ⟦total⟧(count) {
        return 3 * count;
    }
}
""",
        "lib/app.js": """import { ⟦import:Item⟧ } from "./model.js";

export function ⟦main⟧() {
    const ⟦local:item⟧ = new ⟦construct:Item⟧();
    return ⟦use:item⟧.⟦call:total⟧(2);
}
""",
    },
    model="lib/model.js",
    app="lib/app.js",
    mentions=["import"],
    outline=[("Item", ["total"])],
)

GO = Program(
    files={
        "go.mod": "module example.com/shop\n\ngo 1.22\n",
        "model/model.go": """package model

// Item is a thing for sale.
type ⟦Item⟧ struct{}

// Total is the price of several.
func (i *⟦receiver:Item⟧) ⟦total:Total⟧(count int) int {
	return 3 * count
}
""",
        "main.go": """package main

import "example.com/shop/model"

func ⟦main⟧() {
	⟦local:item⟧ := &model.⟦construct:Item⟧{}
	_ = ⟦use:item⟧.⟦call:Total⟧(2)
}
""",
    },
    model="model/model.go",
    app="main.go",
    mentions=["receiver"],
    outline=["Item", "Total"],
)

JAVA = Program(
    files={
        "src/main/java/shop/Item.java": """package shop;

/** A thing for sale. */
public class ⟦Item⟧ {
    /** Price of several. */
    public int ⟦total⟧(int count) {
        return 3 * count;
    }
}
""",
        "src/main/java/app/Main.java": """package app;

import shop.⟦import:Item⟧;

class Main {
    int ⟦main⟧() {
        ⟦declared:Item⟧ ⟦local:item⟧ = new ⟦construct:Item⟧();
        return ⟦use:item⟧.⟦call:total⟧(2);
    }
}
""",
    },
    model="src/main/java/shop/Item.java",
    app="src/main/java/app/Main.java",
    mentions=["import", "declared"],
    outline=[("Item", ["total"])],
)

C = Program(
    files={
        "shop/model.h": """/** A thing for sale. */
struct ⟦Item⟧ {
    /** Price of several. */
    int (*⟦total⟧)(int count);
};
""",
        "main.c": """#include "shop/model.h"

int ⟦main⟧(void)
{
    struct ⟦construct:Item⟧ ⟦local:item⟧ = {0};
    return ⟦use:item⟧.⟦call:total⟧(2);
}
""",
    },
    model="shop/model.h",
    app="main.c",
    mentions=[],
    outline=[("Item", ["total"])],
)

CPP = Program(
    files={
        "shop/model.h": """/// A thing for sale.
class ⟦Item⟧ {
 public:
  /// Price of several.
  int ⟦total⟧(int count) const { return 3 * count; }
};
""",
        "main.cc": """#include "shop/model.h"

int ⟦main⟧() {
  ⟦construct:Item⟧ ⟦local:item⟧;
  return ⟦use:item⟧.⟦call:total⟧(2);
}
""",
    },
    model="shop/model.h",
    app="main.cc",
    mentions=[],
    outline=[("Item", ["total"])],
)

PROGRAMS = {
    "python": PYTHON,
    "rust": RUST,
    "typescript": TYPESCRIPT,
    "tsx": TSX,
    "javascript": JAVASCRIPT,
    "go": GO,
    "java": JAVA,
    "c": C,
    "cpp": CPP,
}
