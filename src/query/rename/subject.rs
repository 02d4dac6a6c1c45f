//! What is renamed: the symbol under the cursor, and all that has to be called the same.

use super::super::{Destination, Empty, destinations};
use super::{Outside, Refusal, by_name, refuse};
use crate::lang::facts::{Def, DefKind, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::lang::words::is_name;
use crate::resolve::usage::Wanted;
use crate::resolve::{Occurrence, Resolver, Symbol};

/// What is renamed.
pub struct Subject {
    pub wanted: Wanted,
    /// The name as it is written under the cursor: the symbol's own or an alias of it.
    pub text: String,
    /// It is a name that an import gives to something that is called otherwise.
    pub alias: bool,
    /// The file with the cursor.
    pub file: FileId,
    pub under_cursor: Span,
    /// Why something else may have to bear the name too.
    pub doubt: Option<&'static str>,
}

/// What the name at an offset stands for, as far as that can be renamed.
struct Named {
    text: String,
    under_cursor: Span,
    first: Symbol,
    def: Def,
    /// It may also be these.
    others: Vec<Destination>,
}

/// The name at the offset, if it can be renamed at all.
pub fn under_cursor(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Result<Span, Refusal> {
    let named = named(resolver, file, offset)?;
    // What else has to bear the name decides where there are others, and takes a look at everything of the name.
    match named.others.is_empty() {
        true => Ok(named.under_cursor),
        false => subject(resolver, file, offset).map(|subject| subject.under_cursor),
    }
}

fn named(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Result<Named, Refusal> {
    let view = resolver.view();
    let facts = view.facts(file);
    let (name, under_cursor, named) = match resolver.at(file, offset) {
        None => return refuse("there is no name here"),
        Some(Occurrence::Ref(id)) => {
            let reference = facts.reference(id);
            (reference.name, reference.span, None)
        }
        Some(Occurrence::Def(id)) => {
            let def = facts.def(id);
            (def.name, def.name_span, Some(Symbol { file, def: id }))
        }
    };
    let text = view.name_text(name).to_owned();
    let mut found = match destinations(resolver, file, offset) {
        Ok(found) => found,
        Err(Empty::NotAName) => return refuse("there is no name here"),
        Err(Empty::External) => return refuse(format!("`{text}` is defined outside the folder")),
        Err(Empty::Unresolved(why)) => return refuse(format!("it is not known what `{text}` is: {why}")),
    };
    // On its own name a definition is meant, whatever else it stands for.
    let own = named.filter(|s| !facts.def(s.def).kind.is_alias());
    let Some(first) = own.or_else(|| found.first().and_then(|d| d.symbol)) else {
        return refuse("a module is renamed by renaming its file");
    };
    if own.is_none()
        && let Some(guess) = found.iter().find(|d| d.tier.is_guess())
    {
        return refuse(format!("it is not sure what `{text}` is: {}", guess.tier.words()));
    }
    let first = built_type(resolver, first, &text).unwrap_or(first);
    let def = view.facts(first.file).def(first.def).clone();
    if def.kind == DefKind::Module && resolver.is_file_module(first) {
        return refuse("a module is renamed by renaming its file");
    }
    refuse_coined(resolver, first, &def, &text)?;
    let alias = view.name_text(def.name) != text;
    let patterns = view.lang(first.file).knobs().found_by_name;
    if patterns.iter().any(|pattern| is_like(&text, pattern)) && !alias && !is_local(&def, resolver, first) {
        return refuse(format!("`{text}` is looked for by its name from outside the folder"));
    }
    let is_other = |d: &Destination| {
        d.symbol != Some(first) && d.symbol.is_none_or(|s| built_type(resolver, s, &text) != Some(first))
    };
    found.retain(|d| own.is_none() && is_other(d));
    Ok(Named { text, under_cursor, first, def, others: found })
}

/// What is surely meant by the name at the offset, by the name that it has where it is defined.
pub fn outside(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Option<Outside> {
    let view = resolver.view();
    let facts = view.facts(file);
    let (name, span, own) = match resolver.at(file, offset)? {
        Occurrence::Ref(id) => (facts.reference(id).name, facts.reference(id).span, false),
        Occurrence::Def(id) => {
            let def = facts.def(id);
            (def.name, def.name_span, !def.kind.is_alias())
        }
    };
    let text = view.name_text(name).to_owned();
    let found = destinations(resolver, file, offset).ok().filter(|_| !own)?;
    let mut defined = Vec::new();
    for destination in &found {
        let symbol = destination.symbol.filter(|_| !destination.tier.is_guess())?;
        let symbol = built_type(resolver, symbol, &text).unwrap_or(symbol);
        let def = view.facts(symbol.file).def(symbol.def).clone();
        if view.name_text(def.name) != text {
            return None;
        }
        defined.push((symbol.file, def.name_span));
    }
    defined.sort_unstable();
    defined.dedup();
    Some(Outside { span, text, defined })
}

pub fn subject(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Result<Subject, Refusal> {
    let view = resolver.view();
    let Named { text, under_cursor, first, def, others } = named(resolver, file, offset)?;
    let alias = view.name_text(def.name) != text;
    let is_member = resolver.owner(first).is_some();
    let kin = resolver.kin(first);
    let mut wanted = Wanted { symbols: kin.symbols.into_iter().collect(), ..Wanted::default() };
    // Several definitions are one subject only if they belong together.
    let astray = |d: &&Destination| d.symbol.is_none_or(|symbol| !wanted.symbols.contains(&symbol));
    if let Some(other) = others.iter().find(astray) {
        return refuse(format!("`{text}` may also be what {} defines", view.path(other.location.file)));
    }
    wanted.symbols.insert(first);
    wanted.member = is_member || view.facts(first.file).scope(def.scope).kind == ScopeKind::Object;
    let of_trait = |s: Symbol| view.facts(s.file).def(s.def).kind == DefKind::Trait;
    wanted.open = resolver.owner(first).is_some_and(of_trait);
    let mut symbols: Vec<Symbol> = wanted.symbols.iter().copied().collect();
    symbols.sort_unstable();
    // A parameter that is assigned anew is a variable as well.
    wanted.taker = symbols.iter().find_map(|s| resolver.taker(*s));
    let is_local = |s: &Symbol| is_local(view.facts(s.file).def(s.def), resolver, *s);
    wanted.local = !alias && symbols.iter().all(is_local);
    // A name that an import gives is nobody else's.
    let doubt = kin.doubt.or_else(|| by_name::doubt(resolver, symbols.into_iter().filter(|_| !alias)));
    Ok(Subject { wanted, text, alias, file, under_cursor, doubt })
}

/// The type that a constructor builds, where it bears the type's name or none of its own.
fn built_type(resolver: &Resolver<'_>, symbol: Symbol, text: &str) -> Option<Symbol> {
    let view = resolver.view();
    let def = view.facts(symbol.file).def(symbol.def).clone();
    let owner = resolver.owner(symbol).filter(|_| def.kind == DefKind::Constructor)?;
    let own = view.facts(owner.file).def(owner.def).name;
    (view.name_text(own) == text).then_some(owner)
}

/// A definition whose name nobody wrote cannot be given another.
fn refuse_coined(resolver: &Resolver<'_>, symbol: Symbol, def: &Def, text: &str) -> Result<(), Refusal> {
    let knobs = resolver.view().lang(symbol.file).knobs();
    let unwritten = def.kind == DefKind::Import && knobs.import_names && def.name_span == def.span;
    let whole = matches!(text, "default" | "export=") || def.name_span.is_empty();
    if unwritten || whole {
        return refuse(format!("`{text}` is not named here"));
    }
    if !is_name(resolver.view().lang(symbol.file), text)
        || knobs.self_names.contains(&text)
        || knobs.self_type_names.contains(&text)
    {
        return refuse(format!("`{text}` is a word of the language"));
    }
    if def.kind == DefKind::Constructor || knobs.constructor_names.contains(&text) {
        return refuse("a constructor is named by the language");
    }
    Ok(())
}

/// Whether nothing outside the file can see the definition.
pub fn is_local(def: &Def, resolver: &Resolver<'_>, symbol: Symbol) -> bool {
    let facts = resolver.view().facts(symbol.file);
    let kind = facts.scope(def.scope).kind;
    // A parameter may be named by whoever calls.
    let named_by_callers = def.kind == DefKind::Parameter && resolver.has_keyword_arguments(symbol.file);
    matches!(kind, ScopeKind::Function | ScopeKind::Block)
        && def.of.is_none()
        && !named_by_callers
        && !matches!(def.kind, DefKind::Macro)
        && !def.flags.has(crate::lang::facts::DefFlags::OUTER)
}

/// Whether the text is the pattern, in which `*` stands for any letters.
pub fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, end)) => {
            text.len() > start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}
