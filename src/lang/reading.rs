//! A text that was read, from which the next version of the text can be.

use std::sync::Arc;

use super::facts::Facts;
use super::walk::{Replaced, Seams};
use super::{LangId, Tree, extract_with_seams, follow};

/// What a text turned out to be: its tree, what it says, and where that can be taken apart.
#[derive(Debug)]
pub struct Reading {
    pub tree: Tree,
    pub facts: Arc<Facts>,
    seams: Seams,
}

impl Reading {
    /// Reads all of the text. `may_have` is asked whether trees of the text's fragments may take so many bytes together; what
    /// they may not take is not read.
    pub fn whole(lang: LangId, tree: Tree, text: &str, may_have: &dyn Fn(u64) -> bool) -> Reading {
        let (facts, seams) = extract_with_seams(lang, &tree, text, may_have);
        Reading { tree, facts: facts.into(), seams }
    }

    /// Reads the text that this one has become. The tree was parsed from the seed, which is this one's tree told of what was
    /// replaced. Only what lies around that is read where that is enough.
    pub fn next(
        &self,
        lang: LangId,
        (tree, seed): (Tree, &Tree),
        text: &str,
        may_have: &dyn Fn(u64) -> bool,
        replaced: Replaced,
    ) -> Reading {
        let replaced = tree.read_otherwise(seed, text, replaced);
        let followed = follow(lang, &tree, text, may_have, (&self.facts, &self.seams), replaced);
        match followed {
            Some((facts, seams)) => Reading { tree, facts: facts.into(), seams },
            None => Reading::whole(lang, tree, text, may_have),
        }
    }

    /// Bytes held on the heap beside the tree and the facts.
    pub fn seams_bytes(&self) -> usize {
        self.seams.heap_bytes()
    }
}
