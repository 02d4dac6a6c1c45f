//! How imports are written: the line, and where it goes.

use super::facts::Span;
use super::{LangId, Tree};
use crate::text::BYTE_ORDER_MARK;

/// How a language writes an import. `$module` stands for the module, `$name` for what is taken from it.
#[derive(Clone, Copy, Debug)]
pub struct ImportStyle {
    pub line: &'static str,
    /// Inside a block of imports.
    pub in_block: Option<&'static str>,
    /// What files write that have this text and no import yet.
    pub older: Option<(&'static str, &'static str)>,
    /// Modules are named by the packages that their files declare (Java).
    pub by_package: bool,
    /// A name is used behind that of its module rather than imported itself (Go).
    pub qualified: bool,
}

/// A text to put at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    pub offset: u32,
    pub text: String,
}

/// Levels of the tree in which a module around a use is looked for; what is deeper gets its import outside of it.
const MODULES_DEPTH_MAX: usize = 256;
/// Top-level nodes that are looked at for imports.
const NODES_MAX: usize = 10_000;

fn is_import(kind: &str) -> bool {
    (kind.contains("import") || matches!(kind, "use_declaration" | "preproc_include"))
        && kind != "import_expression"
}

/// What stands before everything else in a file.
fn is_header(node: tree_sitter::Node<'_>) -> bool {
    let kind = node.kind();
    let string = || {
        kind == "expression_statement"
            && node.named_child_count() == 1
            && node.named_child(0).is_some_and(|child| child.kind().contains("string"))
    };
    kind.contains("comment")
        || kind.contains("package")
        || kind.contains("hash_bang")
        || kind == "inner_attribute_item"
        || string()
}

/// The insertion that imports a name of a module for what stands at the offset, by the way in which the file writes its
/// imports and ends its lines: behind the imports that come before all else, and never behind the use.
pub fn insertion(
    lang: LangId,
    tree: &Tree,
    text: &str,
    used_at: u32,
    (module, name): (&str, &str),
) -> Option<Insertion> {
    let mut insertion = in_unix_lines(lang, tree, text, used_at as usize, module, name)?;
    if text.contains("\r\n") {
        insertion.text = insertion.text.replace('\n', "\r\n");
    }
    if insertion.offset == 0 && text.starts_with(BYTE_ORDER_MARK) {
        insertion.offset = BYTE_ORDER_MARK.len_utf8() as u32;
    }
    Some(insertion)
}

/// What names things: imports behind the first of these are for what comes after them.
fn is_definition(node: tree_sitter::Node<'_>) -> bool {
    let kind = node.kind();
    ["function", "class", "method", "impl_item", "struct", "enum", "trait", "interface", "type_", "decorated"]
        .iter()
        .any(|word| kind.contains(word))
}

/// The module written inside the file that encloses the offset, where names outside of it are not seen in it: its body.
fn inner_module<'t>(root: tree_sitter::Node<'t>, offset: usize) -> Option<tree_sitter::Node<'t>> {
    let mut cursor = root.walk();
    let mut inner = None;
    for _ in 0..MODULES_DEPTH_MAX {
        let node = cursor.node();
        if cursor.goto_first_child_for_byte(offset).is_none() || cursor.node().start_byte() > offset {
            break;
        }
        if node.kind() == "mod_item" && cursor.field_name() == Some("body") {
            inner = Some(cursor.node());
        }
    }
    inner
}

