//! The questions, each as calls of the query layer.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::answer::{Answer, FileItems, Item, kind_name};
use super::subject::Subject;
use super::{QueryError, Question};
use crate::graph::View;
use crate::lang::modules::{FileId, Layout};
use crate::query::{self, Destination, DocumentSymbol, Empty, WorkspaceSymbol};
use crate::text::{Encoding, Position};

/// Definitions that one name may have before the rest is left out.
const NAMESAKES_MAX: usize = 10_000;

/// Asks and fills the answer. `file` is the subject's, if it has one.
pub(super) fn ask(
    question: &Question,
    subject: &Subject,
    file: Option<FileId>,
    view: &View,
    answer: &mut Answer,
) -> Result<(), QueryError> {
    let limit = question.options().limit.get();
    match (question, subject, file) {
        (Question::Outline(_), _, Some(file)) => outline(view, file, limit, answer),
        (Question::Symbols(_), Subject::Name(name), _) => {
            let (found, more) = query::workspace_symbols(view, name, limit, &AtomicBool::new(false));
            answer.truncated = more;
            answer.items = found.iter().map(|symbol| symbol_item(view, symbol)).collect();
            answer.total = answer.items.len();
        }
        (Question::Symbols(options), ..) => return Err(QueryError::NotAName(options.subject.clone())),
        (Question::Def(_), Subject::Place { line, column, .. }, Some(file)) => {
            match query::definition(view, file, offset(view, file, *line, *column)?) {
                Ok(found) => answer.items = found.iter().map(|d| destination_item(view, d)).collect(),
                Err(empty) => answer.why = Some(why(empty)),
            }
            cut(answer, limit);
        }
        (Question::Refs(_), Subject::Place { line, column, .. }, Some(file)) => {
            references(view, &[(file, offset(view, file, *line, *column)?)], limit, answer);
        }
        (Question::Refs(_), Subject::Name(name), _) => {
            let (named, more) = named(view, name);
            let places: Vec<_> = named.iter().map(|s| (s.location.file, s.location.span.start)).collect();
            references(view, &places, limit, answer);
            answer.truncated |= more;
        }
        (_, Subject::Name(name), _) => {
            let (named, more) = named(view, name);
            answer.items = named.iter().take(limit).map(|symbol| symbol_item(view, symbol)).collect();
            answer.total = named.len();
            answer.truncated = more || named.len() > limit;
        }
        (_, Subject::File(path), _) => {
            return Err(QueryError::NeedsLine(path.clone()));
        }
        (Question::Outline(options) | Question::Def(options) | Question::Refs(options), ..) => {
            return Err(QueryError::NoFile(options.subject.clone()));
        }
    }
    Ok(())
}

fn cut(answer: &mut Answer, limit: usize) {
    answer.total = answer.items.len();
    answer.truncated = answer.total > limit;
    answer.items.truncate(limit);
}

/// Definitions of exactly this name, which may be narrowed by its container (`Item.total`, `Item::total`), and whether
/// there may be more.
fn named(view: &View, name: &str) -> (Vec<WorkspaceSymbol>, bool) {
    let (mut found, more) = query::workspace_symbols(view, name, NAMESAKES_MAX, &AtomicBool::new(false));
    let last = name.rsplit(['.', ':', '#']).next().unwrap_or(name);
    // The best come first, so what is left out is of another name unless the last of these has this one.
    let more = more && found.last().is_some_and(|symbol| symbol.name == last);
    found.retain(|symbol| symbol.name == last);
    (found, more)
}

