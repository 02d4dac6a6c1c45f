//! Find references.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::{Empty, Location, destinations};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::resolve::{ReferenceLimits, Resolver};

/// How long a search may take. Nearly all take a hundredth of it; whoever asks for a name that is used in every file of
/// a large folder gets what was found by then.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(2);

/// A place where a symbol is used or declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub location: Location,
    pub declaration: bool,
    pub write: bool,
}

/// The uses of a symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// By file, then position.
    pub items: Vec<Use>,
    /// How many there are, those beyond the limit not counted.
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
    let best = destinations(&resolver, file, offset)?;
    let Some(target) = best.first().filter(|d| !d.tier.is_guess() || best.len() == 1) else {
        return Err(Empty::Unresolved("several definitions may be meant"));
    };
    let limits = ReferenceLimits { found_max: Some(limit), cancel: Some(cancel), within: None };
    let deadline = Instant::now().checked_add(SEARCH_TIME_MAX);
    let found = resolver.references_until(target.target(), limits, deadline);
    let items: Vec<Use> = found
        .found
        .iter()
        .filter(|f| include_declaration || !f.declaration)
        .take(limit)
        .map(|f| Use {
            location: Location { file: f.file, span: f.span, full: f.span },
            declaration: f.declaration,
            write: f.write,
        })
        .collect();
    Ok(Uses { total: items.len(), items, truncated: found.truncated, cancelled: found.cancelled })
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
    fn the_limit_is_kept_and_told() {
        let fixture = Fixture::parse("\n//- /a.py\n$0x = 1\nprint(x, x, x)\n");
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let uses = references(&view, file, offset, false, 2, &AtomicBool::new(false)).unwrap();
        assert_eq!((uses.items.len(), uses.truncated), (2, true));
    }
}
