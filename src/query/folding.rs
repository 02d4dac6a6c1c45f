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
    let runs = import_runs(facts, text, &folds);
    let blocks = blocks_around(&runs, &folds);
    for (span, block) in runs.into_iter().zip(blocks) {
        match block.map(|at| &mut folds[at]).filter(|f| holds_only(f.span, span, text)) {
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

/// Imports with nothing but white space between them, in the same folds; by position.
fn import_runs(facts: &Facts, text: &str, folds: &[Fold]) -> Vec<Span> {
    let imports =
        facts.defs.iter().filter(|d| d.kind == DefKind::Import && !d.span.is_empty()).map(|d| d.span);
    let mut all: Vec<Span> = imports.collect();
    all.sort_unstable();
    let mut borders = Borders::new(folds);
    let mut runs: Vec<Span> = Vec::new();
    for span in all {
        let between = |run: &Span| text.get(run.end as usize..span.start.max(run.end) as usize);
        let together =
            |run: &Span| between(run).is_some_and(|t| t.chars().all(|c| c.is_whitespace() || c == ';'));
        match runs.last_mut() {
            Some(run) if !borders.lie_between(*run, span) && together(run) => {
                run.end = run.end.max(span.end);
            }
            _ => runs.push(span),
        }
    }
    runs
}

/// Where folds begin and end, gone through once while spans are asked about in the order of their starts.
struct Borders {
    by_start: Vec<Span>,
    by_end: Vec<Span>,
    started: usize,
    ended: usize,
    /// The run at hand, and the last end of the folds that begin in it or behind it so far.
    run: u32,
    inner_end: u32,
}

impl Borders {
    fn new(folds: &[Fold]) -> Borders {
        let mut by_start: Vec<Span> = folds.iter().map(|f| f.span).collect();
        by_start.sort_unstable();
        let mut by_end = by_start.clone();
        by_end.sort_unstable_by_key(|s| s.end);
        Borders { by_start, by_end, started: 0, ended: 0, run: u32::MAX, inner_end: 0 }
    }

    /// Whether a fold holds one of the two and not the other, which follows.
    fn lie_between(&mut self, run: Span, span: Span) -> bool {
        if self.run != run.start {
            (self.run, self.inner_end) = (run.start, 0);
            while self.by_start.get(self.started).is_some_and(|f| f.start <= run.start) {
                self.started += 1;
            }
        }
        while let Some(fold) = self.by_start.get(self.started).filter(|f| f.start <= span.start) {
            self.inner_end = self.inner_end.max(fold.end);
            self.started += 1;
        }
        let mut ends = false;
        while let Some(fold) = self.by_end.get(self.ended).filter(|f| f.end < span.end) {
            ends |= fold.start <= run.start && fold.end >= run.end;
            self.ended += 1;
        }
        ends || self.inner_end >= span.end
    }
}

/// For each run the innermost block around it, as a place in the folds; blocks do not cross.
fn blocks_around(runs: &[Span], folds: &[Fold]) -> Vec<Option<usize>> {
    let mut blocks: Vec<usize> = (0..folds.len()).filter(|at| folds[*at].kind == FoldKind::Block).collect();
    blocks.sort_by_key(|at| (folds[*at].span.start, std::cmp::Reverse(folds[*at].span.end)));
    let mut next = blocks.into_iter().peekable();
    let mut around: Vec<usize> = Vec::new();
    runs.iter()
        .map(|run| {
            while let Some(at) = next.next_if(|at| folds[*at].span.start <= run.start) {
                while around.pop_if(|outer| folds[*outer].span.end <= folds[at].span.start).is_some() {}
                around.push(at);
            }
            while around.pop_if(|at| folds[*at].span.end < run.end).is_some() {}
            around.last().copied()
        })
        .collect()
}

/// Whether a block holds nothing else.
fn holds_only(block: Span, held: Span, text: &str) -> bool {
    let blank =
        |from: u32, to: u32| text.get(from as usize..to as usize).is_some_and(|t| t.trim().is_empty());
    blank(block.start, held.start) && blank(held.end, block.end)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

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

    /// First and last line of what folds as blocks and as comments, from 1.
    fn check_folds(path: &str, text: &str, blocks: &[(usize, usize)], comments: &[(usize, usize)]) {
        let lang = LangId::of_path(path.as_ref()).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let folds = folding_ranges(&tree, &extract(lang, &tree, text), text, 100);
        let line = |offset: u32| 1 + text[..offset as usize].matches('\n').count();
        let of = |kind| -> Vec<(usize, usize)> {
            let those = folds.iter().filter(|f| f.kind == kind);
            those.map(|f| (line(f.span.start), line(f.span.end))).collect()
        };
        assert_eq!(
            (of(FoldKind::Block), of(FoldKind::Comment)),
            (blocks.to_vec(), comments.to_vec()),
            "{path}"
        );
    }

    #[test]
    fn blocks_and_comments_fold() {
        check_folds(
            "a.py",
            "# a\n# b\nclass A:\n    def f(self):\n        pass\n",
            &[(3, 5), (4, 5)],
            &[(1, 2)],
        );
        check_folds("a.rs", "// a\n// b\nimpl A {\n    fn f() {\n    }\n}\n", &[(3, 6), (4, 5)], &[(1, 2)]);
        check_folds("a.ts", "/* a\n b */\nclass A {\n    f() {\n    }\n}\n", &[(3, 6), (4, 5)], &[(1, 2)]);
        check_folds(
            "A.java",
            "/* a\n b */\nclass A {\n    void f() {\n    }\n}\n",
            &[(3, 6), (4, 5)],
            &[(1, 2)],
        );
        check_folds(
            "a.go",
            "package m\n\n// a\n// b\nfunc f() {\n\tif x {\n\t}\n}\n",
            &[(5, 8), (6, 7)],
            &[(3, 4)],
        );
        check_folds(
            "a.c",
            "/* a\n b */\nint f(void) {\n    if (x) {\n    }\n}\n",
            &[(3, 6), (4, 5)],
            &[(1, 2)],
        );
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

    /// Spans made of a start and a length.
    fn spans(of: Vec<(u32, u32)>) -> Vec<Span> {
        of.into_iter().map(|(start, len)| Span::new(start, start + len)).collect()
    }

    proptest! {
        #[test]
        fn borders_are_those_of_a_look_at_all_folds(
            folds in prop::collection::vec((0u32..40, 0u32..20), 0..15),
            asked in prop::collection::vec((0u32..40, 1u32..4), 1..15),
        ) {
            let folds: Vec<Fold> = spans(folds)
                .into_iter()
                .map(|span| Fold { span, kind: FoldKind::Block, closed: false })
                .collect();
            let mut asked = spans(asked);
            asked.sort_unstable();
            let mut borders = Borders::new(&folds);
            let mut runs: Vec<Span> = Vec::new();
            for span in asked {
                let Some(run) = runs.last_mut() else {
                    runs.push(span);
                    continue;
                };
                // Statements do not overlap.
                if span.start < run.end {
                    continue;
                }
                let differs = folds.iter().any(|f| f.span.encloses(*run) != f.span.encloses(span));
                prop_assert_eq!(borders.lie_between(*run, span), differs, "{:?} {:?}", run, span);
                match differs {
                    true => runs.push(span),
                    false => run.end = run.end.max(span.end),
                }
            }
        }
    }

    #[test]
    fn imports_and_folds_by_the_thousand_cost_what_they_are_long() {
        const PIECES: usize = 30_000;
        let lang = LangId::of_language_id("python").unwrap();
        let text: String = (0..PIECES).map(|_| "import a\nx = [\n1,\n]\n").collect();
        let limits = ParseLimits { deadline: Duration::from_secs(60), cancel: None };
        let tree = Parser::new().parse(lang, &text, None, &limits).unwrap();
        let facts = extract(lang, &tree, &text);
        let folds = folding_ranges(&tree, &facts, &text, usize::MAX);
        assert_eq!(folds.len(), PIECES);
        let runs = import_runs(&facts, &text, &folds);
        assert_eq!(blocks_around(&runs, &folds), vec![None; PIECES]);
    }
}
