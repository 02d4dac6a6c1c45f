//! Functions that are called and not there, as the beginning of one to be written.

use super::Edit;
use super::missing_imports::unresolved;
use super::reading;
use crate::graph::View;
use crate::lang::LangId;
use crate::lang::call_sites::CallSite;
use crate::lang::facts::{Facts, Ref, Role, Scope, ScopeId, ScopeKind, Span, Term, TermId};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::{Knobs, Stub};
use crate::lang::words::is_name;
use crate::resolve::Resolver;

/// A function that would be there, and the edit that writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFunction {
    pub name: String,
    pub edit: Edit,
}

/// The functions that calls in the span lack: of bare names, and of the own type's members. Where the language says no
/// more than that of a function, or the call wants no result.
pub fn missing_functions(view: &View, file: FileId, span: Span) -> Vec<MissingFunction> {
    let lang = view.lang(file);
    let Some(stub) = lang.knobs().stub else { return Vec::new() };
    let resolver = Resolver::new(view);
    let facts = view.facts(file);
    let Ok(text) = view.text(file) else { return Vec::new() };
    let ids = unresolved(&resolver, file, span);
    let calls: Vec<&Ref> =
        ids.iter().map(|id| facts.reference(*id)).filter(|r| r.role == Role::Call).collect();
    if calls.is_empty() {
        return Vec::new();
    }
    let Some(tree) = reading::tree(view, file, &text) else { return Vec::new() };
    let mut found = Vec::new();
    for call in calls {
        let own = call.recv.is_some_and(|recv| is_self(view, &facts, recv, lang.knobs()));
        if call.recv.is_some() && !own {
            continue;
        }
        let sites = tree.call_sites(Span::new(call.span.start, call.span.end + 1), usize::MAX);
        let Some(site) = sites.into_iter().find(|site| site.callee_end == call.span.end) else { continue };
        let name = view.name_text(call.name);
        let Some(edit) = written(lang, &facts, &text, call, own, &site, &stub, name) else { continue };
        found.push(MissingFunction { name: name.to_owned(), edit });
    }
    found
}

#[expect(clippy::too_many_arguments, reason = "what one call is made of")]
fn written(
    lang: LangId,
    facts: &Facts,
    text: &str,
    call: &Ref,
    own: bool,
    site: &CallSite,
    stub: &Stub,
    name: &str,
) -> Option<Edit> {
    let template = if own { stub.method? } else { stub.function };
    if stub.statements_only && !is_statement(text, call.span, lang.knobs()) {
        return None;
    }
    let place = Place::of(facts, text, call, own || stub.in_class)?;
    let parameters = parameters(lang, text, site, stub);
    let comma = if parameters.is_empty() { "" } else { ", " };
    // Names may have dollars in them: each part is filled in by itself.
    let parts: Vec<String> =
        template.replace("$, ", comma).split("$parameters").map(|part| part.replace("$name", name)).collect();
    let body = parts.join(&parameters);
    let indent = &place.indent;
    let lines: Vec<String> = body
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
        .collect();
    let blank = if indent.is_empty() { stub.blank_lines } else { 1 };
    let apart = "\n".repeat(blank + 1);
    let written = match place.behind {
        true => format!("{apart}{}", lines.join("\n")),
        false => format!("{}{apart}", lines.join("\n")),
    };
    let end = if text.contains("\r\n") { written.replace('\n', "\r\n") } else { written };
    Some(Edit { span: Span::new(place.offset, place.offset), text: end, doubt: None })
}

/// Whether a receiver is the value whose method is being run.
fn is_self(view: &View, facts: &Facts, recv: TermId, knobs: &Knobs) -> bool {
    let named = |name| knobs.self_names.first() == Some(&view.name_text(name));
    match facts.term(recv) {
        Term::SelfValue => true,
        Term::Ref(reference) => {
            let r = facts.reference(*reference);
            r.recv.is_none() && named(r.name)
        }
        Term::Def(def) => named(facts.def(*def).name),
        _ => false,
    }
}

/// Whether nothing stands before the call in its line but what it is called on.
fn is_statement(text: &str, callee: Span, knobs: &Knobs) -> bool {
    let before = &text[..callee.start as usize];
    let line = before[before.rfind('\n').map_or(0, |at| at + 1)..].trim();
    line.is_empty()
        || knobs.self_names.iter().any(|own| line.strip_suffix('.').is_some_and(|before| before == *own))
}

