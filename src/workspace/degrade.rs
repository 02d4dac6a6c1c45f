//! What is left out of a folder that can never fit into the budget.
//!
//! Rather than nothing, such a folder has the files nearest to its root and to what is open; if that is only a small
//! part of it, definitions alone of as many files as fit; and if not even one fits, the open documents. Which files
//! these are depends on nothing but the scan, the room and the open documents.

use std::collections::{BTreeSet, HashMap};

use super::intake::Intake;
use super::scan::{Found, What};
use crate::lang::modules::parent;

/// A folder keeps whole files as long as this part of its source fits, one in so many; below that, knowing where more
/// things are defined is worth more than knowing where few are used.
const FILES_PART_MIN: u64 = 2;
/// More of a folder is looked for where there is more room than before by at least this part, one in so many.
const ROOM_STEP: u64 = 8;

/// Whether there is so much more room, in bytes, than a folder had when it was last read, and than was there then, that it is
/// read again although it may not fit as a whole.
pub fn has_grown(room: u64, had: u64, tried: u64) -> bool {
    let before = had.max(tried);
    room > before && room >= before.saturating_add(before / ROOM_STEP)
}

/// What a graph of definitions alone takes of a whole one's bytes, at most, where code is as it usually is.
const DEFINITIONS_PERCENT: u64 = 60;
/// A choice is made as if a graph took so many percent of what is expected: documents that are opened next, and an
/// estimate that was a little low, are not to undo it at once.
const CARE_PERCENT: u64 = 125;
/// Directories of open documents that files are measured from; with more of them everything is near.
const ANCHORS_MAX: usize = 64;

/// How much of a folder a graph has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Some of the files.
    Files,
    /// The definitions of all or some of the files.
    Definitions,
    /// No file at all: open documents are answered for as they are.
    Documents,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Files => "files",
            Level::Definitions => "definitions",
            Level::Documents => "documents",
        }
    }

    /// Whether a graph of this level tells where things are used.
    pub fn has_references(self) -> bool {
        self == Level::Files
    }
}

/// A folder that is not wholly in its graph, and what it would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Degraded {
    pub level: Level,
    /// Source files that the graph has, and how many there are.
    pub files: usize,
    pub of: usize,
    /// Bytes that a build of all of it is expected to need, and those that it can have at most.
    pub needed: u64,
    pub room: u64,
}

impl Degraded {
    /// In words for the user.
    pub fn words(&self) -> String {
        let Degraded { level, files, of, needed, room } = self;
        let what = match level {
            Level::Files => format!("{files} of {of} files are indexed"),
            Level::Definitions => format!("only definitions, of {files} of {of} files, are indexed"),
            Level::Documents => "only open documents are known".to_owned(),
        };
        let mib = |bytes: &u64| bytes.div_ceil(1 << 20);
        format!(
            "{what}: all of it needs about {} MiB, and the memory budget has {} MiB for it",
            mib(needed),
            mib(room)
        )
    }
}

/// What a build may choose by.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// The most that the folder can ever have.
    pub room: u64,
    /// That is so much more than when it was last chosen that more of the folder may fit; see [`has_grown`].
    pub grown: bool,
    /// Directories of open documents, relative to the folder.
    pub near: BTreeSet<String>,
    /// What the estimate is multiplied by: more than one after it has been found too low.
    pub caution: u32,
    /// A build of this folder has just shown that its graph takes more than is usual; then its definitions may be all
    /// there is to it.
    pub unusual: bool,
}

/// The files to build from.
#[derive(Debug, PartialEq)]
pub struct Choice {
    pub files: Vec<Found>,
    /// Paths of source files that are left out, nearest first.
    pub left_out: Vec<String>,
    /// Nothing if all files are there.
    pub degraded: Option<Degraded>,
    /// Bytes of the graph that are to be expected per byte of source.
    pub ratio: f64,
}

/// Bytes that a build of so much source needs at least, if a graph takes `ratio` of them.
pub fn needed(source_bytes: u64, ratio: f64) -> u64 {
    Intake::least(source_bytes, Intake::frozen((source_bytes as f64 * ratio) as u64))
}

