//! Documentation, in the form that the client can show.

use tower_lsp::gen_lsp_types::{Documentation, MarkupContent, MarkupKind};

/// What a client makes of documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prose {
    /// It only knows strings.
    #[default]
    Bare,
    Plain,
    Markdown,
}

impl Prose {
    /// By the formats that the client lists; the first is the one that it likes best.
    pub fn of(formats: Option<&Vec<MarkupKind>>) -> Prose {
        match formats.and_then(|formats| formats.first()) {
            None => Prose::Bare,
            Some(MarkupKind::Markdown) => Prose::Markdown,
            Some(_) => Prose::Plain,
        }
    }

    pub fn documentation(self, text: String) -> Documentation {
        match self {
            Prose::Bare => Documentation::String(text),
            Prose::Plain => {
                Documentation::MarkupContent(MarkupContent { kind: MarkupKind::PlainText, value: text })
            }
            Prose::Markdown => {
                Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: text })
            }
        }
    }
}
