//! The shape of a text as its tree has it: what folds, and what lies around a place.

use super::facts::Span;
use super::parse::Tree;

/// Deepest nesting that is looked at; what lies deeper is in the deepest range.
const DEPTH_MAX: usize = 4_096;

/// What a fold holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FoldKind {
    Block,
    Comment,
    Imports,
    /// Between two comments that say so.
    Region,
}

/// A part of a text of more than one line, that can be shown as its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fold {
    /// From behind what opens it to before what closes it.
    pub span: Span,
    pub kind: FoldKind,
    /// A bracket or the like closes it, and stands in its last line.
    pub closed: bool,
}

/// Comments one below the other, or a single one.
struct Comments {
    span: Span,
    /// Where the last of them starts, by line and column.
    last: tree_sitter::Point,
    /// The line in which the last of them ends.
    end_row: usize,
}

impl Tree {
    /// What folds, the first `max` in source order of their ends: brackets, indented bodies, elements, comments, regions.
    pub fn folds(&self, text: &str, max: usize) -> Vec<Fold> {
        let mut folds = self.all_folds(text, max);
        drop_crossing(&mut folds);
        folds
    }

    fn all_folds(&self, text: &str, max: usize) -> Vec<Fold> {
        let mut folds = Vec::new();
        let mut regions = Vec::new();
        let mut cursor = self.inner.walk();
        let mut depth = 0;
        loop {
            let node = cursor.node();
            let tall = node.start_position().row < node.end_position().row;
            if tall {
                fold_children(node, text, &mut folds, &mut regions);
                if folds.len() >= max {
                    folds.truncate(max);
                    return folds;
                }
            }
            if tall && depth < DEPTH_MAX && cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return folds;
                }
                depth -= 1;
            }
        }
    }

    /// What lies around an offset, the innermost first, each larger than the one before.
    pub fn around(&self, text: &str, offset: u32) -> Vec<Span> {
        let inside = probe(text, offset);
        let mut spans = Vec::new();
        let mut add = |span: Span| {
            if span.touches(offset) && !span.is_empty() && spans.last() != Some(&span) {
                spans.push(span);
            }
        };
        let mut cursor = self.inner.walk();
        for _ in 0..DEPTH_MAX {
            let node = cursor.node();
            add(span_of(node));
            if let (Some(first), Some(last)) = (node.child(0), last_child(node))
                && closer_of(first.kind()).is_some_and(|closer| closer == last.kind())
            {
                let (start, end) = (first.end_byte(), last.start_byte());
                let within = text.get(start..end).unwrap_or_default();
                let start = start + (within.len() - within.trim_start().len());
                let end = start + within.trim().len();
                let span = Span::new(start as u32, end as u32);
                if span.touches(offset) && end > start {
                    add(span);
                }
            }
            if cursor.goto_first_child_for_byte(inside).is_none() || !span_of(cursor.node()).touches(offset) {
                break;
            }
        }
        if let Some(word) = word_at(text, offset) {
            add(word);
        }
        spans.reverse();
        let mut last: Option<Span> = None;
        spans.retain(|span| {
            let larger = last.is_none_or(|last| span.encloses(last) && *span != last);
            if larger {
                last = Some(*span);
            }
            larger
        });
        spans
    }
}

/// Drops blocks that begin inside another and end outside of it, as they can where the text is half-written.
fn drop_crossing(folds: &mut Vec<Fold>) {
    let mut blocks: Vec<Fold> = folds.iter().filter(|f| f.kind == FoldKind::Block).copied().collect();
    blocks.sort_unstable_by_key(|f| (f.span.start, std::cmp::Reverse(f.span.end)));
    let mut around: Vec<Span> = Vec::new();
    let mut crossing: Vec<Fold> = Vec::new();
    for block in blocks {
        while around.pop_if(|outer| outer.end <= block.span.start).is_some() {}
        match around.last() {
            Some(outer) if outer.end < block.span.end => crossing.push(block),
            _ => around.push(block.span),
        }
    }
    if !crossing.is_empty() {
        folds.retain(|fold| !crossing.contains(fold));
    }
}

