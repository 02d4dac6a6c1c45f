//! What may know a definition by its name without a use that says so: decorators, attributes and annotations before it,
//! whoever calls its function from outside, and a type that looks members up by names that are computed.
//!
//! Nobody resolves these, so the rename is made only if the user confirms it.

use crate::graph::View;
use crate::lang::facts::{Def, DefKind, ScopeKind};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::Knobs;
use crate::resolve::{Resolver, Symbol};

use super::subject::is_like;

/// Definitions that are looked at; those beyond are the same member in more types.
const SYMBOLS_MAX: usize = 64;
/// Letters before a definition that may be attached to it.
const BEFORE_BYTES: usize = 4 << 10;
/// Attributes of one definition.
const ATTACHED_MAX: usize = 32;

/// Calls of one name that are looked at.
const CALLS_MAX: usize = 2_000;
/// Letters of the arguments of one call.
const ARGUMENTS_CHARS_MAX: usize = 4 << 10;

const ATTACHED: &str = "what is attached to its declaration may use its name";
const TO_FUNCTION: &str = "what is attached to its function may use its name";
const TO_TYPE: &str = "what is attached to its type may use its name";
const CALLED: &str =
    "its function is called from outside the folder, and may be handed arguments by their names";
const OVERRIDDEN: &str = "a function that it overrides, or that overrides it, has a parameter of this name";
const SPREAD: &str = "a call hands over arguments by names that are computed";
const BUILT_IN: &str = "the language has something of this name, which is meant until this is assigned";
const COMPUTED: &str = "its type has members by names that are computed";

