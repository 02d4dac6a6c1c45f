//! What a parser is shown otherwise than it is written: text that the grammar cannot make sense of.
//!
//! A patch keeps the length, so every offset of the tree is one of the text.

use super::facts::Span;

/// A piece of text that the parser sees otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Patch {
    pub span: Span,
    /// A semicolon stands there for it; otherwise spaces, and its lines end where they did.
    pub semicolon: bool,
}

/// The text as the parser sees it; `None` if that is the text itself. Patches lie in order and apart.
pub fn patched(text: &str, patches: &[Patch]) -> Option<String> {
    if patches.is_empty() {
        return None;
    }
    let mut seen = String::with_capacity(text.len());
    let mut at = 0;
    for patch in patches {
        let (start, end) = (patch.span.start as usize, patch.span.end as usize);
        let (Some(before), Some(hidden)) = (text.get(at..start), text.get(start..end)) else { continue };
        seen.push_str(before);
        match patch.semicolon {
            true => seen.extend(std::iter::repeat_n(';', hidden.len())),
            false => seen.extend(hidden.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' })),
        }
        at = end;
    }
    seen.push_str(text.get(at..).unwrap_or_default());
    Some(seen)
}

/// The patches of a text before an edit, as places in the text after it; those that the edit touches are left out.
pub fn shifted(patches: &[Patch], start: u32, old_end: u32, new_end: u32) -> Box<[Patch]> {
    let moved = |at: u32| at - old_end + new_end;
    patches
        .iter()
        .filter_map(|patch| match patch.span {
            span if span.end <= start => Some(*patch),
            span if span.start >= old_end => {
                Some(Patch { span: Span::new(moved(span.start), moved(span.end)), ..*patch })
            }
            _ => None,
        })
        .collect()
}

/// The spans that only one of two lists patches, in order. Both are in order.
pub fn changed(old: &[Patch], new: &[Patch]) -> Vec<Span> {
    let only = |here: &[Patch], there: &[Patch]| -> Vec<Span> {
        here.iter().filter(|p| there.binary_search(p).is_err()).map(|p| p.span).collect()
    };
    let mut spans = only(old, new);
    spans.extend(only(new, old));
    spans.sort_unstable();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(start: u32, end: u32, semicolon: bool) -> Patch {
        Patch { span: Span::new(start, end), semicolon }
    }

    #[test]
    fn patches_keep_lengths_and_lines() {
        assert_eq!(
            patched("API int f\n(é\n) g", &[patch(0, 3, false), patch(10, 15, false)]).unwrap(),
            "    int f\n   \n  g"
        );
        assert_eq!(patched("a() b", &[patch(3, 4, true)]).unwrap(), "a();b");
        assert_eq!(patched("a", &[]), None);
    }

    #[test]
    fn patches_move_with_the_text() {
        let patches = [patch(0, 3, false), patch(5, 8, false), patch(10, 11, true)];
        // Two bytes in place of the one at 6.
        assert_eq!(*shifted(&patches, 6, 7, 8), [patch(0, 3, false), patch(11, 12, true)]);
        assert_eq!(changed(&patches[..2], &patches[1..]), [Span::new(0, 3), Span::new(10, 11)]);
    }
}
