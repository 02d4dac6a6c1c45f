//! The documentation of a declaration, cut out of its source.

use crate::lang::facts::Def;
use crate::lang::pack::Knobs;

/// Longer documentation is cut here.
const DOC_CHARS_MAX: usize = 8_000;
/// Comment lines above a declaration that are looked at.
const DOC_LINES_MAX: usize = 400;

/// The comment above the declaration, or the string that opens its body, without its marks.
pub fn documentation(text: &str, def: &Def, knobs: &Knobs) -> Option<String> {
    let doc = if knobs.docstrings { docstring(text, def) } else { None };
    let doc = doc.or_else(|| comment_above(text, def.span.start as usize, knobs))?;
    let doc = doc.trim_end().trim_start_matches('\n');
    match doc.char_indices().nth(DOC_CHARS_MAX) {
        Some((cut, _)) => Some(format!("{}…", &doc[..cut])),
        None => (!doc.trim().is_empty()).then(|| doc.to_owned()),
    }
}

fn comment_above(text: &str, start: usize, knobs: &Knobs) -> Option<String> {
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let mut lines: Vec<&str> = Vec::new();
    let mut in_block = false;
    for line in text[..line_start].lines().rev().take(DOC_LINES_MAX) {
        let line = line.trim();
        if in_block {
            lines.push(line);
            if line.starts_with("/*") {
                in_block = false;
                // A plain comment block is no documentation where the language marks its own.
                if !knobs.doc_prefixes.iter().any(|p| p.starts_with("/*") && line.starts_with(p)) {
                    return None;
                }
                break;
            }
            continue;
        }
        if knobs.doc_prefixes.iter().any(|p| !p.starts_with("/*") && line.starts_with(p)) {
            lines.push(line);
        } else if lines.is_empty() && knobs.decorator_prefixes.iter().any(|p| line.starts_with(p)) {
            continue;
        } else if lines.is_empty() && line.ends_with("*/") {
            lines.push(line);
            if line.starts_with("/*") {
                return knobs
                    .doc_prefixes
                    .iter()
                    .any(|p| p.starts_with("/*") && line.starts_with(p))
                    .then(|| strip(line, knobs));
            }
            in_block = true;
        } else {
            break;
        }
    }
    if in_block || lines.is_empty() {
        return None;
    }
    lines.reverse();
    Some(lines.iter().map(|l| strip(l, knobs)).collect::<Vec<_>>().join("\n"))
}

/// A comment line without its marks and one space.
fn strip(line: &str, knobs: &Knobs) -> String {
    let mut line = line.trim();
    if let Some(prefix) = knobs.doc_prefixes.iter().find(|p| line.starts_with(**p)) {
        line = &line[prefix.len()..];
    } else if let Some(rest) = line.strip_prefix('*')
        && !rest.starts_with('/')
    {
        line = rest;
    }
    let line = line.strip_suffix("*/").unwrap_or(line);
    line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
}

/// A docstring as its reader sees it: what a tool that draws pages of it is told (reStructuredText's `:meth:` before a name,
/// `.. versionadded:: 2.0` as a line) is put in words.
fn in_words(docstring: &str) -> String {
    let lines = docstring.lines().map(|line| without_roles(&directive_in_words(line)));
    lines.collect::<Vec<_>>().join("\n")
}

fn directive_in_words(line: &str) -> String {
    let bare = line.trim_start();
    let Some((name, rest)) = bare.strip_prefix(".. ").and_then(|rest| rest.split_once("::")) else {
        return line.to_owned();
    };
    let words = match name {
        "versionadded" => "Added in version",
        "versionchanged" => "Changed in version",
        "deprecated" => "Deprecated since version",
        _ => return line.to_owned(),
    };
    format!("{}{words} {}", &line[..line.len() - bare.len()], rest.trim())
}

fn without_roles(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(tick) = rest.find('`') {
        let (before, from) = rest.split_at(tick);
        let kept = before.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == ':');
        let role = &before[kept.len()..];
        let is_role = role.len() > 2 && role.starts_with(':') && role.ends_with(':');
        out.push_str(if is_role { kept } else { before });
        out.push('`');
        rest = &from[1..];
        if is_role {
            // `~a.b.name` is shown as its last part.
            rest = rest.strip_prefix('~').map_or(rest, |path| {
                let end = path.find('`').unwrap_or(path.len());
                &path[path[..end].rfind('.').map_or(0, |dot| dot + 1)..]
            });
        }
    }
    out + rest
}

