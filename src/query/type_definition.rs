//! Go to the definition of a type.

use super::{Answer, Destination, Empty};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::resolve::{Outcome, Resolver};

/// The definitions of the type of what the name at the offset stands for.
pub fn type_definition(view: &View, file: FileId, offset: u32) -> Answer {
    let resolver = Resolver::new(view);
    let at = resolver.at(file, offset).ok_or(Empty::NotAName)?;
    match resolver.type_of(file, at) {
        Outcome::Found(targets) => {
            Ok(targets.into_iter().map(|(target, tier)| Destination::new(view, target, tier)).collect())
        }
        Outcome::External => Err(Empty::External),
        Outcome::Unresolved(why) => Err(Empty::Unresolved(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::starts;
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The types of the name at `$0` are defined in the brackets.
    fn check_type(fixture: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = type_definition(&view, file, offset).unwrap_or_default();
        assert_eq!(starts(&view, found.iter().map(|d| &d.location)), fixture.starts());
    }

    #[test]
    fn python_values_functions_and_classes() {
        check_type("\n//- /a.py\nclass ⟦Row⟧: pass\ndef f(row: Row):\n    $0row\n");
        check_type("\n//- /a.py\nclass ⟦Row⟧: pass\ndef first() -> Row: ...\nx = $0first()\n");
        check_type("\n//- /a.py\nclass ⟦Row⟧: pass\n$0Row()\n");
        check_type("\n//- /a.py\nclass ⟦A⟧: pass\nclass ⟦B⟧: pass\ndef f(x: A | B | None):\n    $0x\n");
        check_type("\n//- /a.py\ndef f(x: str):\n    $0x\n");
    }

    #[test]
    fn rust_values_behind_wrappers_and_results() {
        check_type(
            "
            //- /src/lib.rs
            struct ⟦Node⟧;
            struct Tree { root: Option<Box<Node>> }
            fn f(tree: &Tree) { tree.$0root; }
            ",
        );
        check_type("\n//- /src/lib.rs\nstruct ⟦S⟧;\nfn f($0all: Vec<&S>, n: u8) {}\n");
        check_type("\n//- /src/lib.rs\nstruct ⟦S⟧;\nimpl S { fn $0new() -> Self { S } }\n");
        check_type("\n//- /src/lib.rs\nfn f<⟦T⟧>($0x: T) {}\n");
    }

    #[test]
    fn typescript_and_javascript_values() {
        check_type(
            "
            //- /a.ts
            export interface ⟦Shape⟧ { area(): number }
            export const square = (): Shape => null!;
            //- /b.ts
            import { square } from './a';
            const $0s = square();
            ",
        );
        check_type("\n//- /a.js\nclass ⟦Queue⟧ {}\nconst q = new Queue();\n$0q;\n");
    }

    #[test]
    fn go_and_java_values() {
        check_type(
            "
            //- /go.mod
            module m
            //- /a.go
            package m
            type ⟦T⟧ struct{}
            func open() (*T, error) { return nil, nil }
            func run() { t, err := open(); _ = err; $0t }
            ",
        );
        check_type(
            "
            //- /A.java
            class ⟦A⟧ { A next; void go() { this.$0next = null; } }
            ",
        );
    }
}
