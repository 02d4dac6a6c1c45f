//! Names of definitions that hold outside of their folder.

use super::container::containers;
use super::{Empty, destinations};
use crate::graph::View;
use crate::lang::facts::DefKind;
use crate::lang::modules::{FileId, Layout};
use crate::resolve::Resolver;

/// Names in one identifier.
const CONTAINERS_MAX: usize = 16;

/// The name of a definition that does not depend on where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moniker {
    /// The file, relative to the folder, and the names down to the definition: `shop/model.py:Item.total`.
    pub identifier: String,
    /// Seen only inside a function.
    pub local: bool,
}

/// The monikers of what the name at the offset stands for; none of what is a guess.
pub fn monikers(view: &View, file: FileId, offset: u32) -> Result<Vec<Moniker>, Empty> {
    let found = destinations(&Resolver::new(view), file, offset)?;
    let sure = found.iter().filter(|d| !d.tier.is_guess());
    let all = sure.map(|destination| {
        let path = view.path(destination.location.file);
        let Some(symbol) = destination.symbol else {
            return Moniker { identifier: path.to_owned(), local: false };
        };
        let facts = view.facts(symbol.file);
        let def = facts.def(symbol.def);
        let mut names: Vec<&str> = containers(view, &facts, def, CONTAINERS_MAX).collect();
        names.reverse();
        names.push(&destination.name);
        let local = super::container::is_local(&facts, def.scope)
            || matches!(def.kind, DefKind::Parameter | DefKind::TypeParameter | DefKind::Label);
        Moniker { identifier: format!("{path}:{}", names.join(".")), local }
    });
    Ok(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn check_moniker(fixture: &str, identifier: &str, local: bool) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let expected = Moniker { identifier: identifier.to_owned(), local };
        assert_eq!(monikers(&view, file, offset), Ok(vec![expected]));
    }

    #[test]
    fn a_moniker_is_the_same_wherever_the_name_is_used() {
        let python = |use_: &str| {
            format!("\n//- /a.py\nclass A:\n    def m(self): pass\n//- /b.py\nfrom a import A\n{use_}\n")
        };
        check_moniker(&python("A().$0m()"), "a.py:A.m", false);
        check_moniker("\n//- /a.py\nclass A:\n    def $0m(self): pass\n", "a.py:A.m", false);
        check_moniker("\n//- /a.py\ndef f(x): return $0x\n", "a.py:f.x", true);
        check_moniker("\n//- /src/lib.rs\nstruct S;\nimpl S { fn $0f() {} }\n", "src/lib.rs:S.f", false);
        check_moniker("\n//- /a.ts\nexport class A { m() { let x = 1; return $0x; } }\n", "a.ts:A.m.x", true);
        check_moniker("\n//- /p/A.java\npackage p;\nclass A { int $0n; }\n", "p/A.java:A.n", false);
    }
}
