//! Which files a graph has as they were before, for they cannot be read or parsed just now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{above, is_asked};

/// Most places that are told apart; of more, any file of the folder may be as it was before.
pub const PLACES_MAX: usize = 1_000;

/// Why a file is not as it is now that counts as it is then once it still is so at a second look, whatever that is for.
pub const UNFINISHED: &str = "is empty or no text just now, as a file that is about to be written";

/// Files, or directories of files, relative to the folder, and why they are not as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outdated(BTreeMap<String, String>);

impl Outdated {
    /// After a build that looked at what was asked, or at all.
    #[must_use]
    pub fn after(&self, asked: Option<&BTreeSet<String>>, seen: &BTreeMap<String, String>) -> Outdated {
        let mut all: BTreeMap<String, String> = seen.clone();
        let unseen = self.0.iter().filter(|(path, _)| !is_asked(path, asked));
        all.extend(unseen.map(|(path, why)| (path.clone(), why.clone())));
        if all.len() > PLACES_MAX {
            let count = all.len();
            let why = all.remove("").or_else(|| Some(format!("of {count} places, {}", all.values().next()?)));
            // These are told apart all the same, as many as there may be: none of the others is looked at a second time.
            let again = all.into_iter().filter(|(_, why)| why == UNFINISHED).take(PLACES_MAX - 1);
            all = again.chain(why.map(|why| (String::new(), why))).collect();
        }
        Outdated(all)
    }

    /// The same without these files.
    #[must_use]
    pub fn but_for(self: Arc<Self>, is_known: impl Fn(&str) -> bool) -> Arc<Outdated> {
        if !self.places().any(&is_known) {
            return self;
        }
        let others = self.0.iter().filter(|(path, _)| !is_known(path));
        Arc::new(Outdated(others.map(|(path, why)| (path.clone(), why.clone())).collect()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Why the file is not as it is now, if it may not be.
    pub fn why(&self, file: &str) -> Option<&str> {
        above(file, &self.0).map(String::as_str)
    }

    /// Whether the file itself, and not only some directory above it, has been found unfinished at the last look.
    pub fn is_unfinished(&self, file: &str) -> bool {
        self.0.get(file).is_some_and(|why| why == UNFINISHED)
    }

    /// What is said of an answer that stands on the file.
    pub fn words_of(&self, file: &str) -> Option<String> {
        self.why(file).map(|why| format!("{file} is known as it was before ({why})"))
    }

    /// What is said of an answer that stands on all of the folder.
    pub fn words(&self) -> Option<String> {
        let (first, why) = self.0.first_key_value()?;
        Some(match (first.as_str(), self.0.len()) {
            ("", _) => format!("the folder is known as it was before ({why})"),
            (_, 1) => format!("{first} is known as it was before ({why})"),
            (_, n) => format!("{first} is known as it was before ({why}), and so are {} others", n - 1),
        })
    }

    pub fn heap_bytes(&self, text: impl Fn(&String) -> usize) -> usize {
        self.0.iter().map(|(path, why)| text(path) + text(why)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(paths: &[&str]) -> BTreeMap<String, String> {
        paths.iter().map(|path| ((*path).to_owned(), "cannot be read".to_owned())).collect()
    }

    #[test]
    fn what_is_looked_at_again_and_found_counts_no_more() {
        let first = Outdated::default().after(None, &seen(&["a.py", "d", "e/f.py"]));
        assert!(["a.py", "d/x/y.py", "e/f.py"].iter().all(|path| first.why(path).is_some()));
        assert!(["b.py", "dd.py", "e/g.py"].iter().all(|path| first.why(path).is_none()));
        let asked = ["a.py", "e"].map(str::to_owned).into();
        let next = first.after(Some(&asked), &seen(&["e/g.py"]));
        assert_eq!(next.places().collect::<Vec<_>>(), ["d", "e/g.py"]);
        assert!(
            next.words().unwrap().starts_with("d is known as it was before (cannot be read), and so are 1")
        );
        assert!(next.after(None, &seen(&[])).is_empty());
    }

    #[test]
    fn they_are_bounded() {
        let many: Vec<String> = (0..=PLACES_MAX).map(|i| i.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let all = Outdated::default().after(None, &seen(&many));
        assert_eq!(all.places().collect::<Vec<_>>(), [""]);
        assert!(all.why("any.py").is_some() && all.words().is_some());
    }

    #[test]
    fn of_too_many_those_that_are_looked_at_again_are_told_apart() {
        let paths = (0..2 * PLACES_MAX).map(|i| i.to_string());
        let mut seen: BTreeMap<String, String> = paths.map(|path| (path, UNFINISHED.to_owned())).collect();
        seen.insert("d".to_owned(), "cannot be read".to_owned());
        let all = Outdated::default().after(None, &seen);
        let (places, words) = (all.places().count(), all.words().unwrap());
        assert_eq!((places, all.is_unfinished("d"), all.is_unfinished("")), (PLACES_MAX, false, false));
        assert!(words.starts_with("the folder is known as it was before (of 2001 places, "), "{words}");
        let file = all.places().last().unwrap().to_owned();
        assert!(all.is_unfinished(&file));
        // However often more of them come.
        let more =
            all.after(Some(&["e".to_owned()].into()), &[("e".to_owned(), UNFINISHED.to_owned())].into());
        assert_eq!((more.places().count(), more.words()), (PLACES_MAX, Some(words)));
    }
}
