//! Whether what has a shape has the right one, over every file of a folder, in-process:
//! `cargo bench --bench shapes -- FOLDER...`.
//!
//! Semantic tokens stand in order, apart from each other and inside the text, and those of a part are those of the whole
//! that are in it. Folds are inside the text and one in the other or apart. Selection ranges hold the place they are for,
//! and each one the one before. Ends with 1 if anything does not.

mod corpus;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use coppice::lang::facts::Span;
use coppice::lang::{ParseLimits, Parser, extract};
use coppice::query;

use corpus::Corpus;

/// Folds of one file, as over the protocol.
const FOLDS_MAX: usize = 10_000;
/// Places of one file that selections are asked for.
const PLACES: usize = 50;
/// Violations that are printed.
const PRINTED_MAX: usize = 20;

#[derive(Default)]
struct Counts {
    files: usize,
    tokens: usize,
    folds: usize,
    selections: usize,
    wrong: usize,
}

impl Counts {
    fn hold(&mut self, holds: bool, place: &dyn Fn(u32) -> String, what: &str, span: Span) {
        if !holds {
            self.wrong += 1;
            if self.wrong <= PRINTED_MAX {
                println!("    {}: {what} at {}..{}", place(span.start), span.start, span.end);
            }
        }
    }
}

fn main() -> ExitCode {
    let folders: Vec<PathBuf> =
        std::env::args().skip(1).filter(|a| a != "--bench").map(PathBuf::from).collect();
    if folders.is_empty() {
        eprintln!("shapes: needs a FOLDER");
        return ExitCode::SUCCESS;
    }
    let mut wrong = 0;
    for folder in folders {
        let corpus = Corpus::load(&folder);
        let counts = measure(&corpus);
        println!(
            "{}: {} lines (parsed in {:.2} s), {} files, {} tokens, {} folds, {} selections, {} wrong",
            folder.display(),
            corpus.lines,
            corpus.parse,
            counts.files,
            counts.tokens,
            counts.folds,
            counts.selections,
            counts.wrong
        );
        wrong += counts.wrong;
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(corpus: &Corpus) -> Counts {
    let mut counts = Counts::default();
    for (path, file) in &corpus.files {
        let (Some(text), lang) = (corpus.texts.get(path), corpus.view.row(*file).meta.lang) else { continue };
        let Ok(tree) = Parser::new().parse(lang, text, None, &ParseLimits::default()) else { continue };
        let end = text.len() as u32;
        let inside = |span: Span| {
            span.start <= span.end
                && span.end <= end
                && text.is_char_boundary(span.start as usize)
                && text.is_char_boundary(span.end as usize)
        };
        counts.files += 1;
        let place: &dyn Fn(u32) -> String = &|at| format!("{path}:{}", corpus.line(*file, at) + 1);
        let never = AtomicBool::new(false);
        let tokens = query::semantic_tokens(&corpus.view, *file, None, &never).tokens;
        counts.tokens += tokens.len();
        for token in &tokens {
            counts.hold(
                inside(token.span) && !token.span.is_empty(),
                place,
                "a token is not inside",
                token.span,
            );
        }
        for pair in tokens.windows(2) {
            counts.hold(pair[0].span.end <= pair[1].span.start, place, "tokens overlap", pair[1].span);
        }
        let half = Span::new(0, end / 2);
        let part = query::semantic_tokens(&corpus.view, *file, Some(half), &never).tokens;
        let same = part.iter().all(|t| tokens.contains(t))
            && part.len() == tokens.iter().filter(|t| t.span.start < half.end).count();
        counts.hold(same, place, "a part has other tokens than the whole", half);
        let folds = query::folding_ranges(&tree, &extract(lang, &tree, text), text, FOLDS_MAX);
        counts.folds += folds.len();
        let mut open: Vec<Span> = Vec::new();
        let mut spans: Vec<Span> = folds.iter().map(|fold| fold.span).collect();
        spans.sort_by_key(|s| (s.start, std::cmp::Reverse(s.end)));
        for span in spans {
            counts.hold(inside(span), place, "a fold is not inside", span);
            while open.last().is_some_and(|around| around.end <= span.start) {
                open.pop();
            }
            counts.hold(open.last().is_none_or(|around| span.end <= around.end), place, "folds cross", span);
            open.push(span);
        }
        for n in 0..PLACES.min(text.len() + 1) {
            let mut at = text.len() * n / PLACES;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let at = at as u32;
            let ranges = query::selection_ranges(&tree, text, at);
            counts.selections += ranges.len();
            let holds = ranges.iter().all(|r| inside(*r) && r.start <= at && at <= r.end)
                && ranges.windows(2).all(|pair| pair[1].encloses(pair[0]) && pair[0] != pair[1]);
            counts.hold(holds && !ranges.is_empty(), place, "selections do not grow", Span::new(at, at));
        }
    }
    counts
}