fn in_unix_lines(
    lang: LangId,
    tree: &Tree,
    text: &str,
    used_at: usize,
    module: &str,
    name: &str,
) -> Option<Insertion> {
    let style = lang.knobs().imports?;
    let inner = inner_module(tree.inner.root_node(), used_at).filter(|_| lang.knobs().opaque_modules);
    let root = inner.unwrap_or_else(|| tree.inner.root_node());
    let mut cursor = root.walk();
    let nodes: Vec<_> = root.named_children(&mut cursor).take(NODES_MAX).collect();
    let used = |node: &&tree_sitter::Node<'_>| node.end_byte() <= used_at;
    let head = nodes.iter().take_while(|node| !is_definition(**node)).filter(used);
    let last = head.filter(|node| is_import(node.kind())).last();
    if let Some(body) = inner {
        let line = style.line.replace("$module", module).replace("$name", name);
        return in_body(text, body, nodes.first(), last, &line);
    }
    let older = style.older.filter(|(mark, _)| last.is_none() && text.contains(mark));
    let mut line = older.map_or(style.line, |(_, line)| line).to_owned();
    if let Some(last) = last {
        let written = &text[last.byte_range()];
        let mut inner = last.walk();
        let block = last.named_children(&mut inner).find(|c| c.kind().ends_with("_list"));
        if let (Some(block), Some(line)) =
            (block.filter(|b| text[b.byte_range()].ends_with(')')), style.in_block)
        {
            let line = line.replace("$module", module).replace("$name", name);
            let (start, close) = (block.start_byte(), block.end_byte() - 1);
            return Some(match text[start..close].rfind('\n') {
                // Before the line of the closing bracket.
                Some(at) => Insertion { offset: (start + at + 1) as u32, text: format!("{line}\n") },
                None => Insertion { offset: close as u32, text: format!("\n{line}\n") },
            });
        }
        if !written.trim_end().ends_with(';')
            && line.ends_with(';')
            && lang.family() == super::Family::EcmaScript
        {
            line.pop();
        }
        if written.contains('"') && !written.contains('\'') && line.contains('\'') {
            line = line.replace('\'', "\"");
        }
    }
    let line = line.replace("$module", module).replace("$name", name);
    let line_after = |at: usize| text[at..].find('\n').map(|n| at + n + 1);
    let (at, first) = match last {
        Some(last) => (line_after(last.end_byte().saturating_sub(1)), false),
        None => {
            let mut headers = 0;
            for (n, node) in nodes.iter().enumerate() {
                if !is_header(*node) {
                    break;
                }
                // A comment right above something belongs to it.
                let next = nodes.get(n + 1);
                let end = node.start_byte() + text[node.byte_range()].trim_end().len();
                let apart = next.is_none_or(|next| text[end..next.start_byte()].matches('\n').count() > 1);
                if apart || !node.kind().contains("comment") {
                    headers = n + 1;
                }
            }
            match headers.checked_sub(1).and_then(|n| nodes.get(n)) {
                Some(header) => (line_after(header.end_byte().saturating_sub(1)), true),
                None => (
                    Some(
                        nodes
                            .first()
                            .map_or(0, |node| text[..node.start_byte()].rfind('\n').map_or(0, |at| at + 1)),
                    ),
                    true,
                ),
            }
        }
    };
    Some(match at {
        // The last line has no end.
        None => Insertion { offset: text.len() as u32, text: format!("\n{line}\n") },
        Some(at) => {
            let behind_header = first && at > 0;
            let before = if behind_header { "\n" } else { "" };
            let next_blank = text[at..].starts_with(['\r', '\n']) || text[at..].is_empty();
            let after = if first && !next_blank { "\n" } else { "" };
            Insertion { offset: at as u32, text: format!("{before}{line}\n{after}") }
        }
    })
}

/// Inside a module: a line more than the last import there, or than what opens it.
fn in_body(
    text: &str,
    body: tree_sitter::Node<'_>,
    first: Option<&tree_sitter::Node<'_>>,
    last: Option<&tree_sitter::Node<'_>>,
    line: &str,
) -> Option<Insertion> {
    let like = last.or(first)?;
    let start = text[..like.start_byte()].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[start..like.start_byte()];
    // What stands on one line with others has no indentation to take.
    if !indent.trim().is_empty() {
        let at = last.map_or(body.start_byte() + 1, |last| last.end_byte());
        return Some(Insertion { offset: at as u32, text: format!(" {line}") });
    }
    Some(match last {
        Some(last) => Insertion { offset: last.end_byte() as u32, text: format!("\n{indent}{line}") },
        None => Insertion { offset: start as u32, text: format!("{indent}{line}\n\n") },
    })
}

/// What to delete so that an import no longer brings a name: its item of a list with the comma, or the whole lines of the
/// statement if `alone` says that it brings nothing else. `None` where the name is in no import, or in one that a body is not
/// left without.
pub fn removal(tree: &Tree, text: &str, name: Span, alone: impl Fn(Span) -> bool) -> Option<Span> {
    let mut node =
        tree.inner.root_node().descendant_for_byte_range(name.start as usize, name.end as usize)?;
    let mut item = None;
    for _ in 0..DEPTH_MAX {
        let span = Span::new(node.start_byte() as u32, node.end_byte() as u32);
        if is_import(node.kind()) && node.parent().is_none_or(|above| !is_import(above.kind())) {
            return match alone(span) {
                true if fills_body(node) => None,
                true => Some(lines(text, span)),
                false => item,
            };
        }
        if item.is_none() {
            item = listed(text, node);
        }
        node = node.parent()?;
    }
    None
}

/// Whether the import stands in a body without brackets that holds nothing but imports: an empty one is none, though
/// grammars take it.
fn fills_body(node: tree_sitter::Node<'_>) -> bool {
    let Some(body) = node.parent().filter(|body| body.parent().is_some()) else { return false };
    let mut cursor = body.walk();
    let mut statements = body.named_children(&mut cursor).take(NODES_MAX);
    body.child(0).is_some_and(|first| first.kind() != "{")
        && statements.all(|s| is_import(s.kind()) || s.kind().contains("comment"))
}

/// Levels between a name and its import that are climbed.
const DEPTH_MAX: usize = 16;

