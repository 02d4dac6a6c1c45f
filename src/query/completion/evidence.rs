//! What the text of the file says for a word: how often it stands there, how near, and behind what.

use rustc_hash::FxHashMap;

use super::site::is_word;
use crate::lang::facts::Span;

/// Text around the cursor that is looked at, each way.
const WINDOW_BYTES: usize = 128 << 10;
/// Letters before a word that are compared with those before the cursor.
const CONTEXT_BYTES: usize = 24;

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u32,
    /// Letters that stand before both.
    context: u32,
    /// Bytes to the nearest.
    distance: u32,
}

/// Words of a text that may be meant.
pub struct Evidence<'t> {
    words: FxHashMap<&'t str, Seen>,
}

impl<'t> Evidence<'t> {
    pub fn new(text: &'t str, word: Span, fits: impl Fn(&str) -> bool) -> Evidence<'t> {
        let (start, end) = (word.start as usize, word.end as usize);
        let mut from = start.saturating_sub(WINDOW_BYTES);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let mut to = (end + WINDOW_BYTES).min(text.len());
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        let before = &text.as_bytes()[..start];
        let mut words: FxHashMap<&'t str, Seen> = FxHashMap::default();
        let mut at = from;
        for part in text[from..to].split(|c| !is_word(c)) {
            let here = at;
            at = here + part.len();
            // What was split at is one character, of as many bytes as it has.
            at += text[at..].chars().next().map_or(0, char::len_utf8);
            if part.is_empty() || here <= start && start <= here + part.len() || !fits(part) {
                continue;
            }
            let seen = words.entry(part).or_default();
            let distance = here.abs_diff(start) as u32;
            seen.distance = if seen.count == 0 { distance } else { seen.distance.min(distance) };
            seen.count += 1;
            let same = text.as_bytes()[..here].iter().rev().zip(before.iter().rev());
            let same = same.take(CONTEXT_BYTES).take_while(|(a, b)| a == b).count();
            seen.context = seen.context.max(same as u32);
        }
        Evidence { words }
    }

    pub fn words(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.words.keys().copied()
    }

    /// How much the text speaks for a word, in points.
    pub fn points(&self, word: &str) -> i32 {
        let Some(seen) = self.words.get(word) else { return 0 };
        let often = 10.0 * f64::from(1 + seen.count).ln();
        let near = match seen.distance {
            0..200 => 14,
            200..1_000 => 10,
            1_000..5_000 => 5,
            _ => 0,
        };
        often.min(35.0) as i32 + near + 3 * seen.context.min(14) as i32
    }
}
