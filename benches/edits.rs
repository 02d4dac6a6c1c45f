//! Whether facts that follow an edit are those of the whole text, and what they cost:
//! `cargo bench --bench edits -- FOLDER… [--edits N] [--bytes N]`.
//!
//! Every file of at least so many bytes is edited one time after the other, as somebody types or a tool does, from a fixed
//! seed. After each edit it is parsed from the tree before, its facts follow from those before where they can, and all of
//! it is walked as well. The two have to be the same but for the order of names. Times are CPU time. Exits with 1 if facts
//! differ.

mod corpus;

use std::path::PathBuf;
use std::process::ExitCode;

use coppice::lang::parse::Point;
use coppice::lang::{LangId, ParseLimits, Parser, Replaced, Tree, canonical, extract_with_seams, follow};

use corpus::Corpus;
use corpus::clock::Clock;

/// Files over so many bytes are not indexed.
const FILE_BYTES_MAX: usize = 1 << 20;
/// Files whose facts differ are named so many times.
const SHOWN_MAX: usize = 10;
const PIECES: [&str; 16] = [
    "\n",
    "x",
    ".",
    "(",
    ")",
    "{",
    "}",
    "\"",
    "/*",
    "// ",
    "#",
    "x = 1\n",
    "return ",
    "if (a == null) return;\n",
    "=",
    ";",
];

#[derive(Default)]
struct Counts {
    files: usize,
    edits: usize,
    followed: usize,
    differ: usize,
    whole: Vec<f64>,
    following: Vec<f64>,
}

fn main() -> ExitCode {
    let (mut folders, mut edits, mut bytes) = (Vec::new(), 20, 4096);
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(arg) = args.next() {
        let mut number = |or: usize| args.next().and_then(|n| n.parse().ok()).unwrap_or(or);
        match arg.as_str() {
            "--edits" => edits = number(edits),
            "--bytes" => bytes = number(bytes),
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    if folders.is_empty() {
        eprintln!("edits: needs a FOLDER; options --edits N, --bytes N");
        return ExitCode::SUCCESS;
    }
    println!(
        "{:<26}{:>8}{:>8}{:>10}{:>9}{:>16}{:>16}",
        "edits", "files", "edits", "followed", "differ", "whole p50/p99", "after p50/p99"
    );
    let mut differ = 0;
    for folder in folders {
        let corpus = Corpus::load(&folder);
        let mut counts = Counts::default();
        for (path, text) in &corpus.texts {
            let lang = LangId::of_path(path.as_ref()).map(|lang| lang.of_text(path, text));
            let Some(lang) = lang.filter(|_| (bytes..=FILE_BYTES_MAX).contains(&text.len())) else {
                continue;
            };
            edit(path, lang, text, edits, &mut counts);
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Counts { files, edits, followed, differ: other, mut whole, mut following } = counts;
        let of = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            let at = |percent: usize| {
                times
                    .get((times.len() * percent / 100).min(times.len().saturating_sub(1)))
                    .map_or(0.0, |t| t * 1000.0)
            };
            format!("{:.2}/{:.2}", at(50), at(99))
        };
        let share = 100.0 * followed as f64 / edits.max(1) as f64;
        println!(
            "{name:<26}{files:>8}{edits:>8}{share:>9.1}%{other:>9}{:>16}{:>16}",
            of(&mut whole),
            of(&mut following)
        );
        differ += other;
    }
    ExitCode::from(u8::from(differ > 0))
}

fn parsed(parser: &mut Parser, lang: LangId, text: &str, old: Option<&Tree>) -> Option<Tree> {
    parser.parse(lang, text, old, &ParseLimits::default()).ok()
}

fn edit(path: &str, lang: LangId, text: &str, edits: usize, counts: &mut Counts) {
    let mut parser = Parser::new();
    let Some(mut tree) = parsed(&mut parser, lang, text, None) else { return };
    let mut text = text.to_owned();
    let (mut facts, mut seams) = extract_with_seams(lang, &tree, &text, &|_| true);
    let mut random = Random(text.len() as u64 | 1);
    counts.files += 1;
    for _ in 0..edits {
        let (start, end, new) = random.edit(&text);
        let mut next = text.clone();
        next.replace_range(start..end, &new);
        let mut old = tree.clone();
        let change =
            Replaced { start: start as u32, old_end: end as u32, new_end: (start + new.len()) as u32 };
        old.edit(Point::of(&text, start), Point::of(&text, end), Point::of(&next, start + new.len()));
        let Some(now) = parsed(&mut parser, lang, &next, Some(&old)) else { return };
        counts.edits += 1;
        let clock = Clock::start();
        let change = now.read_otherwise(&old, &next, change);
        let followed = follow(lang, &now, &next, &|_| true, (&facts, &seams), change);
        let after = clock.seconds();
        let clock = Clock::start();
        let whole = extract_with_seams(lang, &now, &next, &|_| true);
        counts.whole.push(clock.seconds());
        counts.following.push(after + if followed.is_none() { clock.seconds() } else { 0.0 });
        if let Some((after, _)) = &followed {
            counts.followed += 1;
            let same = canonical(after.clone()) == canonical(whole.0.clone());
            if !same {
                counts.differ += 1;
                if counts.differ <= SHOWN_MAX {
                    println!("  {path}: {:?} in the place of {:?} at {start}", new, &text[start..end]);
                }
            }
        }
        (facts, seams) = followed.unwrap_or(whole);
        (text, tree) = (next, now);
    }
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// What is replaced, and what by.
    fn edit(&mut self, text: &str) -> (usize, usize, String) {
        let place = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let at = place(self.below(text.len() + 1));
        match self.below(6) {
            // A word is begun again.
            0 | 1 => {
                let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let start = at + text.as_bytes()[at..].iter().take_while(|b| !is_word(b)).count();
                let end = start + text.as_bytes()[start..].iter().take_while(|b| is_word(b)).count();
                (place((start + 2).min(end)), end, String::new())
            }
            2 => (at, at, PIECES[self.below(PIECES.len())].to_owned()),
            3 => (at, place((at + self.below(40)).min(text.len())), String::new()),
            // A line goes, or stands there twice.
            kind => {
                let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
                let end = text[at..].find('\n').map_or(text.len(), |more| at + more + 1);
                match kind {
                    4 => (start, end, String::new()),
                    _ => (end, end, text[start..end].to_owned()),
                }
            }
        }
    }
}