/// Names of the arguments where they are names, numbered ones for the others.
fn parameters(lang: LangId, text: &str, site: &CallSite, stub: &Stub) -> String {
    let mut names: Vec<String> = Vec::new();
    for (n, span) in site.arguments.iter().enumerate() {
        let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let fits = is_name(lang, written) && !names.iter().any(|name| name == written);
        let own = lang.knobs().self_names.contains(&written);
        names.push(if fits && !own { written.to_owned() } else { format!("arg{}", n + 1) });
    }
    let parameter = |name: String| stub.parameter.replace("$name", &name);
    names.into_iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// Where a function goes.
struct Place {
    offset: u32,
    /// Behind what is there rather than before it.
    behind: bool,
    indent: String,
}

impl Place {
    /// Behind the definition around the call, among the members of its type or in its module; before a call that stands in
    /// the module itself.
    fn of(facts: &Facts, text: &str, call: &Ref, in_class: bool) -> Option<Place> {
        let holds = |scope: &Scope| match in_class {
            true => matches!(scope.kind, ScopeKind::Class | ScopeKind::Extension),
            false => matches!(scope.kind, ScopeKind::File | ScopeKind::Module),
        };
        let chain: Vec<ScopeId> = facts.ancestors(call.scope).collect();
        let at = chain.iter().position(|id| holds(facts.scope(*id)))?;
        let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |n| n + 1);
        let indent_of = |start: usize| {
            let line = &text[start..];
            line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
        };
        let Some(inner) = at.checked_sub(1).map(|below| facts.scope(chain[below])) else {
            if in_class {
                return None;
            }
            // What begins the statement stands as far to the left as the module does.
            let mut start = line_start(call.span.start as usize);
            while start > 0 && text[start..].starts_with([' ', '\t', '}', ')', ']']) {
                start = line_start(start - 1);
            }
            return Some(Place { offset: start as u32, behind: false, indent: indent_of(start) });
        };
        let whole = inner.owner.map_or(inner.span, |def| facts.def(def).span);
        let (start, end) =
            (whole.start.min(inner.span.start) as usize, whole.end.max(inner.span.end) as usize);
        let end = start + text.get(start..end)?.trim_end().len();
        let line_end = text[end..].find('\n').map_or(text.len(), |n| end + n);
        let line_end = line_end - usize::from(text[..line_end].ends_with('\r'));
        Some(Place { offset: line_end as u32, behind: true, indent: indent_of(line_start(start)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The file with the cursor, with the function that is missing there.
    fn stubbed(fixture: &str) -> Option<String> {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let missing = missing_functions(&view, file, Span::new(offset, offset)).into_iter().next()?;
        Some(fixture.with_insertion(&view, missing.edit.span.start, &missing.edit.text))
    }

    #[test]
    fn a_function_that_is_called_is_begun_in_every_language_that_allows_it() {
        let cases = [
            (
                "\n//- /a.py\ndef f(x):\n    return $0go(x, 1)\n\n\nf(2)\n",
                "def f(x):\n    return go(x, 1)\n\n\ndef go(x, arg2):\n    raise NotImplementedError\n\n\nf(2)\n",
            ),
            (
                "\n//- /a.py\nx = 1\nif x:\n    $0go()\n",
                "x = 1\ndef go():\n    raise NotImplementedError\n\n\nif x:\n    go()\n",
            ),
            (
                "\n//- /a.py\nclass A:\n    def f(self, x):\n        self.$0go(x)\n",
                "class A:\n    def f(self, x):\n        self.go(x)\n\n    def go(self, x):\n        raise NotImplementedError\n",
            ),
            (
                "\n//- /a.ts\nexport const f = (x: number) => {\n    return $0go(x);\n};\n",
                "export const f = (x: number) => {\n    return go(x);\n};\n\nfunction go(x) {\n    throw new Error('not implemented');\n}\n",
            ),
            (
                "\n//- /a.js\nclass A {\n    f() { this.$0go(1); }\n}\n",
                "class A {\n    f() { this.go(1); }\n\n    go(arg1) {\n        throw new Error('not implemented');\n    }\n}\n",
            ),
            (
                "\n//- /go.mod\nmodule m\n//- /a.go\npackage p\n\nfunc f(x int) {\n\t$0help(x)\n}\n",
                "package p\n\nfunc f(x int) {\n\thelp(x)\n}\n\nfunc help(x any) {\n\tpanic(\"not implemented\")\n}\n",
            ),
            (
                "\n//- /a.rs\nmod t {\n    fn f(x: u32) {\n        $0go(x);\n    }\n}\n",
                "mod t {\n    fn f(x: u32) {\n        go(x);\n    }\n\n    fn go(x: impl Sized) {\n        todo!()\n    }\n}\n",
            ),
            (
                "\n//- /a.rs\nstruct S;\nimpl S {\n    fn f(&self) {\n        self.$0go();\n    }\n}\n",
                "struct S;\nimpl S {\n    fn f(&self) {\n        self.go();\n    }\n\n    fn go(&self) {\n        todo!()\n    }\n}\n",
            ),
            (
                "\n//- /a.js\nclass A {\n    f($name) { this.$0$parameters($name); }\n}\n",
                "class A {\n    f($name) { this.$parameters($name); }\n\n    $parameters($name) {\n        throw new Error('not implemented');\n    }\n}\n",
            ),
            (
                "\n//- /A.java\nclass A {\n    void f(int x) {\n        $0go(x);\n    }\n}\n",
                "class A {\n    void f(int x) {\n        go(x);\n    }\n\n    private static void go(Object x) {\n        throw new UnsupportedOperationException();\n    }\n}\n",
            ),
        ];
        for (fixture, expected) in cases {
            assert_eq!(stubbed(fixture).as_deref(), Some(expected), "{fixture}");
        }
    }

    #[test]
    fn nothing_is_begun_that_is_there_or_that_is_not_known_enough() {
        for fixture in [
            "\n//- /a.py\ndef go(): pass\n$0go()\n",
            "\n//- /a.py\n$0print()\n",
            "\n//- /a.py\n$0x\n",
            "\n//- /a.py\ndef f(x): x.$0go()\n",
            "\n//- /a.py\nimport os\nclass A(os.B):\n    def f(self): self.$0go()\n",
            "\n//- /a.rs\nfn f() { let x = $0go(); }\n",
            "\n//- /a.c\nvoid f(void) { $0go(1); }\n",
        ] {
            assert_eq!(stubbed(fixture), None, "{fixture}");
        }
    }
}
