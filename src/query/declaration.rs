//! Go to declaration.

use super::{Answer, Destination, destinations};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::resolve::{Resolver, Target};

/// The declarations of the name at the offset; in languages that do not tell the two apart its definitions.
pub fn declaration(view: &View, file: FileId, offset: u32) -> Answer {
    let resolver = Resolver::new(view);
    let definitions = destinations(&resolver, file, offset)?;
    let mut found: Vec<Destination> = Vec::new();
    for definition in definitions {
        let declared = definition.symbol.map(|symbol| resolver.declarations(symbol)).unwrap_or_default();
        let declared =
            declared.into_iter().map(|s| Destination::new(view, Target::Symbol(s), definition.tier));
        let before = found.len();
        found.extend(declared);
        if found.len() == before {
            found.push(definition);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::starts;
    use super::*;
    use crate::graph::fixture::Fixture;

    #[test]
    fn a_prototype_declares_what_another_file_defines() {
        let fixture = Fixture::parse(
            "
            //- /a.h
            int ⟦f⟧(void);
            //- /a.c
            #include \"a.h\"
            int f(void) { return 1; }
            //- /b.c
            #include \"a.h\"
            int g(void) { return $0f(); }
            ",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = declaration(&view, file, offset).unwrap();
        assert_eq!(starts(&view, found.iter().map(|d| &d.location)), fixture.starts());
    }

    #[test]
    fn where_the_two_are_one_the_definition_is_the_declaration() {
        for fixture in [
            "\n//- /a.py\ndef ⟦f⟧(): pass\n$0f()\n",
            "\n//- /a.ts\nfunction ⟦f⟧() {}\n$0f();\n",
            "\n//- /a.rs\nfn ⟦f⟧() {}\nfn g() { $0f(); }\n",
            "\n//- /a.go\npackage a\nfunc ⟦f⟧() {}\nfunc g() { $0f() }\n",
        ] {
            let marked = Fixture::parse(fixture);
            let view = marked.view();
            let (file, offset) = marked.cursor(&view);
            let found = declaration(&view, file, offset).unwrap();
            assert_eq!(starts(&view, found.iter().map(|d| &d.location)), marked.starts(), "{fixture}");
        }
    }
}