/// Folds between the children of a node.
fn fold_children(node: tree_sitter::Node<'_>, text: &str, folds: &mut Vec<Fold>, regions: &mut Vec<usize>) {
    let mut cursor = node.walk();
    let mut open: Vec<(&'static str, tree_sitter::Node<'_>)> = Vec::new();
    let mut comments: Option<Comments> = None;
    // What an indented body follows, and where the body ends so far.
    let mut head: Option<(tree_sitter::Node<'_>, Option<tree_sitter::Node<'_>>)> = None;
    for child in node.children(&mut cursor) {
        let kind = child.kind();
        if is_comment(child) {
            fold_region(child, text, folds, regions);
            let start = child.start_position();
            let follows = comments.as_ref().is_some_and(|run| {
                run.end_row + 1 == start.row + usize::from(run.end_row == start.row)
                    && run.last.column == start.column
            });
            if !follows && let Some(run) = comments.take() {
                folds.extend(comment_fold(&run, text));
            }
            let before = comments.take().map_or(child.start_byte() as u32, |run| run.span.start);
            let end = trimmed_end(text, child);
            let end_row =
                start.row + memchr::memchr_iter(b'\n', &text.as_bytes()[child.start_byte()..end]).count();
            comments = Some(Comments { span: Span::new(before, end as u32), last: start, end_row });
            continue;
        }
        if let Some(run) = comments.take() {
            folds.extend(comment_fold(&run, text));
        }
        if let Some(closer) = closer_of(kind).or_else(|| kind.ends_with("opening_element").then_some("")) {
            open.push((closer, child));
        } else if let Some((_, opener)) = open
            .pop_if(|(closer, _)| *closer == kind || closer.is_empty() && kind.ends_with("closing_element"))
        {
            folds.extend(between(opener.end_byte(), child.start_byte(), text, true));
        }
        match (&mut head, kind) {
            (None, ":") => head = Some((child, None)),
            (Some((colon, None)), _)
                if child.is_named() && child.start_position().row > colon.end_position().row =>
            {
                head = Some((*colon, Some(child)));
            }
            // A body on the line of its head is no body of its own.
            (Some((_, None)), _) => head = (kind == ":").then_some((child, None)),
            (Some((colon, Some(end))), _) if child.is_named() && !kind.ends_with("_clause") => {
                head = Some((*colon, Some(child).or(Some(*end))));
            }
            (Some((colon, Some(end))), _) => {
                folds.extend(between(colon.end_byte(), trimmed_end(text, *end), text, false));
                head = (kind == ":").then_some((child, None));
            }
            (None, _) => {}
        }
    }
    if let Some(run) = comments {
        folds.extend(comment_fold(&run, text));
    }
    if let Some((colon, Some(end))) = head {
        folds.extend(between(colon.end_byte(), trimmed_end(text, end), text, false));
    }
}

/// A fold, if it takes more than one line.
fn between(start: usize, end: usize, text: &str, closed: bool) -> Option<Fold> {
    let tall = start < end && memchr::memchr2(b'\n', b'\r', text.as_bytes().get(start..end)?).is_some();
    tall.then_some(Fold { span: Span::new(start as u32, end as u32), kind: FoldKind::Block, closed })
}

fn comment_fold(run: &Comments, text: &str) -> Option<Fold> {
    let Span { start, end } = run.span;
    between(start as usize, end as usize, text, false).map(|fold| Fold { kind: FoldKind::Comment, ..fold })
}

/// Opens or closes a region, if the comment says so.
fn fold_region(comment: tree_sitter::Node<'_>, text: &str, folds: &mut Vec<Fold>, regions: &mut Vec<usize>) {
    let words = text.get(comment.byte_range()).unwrap_or_default();
    let words = words.trim_start_matches(['/', '#', '-', '*', '<', '!', ' ', '\t']);
    let says = |word: &str| {
        words.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    if says("region") {
        regions.push(trimmed_end(text, comment));
    } else if says("endregion")
        && let Some(start) = regions.pop()
    {
        let fold = between(start, comment.start_byte(), text, true);
        folds.extend(fold.map(|fold| Fold { kind: FoldKind::Region, ..fold }));
    }
}

fn is_comment(node: tree_sitter::Node<'_>) -> bool {
    node.is_extra() && node.kind().contains("comment")
}

/// The end of a node without the white space that some grammars count in.
fn trimmed_end(text: &str, node: tree_sitter::Node<'_>) -> usize {
    node.start_byte() + text.get(node.byte_range()).unwrap_or_default().trim_end().len()
}

fn closer_of(opener: &str) -> Option<&'static str> {
    match opener {
        "{" => Some("}"),
        "(" => Some(")"),
        "[" => Some("]"),
        _ => None,
    }
}