/// The string that is the first statement of the body.
fn docstring(text: &str, def: &Def) -> Option<String> {
    def.body?;
    let whole = text.get(def.name_span.end as usize..def.span.end as usize)?;
    let bytes = whole.as_bytes();
    // The body's colon: the first one outside of brackets.
    let mut depth = 0usize;
    let colon = bytes.iter().enumerate().find_map(|(at, byte)| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (*byte == b':' && depth == 0).then_some(at)
    })?;
    let mut body = whole[colon + 1..].trim_start();
    while let Some(rest) = body.strip_prefix('#') {
        body = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    let body = body.trim_start_matches(['r', 'R', 'u', 'U']);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| body.starts_with(q))?;
    let inner = &body[quote.len()..];
    let end = inner.find(quote)?;
    Some(in_words(&dedent(&inner[..end])))
}

/// Takes the indentation that all lines but the first share away.
fn dedent(text: &str) -> String {
    let indent = text
        .lines()
        .skip(1)
        .filter(|l| !l.trim().is_empty())
        .map(|l| l.len() - l.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().trim().to_owned();
    let rest = lines.map(|l| l.get(indent..).unwrap_or("").trim_end().to_owned());
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use crate::lang::facts::{Facts, Name};
    use crate::lang::{ParseLimits, Parser, extract};

    fn facts(path: &str, text: &str) -> (Facts, &'static Knobs) {
        let lang = LangId::of_path(path.as_ref()).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        (extract(lang, &tree, text), lang.knobs())
    }

    fn check_docs(path: &str, text: &str, name: &str, expected: Option<&str>) {
        let (facts, knobs) = facts(path, text);
        let name = facts.names.iter().position(|n| **n == *name).map(|n| Name(n as u32)).unwrap();
        let def = facts.defs.iter().find(|d| d.name == name).unwrap();
        assert_eq!(documentation(text, def, knobs).as_deref(), expected);
    }

    #[test]
    fn a_docstring_is_dedented() {
        let text = "def f(a={1: 2}):\n    \"\"\"Does it.\n\n    More:\n      indented\n    \"\"\"\n";
        check_docs("a.py", text, "f", Some("Does it.\n\nMore:\n  indented"));
        check_docs("a.py", "class A:\n    '''Is it.'''\n    x = 1\n", "A", Some("Is it."));
        check_docs("a.py", "def g():\n    return 'no'\n", "g", None);
    }

    #[test]
    fn what_a_docstring_tells_its_tools_is_put_in_words() {
        let text = "def f():\n    '''Calls :meth:`g`, :py:class:`~a.b.C` and ``h:``.\n\n    .. versionadded:: 2.0\n       As `g`.\n    .. code-block:: python\n    '''\n";
        let words = "Calls `g`, `C` and ``h:``.\n\nAdded in version 2.0\n   As `g`.\n.. code-block:: python";
        check_docs("a.py", text, "f", Some(words));
    }

    #[test]
    fn marks_of_comments_are_taken_away() {
        const KNOBS: Knobs =
            Knobs { doc_prefixes: &["///", "/**"], decorator_prefixes: &["#["], ..Knobs::DEFAULT };
        let above = |text: &str| comment_above(text, text.rfind("fn").unwrap(), &KNOBS);
        assert_eq!(above("/// One.\n/// Two.\n#[inline]\nfn f() {}").as_deref(), Some("One.\nTwo."));
        assert_eq!(above("/** One. */\nfn f() {}").as_deref(), Some("One."));
        assert_eq!(above("/**\n * One.\n * - two\n */\nfn f() {}").as_deref(), Some("\nOne.\n- two\n"));
        assert_eq!(above("/* One. */\nfn f() {}"), None);
        assert_eq!(above("/// Other.\nlet x;\nfn f() {}"), None);
        assert_eq!(above("// One.\nfn f() {}"), None);
    }
}
