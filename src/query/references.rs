//! Find references.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::rename::is_local;
use super::{Destination, Empty, Location, destinations};
use crate::graph::View;
use crate::lang::facts::{Def, DefKind, Role, ScopeKind, Span};
use crate::lang::modules::FileId;
use crate::resolve::{Found, Occurrence, ReferenceLimits, Resolver, Symbol, Target, Tier};

/// How long a search may take. Nearly all take a hundredth of it; whoever asks for a name that is used in every file of
/// a large folder gets what was found by then.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(2);

/// A place where a symbol is used or declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub location: Location,
    pub declaration: bool,
    pub write: bool,
    /// A macro is written here, and its text mentions the symbol, directly or by another macro.
    pub expansion: bool,
}

/// The uses of a symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// By file, then position.
    pub items: Vec<Use>,
    /// Names of the symbol in the texts of macros whose uses are among the items, and which are no uses of their own.
    pub mentions: Vec<Location>,
    /// Where what is used is defined, by the names there, as far as other folders can see it; nothing if only its own file
    /// can. A file is its own definition.
    pub defined: Vec<(FileId, Option<Span>)>,
    /// How many items there are, those beyond the limit not counted.
    pub total: usize,
    /// The limit was reached, or the time was up: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// Every use of what the name at the offset stands for, at most `limit`.
pub fn references(
    view: &View,
    file: FileId,
    offset: u32,
    include_declaration: bool,
    limit: usize,
    cancel: &AtomicBool,
) -> Result<Uses, Empty> {
    let resolver = Resolver::new(view);
    let best = match destinations(&resolver, file, offset) {
        // A pattern may name a member from outside and a variable by the same letters; the variable is of the folder.
        Err(empty) => bound_here(&resolver, file, offset).ok_or(empty)?,
        Ok(best) => best,
    };
    let Some(target) = best.first().filter(|d| !d.tier.is_guess() || best.len() == 1) else {
        return Err(Empty::Unresolved("several definitions may be meant"));
    };
    let mut found = uses(&resolver, target.target(), include_declaration, limit, cancel);
    if let Some(property) = short_property(&resolver, file, offset).map(Target::Symbol)
        && property != target.target()
    {
        found.join(uses(&resolver, property, include_declaration, limit, cancel), limit);
    }
    Ok(found)
}

