//! The facts of a file in which one word has taken the place of another, without reading its text again.
//!
//! A grammar makes the same tree of a text whichever name stands in a place, unless one of the two is a word of its own; and
//! so the walk over it says the same, but for the letters and where things lie. A rename that changes hundreds of files
//! reads some of them as they would be ([`READ_MAX`], and each with anything out of the ordinary), sees that what it would
//! have said of these without reading is what they say, and then says it of the others.

use rustc_hash::FxHashMap;

use super::Edit;
use super::places::{Changed, is_ours};
use super::subject::Subject;
use crate::graph::View;
use crate::lang::LangId;
use crate::lang::facts::{Facts, Name, Span, Term};
use crate::lang::modules::{FileId, Layout};
use crate::lang::words::is_own_word;

/// Files that are read as they would be before what is learned from them is taken for granted in others.
const READ_MAX: usize = 16;

/// The word that goes and the one that comes.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub old: &'a str,
    pub new: &'a str,
}

/// The changed files, those first that are read, and how many these are.
pub fn divided<'c>(
    view: &View,
    subject: &Subject,
    changed: &'c [Changed],
    edits: &'c [(FileId, Vec<Edit>)],
    words: Words<'_>,
) -> (Vec<(&'c Changed, &'c [Edit])>, usize) {
    let mut read = Vec::new();
    let mut ordinary = Vec::new();
    let mut strange: FxHashMap<LangId, bool> = FxHashMap::default();
    for ((_, edits), changed) in edits.iter().zip(changed) {
        let defines = subject.wanted.symbols.iter().any(|symbol| symbol.file == changed.file);
        let lang = view.lang(changed.file);
        let plain = !defines
            && !*strange.entry(lang).or_insert_with(|| is_strange(lang, words))
            && changed
                .places
                .values()
                .all(|place| [place.key, place.value].into_iter().flatten().all(|mark| is_ours(Some(mark))))
            && edits.iter().all(|edit| edit.text == words.new && edit.doubt.is_none());
        let part = if plain { &mut ordinary } else { &mut read };
        part.push((changed, edits.as_slice()));
    }
    let count = (read.len() + READ_MAX).min(read.len() + ordinary.len());
    read.append(&mut ordinary);
    (read, count)
}

/// Whether the language may see more in one of the words than a name, or something else in the one than in the other.
fn is_strange(lang: LangId, words: Words<'_>) -> bool {
    let own = is_own_word(lang, words.old) || is_own_word(lang, words.new);
    own || lang.pack().patches.is_some() || !is_alike(words)
}

/// Whether the names say the same of what bears them, in languages where a name's first letters do.
fn is_alike(words: Words<'_>) -> bool {
    let shape = |word: &str| {
        let bare = word.trim_start_matches('_');
        let lower = bare.contains(char::is_lowercase);
        (word.len() - bare.len(), bare.starts_with(char::is_uppercase), lower, word.ends_with("__"))
    };
    shape(words.old) == shape(words.new)
}

/// The facts once every edit has put the new word in the place of the old one. Nothing if that is not all there is to it.
/// The names are those that `text` tells; the new facts number their own, in one order.
pub fn relabelled<'t>(
    facts: &Facts,
    text: impl Fn(Name) -> &'t str,
    edits: &[Edit],
    words: Words<'_>,
) -> Option<Facts> {
    let shift = Shift { edits, longer: words.new.len() as i64 - words.old.len() as i64 };
    let edited = |span: Span| {
        let at = edits.partition_point(|e| e.span.start < span.start);
        edits.get(at).is_some_and(|e| e.span == span)
    };
    let mut names = Numbers { text, names: Vec::new(), known: FxHashMap::default(), new: None };
    let mut after = facts.clone();
    let mut changed = 0;
    for def in &mut after.defs {
        let takes = edited(def.name_span) && (names.text)(def.name) == words.old;
        changed += usize::from(takes);
        def.name = if takes { names.put(words.new) } else { names.kept(def.name, words.new) };
        (def.name_span, def.span) = (shift.span(def.name_span)?, shift.span(def.span)?);
    }
    for r in &mut after.refs {
        let takes = edited(r.span) && (names.text)(r.name) == words.old;
        changed += usize::from(takes);
        r.name = if takes { names.put(words.new) } else { names.kept(r.name, words.new) };
        r.span = shift.span(r.span)?;
    }
    if changed < edits.len() {
        return None;
    }
    for scope in &mut after.scopes {
        scope.span = shift.span(scope.span)?;
    }
    let mut others: Vec<&mut Name> = Vec::new();
    for term in &mut after.terms {
        if let Term::Module(name) = term {
            others.push(name);
        }
    }
    others.extend(after.extensions.iter_mut().map(|e| &mut e.target_name));
    others.extend(after.listed.iter_mut().flatten());
    others.extend(&mut after.package);
    for name in others {
        // What is said of a name elsewhere than where it stands may have to follow.
        if !edits.is_empty() && (names.text)(*name).contains(words.old) {
            return None;
        }
        *name = names.kept(*name, words.new);
    }
    after.names = names.names;
    Some(after)
}

