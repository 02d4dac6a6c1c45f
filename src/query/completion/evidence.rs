//! What the text of the file says for a word: how often it stands there, how near, and between what.

use rustc_hash::FxHashMap;

use super::site::is_word;
use crate::lang::facts::Span;

/// Text around the cursor that is looked at, each way.
const WINDOW_BYTES: usize = 128 << 10;
/// Letters before a word that are compared with those before the cursor, and as many behind it.
const CONTEXT_BYTES: usize = 24;
/// Letters before a word from which on it stands where the cursor does: behind the same word.
const SAME_PLACE_BYTES: u32 = 4;
/// Text of the cursor's line that is looked at, each way: a line can be a whole file.
const LINE_BYTES: usize = 200;

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u32,
    /// How often the mark comes behind it that comes behind the cursor.
    followed: u32,
    /// Letters that stand before both.
    context: u32,
    /// Letters that stand behind both.
    rest: u32,
    /// Bytes to the nearest.
    distance: u32,
    /// Where it stands last before the cursor.
    before: Option<u32>,
}

/// Words of a text that may be meant.
pub struct Evidence<'t> {
    words: FxHashMap<&'t str, Seen>,
    /// There is a mark directly behind the cursor's word (a bracket, a dot).
    marked: bool,
    /// The cursor's line, before its word and behind it.
    line: [&'t str; 2],
    /// The text behind the cursor's word.
    rest: &'t str,
}

impl<'t> Evidence<'t> {
    pub fn new(text: &'t str, word: Span, fits: impl Fn(&str) -> bool) -> Evidence<'t> {
        let (start, end) = (word.start as usize, word.end as usize);
        let from = boundary(text, start.saturating_sub(WINDOW_BYTES));
        let to = boundary(text, (end + WINDOW_BYTES).min(text.len()));
        let before = &text.as_bytes()[..start];
        let rest = text[end..].trim_start_matches(is_word);
        let mark = mark(rest);
        let mut words: FxHashMap<&'t str, Seen> = FxHashMap::default();
        for (here, behind) in words_between(text, from, to) {
            let part = &text[here..behind];
            if here <= start && start <= behind || !fits(part) {
                continue;
            }
            let seen = words.entry(part).or_default();
            let distance = here.abs_diff(start) as u32;
            seen.distance = if seen.count == 0 { distance } else { seen.distance.min(distance) };
            seen.count += 1;
            seen.followed += u32::from(mark.is_some() && self::mark(&text[behind..]) == mark);
            if here < start {
                seen.before = Some(here as u32);
            }
            let same = text.as_bytes()[..here].iter().rev().zip(before.iter().rev());
            let same = same.take(CONTEXT_BYTES).take_while(|(a, b)| a == b).count();
            seen.context = seen.context.max(same as u32);
            let same = text.as_bytes()[behind..].iter().zip(rest.as_bytes());
            let same = same.take(CONTEXT_BYTES).take_while(|(a, b)| a == b && **a != b'\n').count();
            seen.rest = seen.rest.max(same as u32);
        }
        let left = &text[boundary(text, start.saturating_sub(LINE_BYTES))..start];
        let right = &rest[..boundary(rest, LINE_BYTES.min(rest.len()))];
        let line =
            [left.rsplit('\n').next().unwrap_or_default(), right.split('\n').next().unwrap_or_default()];
        Evidence { words, marked: mark.is_some(), line, rest }
    }

    pub fn words(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.words.keys().copied()
    }

    /// Where the word stands last before the cursor.
    pub fn before(&self, word: &str) -> Option<u32> {
        self.words.get(word)?.before
    }

    /// The cursor's line without its word.
    pub fn line(&self) -> [&'t str; 2] {
        self.line
    }

    /// The text behind the cursor's word.
    pub fn rest(&self) -> &'t str {
        self.rest
    }

    /// How much the text speaks for a word, in points. What is `listed` (the cases of a switch) is written once in a list.
    pub fn points(&self, word: &str, listed: bool) -> i32 {
        let Some(seen) = self.words.get(word) else { return 0 };
        if listed && seen.context >= SAME_PLACE_BYTES {
            return 0;
        }
        // Uses of another kind count for less.
        let (alike, others) = match self.marked {
            true => (seen.followed, seen.count - seen.followed),
            false => (seen.count, 0),
        };
        let often = 10.0 * (1.0 + f64::from(alike) + 0.25 * f64::from(others)).ln();
        let near = match seen.distance {
            0..200 => 14,
            200..1_000 => 10,
            1_000..5_000 => 5,
            _ => 0,
        };
        let near = if self.marked && alike == 0 { near / 2 } else { near };
        often.min(35.0) as i32 + near + 3 * seen.context.min(14) as i32 + 2 * seen.rest.min(10) as i32
    }
}

/// Where the words of a stretch of the text start and end.
fn words_between(text: &str, from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
    let bytes = &text.as_bytes()[..to];
    // The first place from one on that is in a word, or that is not.
    let next = move |mut at: usize, inside: bool| {
        while let Some(byte) = bytes.get(at) {
            let (is_inside, len) = match byte.is_ascii() {
                true => (IN_WORD[usize::from(*byte)], 1),
                false => text[at..].chars().next().map_or((false, 1), |c| (is_word(c), c.len_utf8())),
            };
            if is_inside == inside {
                break;
            }
            at += len;
        }
        at
    };
    let mut at = from;
    std::iter::from_fn(move || {
        let start = next(at, true);
        at = next(start, false);
        (start < at).then_some((start, at))
    })
}

/// Which characters of ASCII are in words.
static IN_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < table.len() {
        let c = byte as u8;
        table[byte] = c.is_ascii_alphanumeric() || c == b'_' || c == b'$';
        byte += 1;
    }
    table
};

/// The mark that directly follows.
fn mark(text: &str) -> Option<char> {
    text.chars().next().filter(|c| !is_word(*c) && !c.is_whitespace())
}

/// The nearest place at or behind `at` where a character begins.
fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
