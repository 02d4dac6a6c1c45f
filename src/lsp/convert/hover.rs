//! Hovers, as Markdown or as plain text.

use tower_lsp::gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind};

use super::location::{Places, range};
use crate::query;
use crate::workspace::manager::{Freshness, Known};

/// Longest documentation that is shown; what is longer is for the file itself.
const DOCUMENTATION_CHARS_MAX: usize = 8_000;
/// Said where dependencies that are still being read may know the name.
const SOON_MORE: &str = "The folder's dependencies are being read: soon there may be more to say";

/// A hover; `link` leads to the definition.
pub fn hover(
    found: &query::Hover,
    places: &Places<'_>,
    link: Option<&str>,
    markdown: bool,
    freshness: &Freshness,
    outdated: Option<String>,
) -> Hover {
    Hover {
        contents: Contents::MarkupContent(hover_content(found, link, markdown, freshness, outdated)),
        range: Some(range(places, found.span)),
    }
}

/// What a hover says: the declaration, where it is and how it was found, its documentation.
pub fn hover_content(
    found: &query::Hover,
    link: Option<&str>,
    markdown: bool,
    freshness: &Freshness,
    outdated: Option<String>,
) -> MarkupContent {
    let mut parts = Vec::new();
    parts.push(if markdown {
        let fence = fence_for(&found.signature);
        format!("{fence}{}\n{}\n{fence}", found.lang, found.signature)
    } else {
        found.signature.clone()
    });
    let mut place = match &found.container {
        Some(container) => format!("{container} in {}", found.path),
        None => found.path.clone(),
    };
    if markdown {
        place = match link {
            Some(link) => format!("[{}]({link})", escaped(&place)),
            None => format!("*{}*", escaped(&place)),
        };
    }
    let mut sure = found.tier.words().to_owned();
    if found.others > 0 {
        sure = format!("{sure}; {} more may be meant", found.others);
    }
    parts.push(format!("{place} · {sure}"));
    parts.extend(reserves(freshness, outdated));
    // What the folder's own files tell for certain stays as it is.
    let is_open = found.kind.is_alias() || found.tier.is_guess();
    if freshness.dependencies == Known::Reading && is_open {
        parts.push(SOON_MORE.to_owned());
    }
    // Last, for what is above must be seen where only the first lines are.
    if let Some(text) = &found.documentation {
        parts.push(shortened(text));
    }
    let kind = if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    MarkupContent { kind, value: parts.join("\n\n") }
}

/// What a hover says of a name that comes from outside the folder, from where nothing has been read.
pub fn hover_outside(
    found: &query::Outside,
    places: &Places<'_>,
    markdown: bool,
    freshness: &Freshness,
    outdated: Option<String>,
) -> Hover {
    let name = if markdown { format!("**{}**", escaped(&found.name)) } else { found.name.clone() };
    let mut parts = vec![format!("{name} · defined outside the folder, in nothing that has been read")];
    parts.extend(reserves(freshness, outdated));
    if freshness.dependencies == Known::Reading {
        parts.push(SOON_MORE.to_owned());
    }
    let kind = if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    Hover {
        contents: Contents::MarkupContent(MarkupContent { kind, value: parts.join("\n\n") }),
        range: Some(range(places, found.span)),
    }
}

/// Why there may be more or other things to say than a hover does.
fn reserves(freshness: &Freshness, outdated: Option<String>) -> impl Iterator<Item = String> {
    let stale = freshness.stale.as_ref().map(|stale| {
        let minutes = stale.age.as_secs() / 60;
        format!("As of {minutes} minutes ago, since the folder cannot be read again: {}", stale.error)
    });
    let missing = freshness.missing().map(|what| format!("Only part of the folder is known: {what}"));
    stale.into_iter().chain(missing).chain(outdated)
}

/// A fence longer than any in the code.
fn fence_for(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DOCUMENTATION_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Characters that Markdown would take for its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_longer_than_what_they_hold() {
        assert_eq!(fence_for("def f()"), "```");
        assert_eq!(fence_for("a ```` b"), "`````");
    }

    #[test]
    fn long_documentation_is_cut_between_characters() {
        let text = "ü".repeat(DOCUMENTATION_CHARS_MAX + 1);
        assert_eq!(shortened(&text).chars().count(), DOCUMENTATION_CHARS_MAX + 1);
        assert_eq!(shortened("short"), "short");
        assert_eq!(escaped("a_b*c"), "a\\_b\\*c");
    }
}
