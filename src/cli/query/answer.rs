//! An answer as lines for people and as JSON for programs.

use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::super::output::{print, tell};
use crate::graph::{Positions, View};
use crate::lang::facts::{DefKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::query::Location;
use crate::text::Encoding;

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    /// The number of the graph that was asked.
    pub generation: u64,
    /// Why the graph may be older than the files, if it is.
    pub stale: Option<String>,
    /// What is known of the folder, if the memory budget has no room for all of it, or not just now.
    pub degraded: Option<String>,
    /// Why there is nothing, where more is known than that.
    pub why: Option<String>,
    /// How many there are, as far as they were counted.
    pub total: usize,
    /// There are, or may be, more than are listed.
    pub truncated: bool,
    pub items: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    pub file: String,
    /// Counted from 1, like the column, which counts characters.
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// How the answer was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    pub declaration: bool,
    /// The line of source.
    pub text: String,
    /// How deep it stands in an outline.
    #[serde(skip)]
    pub depth: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Item>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// One file of which results are shown; its lines are looked at once for all of them.
pub(super) struct FileItems<'v> {
    path: &'v str,
    positions: Positions<'v>,
    /// Nothing if it cannot be read any more.
    text: Arc<str>,
    line_starts: Vec<usize>,
}

impl<'v> FileItems<'v> {
    pub(super) fn new(view: &'v View, file: FileId) -> FileItems<'v> {
        let text = view.text(file).unwrap_or_default();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        FileItems {
            path: view.path(file),
            positions: view.positions(file, Encoding::Utf32),
            text,
            line_starts,
        }
    }

    pub(super) fn item(&self, span: Span) -> Item {
        let (start, end) = (self.positions.position(span.start), self.positions.position(span.end));
        let line = self.line_starts.get(start.line as usize).and_then(|at| self.text[*at..].lines().next());
        Item {
            name: None,
            kind: None,
            container: None,
            file: self.path.to_owned(),
            line: start.line + 1,
            column: start.column + 1,
            end_line: end.line + 1,
            end_column: end.column + 1,
            tier: None,
            declaration: false,
            text: line.unwrap_or_default().trim().to_owned(),
            depth: 0,
            children: Vec::new(),
        }
    }
}

impl Item {
    pub(super) fn new(view: &View, location: Location) -> Item {
        FileItems::new(view, location.file).item(location.span)
    }

    /// Its lines, below those of what it stands in.
    fn write(&self, out: &mut String) {
        let place = format!("{}:{}:{}:", self.file, self.line, self.column);
        let indent = "  ".repeat(self.depth);
        match &self.name {
            Some(name) => {
                let kind = self.kind.map(|kind| format!("{kind} ")).unwrap_or_default();
                let container = self.container.as_ref().map(|c| format!(" in {c}")).unwrap_or_default();
                let tier = self.tier.as_ref().map(|t| format!("  [{t}]")).unwrap_or_default();
                *out += &format!("{place} {indent}{kind}{name}{container}{tier}\n");
            }
            None => *out += &format!("{place} {}\n", self.text),
        }
        self.children.iter().for_each(|child| child.write(out));
    }
}

impl Answer {
    /// Results on stdout; what is to be known about them on stderr, or all in one object.
    pub(super) fn print(&self, json: bool) -> io::Result<()> {
        if json {
            return print(&(serde_json::to_string_pretty(self)? + "\n"));
        }
        let mut out = String::new();
        self.items.iter().for_each(|item| item.write(&mut out));
        print(&out)?;
        if let Some(why) = &self.why {
            tell(why);
        } else if self.items.is_empty() {
            tell("nothing found");
        }
        if self.truncated {
            tell("there are more; --limit shows them");
        }
        if let Some(stale) = &self.stale {
            tell(&format!("this may be out of date: {stale}"));
        }
        if let Some(degraded) = &self.degraded {
            tell(&format!("there may be more: {degraded}"));
        }
        Ok(())
    }
}

/// The kind of a symbol in a word or two.
pub(super) fn kind_name(kind: DefKind) -> &'static str {
    match kind {
        DefKind::Module => "module",
        DefKind::Namespace => "namespace",
        DefKind::Class => "class",
        DefKind::Struct => "struct",
        DefKind::Enum => "enum",
        DefKind::Union => "union",
        DefKind::Interface => "interface",
        DefKind::Trait => "trait",
        DefKind::TypeAlias => "type alias",
        DefKind::EnumMember => "enum member",
        DefKind::Function => "function",
        DefKind::Method => "method",
        DefKind::Constructor => "constructor",
        DefKind::Property => "property",
        DefKind::Field => "field",
        DefKind::Constant => "constant",
        DefKind::Static => "static",
        DefKind::Variable => "variable",
        DefKind::Parameter => "parameter",
        DefKind::TypeParameter => "type parameter",
        DefKind::Macro => "macro",
        DefKind::Label => "label",
        DefKind::Import => "import",
        DefKind::Export => "export",
    }
}
