//! How an answer was found: tier and candidates.

use super::{Destination, Empty, destinations};
use crate::graph::View;
use crate::lang::facts::Role;
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Occurrence, Resolver, Tier};

/// A definition that the name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub destination: Destination,
    /// Relative to the folder.
    pub path: String,
    /// The tier in plain words.
    pub words: &'static str,
}

/// What is known of the name under the cursor, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    pub name: String,
    /// How the name is used; `None` on a definition's own name.
    pub role: Option<Role>,
    /// The type of what stands before the name, as far as it is known.
    pub receiver: Option<String>,
    pub candidates: Vec<Candidate>,
    /// Why there is no candidate.
    pub empty: Option<Empty>,
    /// The tier of the best candidate.
    pub tier: Option<Tier>,
}

/// What is known of the name at the offset; `None` if there is no name.
pub fn why(view: &View, file: FileId, offset: u32) -> Option<Why> {
    let resolver = Resolver::new(view);
    let facts = view.facts(file);
    let (name, role, receiver) = match resolver.at(file, offset)? {
        Occurrence::Ref(id) => {
            let reference = facts.reference(id);
            (reference.name, Some(reference.role), resolver.receiver_of(file, id))
        }
        Occurrence::Def(def) => (facts.def(def).name, None, None),
    };
    let answer = destinations(&resolver, file, offset);
    let empty = answer.as_ref().err().copied();
    let candidates: Vec<Candidate> = answer
        .into_iter()
        .flatten()
        .map(|destination| Candidate {
            path: view.path(destination.location.file).to_owned(),
            words: destination.tier.words(),
            destination,
        })
        .collect();
    let tier = candidates.first().map(|c| c.destination.tier);
    Some(Why { name: view.name_text(name).to_owned(), role, receiver, candidates, empty, tier })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    #[test]
    fn the_receiver_and_the_tier_are_told() {
        let fixture = Fixture::parse(
            "
            //- /a.py
            class Engine:
                def start(self): pass
            def drive(engine):
                engine = Engine()
                engine.$0start()
            ",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let why = why(&view, file, offset).unwrap();
        assert_eq!((&*why.name, why.receiver.as_deref()), ("start", Some("Engine")));
        assert_eq!((why.tier, why.candidates.len()), (Some(Tier::Inferred), 1));
    }
}