/// Chooses among the files of a scan.
pub fn choose(files: Vec<Found>, ratio: f64, means: &Means) -> Choice {
    let ratio = ratio * f64::from(means.caution.max(1));
    let is_source = |f: &&Found| matches!(f.what, What::Source(_));
    let of = files.iter().filter(is_source).count();
    let all: u64 = files.iter().map(|f| f.bytes).sum();
    let whole = needed(all, ratio);
    if whole <= means.room {
        return Choice { files, left_out: Vec::new(), degraded: None, ratio };
    }
    // What tells how packages hang together is small, and wanted for whatever is kept.
    let (mut sources, manifests): (Vec<Found>, Vec<Found>) =
        files.into_iter().partition(|f| matches!(f.what, What::Source(_)));
    sort_by_distance(&mut sources, &means.near);
    let fixed: u64 = manifests.iter().map(|f| f.bytes).sum();
    let careful = |ratio: f64| ratio * CARE_PERCENT as f64 / 100.0;
    let fitting = |ratio: f64| {
        let mut sum = fixed;
        let fits = |f: &&Found| {
            sum += f.bytes;
            needed(sum, careful(ratio)) <= means.room
        };
        sources.iter().take_while(fits).count()
    };
    let bytes_of = |count: usize| fixed + sources[..count].iter().map(|f| f.bytes).sum::<u64>();
    let slim = if means.unusual { ratio } else { ratio * DEFINITIONS_PERCENT as f64 / 100.0 };
    let (files, definitions) = (fitting(ratio), fitting(slim));
    let (level, kept) = match (files, definitions) {
        (files, _) if files > 0 && bytes_of(files) >= all / FILES_PART_MIN => (Level::Files, files),
        (_, definitions) if definitions > 0 => (Level::Definitions, definitions),
        _ => (Level::Documents, 0),
    };
    let left_out = sources.drain(kept..).map(|f| f.path).collect();
    let degraded = Degraded { level, files: kept, of, needed: whole, room: means.room };
    if level != Level::Documents {
        sources.extend(manifests);
    }
    let outline = !level.has_references();
    sources.iter_mut().for_each(|f| f.outline = outline);
    let ratio = if outline { slim } else { ratio };
    Choice { files: sources, left_out, degraded: Some(degraded), ratio }
}

/// Nearest to the root or to an open document first; among equals, in order of path.
fn sort_by_distance(files: &mut [Found], near: &BTreeSet<String>) {
    let anchors: Vec<&str> = near.iter().map(String::as_str).take(ANCHORS_MAX).chain([""]).collect();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut distance = |path: &str| {
        let dir = parent(path);
        if let Some(known) = known.get(dir) {
            return *known;
        }
        let nearest = anchors.iter().map(|anchor| steps(anchor, dir)).min().unwrap_or(0);
        known.insert(dir.to_owned(), nearest);
        nearest
    };
    files.sort_by_cached_key(|f| (distance(&f.path), f.path.clone()));
}