/// How places move behind edits that are all of one length.
struct Shift<'e> {
    edits: &'e [Edit],
    longer: i64,
}

impl Shift<'_> {
    /// Nothing for what ends within an edit.
    fn span(&self, span: Span) -> Option<Span> {
        Some(Span::new(self.offset(span.start)?, self.offset(span.end)?))
    }

    fn offset(&self, at: u32) -> Option<u32> {
        let before = self.edits.partition_point(|e| e.span.start < at);
        let inside = before.checked_sub(1).is_some_and(|last| at < self.edits[last].span.end);
        (!inside).then(|| (i64::from(at) + self.longer * before as i64) as u32)
    }
}

/// The names of facts as they get new numbers.
struct Numbers<F> {
    text: F,
    names: Vec<Box<str>>,
    known: FxHashMap<Name, Name>,
    /// The number of the word that comes.
    new: Option<Name>,
}

impl<'t, F: Fn(Name) -> &'t str> Numbers<F> {
    fn put(&mut self, new: &str) -> Name {
        let names = &mut self.names;
        *self.new.get_or_insert_with(|| {
            names.push(new.into());
            Name(names.len() as u32 - 1)
        })
    }

    fn kept(&mut self, name: Name, new: &str) -> Name {
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        let text = (self.text)(name);
        let number = if text == new {
            self.put(new)
        } else {
            self.names.push(text.into());
            Name(self.names.len() as u32 - 1)
        };
        self.known.insert(name, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{ParseLimits, Parser, extract};

    fn facts(lang: LangId, text: &str) -> Facts {
        extract(lang, &Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap(), text)
    }

    fn said(facts: &Facts, edits: &[Edit], words: Words<'_>) -> Option<Facts> {
        relabelled(facts, |name| &facts.names[name.index()], edits, words)
    }

    /// What is said of the text with another name, each `old` replaced, and what a reading says.
    fn check(path: &str, text: &str, words: Words<'_>) {
        let lang = LangId::of_path(std::path::Path::new(path)).unwrap();
        let span = |(at, found): (usize, &str)| Span::new(at as u32, (at + found.len()) as u32);
        let spans = text.match_indices(words.old).map(span);
        let edits: Vec<Edit> =
            spans.map(|span| Edit { span, text: words.new.to_owned(), doubt: None }).collect();
        assert!(!edits.is_empty());
        let after = facts(lang, &text.replace(words.old, words.new));
        assert_eq!(said(&facts(lang, text), &edits, words), said(&after, &[], words), "{path}");
    }

    #[test]
    fn what_is_said_without_reading_is_what_reading_says() {
        let words = Words { old: "other", new: "another_one" };
        check("a.py", "from m import other\n\ndef f(x):\n    other(x)\n    return x.other\n", words);
        check(
            "a.go",
            "package p\n\nimport \"m\"\n\nfunc f() int {\n\tm.other()\n\treturn x.other\n}\n",
            words,
        );
        check("a.ts", "import { other } from './m';\nexport const f = () => other(1).other;\n", words);
        check("a.rs", "use m::other;\nfn f() -> u32 { other(1); m::other(&x).y }\n", words);
        check("A.java", "package p;\nclass A { int f() { return B.other() + this.x.other; } }\n", words);
        // Shorter ones too, and one that is there already.
        let words = Words { old: "another_one", new: "x" };
        check("a.py", "from m import another_one\nx = another_one(1)\nprint(x, another_one)\n", words);
    }

    #[test]
    fn what_follows_from_a_name_elsewhere_is_not_said() {
        let lang = LangId::of_path(std::path::Path::new("a.go")).unwrap();
        let text = "package p\n\nfunc (t *old) m() {}\n";
        let span = Span::new(text.find("old").unwrap() as u32, text.find("old").unwrap() as u32 + 3);
        let words = Words { old: "old", new: "newer" };
        let edits = [Edit { span, text: "newer".to_owned(), doubt: None }];
        assert_eq!(said(&facts(lang, text), &edits, words), None);
        // Nor where a word stands that nothing is known of.
        let edits = [Edit { span: Span::new(1, 4), text: "newer".to_owned(), doubt: None }];
        assert_eq!(said(&facts(lang, text), &edits, words), None);
    }

    #[test]
    fn names_that_say_something_else_are_not_alike() {
        let alike = |old, new| is_alike(Words { old, new });
        assert!(alike("Sprintf", "Format") && alike("a_b", "c") && alike("_x", "_y") && alike("A_B", "C"));
        assert!(!alike("f", "_f") && !alike("f", "F") && !alike("Ab", "AB") && !alike("__x__", "__x"));
    }
}
