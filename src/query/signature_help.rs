//! What a call at a place takes.

use super::docs::documentation;
use super::reading;
use super::signature::signature;
use super::{Destination, destinations};
use crate::graph::View;
use crate::lang::calls::{Call, call_at};
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Occurrence, Resolver, Symbol};

/// Signatures of one name that are shown.
const SIGNATURES_MAX: usize = 20;

/// One way to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub label: String,
    pub documentation: Option<String>,
    /// Byte ranges of the parameters in the label.
    pub parameters: Vec<(usize, usize)>,
    /// The parameter that the place is at; `None` past the last.
    pub active: Option<usize>,
}

/// What the call at the offset takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHelp {
    pub signatures: Vec<Signature>,
    pub active: usize,
}

/// The signatures of what the innermost call at the offset calls; `None` outside of calls, and where it is not known.
pub fn signature_help(view: &View, file: FileId, offset: u32) -> Option<SignatureHelp> {
    let text = view.text(file).ok()?;
    let tree = reading::tree(view, file, &text)?;
    let call = call_at(&tree, &text, offset)?;
    // What is found is known to the view that it was found in.
    let all = |view: &View| -> Option<Vec<Signature>> {
        let symbols = called(view, file, &call)?;
        Some(symbols.into_iter().filter_map(|symbol| described(view, symbol, &call)).collect())
    };
    let mut signatures = all(view).or_else(|| {
        // As if the call were closed, where the text does not parse as it stands.
        all(&reading::with_replaced(view, file, &text, Span::new(offset, offset), ")")?)
    })?;
    signatures.dedup();
    let active = signatures.iter().position(|s| s.active.is_some()).unwrap_or(0);
    (!signatures.is_empty()).then_some(SignatureHelp { signatures, active })
}

/// The functions that are called; of a type, its constructors.
fn called(view: &View, file: FileId, call: &Call) -> Option<Vec<Symbol>> {
    let resolver = Resolver::new(view);
    let name = call.callee_end.checked_sub(1)?;
    // Where a function is declared, its own parameters are being written.
    if matches!(resolver.at(file, name), Some(Occurrence::Def(_))) {
        return None;
    }
    let found = destinations(&resolver, file, name).ok()?;
    // What is only called alike is no signature to write by.
    let sure = found.iter().filter(|d: &&Destination| !d.tier.is_guess());
    let mut symbols = Vec::new();
    for symbol in sure.filter_map(|d| d.symbol) {
        let def = view.facts(symbol.file).def(symbol.def).clone();
        let constructors = resolver.constructors_named(symbol);
        if def.kind.is_callable() {
            symbols.extend(resolver.overloads(symbol));
        } else if !constructors.is_empty() {
            symbols.extend(constructors);
        } else {
            symbols.push(symbol);
        }
    }
    let mut seen = rustc_hash::FxHashSet::default();
    symbols.retain(|s| seen.insert(*s));
    symbols.truncate(SIGNATURES_MAX);
    (!symbols.is_empty()).then_some(symbols)
}

fn described(view: &View, symbol: Symbol, call: &Call) -> Option<Signature> {
    let facts = view.facts(symbol.file);
    let def = facts.def(symbol.def);
    let knobs = view.lang(symbol.file).knobs();
    let parameters = parameters(view, &facts, symbol);
    if !def.kind.is_callable() && parameters.is_empty() && !def.kind.is_type() {
        return None;
    }
    let text = view.text(symbol.file).ok()?;
    let label = signature(&text, def, knobs);
    let name = view.name_text(def.name);
    let mut from = label.find(name).map_or(0, |at| at + name.len());
    let mut ranges = Vec::new();
    let mut taken: Vec<&Def> = Vec::new();
    for parameter in parameters {
        let written = text.get(parameter.span.start as usize..parameter.span.end as usize)?;
        let written: Vec<&str> = written.split_whitespace().collect();
        let (whole, bare) = (written.join(" "), view.name_text(parameter.name));
        let at = label[from..].find(&whole).map(|at| (from + at, whole.len()));
        let at = at.or_else(|| label[from..].find(bare).map(|at| (from + at, bare.len())));
        if let Some((start, len)) = at {
            ranges.push((start, start + len));
            taken.push(parameter);
            from = start + len;
        }
    }
    let variadic = taken.iter().position(|p| p.flags.has(DefFlags::VARIADIC));
    let by_name = |keyword: &String| taken.iter().position(|p| view.name_text(p.name) == keyword);
    let active = match call.keyword.as_ref().and_then(by_name) {
        Some(at) => Some(at),
        None if call.argument < ranges.len() => Some(call.argument),
        None => variadic,
    };
    Some(Signature { label, documentation: documentation(&text, def, knobs), parameters: ranges, active })
}

