//! What a comment says of the definition behind it.

use super::Walk;
use crate::lang::facts::{DefId, DefKind, Facts, Role, ScopeId, ScopeKind, Span, Term, TermId};

/// Bytes between a comment and what it is about: modifiers and decorators.
const BETWEEN_BYTES_MAX: u32 = 256;

/// One thing that a comment says.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    /// Of the parameter that this names; the placeholder becomes the function.
    Parameter { name: Span, function: TermId, ty: Option<TermId> },
    /// Of what a call gives.
    Result(TermId),
    /// Of a variable or field.
    Type(TermId),
}

impl Walk<'_> {
    /// The type that a comment right before the node gives it, for the value in the node.
    pub fn cast_by_comment(&mut self, start: u32) {
        let Some((end, Said::Type(ty))) = self.said.last().copied() else { return };
        let between = Span::new(end, start);
        if end > start || !self.slice(between).chars().all(char::is_whitespace) {
            return;
        }
        self.said.pop();
        if let Some(frame) = self.frames.last_mut() {
            frame.cast = Some(ty);
        }
    }

    /// Whether a comment before this place may still be about what begins there.
    pub(super) fn is_said_of(&self, at: u32) -> bool {
        self.said.last().is_some_and(|(end, _)| end + BETWEEN_BYTES_MAX >= at)
    }

    /// Keeps what a comment that ends here says, for the definition that follows it.
    pub fn say(&mut self, end: u32, said: Said) {
        self.said.push((end, said));
    }
}

/// Tells the definitions what was said of them. Types count where the language has no others.
pub fn settle(facts: &mut Facts, all: &[(u32, Said)], text: &str, types: bool) {
    if all.is_empty() {
        return;
    }
    let mut starts: Vec<(u32, DefId)> = facts
        .defs_with_ids()
        .filter(|(_, d)| !matches!(d.kind, DefKind::Parameter | DefKind::TypeParameter))
        .map(|(id, d)| (d.span.start, id))
        .collect();
    starts.sort_unstable();
    for (end, said) in all {
        let at = starts.partition_point(|(start, _)| start < end);
        let Some((start, def)) = starts.get(at).copied() else { continue };
        let between = text.get(*end as usize..start as usize).unwrap_or("{");
        if start - end > BETWEEN_BYTES_MAX || between.contains(['{', '}', ';', '=', '*']) {
            continue;
        }
        tell(facts, def, *said, text, types);
    }
}

/// Tells the first parameter that is a pattern, and of which nothing is known, its type: it has no name of its own.
fn tell_pattern(facts: &mut Facts, function: DefId, body: ScopeId, ty: TermId) {
    // What a function declares follows it.
    let end = facts.scopes[body.index()].span.end;
    let declared = facts.defs[function.index()..].iter().take_while(|d| d.name_span.start <= end);
    let parts = declared.filter(|d| d.scope == body && d.kind == DefKind::Parameter);
    let whole = parts.filter_map(|part| match facts.term(part.init?) {
        Term::Ref(key) => Some(facts.reference(*key)).filter(|key| key.role == Role::Key)?.recv,
        _ => None,
    });
    let unknown = whole.into_iter().find(|whole| matches!(facts.term(*whole), Term::Unknown));
    if let Some(unknown) = unknown {
        facts.terms[unknown.index()] = Term::Instance(ty);
    }
}

fn tell(facts: &mut Facts, def: DefId, said: Said, text: &str, types: bool) {
    let d = facts.def(def);
    let function = d.body.filter(|body| facts.scope(*body).kind == ScopeKind::Function);
    match said {
        Said::Parameter { name, function: placeholder, ty } => {
            let Some(body) = function else { return };
            facts.terms[placeholder.index()] = Term::Def(def);
            let spelled = text.get(name.start as usize..name.end as usize).unwrap_or_default();
            let Some(ty) = ty.filter(|_| types) else { return };
            let named = |d: &crate::lang::facts::Def| {
                d.scope == body && d.kind == DefKind::Parameter && d.ty.is_none()
            };
            let names = &facts.names;
            // What a function declares follows it.
            let end = facts.scopes[body.index()].span.end;
            let mut declared = facts.defs[def.index()..].iter_mut().take_while(|d| d.name_span.start <= end);
            let parameter = declared.find(|d| named(d) && *names[d.name.index()] == *spelled);
            match parameter {
                Some(parameter) => parameter.ty = Some(ty),
                None => tell_pattern(facts, def, body, ty),
            }
        }
        Said::Result(ty) if types && function.is_some() && d.ty.is_none() && d.kind.is_callable() => {
            facts.defs[def.index()].ty = Some(ty);
        }
        Said::Type(ty) if types && function.is_none() && d.ty.is_none() => {
            let held =
                matches!(d.kind, DefKind::Variable | DefKind::Constant | DefKind::Field | DefKind::Property);
            if held {
                facts.defs[def.index()].ty = Some(ty);
            }
        }
        Said::Result(_) | Said::Type(_) => {}
    }
}
