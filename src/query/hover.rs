//! What is known of the name under the cursor.

use super::container::containers;
use super::docs::documentation;
use super::signature::signature;
use super::{Destination, Empty, Location, destinations};
use crate::graph::View;
use crate::lang::facts::{Def, DefKind, Facts, Name, Span};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Occurrence, Resolver, Tier};

/// Containers named in a hover, outermost first.
const CONTAINERS_MAX: usize = 6;

/// What a hover shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The name that is hovered over.
    pub span: Span,
    /// The declaration's head, cut from its source; the path of a module.
    pub signature: String,
    pub documentation: Option<String>,
    /// What the definition stands in: types and modules, outermost first.
    pub container: Option<String>,
    /// The file of the definition, relative to the folder.
    pub path: String,
    pub location: Location,
    pub kind: DefKind,
    pub tier: Tier,
    /// How many other definitions may be meant.
    pub others: usize,
    /// The language's name, for highlighting the signature.
    pub lang: &'static str,
}

/// A name of which only that is known that it comes from outside the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub span: Span,
    pub name: String,
}

/// What is known of the name at the offset.
pub fn hover(view: &View, file: FileId, offset: u32) -> Result<Hover, Empty> {
    let resolver = Resolver::new(view);
    let (span, _) = name_at(&resolver, file, offset).ok_or(Empty::NotAName)?;
    let best = destinations(&resolver, file, offset)?;
    let Some(first) = best.first() else { return Err(Empty::NotAName) };
    Ok(describe(view, first, span, best.len() - 1))
}

/// The name at the offset, for a hover that has found it to be [`Empty::External`].
pub fn outside(view: &View, file: FileId, offset: u32) -> Option<Outside> {
    let (span, name) = name_at(&Resolver::new(view), file, offset)?;
    Some(Outside { span, name: view.name_text(name).to_owned() })
}

fn name_at(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Option<(Span, Name)> {
    let facts = resolver.view().facts(file);
    Some(match resolver.at(file, offset)? {
        Occurrence::Ref(reference) => (facts.reference(reference).span, facts.reference(reference).name),
        Occurrence::Def(def) => (facts.def(def).name_span, facts.def(def).name),
    })
}

fn describe(view: &View, found: &Destination, span: Span, others: usize) -> Hover {
    let file = found.location.file;
    let lang = view.lang(file);
    let path = view.path(file).to_owned();
    let mut hover = Hover {
        span,
        signature: found.name.clone(),
        documentation: None,
        container: None,
        kind: found.kind,
        tier: found.tier,
        others,
        lang: lang.name(),
        path,
        location: found.location,
    };
    let Some(symbol) = found.symbol else {
        hover.signature = hover.path.clone();
        return hover;
    };
    let facts = view.facts(file);
    let def = facts.def(symbol.def);
    hover.container = container(view, &facts, def);
    // Without the text, or with another one on disk by now, there is still the name.
    if let Ok(text) = view.text(file) {
        let signature = signature(&text, def, lang.knobs());
        if !signature.is_empty() {
            hover.signature = signature;
        }
        hover.documentation = documentation(&text, def, lang.knobs());
    }
    hover
}

/// The names around a definition, `outer.inner`.
fn container(view: &View, facts: &Facts, def: &Def) -> Option<String> {
    let mut names: Vec<&str> = containers(view, facts, def, CONTAINERS_MAX).collect();
    names.reverse();
    (!names.is_empty()).then(|| names.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    #[test]
    fn a_hover_has_head_documentation_place_and_tier() {
        let fixture = Fixture::parse(
            r#"
            //- /a.py
            class Engine:
                def start(self, fast: bool = False) -> None:
                    """Starts it."""
            def drive(engine: Engine):
                engine.$0start()
            "#,
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let hover = hover(&view, file, offset).unwrap();
        assert_eq!(hover.signature, "def start(self, fast: bool = False) -> None");
        assert_eq!(hover.documentation.as_deref(), Some("Starts it."));
        assert_eq!((hover.container.as_deref(), &*hover.path), (Some("Engine"), "a.py"));
        assert_eq!((hover.tier, hover.others, hover.lang), (Tier::Declared, 0, "python"));
    }

    #[test]
    fn a_name_from_outside_is_told_by_itself() {
        let fixture = Fixture::parse("\n//- /a.py\nimport os\nos.$0getcwd()\n");
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        assert_eq!(hover(&view, file, offset), Err(Empty::External));
        let found = outside(&view, file, offset).unwrap();
        assert_eq!((&*found.name, found.span.len()), ("getcwd", 6));
        assert_eq!(outside(&view, file, offset + 7), None);
    }

    #[test]
    fn a_file_that_is_another_one_by_now_is_not_quoted() {
        let fixture =
            Fixture::parse("\n//- /a.py\n# One.\ndef one(): pass\n//- /b.py\nfrom a import one\n$0one()\n");
        let view = fixture.view_behind("a.py", "# Two.\ndef two(): pass\n");
        let (file, offset) = fixture.cursor(&view);
        let hover = hover(&view, file, offset).unwrap();
        assert_eq!((&*hover.signature, hover.documentation), ("one", None));
    }

    #[test]
    fn heads_and_comments_are_found_in_every_language() {
        for (fixture, head) in [
            (
                "\n//- /a.ts\n/** Adds. */\nfunction add(a: number): number { return a; }\n$0add(1);\n",
                "function add(a: number): number",
            ),
            (
                "\n//- /a.rs\n/// Adds.\nfn add(a: u32) -> u32 { a }\nfn f() { $0add(1); }\n",
                "fn add(a: u32) -> u32",
            ),
            (
                "\n//- /a.go\npackage a\n\n// Adds.\nfunc add(a int) int { return a }\nfunc f() { $0add(1) }\n",
                "func add(a int) int",
            ),
            (
                "\n//- /A.java\nclass A {\n    /** Adds. */\n    int add(int a) { return a; }\n    void f() { $0add(1); }\n}\n",
                "int add(int a)",
            ),
        ] {
            let marked = Fixture::parse(fixture);
            let view = marked.view();
            let (file, offset) = marked.cursor(&view);
            let hover = hover(&view, file, offset).unwrap();
            assert_eq!(
                (&*hover.signature, hover.documentation.as_deref()),
                (head, Some("Adds.")),
                "{fixture}"
            );
        }
    }
}