/// The item with the comma that goes with it, if the node is one of several.
fn listed(text: &str, node: tree_sitter::Node<'_>) -> Option<Span> {
    let is_comma = |n: tree_sitter::Node<'_>| n.kind() == ",";
    if let Some(comma) = node.next_sibling().filter(|n| is_comma(*n)) {
        let behind = &text[comma.end_byte()..];
        let space = behind.len() - behind.trim_start().len();
        return Some(Span::new(node.start_byte() as u32, (comma.end_byte() + space) as u32));
    }
    let comma = node.prev_sibling().filter(|n| is_comma(*n))?;
    Some(Span::new(comma.start_byte() as u32, node.end_byte() as u32))
}

/// The lines of a statement that stands alone on them, with the end of the last.
pub fn lines(text: &str, span: Span) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let alone = text[from..start].trim().is_empty() && text[end..rest].trim().is_empty();
    if alone { Span::new(from as u32, rest as u32) } else { span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{ParseLimits, Parser};

    fn inserted(lang: &str, text: &str) -> String {
        let lang = LangId::of_language_id(lang).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let used_at = text.find('$').unwrap_or(text.len()) as u32;
        let insertion = insertion(lang, &tree, text, used_at, ("m", "n")).unwrap();
        let at = insertion.offset as usize;
        format!("{}{}{}", &text[..at], insertion.text, &text[at..])
    }

    #[test]
    fn an_import_stands_behind_the_others() {
        assert_eq!(inserted("python", "import a\n\nx\n"), "import a\nfrom m import n\n\nx\n");
        assert_eq!(
            inserted("typescript", "import {\n  a,\n} from \"a\"\nx()\n"),
            "import {\n  a,\n} from \"a\"\nimport { n } from \"m\"\nx()\n"
        );
        assert_eq!(inserted("rust", "use a::b;\nfn f() {}\n"), "use a::b;\nuse m::n;\nfn f() {}\n");
        assert_eq!(
            inserted("go", "package p\n\nimport (\n\t\"a\"\n)\n"),
            "package p\n\nimport (\n\t\"a\"\n\t\"m\"\n)\n"
        );
    }

    #[test]
    fn an_import_never_stands_behind_the_use() {
        assert_eq!(
            inserted("python", "import a\n\ndef f(): g($)\n\nimport b\n"),
            "import a\nfrom m import n\n\ndef f(): g($)\n\nimport b\n"
        );
        assert_eq!(inserted("python", "g($)\nimport b\n"), "from m import n\n\ng($)\nimport b\n");
        assert_eq!(
            inserted("typescript", "import 'a';\nf(`$`);\nimport 'b';\n"),
            "import 'a';\nimport { n } from 'm';\nf(`$`);\nimport 'b';\n"
        );
        assert_eq!(
            inserted("java", "package p;\nimport a.b;\nclass A { $x y; }\n"),
            "package p;\nimport a.b;\nimport m.n;\nclass A { $x y; }\n"
        );
    }

    #[test]
    fn modules_inside_a_file_have_imports_of_their_own() {
        assert_eq!(
            inserted("rust", "use a::b;\nmod tests {\n    use super::*;\n\n    fn f() { g!($x) }\n}\n"),
            "use a::b;\nmod tests {\n    use super::*;\n    use m::n;\n\n    fn f() { g!($x) }\n}\n"
        );
        assert_eq!(
            inserted("rust", "mod tests {\n    fn f() { g!($x) }\n}\n"),
            "mod tests {\n    use m::n;\n\n    fn f() { g!($x) }\n}\n"
        );
        assert_eq!(
            inserted("rust", "mod t { fn f() { g!($x) } }\n"),
            "mod t { use m::n; fn f() { g!($x) } }\n"
        );
    }

    #[test]
    fn an_import_keeps_to_the_form_of_the_file() {
        assert_eq!(inserted("python", "import a\r\n\r\nx\r\n"), "import a\r\nfrom m import n\r\n\r\nx\r\n");
        assert_eq!(inserted("python", "\u{feff}x\n"), "\u{feff}from m import n\n\nx\n");
        assert_eq!(
            inserted("go", "package p\n\nimport (\"a\")\n"),
            "package p\n\nimport (\"a\"\n\t\"m\"\n)\n"
        );
    }

    #[test]
    fn a_first_import_stands_below_the_head() {
        assert_eq!(
            inserted("python", "\"\"\"Doc.\"\"\"\nx = 1\n"),
            "\"\"\"Doc.\"\"\"\n\nfrom m import n\n\nx = 1\n"
        );
        assert_eq!(
            inserted("java", "package p;\n\n/** Doc. */\nclass A {}\n"),
            "package p;\n\nimport m.n;\n\n/** Doc. */\nclass A {}\n"
        );
        assert_eq!(
            inserted("go", "package p\n\nfunc f() {}\n"),
            "package p\n\nimport \"m\"\n\nfunc f() {}\n"
        );
        assert_eq!(
            inserted("javascript", "const a = require('a');\n"),
            "const { n } = require('m');\n\nconst a = require('a');\n"
        );
        assert_eq!(inserted("rust", "//! Doc.\n\nfn f() {}\n"), "//! Doc.\n\nuse m::n;\n\nfn f() {}\n");
    }
}
