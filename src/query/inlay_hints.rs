//! What the text does not say: inferred types, and which parameter an argument is.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use super::container::is_local;
use crate::graph::View;
use crate::lang::Tree;
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, RefId, Role, Span, Term};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Outcome, Resolver, Symbol, Target};

/// Most calls of one question that are looked at.
const CALLS_MAX: usize = 5_000;

/// Text of a declaration in which its type is looked for.
const DECLARATION_BYTES_MAX: usize = 400;

/// What a hint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The type of the name before it.
    Type,
    /// The parameter that the argument behind it is.
    Parameter,
}

/// Something that could stand in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub offset: u32,
    pub kind: HintKind,
    pub name: String,
    /// The type or the parameter.
    pub symbol: Symbol,
}

/// The hints of a part of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// By offset.
    pub hints: Vec<Hint>,
    pub cancelled: bool,
}

/// Hints for a part of a file, where it is sure what is meant and the text does not say so itself. Arguments are looked
/// at if there is a tree of the text.
pub fn inlay_hints(
    view: &View,
    file: FileId,
    tree: Option<&Tree>,
    within: Span,
    cancel: &AtomicBool,
) -> Hints {
    let Ok(text) = view.text(file) else { return Hints::default() };
    let hinting =
        Hinting { resolver: Resolver::new(view), view, file, facts: &view.facts(file), text: &text };
    let mut hints = Vec::new();
    let facts = hinting.facts;
    for (id, def) in facts.defs_with_ids().filter(|(_, d)| within.touches(d.name_span.end)) {
        if cancel.load(Ordering::Relaxed) {
            return Hints { hints: Vec::new(), cancelled: true };
        }
        hints.extend(hinting.type_of(Symbol { file, def: id }, def));
    }
    let sites = tree.map(|tree| tree.call_sites(within, CALLS_MAX)).unwrap_or_default();
    let calls = facts.refs_with_ids().filter(|(_, r)| matches!(r.role, Role::Call | Role::Type));
    let by_end: FxHashMap<u32, RefId> = calls.map(|(id, r)| (r.span.end, id)).collect();
    for site in sites.iter().filter(|site| !site.arguments.is_empty()) {
        if cancel.load(Ordering::Relaxed) {
            return Hints { hints: Vec::new(), cancelled: true };
        }
        if let Some(callee) = by_end.get(&site.callee_end) {
            hints.extend(hinting.parameters_of(*callee, &site.arguments));
        }
    }
    hints.retain(|hint| within.touches(hint.offset));
    hints.sort_by_key(|hint| hint.offset);
    Hints { hints, cancelled: false }
}

struct Hinting<'a> {
    resolver: Resolver<'a>,
    view: &'a View,
    file: FileId,
    facts: &'a Facts,
    text: &'a str,
}

