//! What candidates have to do with each other and with the line that they would stand in.
//!
//! Names are made of parts (`readLine`, `read_line`), and what stands in one line often shares them: a key and the
//! function that it is for, a field and the variable that it is set to. Things that are used one after the other often
//! are declared one after the other: the cases of a switch, the rows of a table.

use rustc_hash::{FxHashMap, FxHashSet};

/// Letters of a part, at least: shorter ones are everywhere.
const PART_LETTERS_MIN: usize = 2;
/// Points for parts that a candidate shares with the line, at most.
const SHARED_POINTS_MAX: f64 = 22.0;
/// Points for a part that no other candidate has.
const PART_POINTS: f64 = 18.0;
/// Points for what is declared behind the one used last: the next, the one behind it, and so on.
const NEXT_POINTS: [i32; 8] = [20, 16, 13, 11, 9, 7, 5, 3];

/// Calls `each` with the parts of a text's words, as they are written.
fn for_parts<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let mut start = 0;
        let mut previous: Option<char> = None;
        for (at, c) in word.char_indices() {
            if previous.is_some_and(|p| p.is_lowercase() && c.is_uppercase()) {
                each(&word[start..at]);
                start = at;
            }
            previous = Some(c);
        }
        each(&word[start..]);
    }
}

fn parts(text: &str) -> FxHashSet<String> {
    let mut parts = FxHashSet::default();
    for_parts(text, |part| {
        if part.chars().take(PART_LETTERS_MIN).count() == PART_LETTERS_MIN {
            parts.insert(part.to_lowercase());
        }
    });
    parts
}

/// Points for each label by the parts that it shares with the line; parts that many labels have count for little.
pub fn shared_with_line(line: [&str; 2], labels: &[&str]) -> Vec<i32> {
    let mut wanted = parts(line[0]);
    wanted.extend(parts(line[1]));
    let shared: Vec<FxHashSet<String>> = labels
        .iter()
        .map(|label| parts(label).into_iter().filter(|p| wanted.contains(p)).collect())
        .collect();
    let mut holders: FxHashMap<&str, usize> = FxHashMap::default();
    for part in shared.iter().flatten() {
        *holders.entry(part).or_default() += 1;
    }
    let rare = |part: &String| match labels.len() {
        0 | 1 => 0.0,
        all => (all as f64 / holders[part.as_str()] as f64).ln() / (all as f64).ln(),
    };
    let points = |shared: &FxHashSet<String>| {
        // In one order, so that sums of equal parts are equal.
        let mut rarities: Vec<f64> = shared.iter().map(rare).collect();
        rarities.sort_by(f64::total_cmp);
        (PART_POINTS * rarities.iter().sum::<f64>()).min(SHARED_POINTS_MAX) as i32
    };
    shared.iter().map(points).collect()
}

/// Points for candidates that are declared behind the one used last, by where each of these is declared.
pub fn next_in_order(declared: impl Iterator<Item = Option<u32>>) -> Vec<(usize, i32)> {
    let mut behind: Vec<(u32, usize)> =
        declared.enumerate().filter_map(|(candidate, at)| Some((at?, candidate))).collect();
    behind.sort_unstable();
    behind.iter().zip(NEXT_POINTS).map(|((_, candidate), points)| (*candidate, points)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_line_speaks_for_the_one_name_that_has_it() {
        let points =
            shared_with_line(["{\"loadFile\", ", "}"], &["lib_load_file", "lib_load_text", "lib_close"]);
        assert!(points[0] > points[1] && points[1] > points[2], "{points:?}");
        assert_eq!(points[2], 0);
    }

    #[test]
    fn what_every_candidate_has_says_nothing() {
        assert_eq!(shared_with_line(["lib_open(", ")"], &["lib_read", "lib_write"]), [0, 0]);
    }

    #[test]
    fn what_is_declared_next_has_most_points() {
        let declared = [Some(30), None, Some(20), Some(10)];
        let points = next_in_order(declared.into_iter());
        assert_eq!(points, [(3, NEXT_POINTS[0]), (2, NEXT_POINTS[1]), (0, NEXT_POINTS[2])]);
    }
}