/// Why something may know one of the definitions by its name.
pub fn doubt(resolver: &Resolver<'_>, symbols: impl Iterator<Item = Symbol>) -> Option<&'static str> {
    symbols.take(SYMBOLS_MAX).find_map(|symbol| of_symbol(resolver, symbol))
}

fn of_symbol(resolver: &Resolver<'_>, symbol: Symbol) -> Option<&'static str> {
    let view = resolver.view();
    let facts = view.facts(symbol.file);
    let knobs = view.lang(symbol.file).knobs();
    let def = facts.def(symbol.def);
    if def.kind.is_alias() {
        return None;
    }
    let text = view.text(symbol.file).ok()?;
    if def.kind == DefKind::Parameter {
        let function = facts.scope(def.scope).owner.filter(|_| knobs.keyword_arguments)?;
        return of_parameter(resolver, symbol, Symbol { file: symbol.file, def: function });
    }
    let global = matches!(facts.scope(def.scope).kind, ScopeKind::File | ScopeKind::Class);
    if global && knobs.late_globals && knobs.builtins.contains(&view.name_text(def.name)) {
        return Some(BUILT_IN);
    }
    let is_member = matches!(facts.scope(def.scope).kind, ScopeKind::Class | ScopeKind::Extension);
    let declared = def.kind.is_callable() || def.kind.is_type() || is_member;
    if declared && is_attached(&text, def, knobs) {
        return Some(ATTACHED);
    }
    let owner = resolver.owner(symbol)?;
    of_owner(view, owner)
}

/// Why who calls the function may name the parameter.
fn of_parameter(resolver: &Resolver<'_>, parameter: Symbol, function: Symbol) -> Option<&'static str> {
    let view = resolver.view();
    let facts = view.facts(function.file);
    let knobs = view.lang(function.file).knobs();
    let (def, name) = (facts.def(function.def), facts.def(parameter.def).name);
    if view.text(function.file).is_ok_and(|text| is_attached(&text, def, knobs)) {
        return Some(TO_FUNCTION);
    }
    let called = view.name_text(def.name);
    if knobs.called_by_name.iter().any(|pattern| is_like(called, pattern)) {
        return Some(CALLED);
    }
    let has_it = |other: &Symbol| {
        let there = view.facts(other.file);
        let body = there.def(other.def).body;
        there.defs.iter().any(|d| d.kind == DefKind::Parameter && Some(d.scope) == body && d.name == name)
    };
    if resolver.owner(function).is_some()
        && resolver
            .kin(function)
            .symbols
            .iter()
            .take(SYMBOLS_MAX)
            .any(|other| *other != function && has_it(other))
    {
        return Some(OVERRIDDEN);
    }
    let taker = resolver.taker(parameter)?;
    is_spread(view, function.file, &taker, knobs).then_some(SPREAD)
}

/// Whether something of the name is called with arguments whose names are computed (`f(**given)`), or too often to say.
fn is_spread(view: &View, near: FileId, called: &str, knobs: &Knobs) -> bool {
    let (Some(mark), Some(name)) = (knobs.spread_arguments, view.lookup_name(called)) else { return false };
    let family = view.lang(near).family();
    let mut calls = 0;
    for file in view.files_with(name).filter(|f| view.lang(*f).family() == family && !view.is_library(*f)) {
        let facts = view.facts(file);
        let mut uses = facts.refs.iter().filter(|r| r.name == name && !r.span.is_empty()).peekable();
        if uses.peek().is_none() {
            continue;
        }
        let Ok(text) = view.text(file) else { return true };
        for used in uses {
            calls += 1;
            if calls > CALLS_MAX || spreads(&text, used.span.end as usize, mark) {
                return true;
            }
        }
    }
    false
}

/// Whether the brackets that open there hold the mark before an argument of theirs.
fn spreads(text: &str, at: usize, mark: &str) -> bool {
    let Some(arguments) = text.get(at..).filter(|rest| rest.starts_with('(')) else { return false };
    let mut depth = 0usize;
    for (at, c) in arguments.char_indices().take(ARGUMENTS_CHARS_MAX) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth <= 1 => return false,
            ')' | ']' | '}' => depth -= 1,
            // Behind a value it is an operator.
            _ if depth == 1
                && arguments[at..].starts_with(mark)
                && arguments[..at].trim_end().ends_with(['(', ',']) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Why a type may know its members by their names.
fn of_owner(view: &View, owner: Symbol) -> Option<&'static str> {
    let text = view.text(owner.file).ok()?;
    let facts = view.facts(owner.file);
    let def = facts.def(owner.def);
    let knobs = view.lang(owner.file).knobs();
    if is_attached(&text, def, knobs) {
        return Some(TO_TYPE);
    }
    let body = text.get(def.span.start as usize..def.span.end as usize)?;
    knobs.computed_members.iter().any(|reads| body.contains(reads)).then_some(COMPUTED)
}

/// Whether anything stands before the definition that is not known to leave its name alone.
fn is_attached(text: &str, def: &Def, knobs: &Knobs) -> bool {
    attached(text, def, knobs).iter().any(|attached| !is_plain(attached, knobs))
}

/// What stands before the name of a definition: each without its mark (`app.route("/")`, `derive(Debug)`).
fn attached<'t>(text: &'t str, def: &Def, knobs: &Knobs) -> Vec<&'t str> {
    let mut found = Vec::new();
    // A variable begins behind its type and modifiers.
    let name = def.name_span.start as usize;
    let start =
        text.get(..def.span.start as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let marks = || knobs.attachment_marks.iter();
    let mut before = text.get(..start).unwrap_or_default().trim_end();
    let floor = start.saturating_sub(BEFORE_BYTES);
    while found.len() < ATTACHED_MAX && before.len() > floor {
        let Some(from) = backwards(before.as_bytes(), floor) else { break };
        let Some(inner) = before.get(from..) else { break };
        // In brackets of its own, or a path behind a mark.
        let bare = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let mark = marks().find(|mark| match mark.strip_suffix('[') {
            Some(mark) => bare.is_some() && before[..from].ends_with(mark),
            None => bare.is_none() && before[..from].ends_with(**mark),
        });
        let Some(mark) = mark else { break };
        found.push(bare.unwrap_or(inner));
        before = before[..from - mark.trim_end_matches('[').len()].trim_end();
    }
    // Some grammars count it to the declaration.
    let mut within = text.get(start..name).unwrap_or_default();
    while found.len() < ATTACHED_MAX
        && let Some((at, mark)) = marks().filter_map(|mark| Some((within.find(mark)?, *mark))).min()
    {
        within = &within[at + mark.len()..];
        let end = within.find(|c: char| !(c.is_alphanumeric() || "_.$:".contains(c)));
        let (name, rest) = within.split_at(end.unwrap_or(within.len()));
        if !name.is_empty() {
            found.push(name);
        }
        within = rest;
    }
    found
}

/// Where the path, with what stands in brackets behind it, begins that ends the text; nothing if there is none.
fn backwards(text: &[u8], floor: usize) -> Option<usize> {
    let mut at = text.len();
    let (mut open, mut quote) = (0usize, None);
    while at > floor {
        let c = text[at - 1];
        match (quote, c) {
            (Some(by), _) if c == by => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') if open > 0 => quote = Some(c),
            (None, b')' | b']' | b'}') => open += 1,
            (None, b'(' | b'[' | b'{') if open > 0 => open -= 1,
            (None, _) if open > 0 => {}
            (None, c) if c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'$' | b':') || c >= 0x80 => {
            }
            _ => break,
        }
        at -= 1;
    }
    (open == 0 && quote.is_none() && at < text.len()).then_some(at)
}

/// Whether it is known to leave names alone, or only lists what does.
fn is_plain(attached: &str, knobs: &Knobs) -> bool {
    let name = |path: &str| {
        let path = path.trim();
        let end = path.find(|c: char| !(c.is_alphanumeric() || "_.$:".contains(c))).unwrap_or(path.len());
        let path = &path[..end];
        path.rsplit(['.', ':']).next().unwrap_or_default().to_owned()
    };
    let known = |path: &str| knobs.plain_attachments.contains(&name(path).as_str());
    if known(attached) {
        return true;
    }
    let listed = attached.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    listed.is_some_and(|listed| listed.split(',').all(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn found(path: &str, text: &str) -> Vec<String> {
        let fixture = Fixture::parse(&format!("\n//- /{path}\n{text}"));
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let facts = view.facts(file);
        let def = facts.defs.iter().find(|d| d.name_span.touches(offset) && !d.kind.is_alias()).unwrap();
        let text = view.text(file).unwrap();
        attached(&text, def, view.lang(file).knobs()).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_stands_before_a_definition_is_attached_to_it() {
        assert_eq!(
            found("a.py", "@app.route('/(x', y=[1])\n@g\nasync def $0f(): pass\n"),
            ["g", "app.route('/(x', y=[1])"]
        );
        assert_eq!(found("a.py", "@app.get(\n    'x',\n)\nclass $0A: pass\n"), ["app.get(\n    'x',\n)"]);
        assert!(found("a.py", "x = g(1)\ndef $0f(): pass\n").is_empty());
        assert_eq!(
            found("a.rs", "#[derive(Debug, serde::Serialize)]\npub struct $0A;\n"),
            ["derive(Debug, serde::Serialize)"]
        );
        assert!(found("a.rs", "fn g() -> [u8; 2] { [1, 2] }\nfn $0f() {}\n").is_empty());
        assert_eq!(
            found("A.java", "class A {\n  @JsonProperty(\"x\")\n  public int $0x;\n}\n"),
            ["JsonProperty(\"x\")"]
        );
        assert_eq!(
            found("a.ts", "class A {\n  @Input({ alias: 'y' })\n  $0x = 1;\n}\n"),
            ["Input"],
            "of what is part of the declaration, the name"
        );
        let class = found("a.ts", "@Component({ selector: 'a' })\nexport class $0A {}\n");
        assert_eq!(class.iter().map(|a| a.split('(').next().unwrap()).collect::<Vec<_>>(), ["Component"]);
    }

    #[test]
    fn what_leaves_names_alone_is_plain() {
        let plain = |path: &str, attached: &str| {
            is_plain(attached, crate::lang::LangId::of_path(std::path::Path::new(path)).unwrap().knobs())
        };
        assert!(plain("a.py", "functools.wraps(f)") && plain("a.py", "staticmethod"));
        assert!(!plain("a.py", "app.route('/')") && !plain("a.py", "pytest.fixture"));
        assert!(plain("a.rs", "derive(Debug, Clone)") && plain("a.rs", "cfg(test)"));
        assert!(
            !plain("a.rs", "derive(Debug, serde::Serialize)") && !plain("a.rs", "serde(rename_all = \"x\")")
        );
        assert!(plain("A.java", "Override") && !plain("A.java", "JsonProperty"));
    }
}