impl Hinting<'_> {
    /// The type of a local variable that is declared without one, if it is a single type of the folder.
    fn type_of(&self, symbol: Symbol, def: &Def) -> Option<Hint> {
        let declares = matches!(def.kind, DefKind::Variable | DefKind::Constant);
        if !declares || def.ty.is_some() || def.init.is_none() || !is_local(self.facts, def.scope) {
            return None;
        }
        let (ty, tier) = self.resolver.named_type_of(symbol)?;
        let name = self.view.name_text(self.view.facts(ty.file).def(ty.def).name).to_owned();
        if tier.is_some_and(|tier| tier.is_guess()) || self.is_said(def, &name) {
            return None;
        }
        Some(Hint { offset: def.name_span.end, kind: HintKind::Type, name, symbol: ty })
    }

    /// Whether the declaration names the type itself.
    fn is_said(&self, def: &Def, name: &str) -> bool {
        let start = def.span.start.min(def.name_span.start) as usize;
        let end = (start + DECLARATION_BYTES_MAX).min(self.text.len());
        let end =
            self.text.as_bytes()[start..end].iter().position(|b| *b == b'\n').map_or(end, |at| start + at);
        let said = self.text.as_bytes().get(start..end).unwrap_or_default();
        memchr::memmem::find(said, name.as_bytes()).is_some()
    }

    fn parameters_of(&self, callee: RefId, arguments: &[Span]) -> Vec<Hint> {
        let Outcome::Found(targets) = self.resolver.resolve(self.file, callee) else { return Vec::new() };
        let [(Target::Symbol(called), tier)] = targets.as_slice() else { return Vec::new() };
        if tier.is_guess() {
            return Vec::new();
        }
        let facts = self.view.facts(called.file);
        let Some(parameters) = self.parameters(*called, &facts, self.is_static(callee)) else {
            return Vec::new();
        };
        let hints = arguments.iter().zip(parameters).filter_map(|(argument, (symbol, name))| {
            let said = self.text.get(argument.start as usize..argument.end as usize)?;
            let last = said
                .trim_end_matches([')', '(', '?'])
                .rsplit(|c: char| c != '_' && !c.is_alphanumeric())
                .next();
            let same = last.is_some_and(|last| plain(last) == plain(&name)) || name.starts_with('_');
            (!same).then_some(Hint { offset: argument.start, kind: HintKind::Parameter, name, symbol })
        });
        hints.collect()
    }

    /// Whether what stands before the name that is called is a type rather than a value.
    fn is_static(&self, callee: RefId) -> bool {
        let Some(Term::Ref(before)) = self.facts.reference(callee).recv.map(|term| self.facts.term(term))
        else {
            return false;
        };
        let Outcome::Found(targets) = self.resolver.resolve(self.file, *before) else { return false };
        targets
            .iter()
            .filter_map(|(target, _)| target.symbol())
            .any(|symbol| self.view.facts(symbol.file).def(symbol.def).kind.is_type())
    }

    /// The parameters of a function, or of the one constructor of a type, that take one argument each by position.
    fn parameters(&self, called: Symbol, facts: &Facts, static_call: bool) -> Option<Vec<(Symbol, String)>> {
        let mut def = facts.def(called.def);
        if def.kind.is_type() {
            let mut constructors =
                facts.defs.iter().filter(|d| Some(d.scope) == def.body && d.kind == DefKind::Constructor);
            def = constructors.next().filter(|_| constructors.next().is_none())?;
        }
        let body = def.body?;
        let text = self.view.text(called.file).ok()?;
        let knobs = self.view.lang(called.file).knobs();
        // What stands before the name is a receiver.
        let is_own = |d: &Def| {
            d.scope == body && d.kind == DefKind::Parameter && d.name_span.start >= def.name_span.end
        };
        let mut own = facts.defs_with_ids().filter(|(_, d)| is_own(d)).peekable();
        let has_receiver = def.flags.has(DefFlags::RECEIVER)
            && own.peek().is_some_and(|(_, first)| {
                knobs.self_parameter || knobs.self_names.contains(&self.view.name_text(first.name))
            });
        // Named by its type, a method takes its receiver as an argument.
        if has_receiver && static_call {
            return None;
        }
        let own = own.skip(usize::from(has_receiver));
        let mut parameters = Vec::new();
        for (id, parameter) in own {
            let before = text.get(parameter.span.start as usize..parameter.name_span.start as usize)?;
            // Of a parameter that is taken apart nobody can say which of its names an argument is.
            if before.contains(['{', '[', '(']) {
                return None;
            }
            let whole = text.get(parameter.span.start as usize..parameter.span.end as usize)?;
            if parameter.flags.has(DefFlags::VARIADIC) || before.contains('*') || whole.contains("...") {
                break;
            }
            let symbol = Symbol { file: called.file, def: id };
            parameters.push((symbol, self.view.name_text(parameter.name).to_owned()));
        }
        Some(parameters)
    }
}

