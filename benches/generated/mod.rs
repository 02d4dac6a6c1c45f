//! A workspace of generated code in every language: the same program shape, with names from a small vocabulary.

#![allow(dead_code, reason = "every bench uses its own part of it")]

pub mod tables;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files of each language; each has [`ITEMS`] types with methods and functions.
const FILES: usize = 120;
const ITEMS: usize = 12;

const WORDS: [&str; 24] = [
    "order", "price", "account", "index", "buffer", "user", "token", "request", "stream", "parser", "node",
    "edge", "cache", "entry", "writer", "reader", "shape", "layer", "queue", "worker", "event", "state",
    "route", "query",
];

/// Writes the workspace under the build's own directory, anew each time.
pub fn workspace() -> std::io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    type Make = fn(usize) -> String;
    let languages: [(&str, &str, Make); 5] = [
        ("python", "py", python),
        ("rust", "rs", rust),
        ("typescript", "ts", typescript),
        ("javascript", "js", javascript),
        ("go", "go", go),
    ];
    for (folder, extension, make) in languages {
        std::fs::create_dir_all(root.join(folder))?;
        for file in 0..FILES {
            std::fs::write(root.join(folder).join(format!("module_{file}.{extension}")), make(file))?;
        }
    }
    Ok(root)
}

/// A name that is the same for the same numbers, so that files refer to each other.
fn name(file: usize, item: usize) -> String {
    let at = file * 31 + item * 7;
    format!("{}_{}_{}", WORDS[at % WORDS.len()], WORDS[(at / 5 + item) % WORDS.len()], at % 200)
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    for part in name.split('_') {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}

fn python(file: usize) -> String {
    let mut text = format!("\"\"\"Module {file}.\"\"\"\nfrom typing import Optional\n");
    let before = file.saturating_sub(1);
    let _ = writeln!(text, "from .module_{before} import {}\n", camel(&name(before, 0)));
    for item in 0..ITEMS {
        let (class, function) = (camel(&name(file, item)), name(file, item));
        let _ = write!(
            text,
            r#"
class {class}:
    """Keeps one {function}."""

    def __init__(self, amount: int, label: Optional[str] = None) -> None:
        self.amount = amount
        self.label = label or "{function}"

    def total(self, factor: int) -> int:
        result = 0
        for step in range(self.amount):
            result += step * factor
        return result

    def describe(self) -> str:
        return f"{{self.label}}: {{self.total(2)}}"


def make_{function}(values: list[int]) -> list[{class}]:
    found = []
    for value in values:
        if value > 0:
            found.append({class}(value))
    return sorted(found, key=lambda entry: entry.total(1))

"#
        );
    }
    text
}

fn rust(file: usize) -> String {
    let mut text = format!("//! Module {file}.\n\nuse std::collections::HashMap;\n");
    for item in 0..ITEMS {
        let (ty, function) = (camel(&name(file, item)), name(file, item));
        let _ = write!(
            text,
            r#"
/// Keeps one {function}.
#[derive(Clone, Debug)]
pub struct {ty} {{
    amount: u32,
    label: Option<String>,
}}

impl {ty} {{
    pub fn new(amount: u32) -> Self {{
        {ty} {{ amount, label: None }}
    }}

    pub fn total(&self, factor: u32) -> u32 {{
        let mut result = 0;
        for step in 0..self.amount {{
            result += step * factor;
        }}
        result
    }}
}}

pub fn make_{function}(values: &[u32]) -> HashMap<u32, {ty}> {{
    let mut found = HashMap::new();
    for value in values.iter().filter(|value| **value > 0) {{
        found.insert(*value, {ty}::new(*value));
    }}
    found
}}
"#
        );
    }
    text
}

fn typescript(file: usize) -> String {
    let before = file.saturating_sub(1);
    let mut text = format!("import {{ {} }} from \"./module_{before}\";\n", camel(&name(before, 0)));
    for item in 0..ITEMS {
        let (class, function) = (camel(&name(file, item)), name(file, item));
        let _ = write!(
            text,
            r#"
/** Keeps one {function}. */
export class {class} {{
    private readonly label: string;

    constructor(private amount: number, label?: string) {{
        this.label = label ?? "{function}";
    }}

    total(factor: number): number {{
        let result = 0;
        for (let step = 0; step < this.amount; step++) {{
            result += step * factor;
        }}
        return result;
    }}

    get description(): string {{
        return `${{this.label}}: ${{this.total(2)}}`;
    }}
}}

export function make_{function}(values: number[]): Map<number, {class}> {{
    const found = new Map<number, {class}>();
    for (const value of values.filter((value) => value > 0)) {{
        found.set(value, new {class}(value));
    }}
    return found;
}}
"#
        );
    }
    text
}

fn javascript(file: usize) -> String {
    let before = file.saturating_sub(1);
    let mut text = format!("const {{ {} }} = require(\"./module_{before}\");\n", camel(&name(before, 0)));
    for item in 0..ITEMS {
        let (class, function) = (camel(&name(file, item)), name(file, item));
        let _ = write!(
            text,
            r#"
/** Keeps one {function}. */
class {class} {{
    constructor(amount, label) {{
        this.amount = amount;
        this.label = label || "{function}";
    }}

    total(factor) {{
        let result = 0;
        for (let step = 0; step < this.amount; step++) {{
            result += step * factor;
        }}
        return result;
    }}
}}

function make_{function}(values) {{
    const found = [];
    values.forEach((value) => {{
        if (value > 0) {{
            found.push(new {class}(value));
        }}
    }});
    return found;
}}

module.exports.make_{function} = make_{function};
"#
        );
    }
    text
}

fn go(file: usize) -> String {
    let mut text = String::from("package generated\n\nimport \"sort\"\n");
    for item in 0..ITEMS {
        let ty = camel(&name(file, item)) + &format!("In{file}");
        let _ = write!(
            text,
            r#"
// {ty} keeps one amount.
type {ty} struct {{
	Amount int
	Label  string
}}

// Total is the sum of all steps.
func (x *{ty}) Total(factor int) int {{
	result := 0
	for step := 0; step < x.Amount; step++ {{
		result += step * factor
	}}
	return result
}}

func Make{ty}(values []int) []*{ty} {{
	var found []*{ty}
	for _, value := range values {{
		if value > 0 {{
			found = append(found, &{ty}{{Amount: value}})
		}}
	}}
	sort.Slice(found, func(i, j int) bool {{ return found[i].Total(1) < found[j].Total(1) }})
	return found
}}
"#
        );
    }
    text
}