fn references(view: &View, places: &[(FileId, u32)], limit: usize, answer: &mut Answer) {
    let mut seen = BTreeSet::new();
    let mut reasons = Vec::new();
    let mut shown: Option<(FileId, FileItems<'_>)> = None;
    for (file, offset) in places {
        if answer.items.len() > limit {
            break;
        }
        match query::references(view, *file, *offset, true, limit, &AtomicBool::new(false)) {
            Ok(uses) => {
                answer.truncated |= uses.truncated;
                for found in uses.items {
                    if seen.insert((found.location.file, found.location.span)) {
                        let file = found.location.file;
                        // Uses come file by file.
                        let (_, items) = match shown.take().filter(|(of, _)| *of == file) {
                            Some(same) => shown.insert(same),
                            None => shown.insert((file, FileItems::new(view, file))),
                        };
                        let item = items.item(found.location.span);
                        answer.items.push(Item { declaration: found.declaration, ..item });
                    }
                }
            }
            Err(empty) => reasons.push(why(empty)),
        }
    }
    let truncated = answer.truncated;
    cut(answer, limit);
    answer.truncated |= truncated;
    if answer.items.is_empty() {
        answer.why = reasons.into_iter().next();
    }
}

fn outline(view: &View, file: FileId, limit: usize, answer: &mut Answer) {
    answer.items = outline_items(&FileItems::new(view, file), &query::document_symbols(view, file), 0);
    answer.total = count(&answer.items);
    answer.truncated = answer.total > limit;
    keep_first(&mut answer.items, limit);
}

fn outline_items(shown: &FileItems<'_>, symbols: &[DocumentSymbol], depth: usize) -> Vec<Item> {
    let item = |symbol: &DocumentSymbol| Item {
        name: Some(symbol.name.clone()),
        // A block that adds members to a type has the type's kind, which says less than its name does.
        kind: Some(kind_name(symbol.kind)).filter(|_| !symbol.name.contains(' ')),
        depth,
        children: outline_items(shown, &symbol.children, depth + 1),
        ..shown.item(symbol.span)
    };
    symbols.iter().map(item).collect()
}

fn count(items: &[Item]) -> usize {
    items.iter().map(|item| 1 + count(&item.children)).sum()
}

/// Keeps the first items from top to bottom; how many more there was room for.
fn keep_first(items: &mut Vec<Item>, mut room: usize) -> usize {
    items.retain_mut(|item| {
        let fits = room > 0;
        if fits {
            room = keep_first(&mut item.children, room - 1);
        }
        fits
    });
    room
}

fn symbol_item(view: &View, symbol: &WorkspaceSymbol) -> Item {
    Item {
        name: Some(symbol.name.clone()),
        kind: Some(kind_name(symbol.kind)),
        container: symbol.container.clone(),
        ..Item::new(view, symbol.location)
    }
}

fn destination_item(view: &View, destination: &Destination) -> Item {
    Item {
        name: Some(destination.name.clone()),
        kind: Some(kind_name(destination.kind)),
        tier: Some(destination.tier.words()),
        ..Item::new(view, destination.location)
    }
}

/// Where a place lies; without a column it is the first name defined on the line, or else the first one used there.
fn offset(view: &View, file: FileId, line: u32, column: Option<u32>) -> Result<u32, QueryError> {
    let beyond = || QueryError::NoLine { file: view.path(file).to_owned(), line };
    let at = |column| {
        let position = Position { line: line.checked_sub(1)?, column };
        view.offset(file, position, Encoding::Utf32)
    };
    if let Some(column) = column {
        return at(column.saturating_sub(1)).ok_or_else(beyond);
    }
    let (start, end) = (at(0).ok_or_else(beyond)?, at(u32::MAX).ok_or_else(beyond)?);
    let facts = view.facts(file);
    let on_line = |offset: &u32| (start..=end).contains(offset);
    let defined = facts.defs.iter().map(|def| def.name_span.start).filter(on_line).min();
    let used = facts.refs.iter().map(|reference| reference.span.start).filter(on_line).min();
    Ok(defined.or(used).unwrap_or(start))
}

fn why(empty: Empty) -> String {
    match empty {
        Empty::NotAName => "there is no name here".to_owned(),
        Empty::External => "it is defined outside the folder".to_owned(),
        Empty::Unresolved(why) => format!("not resolved: {why}"),
    }
}