/// A name without what differs between ways to write it.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::{LangId, ParseLimits, Parser};
    use crate::query::{Item, hover, starts};

    /// The file with the cursor has these hints, shown in its text.
    fn check_hints(fixture: &str, expected: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let text = view.text(file).unwrap();
        let lang: LangId = view.lang(file);
        let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
        let whole = Span::new(0, text.len() as u32);
        let hints = inlay_hints(&view, file, Some(&tree), whole, &AtomicBool::new(false)).hints;
        let mut shown = text.to_string();
        for hint in hints.iter().rev() {
            let label = match hint.kind {
                HintKind::Type => format!("⟦: {}⟧", hint.name),
                HintKind::Parameter => format!("⟦{}:⟧", hint.name),
            };
            shown.insert_str(hint.offset as usize, &label);
        }
        let hinted: Vec<&str> = shown.lines().map(str::trim).filter(|line| line.contains('⟦')).collect();
        assert_eq!(hinted.join("\n"), expected);
    }

    #[test]
    fn python_types_and_parameters() {
        check_hints(
            "
            //- /a.py
            class Engine:
                def __init__(self, power, fuel='x'): pass
                def start(self, fast, *rest): pass
            def make(): return Engine(1)
            //- /b.py
            from a import *
            def $0f(fast):
                e = make()
                named = Engine(2, 'y')
                e.start(True, 1, 2)
                e.start(fast)
                unknown.start(True)
            ",
            "e⟦: Engine⟧ = make()\nnamed = Engine(⟦power:⟧2, ⟦fuel:⟧'y')\ne.start(⟦fast:⟧True, 1, 2)",
        );
    }

    #[test]
    fn rust_types_and_parameters() {
        check_hints(
            "
            //- /src/lib.rs
            struct S;
            impl S { fn new() -> S { S } fn go(&self, count: u8, (a, b): (u8, u8)) {} fn run(&self, count: u8) {} }
            fn make() -> S { S }
            fn $0f() { let s = make(); s.run(1); s.go(1, (2, 3));
            let t = S::new(); let count = 1; t.run(count); S::run(&t, 2); }
            ",
            "fn f() { let s⟦: S⟧ = make(); s.run(⟦count:⟧1); s.go(1, (2, 3));",
        );
    }

    #[test]
    fn typescript_go_and_java_parameters() {
        check_hints(
            "
            //- /a.ts
            export function f(first: number, { x }: any) {}
            export class C { constructor(n: number) {} }
            export const g = (size: number, ...rest: number[]) => size;
            //- /b.ts
            $0import { f, g, C } from './a';
            g(1, 2);
            f(1, {});
            new C(1);
            ",
            "g(⟦size:⟧1, 2);\nnew C(⟦n:⟧1);",
        );
        check_hints(
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            type T struct{}
            func build() *T { return nil }
            func (t *T) Run(a, b int, rest ...int) {}
            func $0main() {
              t := build()
              t.Run(1, 2, 3, 4)
            }
            ",
            "t⟦: T⟧ := build()\nt.Run(⟦a:⟧1, ⟦b:⟧2, 3, 4)",
        );
        check_hints(
            "
            //- /p/A.java
            package p;
            class A { void f(int size, String name) {} void $0g() {
            f(1, \"x\");
            } }
            ",
            "f(⟦size:⟧1, ⟦name:⟧\"x\");",
        );
    }

    /// What hints of the file with the cursor name stands where it is marked, and is told to be this.
    fn check_named(fixture: &str, told: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let text = view.text(file).unwrap();
        let tree = Parser::new().parse(view.lang(file), &text, None, &ParseLimits::default()).unwrap();
        let whole = Span::new(0, text.len() as u32);
        let hints = inlay_hints(&view, file, Some(&tree), whole, &AtomicBool::new(false)).hints;
        let items: Vec<Item> =
            hints.iter().map(|hint| Item::new(&view, Target::Symbol(hint.symbol))).collect();
        let mut places = starts(&view, items.iter().map(|item| &item.location));
        places.sort();
        assert_eq!(places, fixture.starts());
        let signature = |item: &Item| {
            let place = item.location;
            hover(&view, place.file, place.span.start).unwrap().signature
        };
        assert_eq!(items.iter().map(signature).collect::<Vec<_>>(), told, "{}", view.path(file));
    }

    #[test]
    fn what_a_hint_names_is_found_and_described_in_every_language() {
        check_named(
            "
            //- /shop.py
            class ⟦Item⟧:
                pass
            def make(⟦size⟧): return Item()
            //- /main.py
            from shop import make
            def $0f():
                it = make(1)
            ",
            &["class Item", "size"],
        );
        check_named(
            "
            //- /shop.ts
            export function make(⟦size⟧: number) {}
            //- /main.ts
            $0import { make } from './shop';
            make(1);
            ",
            &["size: number"],
        );
        check_named(
            "
            //- /Cargo.toml
            [package]
            name = \"m\"
            //- /src/shop.rs
            pub struct ⟦Item⟧;
            pub fn make(⟦size⟧: u8) -> Item { Item }
            //- /src/lib.rs
            mod shop;
            $0fn f() { let it = shop::make(1); }
            ",
            &["pub struct Item", "size: u8"],
        );
        check_named(
            "
            //- /go.mod
            module m
            //- /shop/shop.go
            package shop
            type ⟦Item⟧ struct{}
            func Make(⟦size⟧ int) *Item { return nil }
            //- /main.go
            package main
            import \"m/shop\"
            func $0f() { it := shop.Make(1) }
            ",
            &["Item struct", "size int"],
        );
        check_named(
            "
            //- /p/Shop.java
            package p;
            class Shop { static void make(int ⟦size⟧) {} }
            //- /p/Main.java
            package p;
            class Main { void $0f() { Shop.make(1); } }
            ",
            &["int size"],
        );
    }
}