/// The parameters that a call fills, in order: without the receiver.
fn parameters<'f>(view: &View, facts: &'f Facts, symbol: Symbol) -> Vec<&'f Def> {
    let def = facts.def(symbol.def);
    let Some(body) = def.body else { return Vec::new() };
    let knobs = view.lang(symbol.file).knobs();
    // A receiver may be written before the name (Go).
    let behind = |d: &&Def| d.name_span.start >= def.name_span.end;
    let mut all = facts
        .defs
        .iter()
        .filter(|d| d.scope == body && d.kind == DefKind::Parameter)
        .filter(behind)
        .peekable();
    let is_self = all.peek().is_some_and(|d| knobs.self_names.contains(&view.name_text(d.name)));
    let takes_receiver = knobs.self_parameter
        && !def.flags.has(DefFlags::STATIC)
        && facts.scope(def.scope).kind == ScopeKind::Class;
    all.skip(usize::from(is_self || takes_receiver)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    #[test]
    fn a_definition_that_is_half_written_is_no_trouble() {
        for text in
            ["def half($0a, b:\n    a.\n    foo = half(\n", "def half(a, b:\n    a.\n    foo = half($0\n"]
        {
            let fixture = Fixture::parse(&format!("\n//- /a.py\n{text}"));
            let view = fixture.view();
            let (file, offset) = fixture.cursor(&view);
            let help = signature_help(&view, file, offset);
            assert!(help.is_none_or(|h| h.signatures.iter().all(|s| s.label.contains("half"))));
        }
    }

    /// The labels of the signatures at `$0`, the active parameter in brackets; the active one first.
    fn check(fixture: &str, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let help = signature_help(&view, file, offset);
        let shown = |s: &Signature| match s.active {
            Some(at) => {
                let (start, end) = s.parameters[at];
                format!("{}[{}]{}", &s.label[..start], &s.label[start..end], &s.label[end..])
            }
            None => s.label.clone(),
        };
        let mut labels = Vec::new();
        if let Some(mut help) = help {
            help.signatures.swap(0, help.active);
            labels.extend(help.signatures.iter().map(shown));
        }
        assert_eq!(labels, expected);
    }

    #[test]
    fn the_active_parameter_in_every_language() {
        check(
            "\n//- /a.py\nclass A:\n    def f(self, a: int, *rest): pass\ndef g(x: A): x.f(1, $0)\n",
            &["def f(self, a: int, [*rest])"],
        );
        check("\n//- /a.py\ndef f(a, b=1): pass\nf(b=$0\n", &["def f(a, [b=1])"]);
        check(
            "\n//- /a.ts\nfunction f(a: number, b?: string) {}\nf(1, $0\n",
            &["function f(a: number, [b?: string])"],
        );
        check("\n//- /a.rs\nfn f(a: u32, b: &str) {}\nfn g() { f($0) }\n", &["fn f([a: u32], b: &str)"]);
        check(
            "\n//- /go.mod\nmodule m\n//- /a.go\npackage m\nfunc f(a int, b string) {}\nfunc g() { f(1, $0) }\n",
            &["func f(a int, [b string])"],
        );
    }

    #[test]
    fn the_overload_that_takes_so_many_is_active() {
        check(
            "\n//- /A.java\nclass A { void f(int a) {} void f(int a, int b) {} void g() { f(1, $0); } }\n",
            &["void f(int a, [int b])", "void f(int a)"],
        );
    }

    #[test]
    fn a_type_is_called_by_its_constructor() {
        check(
            "\n//- /a.py\nclass A:\n    def __init__(self, size): pass\nA($0\n",
            &["def __init__(self, [size])"],
        );
        check(
            "\n//- /a.ts\nclass A { constructor(size: number) {} }\nnew A($0)\n",
            &["constructor([size: number])"],
        );
        check("\n//- /a.py\ndef f(a): pass\nx = (1, $0)\n", &[]);
    }

    #[test]
    fn a_declaration_is_no_call() {
        check("\n//- /a.py\ndef f(a, $0b): pass\n", &[]);
        check("\n//- /a.py\ndef f($0", &[]);
        check("\n//- /a.py\nclass A: pass\nclass B(A, $0): pass\n", &[]);
        check("\n//- /a.ts\nclass A { m(a: number, $0) {} }\n", &[]);
        check("\n//- /a.rs\nfn f(a: u32, $0) {}\n", &[]);
        check("\n//- /a.go\npackage a\nfunc (t T) f(a int, $0) {}\n", &[]);
        check("\n//- /A.java\nclass A { void f(int a, $0) {} }\n", &[]);
    }
}
