//! Words of a language: what may be a name, and what a place of a text is to its grammar.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::facts::Span;
use super::{LangId, ParseLimits, Parser, Tree};

/// Longest name that anybody is given.
const NAME_BYTES_MAX: usize = 256;

/// What a leaf of a syntax tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    Comment,
    String,
    /// A word that names something.
    Name,
    /// A keyword, an operator, a number.
    Other,
}

impl Tree {
    /// What the text at the offset is, and the leaf's extent.
    pub fn leaf_at(&self, offset: u32) -> (Leaf, Span) {
        let at = offset as usize;
        let root = self.inner.root_node();
        let Some(node) = root.descendant_for_byte_range(at, at + 1) else {
            return (Leaf::Other, Span::new(offset, offset));
        };
        (leaf(node), span_of(node))
    }

    /// The same for many offsets, in ascending order, in one walk.
    pub fn leaves_at(&self, offsets: impl Iterator<Item = u32>) -> Vec<(Leaf, Span)> {
        let mut cursor = self.inner.walk();
        let mut leaves = Vec::new();
        for offset in offsets {
            let at = offset as usize;
            while cursor.node().end_byte() <= at && (cursor.goto_next_sibling() || cursor.goto_parent()) {}
            leaves.push(descend(&mut cursor, at).unwrap_or((Leaf::Other, Span::new(offset, offset))));
        }
        leaves
    }
}

/// Goes down to the innermost node that holds the byte, or to the one behind it; what holds it.
fn descend(cursor: &mut tree_sitter::TreeCursor<'_>, at: usize) -> Option<(Leaf, Span)> {
    loop {
        let node = cursor.node();
        if node.start_byte() > at {
            let mut above = cursor.clone();
            return above.goto_parent().then(|| (leaf(above.node()), span_of(above.node())));
        }
        if node.end_byte() <= at {
            return None;
        }
        if !cursor.goto_first_child() {
            return Some((leaf(node), span_of(node)));
        }
        while cursor.node().end_byte() <= at {
            if !cursor.goto_next_sibling() {
                cursor.goto_parent();
                return Some((leaf(node), span_of(node)));
            }
        }
    }
}

fn span_of(node: tree_sitter::Node<'_>) -> Span {
    Span::new(node.start_byte() as u32, node.end_byte() as u32)
}

fn leaf(node: tree_sitter::Node<'_>) -> Leaf {
    let kind = node.kind();
    if kind.contains("comment") {
        Leaf::Comment
    } else if ["string", "char", "heredoc", "regex"].iter().any(|word| kind.contains(word)) {
        Leaf::String
    } else if node.is_named()
        && node.child_count() == 0
        && ["identifier", "name", "word", "constant"].iter().any(|word| kind.contains(word))
    {
        Leaf::Name
    } else {
        Leaf::Other
    }
}

/// Whether the language takes the text as a name: one word, and none of its own.
pub fn is_name(lang: LangId, text: &str) -> bool {
    let plain = text.trim_start_matches(['\'', '#', '@', '$']);
    let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    if plain.is_empty()
        || text.len() > NAME_BYTES_MAX
        || plain.starts_with(|c: char| c.is_ascii_digit())
        || !plain.trim_start_matches("r#").chars().all(fits)
    {
        return false;
    }
    let Ok(tree) = Parser::new().parse(lang, plain, None, &ParseLimits::default()) else { return false };
    tree.leaf_at(0) == (Leaf::Name, Span::new(0, plain.len() as u32))
}

/// Whether the word is one of the grammar's own, in some place at least, or the language's rules speak of it.
pub fn is_own_word(lang: LangId, text: &str) -> bool {
    let pack = lang.pack();
    let grammar = (pack.grammar)();
    let kinds = (0..grammar.node_kind_count()).filter_map(|kind| u16::try_from(kind).ok());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    kinds.filter_map(|kind| grammar.node_kind_for_id(kind)).any(|kind| kind == text)
        || pack.rules.split(|c| !is_word(c)).any(|word| word == text)
        || {
            let knobs = &pack.knobs;
            let lists = [
                knobs.self_names,
                knobs.super_names,
                knobs.self_type_names,
                knobs.constructor_names,
                knobs.prototype_names,
                knobs.module_attributes,
            ];
            lists
                .into_iter()
                .flatten()
                .chain(knobs.decorators.iter().map(|(name, _)| name))
                .any(|w| *w == text)
        }
}

/// The words that the language's grammar has of its own, sorted.
pub fn keywords(lang: LangId) -> &'static [String] {
    static WORDS: [OnceLock<Vec<String>>; 256] = [const { OnceLock::new() }; 256];
    WORDS[usize::from(lang.index())].get_or_init(|| {
        let grammar = (lang.pack().grammar)();
        let words: BTreeSet<String> = (0..grammar.node_kind_count())
            .filter_map(|kind| u16::try_from(kind).ok())
            .filter(|kind| !grammar.node_kind_is_named(*kind))
            .filter_map(|kind| grammar.node_kind_for_id(kind))
            .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            .filter(|word| word.chars().any(|c| c.is_ascii_lowercase()))
            .map(str::to_owned)
            .collect();
        words.into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: [&str; 12] =
        ["f(a)", " # b\n", "/* c */", "'d' ", "\n\n", "{ ", "}", "ü = 1;", "\"e\" ", "(", " ) ", "g"];

    proptest! {
        #[test]
        fn many_leaves_are_those_that_each_place_has(
            pieces in prop::collection::vec(0..PIECES.len(), 0..20),
            lang in prop::sample::select(vec!["python", "typescript", "rust", "c"]),
            step in 1usize..5,
        ) {
            let text: String = pieces.into_iter().map(|at| PIECES[at]).collect();
            let lang = LangId::of_language_id(lang).unwrap();
            let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
            let root = tree.inner.root_node();
            let offsets: Vec<u32> = (root.start_byte()..root.end_byte()).step_by(step).map(|at| at as u32).collect();
            let each: Vec<(Leaf, Span)> = offsets.iter().map(|at| tree.leaf_at(*at)).collect();
            prop_assert_eq!(tree.leaves_at(offsets.into_iter()), each);
        }
    }

    #[test]
    fn words_of_the_language_are_no_names() {
        let cases = [
            ("python", "items", "class"),
            ("rust", "items", "match"),
            ("typescript", "items", "typeof"),
            ("javascript", "$items", "function"),
            ("go", "items", "range"),
            ("java", "items", "synchronized"),
        ];
        for (lang, name, word) in cases {
            let lang = LangId::of_language_id(lang).unwrap();
            assert!(is_name(lang, name) && is_name(lang, "größe"), "{}", lang.name());
            for text in [word, "", "two words", "1st", "a-b", "a.b", "a\n"] {
                assert!(!is_name(lang, text), "{}: {text:?}", lang.name());
            }
            assert!(keywords(lang).iter().any(|w| w == word), "{}", lang.name());
        }
    }
}