fn last_child(node: tree_sitter::Node<'_>) -> Option<tree_sitter::Node<'_>> {
    node.child(node.child_count().checked_sub(1)?)
}

fn span_of(node: tree_sitter::Node<'_>) -> Span {
    Span::new(node.start_byte() as u32, node.end_byte() as u32)
}

/// The offset whose character is meant: behind the last letter of a word, that letter.
fn probe(text: &str, offset: u32) -> usize {
    let offset = offset as usize;
    let before = text.get(..offset).and_then(|t| t.chars().next_back());
    let here = text.get(offset..).and_then(|t| t.chars().next());
    match (before, here) {
        (Some(before), here) if is_word(before) && !here.is_some_and(is_word) => offset - before.len_utf8(),
        _ => offset,
    }
}

/// The word that holds the offset, or ends there.
fn word_at(text: &str, offset: u32) -> Option<Span> {
    let (before, after) = text.split_at_checked(offset as usize)?;
    let start =
        before.len() - before.chars().rev().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    let end = before.len() + after.chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    (start < end).then_some(Span::new(start as u32, end as u32))
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::{LangId, ParseLimits, Parser};

    fn tree(path: &str, text: &str) -> Tree {
        let lang = LangId::of_path(path.as_ref()).unwrap();
        Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap()
    }

    /// First and last line of each fold, from 1, and what it is.
    fn check_folds(path: &str, text: &str, expected: &[(usize, usize, FoldKind)]) {
        let mut folds = tree(path, text).folds(text, 100);
        folds.sort_unstable();
        let line = |offset: u32| 1 + text[..offset as usize].matches('\n').count();
        let found: Vec<_> = folds.iter().map(|f| (line(f.span.start), line(f.span.end), f.kind)).collect();
        assert_eq!(found, expected, "{text}");
    }

    use FoldKind::{Block, Comment, Region};

    #[test]
    fn indented_bodies_fold_without_what_follows_them() {
        let text = "# one\n# two\n\nclass A:\n    def f(self):\n        if x:\n            y\n        else:\n            z\n\n";
        check_folds(
            "a.py",
            text,
            &[(1, 2, Comment), (4, 9, Block), (5, 9, Block), (6, 7, Block), (8, 9, Block)],
        );
    }

    #[test]
    fn brackets_fold_to_before_their_end() {
        let text = "/// a\n/// b\nfn f(\n    a: u8,\n) {\n    match a {\n        _ => {}\n    }\n}\n";
        check_folds("a.rs", text, &[(1, 2, Comment), (3, 5, Block), (5, 9, Block), (6, 8, Block)]);
        let text = "import (\n\t\"a\"\n)\n\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\tg()\n\t\th()\n\tdefault:\n\t\ti()\n\t}\n}\n";
        check_folds(
            "a.go",
            text,
            &[(1, 3, Block), (5, 13, Block), (6, 12, Block), (7, 9, Block), (10, 11, Block)],
        );
    }

    #[test]
    fn regions_and_elements_fold() {
        let text = "// #region All\nconst a = <p>\n  <b>x</b>\n</p>;\n// #endregion\n";
        check_folds("a.tsx", text, &[(1, 5, Region), (2, 4, Block)]);
    }

    fn check_around(path: &str, marked: &str, expected: &[&str]) {
        let offset = marked.find('|').unwrap();
        let text = marked.replacen('|', "", 1);
        let spans = tree(path, &text).around(&text, offset as u32);
        let found: Vec<&str> = spans.iter().map(|s| &text[s.start as usize..s.end as usize]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_around_grows_to_the_whole_text() {
        check_around("a.py", "f(ab|c, 1)", &["abc", "abc, 1", "(abc, 1)", "f(abc, 1)"]);
        check_around("a.py", "fa|(b)", &["fa", "fa(b)"]);
        check_around("a.rs", "// two wo|rds", &["words", "// two words"]);
        check_around("a.go", "package |a", &["a", "package a"]);
        check_around("a.java", "|", &[]);
    }

    #[test]
    fn blocks_of_half_written_code_do_not_cross() {
        let block = |start, end| Fold { span: Span::new(start, end), kind: FoldKind::Block, closed: false };
        let mut folds = vec![block(4, 8), block(0, 10), block(6, 12), block(5, 7), block(10, 14)];
        drop_crossing(&mut folds);
        assert_eq!(folds, [block(4, 8), block(0, 10), block(5, 7), block(10, 14)]);
    }

    const PIECES: [&str; 16] = [
        "class A:\n",
        "  def f(x):\n",
        "{\n",
        "}\n",
        "(\n",
        ")",
        "[",
        "]\n",
        "// c\n",
        "# c\n",
        "/* x\n*/",
        "if a:\n    b\n",
        "fn f() {\n",
        "\"s\n",
        "ü = 1\r\n",
        "case 1:\n",
    ];

    proptest! {
        #[test]
        fn folds_nest_and_what_is_around_grows(
            lang in 0..LangId::all().len(),
            pieces in prop::collection::vec(0..PIECES.len(), 0..24),
            at in 0usize..200,
        ) {
            let text: String = pieces.iter().map(|p| PIECES[*p]).collect();
            let lang = LangId::all().nth(lang).unwrap();
            let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
            let folds = tree.folds(&text, 1_000);
            for a in &folds {
                prop_assert!(text.get(a.span.start as usize..a.span.end as usize).is_some_and(|t| t.contains(['\n', '\r'])));
                for b in folds.iter().filter(|b| b.kind == FoldKind::Block && a.kind == FoldKind::Block) {
                    let apart = a.span.end <= b.span.start || b.span.end <= a.span.start;
                    prop_assert!(apart || a.span.encloses(b.span) || b.span.encloses(a.span), "{a:?} {b:?}");
                }
            }
            let offset = (0..=at.min(text.len())).rev().find(|o| text.is_char_boundary(*o)).unwrap();
            let spans = tree.around(&text, offset as u32);
            prop_assert!(spans.iter().all(|s| s.touches(offset as u32) && s.end as usize <= text.len()));
            prop_assert!(spans.windows(2).all(|w| w[1].encloses(w[0]) && w[1] != w[0]));
        }
    }
}