/// The property of a literal that the same letters are as the variable that it holds (`{ x }`).
fn short_property(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Option<Symbol> {
    let Some(Occurrence::Ref(held)) = resolver.at(file, offset) else { return None };
    let facts = resolver.view().facts(file);
    let held = facts.reference(held);
    let property = |d: &Def| {
        d.name_span == held.span
            && d.kind == DefKind::Property
            && facts.scope(d.scope).kind == ScopeKind::Object
    };
    if held.recv.is_some() || held.role == Role::Key {
        return None;
    }
    facts.defs_with_ids().find(|(_, d)| property(d)).map(|(def, _)| Symbol { file, def })
}

impl Uses {
    /// Adds the uses of another symbol of the same name.
    fn join(&mut self, other: Uses, limit: usize) {
        self.items.extend(other.items);
        // What is a use of one of them is no mere declaration.
        self.items.sort_by_key(|used| (used.location.file, used.location.span, used.declaration));
        self.items.dedup_by_key(|used| used.location);
        self.truncated |= other.truncated || self.items.len() > limit;
        self.items.truncate(limit);
        self.total = self.items.len();
        self.mentions.extend(other.mentions);
        self.mentions.sort_unstable();
        self.mentions.dedup();
        self.mentions.truncate(limit);
        self.defined.extend(other.defined);
        self.defined.sort_unstable();
        self.defined.dedup();
        self.cancelled |= other.cancelled;
    }
}

/// The same, of a symbol or file that is known.
pub fn references_to(
    view: &View,
    target: Target,
    include_declaration: bool,
    limit: usize,
    cancel: &AtomicBool,
) -> Uses {
    uses(&Resolver::new(view), target, include_declaration, limit, cancel)
}

fn uses(
    resolver: &Resolver<'_>,
    target: Target,
    include_declaration: bool,
    limit: usize,
    cancel: &AtomicBool,
) -> Uses {
    let view = resolver.view();
    let limits = ReferenceLimits {
        found_max: Some(limit),
        cancel: Some(cancel),
        expansions: true,
        until: Instant::now().checked_add(SEARCH_TIME_MAX),
        ..ReferenceLimits::default()
    };
    let found = resolver.references(target, limits);
    let location = |f: &Found| Location { file: f.file, span: f.span, full: f.span };
    let items: Vec<Use> = found
        .found
        .iter()
        .filter(|f| include_declaration || !f.declaration)
        // What a dependency declares is told by definition; nobody looks for uses there.
        .filter(|f| !view.is_library(f.file))
        .take(limit)
        .map(|f| Use {
            location: location(f),
            declaration: f.declaration,
            write: f.write,
            expansion: f.expansion,
        })
        .collect();
    Uses {
        total: items.len(),
        items,
        defined: defined(resolver, target, &found.targets),
        mentions: found.mentions.iter().take(limit).map(location).collect(),
        truncated: found.truncated,
        cancelled: found.cancelled,
    }
}

/// Where what was searched for is defined.
fn defined(resolver: &Resolver<'_>, target: Target, targets: &[Target]) -> Vec<(FileId, Option<Span>)> {
    let view = resolver.view();
    let def = |symbol: Symbol| view.facts(symbol.file).def(symbol.def).clone();
    let is_hidden = |target: &Target| match *target {
        Target::Symbol(symbol) => is_local(&def(symbol), resolver, symbol),
        Target::File(_) => false,
    };
    if is_hidden(&target) && targets.iter().all(is_hidden) {
        return Vec::new();
    }
    let place = |target: &Target| match *target {
        Target::File(file) => (file, None),
        Target::Symbol(symbol) => (symbol.file, Some(def(symbol).name_span)),
    };
    let mut defined: Vec<_> = targets.iter().map(place).collect();
    defined.sort_unstable();
    defined.dedup();
    defined
}

/// The variable that the name at the offset declares, where the same letters name something else too.
fn bound_here(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Option<Vec<Destination>> {
    let facts = resolver.view().facts(file);
    let bound =
        |def: &Def| def.name_span.touches(offset) && !def.name_span.is_empty() && !def.kind.is_alias();
    let (def, _) = facts.defs_with_ids().find(|(_, d)| bound(d))?;
    let target = Target::Symbol(Symbol { file, def });
    Some(vec![Destination::new(resolver.view(), target, Tier::Lexical)])
}

#[cfg(test)]
mod tests {
    use super::super::starts;
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The uses of the name at `$0`, its declaration included, are those in brackets.
    fn check_references(fixture: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let uses = references(&view, file, offset, true, 100, &AtomicBool::new(false)).unwrap_or_default();
        assert_eq!(starts(&view, uses.items.iter().map(|u| &u.location)), fixture.starts());
    }

    #[test]
    fn at_a_short_property_both_are_meant() {
        check_references(
            "
            //- /utils.js
            const ⟦isText⟧ = make('text');
            export default { $0⟦isText⟧, other: 1 };
            //- /a.js
            import utils from './utils.js';
            utils.⟦isText⟧(1);
            ",
        );
        check_references(
            "
            //- /utils.js
            const $0⟦isText⟧ = make('text');
            export default { ⟦isText⟧, other: 1 };
            //- /a.js
            import utils from './utils.js';
            utils.isText(1);
            ",
        );
    }

    #[test]
    fn uses_are_found_under_every_name() {
        check_references(
            "
            //- /a.py
            def $0⟦f⟧(): pass
            //- /b.py
            from a import ⟦f⟧ as ⟦g⟧
            ⟦g⟧()
            //- /c.py
            from b import ⟦g⟧
            ⟦g⟧()
            def f(): pass
            f()
            ",
        );
    }

    #[test]
    fn a_field_is_one_symbol_wherever_it_is_assigned() {
        check_references(
            "
            //- /a.py
            class A:
                def __init__(self): self.⟦x⟧ = 1
                def reset(self): self.⟦x⟧ = 2
                def get(self): return self.$0⟦x⟧
            class B:
                def __init__(self): self.x = 1
            ",
        );
    }

    #[test]
    fn members_that_override_each_other_are_found_together_in_typescript() {
        check_references(
            "
            //- /a.ts
            export interface Shape { ⟦area⟧(): number }
            export class Square implements Shape { $0⟦area⟧() { return 1; } }
            export class Circle implements Shape { ⟦area⟧() { return 3; } }
            export class Field { area() { return 4; } }
            //- /b.ts
            import { Circle, Field, Shape } from './a';
            new Circle().⟦area⟧() + new Field().area();
            export const f = (shape: Shape) => { const { ⟦area⟧ } = shape; return area; };
            ",
        );
        check_references(
            "
            //- /a.ts
            class A { constructor(private $0⟦size⟧: number) { ⟦size⟧ + 1; } get() { return this.⟦size⟧; } }
            ",
        );
    }

    #[test]
    fn names_in_documentation_comments_are_uses() {
        check_references(
            "
            //- /a.js
            /** @param {⟦Queue⟧[]} queues to be joined, see {@link ⟦Queue⟧#push} */
            function join(queues) { queues[0].push(); }
            class $0⟦Queue⟧ { push() {} }
            ",
        );
        check_references(
            "
            //- /a.js
            class Queue { $0⟦push⟧() {} }
            class Other { push() {} }
            /**
             * @param {!Queue} one
             * @returns {Promise<Queue>}
             */
            async function join(one) { one.⟦push⟧(); return one; }
            async function go() { (await join()).⟦push⟧(); }
            ",
        );
        check_references(
            "
            //- /a.ts
            /** @param ⟦width⟧ of the thing */
            export function f($0⟦width⟧: number) { return ⟦width⟧; }
            ",
        );
    }

    #[test]
    fn a_macro_uses_what_its_text_mentions_where_it_is_used() {
        let fixture = "
            //- /a.h
            typedef int $0⟦number⟧;
            #define CAST(x) ((number)(x))
            #define TWICE(x) (CAST(x) + CAST(x))
            #define NEVER(x) ((⟦number⟧)(x))
            #define OTHER(x) (x)
            //- /a.c
            #include \"a.h\"
            int f(int x) { return ⟦CAST⟧(x) + ⟦TWICE⟧(x) + OTHER(x); }
            #define number 1
            ";
        check_references(fixture);
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let uses = references(&view, file, offset, true, 100, &AtomicBool::new(false)).unwrap();
        assert_eq!(uses.items.iter().map(|u| u.expansion).collect::<Vec<_>>(), [true, true, false, false]);
        assert_eq!(uses.mentions.len(), 1);
        // A macro that only another one uses is put to use where that one is.
        check_references(
            "
            //- /a.c
            typedef int $0⟦number⟧;
            #define CAST(x) ((number)(x))
            #define TWICE(x) (CAST(x) + CAST(x))
            #define NEVER(x) NOWHERE(x)
            #define NOWHERE(x) ((⟦number⟧)(x))
            int f(int x) { return ⟦TWICE⟧(x); }
            ",
        );
        // A macro is used where its name is written.
        check_references(
            "
            //- /a.c
            #define $0⟦ONE⟧ 1
            #define TWO (⟦ONE⟧ + ⟦ONE⟧)
            int x = TWO;
            ",
        );
        check_references(
            "
            //- /a.cc
            namespace n { int $0⟦f⟧(); }
            #define CALL() n::f()
            int g() { return ⟦CALL⟧(); }
            ",
        );
    }

    #[test]
    fn the_limit_is_kept_and_told() {
        let fixture = Fixture::parse("\n//- /a.py\n$0x = 1\nprint(x, x, x)\n");
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let uses = references(&view, file, offset, false, 2, &AtomicBool::new(false)).unwrap();
        assert_eq!((uses.items.len(), uses.truncated), (2, true));
    }

    #[test]
    fn the_limit_is_kept_and_told_where_two_are_meant() {
        let fixture = Fixture::parse(
            "
            //- /utils.js
            const isText = make('text');
            isText(1);
            export default { $0isText, other: 1 };
            //- /a.js
            import utils from './utils.js';
            utils.isText(1);
            utils.isText(2);
            ",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = |limit| {
            let uses = references(&view, file, offset, true, limit, &AtomicBool::new(false)).unwrap();
            (uses.items.len(), uses.total, uses.truncated)
        };
        assert_eq!(found(4), (4, 4, true));
        assert_eq!(found(5), (5, 5, false));
    }

    #[test]
    fn a_definition_in_many_places_is_told_by_the_first() {
        let fields = "  self.zz = 1\n".repeat(2_000);
        let fixture =
            Fixture::parse(&format!("//- /a.py\nclass A:\n def m(self):\n{fields}  print(self.$0zz)\n"));
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = crate::query::definition(&view, file, offset).unwrap();
        assert!((1..=1_000).contains(&found.len()), "{}", found.len());
        let uses = references(&view, file, offset, true, usize::MAX, &AtomicBool::new(false)).unwrap();
        assert_eq!(uses.items.len(), 2_001);
    }
}