/// Steps up and down from one directory to another.
fn steps(from: &str, to: &str) -> usize {
    let parts = |dir| str::split(dir, '/').filter(|part: &&str| !part.is_empty());
    let common = parts(from).zip(parts(to)).take_while(|(a, b)| a == b).count();
    parts(from).count() + parts(to).count() - 2 * common
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use proptest::prelude::*;
    use std::path::Path;

    fn found(path: &str, bytes: u64) -> Found {
        let what = LangId::of_path(Path::new(path)).map_or(What::Manifest, What::Source);
        Found { path: path.to_owned(), what, bytes, mtime_ns: 0, outline: false }
    }

    fn paths(choice: &Choice) -> Vec<&str> {
        choice.files.iter().map(|f| f.path.as_str()).collect()
    }

    fn tree() -> Vec<Found> {
        let paths = ["a.py", "lib/b.py", "lib/deep/er/c.py", "lib/deep/er/d.py", "test/e.py", "go.mod"];
        paths.map(|path| found(path, 10_000)).to_vec()
    }

    fn means(room: u64, near: &[&str]) -> Means {
        Means {
            room,
            grown: false,
            near: near.iter().map(|dir| (*dir).to_owned()).collect(),
            caution: 1,
            unusual: false,
        }
    }

    /// Room in which the choice takes this many bytes of source.
    fn room_for(source_bytes: u64, ratio: f64) -> u64 {
        needed(source_bytes, ratio * CARE_PERCENT as f64 / 100.0)
    }

    #[test]
    fn a_little_more_room_is_no_reason_to_read_again_and_neither_is_none() {
        assert!(has_grown(900, 800, 0) && has_grown(1, 0, 0));
        assert!(!has_grown(899, 800, 0) && !has_grown(0, 0, 0));
        // What has been tried in vain is not tried again.
        assert!(!has_grown(900, 0, 900) && has_grown(1_100, 0, 900));
    }

    #[test]
    fn what_fits_is_taken_whole() {
        let choice = choose(tree(), 1.0, &means(needed(60_000, 1.0), &[]));
        assert_eq!((choice.files, choice.degraded), (tree(), None));
    }

    #[test]
    fn the_nearest_stay() {
        let room = room_for(40_000, 1.0);
        let choice = choose(tree(), 1.0, &means(room, &[]));
        assert_eq!(paths(&choice), ["a.py", "lib/b.py", "test/e.py", "go.mod"]);
        assert_eq!(choice.left_out, ["lib/deep/er/c.py", "lib/deep/er/d.py"]);
        let degraded = choice.degraded.unwrap();
        assert_eq!((degraded.level, degraded.files, degraded.of), (Level::Files, 3, 5));
        let choice = choose(tree(), 1.0, &means(room, &["lib/deep/er"]));
        assert_eq!(paths(&choice), ["a.py", "lib/deep/er/c.py", "lib/deep/er/d.py", "go.mod"]);
    }

    #[test]
    fn definitions_then_documents_are_what_is_left() {
        let choice = choose(tree(), 1.0, &means(room_for(25_000, 1.0), &[]));
        assert_eq!(choice.degraded.map(|d| d.level), Some(Level::Definitions));
        assert!(choice.degraded.unwrap().files >= 1);
        let choice = choose(tree(), 1.0, &means(1_000, &[]));
        let degraded = choice.degraded.unwrap();
        assert_eq!((degraded.level, degraded.files, choice.files.len()), (Level::Documents, 0, 0));
        assert_eq!(choice.left_out.len(), 5);
    }

    #[test]
    fn distance_is_steps_in_the_tree() {
        assert_eq!(steps("", ""), 0);
        assert_eq!(steps("a/b", "a/c/d"), 3);
        assert_eq!(steps("a", "ab"), 2);
    }

    proptest! {
        #[test]
        fn a_choice_fits_and_loses_nothing(
            sizes in prop::collection::vec((0usize..4, 1u64..100_000), 1..40),
            room in 0u64..60_000_000, ratio in 0.1f64..3.0,
        ) {
            let dir = ["", "a/", "a/b/", "c/"];
            let files: Vec<Found> =
                sizes.iter().enumerate().map(|(i, (d, bytes))| found(&format!("{}{i}.py", dir[*d]), *bytes)).collect();
            let mut shuffled = files.clone();
            shuffled.reverse();
            let choice = choose(files.clone(), ratio, &means(room, &["a"]));
            prop_assert_eq!(choice.files.len() + choice.left_out.len(), files.len());
            let kept: u64 = choice.files.iter().map(|f| f.bytes).sum();
            match choice.degraded {
                None => prop_assert!(needed(kept, ratio) <= room && choice.left_out.is_empty()),
                Some(d) => {
                    prop_assert!(d.level == Level::Documents || needed(kept, choice.ratio) <= room);
                    // The order in which the files were found makes no difference.
                    let again = choose(shuffled, ratio, &means(room, &["a"]));
                    prop_assert_eq!((again.left_out, again.degraded), (choice.left_out, choice.degraded));
                }
            }
        }
    }
}
