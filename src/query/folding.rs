//! What folds in a text.

use crate::lang::Tree;
use crate::lang::facts::{DefKind, Facts, Span};
pub use crate::lang::structure::{Fold, FoldKind};

/// Ranges of a document that fold, by position, at most `max`: of more, the largest. Imports that follow each other
/// fold as one.
pub fn folding_ranges(tree: &Tree, facts: &Facts, text: &str, max: usize) -> Vec<Fold> {
    // What is dropped for the limit is small, so all have to be looked at first.
    const LOOKED_AT_MAX: usize = 100_000;
    let mut folds = tree.folds(text, LOOKED_AT_MAX);
    for span in import_runs(facts, text, &folds) {
        let around = folds.iter_mut().filter(|f| f.kind == FoldKind::Block && f.span.encloses(span));
        match around.min_by_key(|f| f.span.len()).filter(|f| holds_only(f.span, span, text)) {
            Some(block) => block.kind = FoldKind::Imports,
            None if text.get(span.start as usize..span.end as usize).is_some_and(|t| t.contains('\n')) => {
                folds.push(Fold { span, kind: FoldKind::Imports, closed: false })
            }
            None => {}
        }
    }
    if folds.len() > max {
        folds.sort_by_key(|f| (std::cmp::Reverse(f.span.len()), *f));
        folds.truncate(max);
    }
    folds.sort_by_key(|f| (f.span.start, std::cmp::Reverse(f.span.end), *f));
    folds.dedup_by_key(|f| f.span);
    folds
}

/// Imports with nothing but white space between them, in the same blocks.
fn import_runs(facts: &Facts, text: &str, folds: &[Fold]) -> Vec<Span> {
    let imports =
        facts.defs.iter().filter(|d| d.kind == DefKind::Import && !d.span.is_empty()).map(|d| d.span);
    let mut all: Vec<Span> = imports.collect();
    all.sort_unstable();
    let mut runs: Vec<Span> = Vec::new();
    for span in all {
        let between = |run: &Span| text.get(run.end as usize..span.start.max(run.end) as usize);
        let together = |run: &Span| {
            between(run).is_some_and(|t| t.chars().all(|c| c.is_whitespace() || c == ';'))
                && folds.iter().all(|f| f.span.encloses(*run) == f.span.encloses(span))
        };
        match runs.last_mut() {
            Some(run) if together(run) => {
                run.end = run.end.max(span.end);
            }
            _ => runs.push(span),
        }
    }
    runs
}

/// Whether a block holds nothing else.
fn holds_only(block: Span, held: Span, text: &str) -> bool {
    let blank =
        |from: u32, to: u32| text.get(from as usize..to as usize).is_some_and(|t| t.trim().is_empty());
    blank(block.start, held.start) && blank(held.end, block.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{LangId, ParseLimits, Parser, extract};

    /// First and last line of what folds as imports, from 1.
    fn check_imports(path: &str, text: &str, expected: &[(usize, usize)]) {
        let lang = LangId::of_path(path.as_ref()).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let folds = folding_ranges(&tree, &extract(lang, &tree, text), text, 100);
        let line = |offset: u32| 1 + text[..offset as usize].matches('\n').count();
        let imports = folds.iter().filter(|f| f.kind == FoldKind::Imports);
        let found: Vec<_> = imports.map(|f| (line(f.span.start), line(f.span.end))).collect();
        assert_eq!(found, expected, "{folds:?}");
    }

    #[test]
    fn imports_that_follow_each_other_fold_as_one() {
        check_imports("a.py", "import a\nfrom b import (\n    c,\n)\nx = 1\nimport d\n", &[(1, 4)]);
        check_imports("a.rs", "use a::b;\nuse a::{c, d};\nuse e;\nfn f() {}\n", &[(1, 3)]);
        check_imports("a.ts", "import a from 'a';\nimport * as b from 'b';\n\nlet x;\n", &[(1, 2)]);
        check_imports("A.java", "package p;\n\nimport a.B;\nimport a.C;\n\nclass A {}\n", &[(3, 4)]);
        check_imports("a.go", "package m\n\nimport (\n\t\"a\"\n\t\"b\"\n)\n\nvar x int\n", &[(3, 6)]);
    }

    #[test]
    fn of_too_many_the_largest_are_kept() {
        let lang = LangId::of_language_id("rust").unwrap();
        let text = "fn f() {\n  {\n  }\n}\n";
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let folds = folding_ranges(&tree, &extract(lang, &tree, text), text, 1);
        assert_eq!(folds.iter().map(|f| f.span).collect::<Vec<_>>(), [Span::new(8, 17)]);
    }

    #[test]
    fn imports_of_a_block_do_not_fold_with_those_behind_it() {
        use crate::lang::{LangId, ParseLimits, Parser, extract};
        let text = "try:\n    import a\nexcept E:\n    import b\n    import c\n\nimport d\nimport e\n";
        let lang = LangId::of_language_id("python").unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let folds = folding_ranges(&tree, &extract(lang, &tree, text), text, 100);
        let crossing = |a: &Fold, b: &Fold| {
            a.span.start < b.span.start && b.span.start < a.span.end && a.span.end < b.span.end
        };
        assert!(!folds.iter().any(|a| folds.iter().any(|b| crossing(a, b))), "{folds:?}");
        let last = text.find("import d").unwrap() as u32;
        assert!(folds.iter().any(|f| f.kind == FoldKind::Imports && f.span.start == last), "{folds:?}");
    }
}
