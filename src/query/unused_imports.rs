//! Removing the imports that nobody uses.

use std::sync::atomic::AtomicBool;

use rustc_hash::FxHashSet;

use super::Edit;
use super::findings::{FindingKind, first_findings};
use super::reading;
use crate::graph::View;
use crate::lang::facts::{DefKind, Facts, Span};
use crate::lang::imports::removal;
use crate::lang::modules::{FileId, Layout};
use crate::lang::{ParseLimits, Parser, Tree, extract};

/// Imports that are removed at once; who has more asks again.
const REMOVED_MAX: usize = 1_000;

/// The edits that remove the unused imports of the file, the first thousand of them; none where the text would not be read as before without them.
pub fn remove_unused_imports(view: &View, file: FileId, cancel: &AtomicBool) -> Vec<Edit> {
    let Some((spans, text)) = unused(view, file, cancel) else { return Vec::new() };
    removed(view, file, &spans, &text)
}

/// The edits that remove those unused imports alone whose names stand on the lines of the range.
pub fn remove_unused_imports_on_lines(
    view: &View,
    file: FileId,
    range: Span,
    cancel: &AtomicBool,
) -> Vec<Edit> {
    let Ok(text) = view.text(file) else { return Vec::new() };
    let (Some(before), Some(behind)) = (text.get(..range.start as usize), text.get(range.end as usize..))
    else {
        return Vec::new();
    };
    let start = before.rfind('\n').map_or(0, |at| at + 1) as u32;
    let end = range.end + behind.find('\n').unwrap_or(behind.len()) as u32;
    let lines = Span::new(start, end);
    // Editors ask at every place where the cursor rests, and few lines import anything.
    let facts = view.facts(file);
    if !facts.defs.iter().any(|d| d.kind == DefKind::Import && lines.encloses(d.name_span)) {
        return Vec::new();
    }
    let Some((mut spans, text)) = unused(view, file, cancel) else { return Vec::new() };
    spans.retain(|span| lines.encloses(*span));
    removed(view, file, &spans, &text)
}

fn removed(view: &View, file: FileId, spans: &[Span], text: &str) -> Vec<Edit> {
    if spans.is_empty() {
        return Vec::new();
    }
    let lang = view.lang(file);
    let facts = view.facts(file);
    let Some(tree) = reading::tree(view, file, text) else { return Vec::new() };
    let mut removed = removals(&facts, &tree, text, spans);
    let names = removed.len();
    removed.dedup();
    // Two items that share a comma cannot both have it.
    if removed.windows(2).any(|pair| pair[1].start < pair[0].end) {
        return Vec::new();
    }
    let mut after = text.to_string();
    for span in removed.iter().rev() {
        after.replace_range(span.start as usize..span.end as usize, "");
    }
    let Ok(there) = Parser::new().parse(lang, &after, None, &ParseLimits::default()) else {
        return Vec::new();
    };
    let count = |defs: &[crate::lang::facts::Def]| defs.iter().filter(|d| d.kind == DefKind::Import).count();
    let left = extract(lang, &there, &after);
    let as_meant =
        count(&left.defs) + names == count(&facts.defs) && (!there.has_errors() || tree.has_errors());
    let edit = |span| Edit { span, text: String::new(), doubt: None };
    if as_meant { removed.into_iter().map(edit).collect() } else { Vec::new() }
}

/// What to delete so that the imports of these names are gone, in source order: one for each that can be, the same one
/// for those that go with one statement.
pub fn removals(facts: &Facts, tree: &Tree, text: &str, names: &[Span]) -> Vec<Span> {
    let imports = facts.defs.iter().filter(|d| d.kind == DefKind::Import);
    let mut bound: Vec<Span> = imports.map(|d| d.name_span).collect();
    bound.sort_unstable();
    let gone: FxHashSet<Span> = names.iter().copied().collect();
    let alone = |statement: Span| {
        let first = bound.partition_point(|name| name.start < statement.start);
        let inside = bound[first..].iter().take_while(|name| name.start <= statement.end);
        inside.filter(|name| statement.encloses(**name)).all(|name| gone.contains(name))
    };
    let mut removed: Vec<Span> = names.iter().filter_map(|s| removal(tree, text, *s, alone)).collect();
    removed.sort_unstable();
    removed
}

/// The names of unused imports, and the text that they stand in.
fn unused(view: &View, file: FileId, cancel: &AtomicBool) -> Option<(Vec<Span>, std::sync::Arc<str>)> {
    let found = first_findings(view, file, &[FindingKind::UnusedImport], REMOVED_MAX, cancel);
    let spans: Vec<Span> = found.items.into_iter().map(|f| f.span).collect();
    if spans.is_empty() {
        return None;
    }
    Some((spans, view.text(file).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn check(fixture: &str, expected: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let mut text = fixture.files[view.path(file)].clone();
        for edit in remove_unused_imports(&view, file, &AtomicBool::new(false)).iter().rev() {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, "");
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn those_of_a_line_go_alone() {
        let lines = |fixture: &str| {
            let fixture = Fixture::parse(fixture);
            let view = fixture.view();
            let (file, at) = fixture.cursor(&view);
            let mut text = fixture.files[view.path(file)].clone();
            let range = Span::new(at, at);
            for edit in
                remove_unused_imports_on_lines(&view, file, range, &AtomicBool::new(false)).iter().rev()
            {
                text.replace_range(edit.span.start as usize..edit.span.end as usize, "");
            }
            text
        };
        assert_eq!(lines("\n//- /a.py\nimport os\n$0import re\nx = 1\n"), "import os\nx = 1\n");
        assert_eq!(lines("\n//- /a.py\nimport os\nimport re$0\n"), "import os\n");
        assert_eq!(lines("\n//- /a.py\nimport os\nimport re\n$0x = 1\n"), "import os\nimport re\nx = 1\n");
        assert_eq!(lines("\n//- /a.py\n$0import re\nre.x\n"), "import re\nre.x\n");
    }

    #[test]
    fn all_of_many_go() {
        let imports: String = (0..REMOVED_MAX / 2).map(|n| format!("import a{n}\n")).collect();
        check(&format!("\n//- /a.py\n$0{imports}x = 1\n"), "x = 1\n");
    }

    #[test]
    fn unused_imports_go_and_the_others_stay() {
        check(
            "\n//- /a.py\n$0import os\nfrom x import first, second\nfrom y import (\n    third,\n    fourth,\n)\nsecond(third)\n",
            "from x import second\nfrom y import (\n    third,\n    )\nsecond(third)\n",
        );
        check(
            "\n//- /a.ts\n$0import { first, second } from './x';\nimport third from './y';\nsecond();\n",
            "import { second } from './x';\nsecond();\n",
        );
        check(
            "\n//- /a.py\n$0import os\nif x:\n    import first\ndef f():\n    import second\n    g()\n",
            "if x:\n    import first\ndef f():\n    g()\n",
        );
        check(
            "\n//- /A.java\n$0import p.First;\nimport p.Second;\nclass A { Second x; }\n",
            "import p.Second;\nclass A { Second x; }\n",
        );
        check(
            "\n//- /go.mod\nmodule m\n//- /a.go\npackage m\n\n$0import (\n\t\"fmt\"\n)\n\nfunc f() { fmt.Println() }\n",
            "package m\n\nimport (\n\t\"fmt\"\n)\n\nfunc f() { fmt.Println() }\n",
        );
    }
}
