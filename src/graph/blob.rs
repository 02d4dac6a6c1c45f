//! The facts of a file as bytes: columns of small differences, names by their number in the file.

use super::codec::{CorruptError, Reader, Writer};
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Extension, Facts, Glob, Inherit, Literal, Name, Ref, RefId, Role, Scope,
    ScopeId, ScopeKind, Span, Term, TermId,
};

const SCOPE_KINDS: [ScopeKind; 7] = [
    ScopeKind::File,
    ScopeKind::Module,
    ScopeKind::Class,
    ScopeKind::Extension,
    ScopeKind::Function,
    ScopeKind::Block,
    ScopeKind::Object,
];

/// Encodes fresh facts, whose names are the file's own.
pub fn encode(facts: &Facts) -> Vec<u8> {
    let mut e = Encoder { out: Writer::default(), lengths: Vec::new(), last_term: 0, last_ref: 0 };
    e.out.u32(facts.names.len() as u32);
    for name in &facts.names {
        e.out.u32(name.len() as u32);
        e.lengths.push(name.len() as u32);
    }
    e.scopes(&facts.scopes);
    e.defs(&facts.defs);
    e.refs(&facts.refs);
    e.terms(&facts.terms);
    e.rest(facts);
    e.out.bytes
}

struct Encoder {
    out: Writer,
    lengths: Vec<u32>,
    last_term: u32,
    last_ref: u32,
}

impl Encoder {
    fn scopes(&mut self, scopes: &[Scope]) {
        self.out.u32(scopes.len() as u32);
        let (mut last_start, mut last_owner) = (0, 0);
        for (id, scope) in scopes.iter().enumerate() {
            let flags = u8::from(scope.owner.is_some()) << 3 | u8::from(scope.of.is_some()) << 4;
            self.out.byte(scope.kind as u8 | flags);
            self.out.u32(scope.parent.map_or(0, |p| id as u32 - p.0));
            self.out.difference(scope.span.start, last_start);
            self.out.u32(scope.span.len());
            last_start = scope.span.start;
            if let Some(owner) = scope.owner {
                self.out.difference(owner.0, last_owner);
                last_owner = owner.0;
            }
            self.term_id(scope.of);
        }
    }

    fn defs(&mut self, defs: &[Def]) {
        self.out.u32(defs.len() as u32);
        let (mut last_start, mut last_scope, mut last_body) = (0, 0, 0);
        for def in defs {
            let same_scope = def.scope.0 == last_scope;
            let own_length = def.name_span.len() == self.lengths[def.name.index()];
            self.out.byte(
                def.kind as u8
                    | u8::from(def.flags != DefFlags::NONE) << 5
                    | u8::from(def.body.is_some()) << 6
                    | u8::from(def.of.is_some()) << 7,
            );
            self.out.byte(
                u8::from(def.ty.is_some())
                    | u8::from(def.init.is_some()) << 1
                    | u8::from(same_scope) << 2
                    | u8::from(def.span == def.name_span) << 3
                    | u8::from(own_length) << 4,
            );
            self.out.u32(def.name.0);
            if def.flags != DefFlags::NONE {
                self.out.u32(u32::from(def.flags.0));
            }
            self.out.difference(def.name_span.start, last_start);
            last_start = def.name_span.start;
            if !own_length {
                self.out.u32(def.name_span.len());
            }
            if def.span != def.name_span {
                // As a difference from the middle of the range, for `span.start` may be on either side.
                let ahead = i64::from(def.name_span.start) - i64::from(def.span.start);
                self.out.difference(((1_i64 << 31) + ahead) as u32, 1 << 31);
                self.out.difference(def.span.end, def.name_span.end);
            }
            if !same_scope {
                self.out.difference(def.scope.0, last_scope);
                last_scope = def.scope.0;
            }
            if let Some(body) = def.body {
                self.out.difference(body.0, last_body);
                last_body = body.0;
            }
            self.term_id(def.of);
            self.term_id(def.ty);
            self.term_id(def.init);
        }
    }

    fn refs(&mut self, refs: &[Ref]) {
        self.out.u32(refs.len() as u32);
        let (mut last_end, mut last_scope) = (0, 0);
        for reference in refs {
            let same_scope = reference.scope.0 == last_scope;
            let own_length = reference.span.len() == self.lengths[reference.name.index()];
            self.out.byte(
                reference.role as u8
                    | u8::from(reference.recv.is_some()) << 4
                    | u8::from(same_scope) << 5
                    | u8::from(own_length) << 6,
            );
            self.out.u32(reference.name.0);
            self.out.difference(reference.span.start, last_end);
            if !own_length {
                self.out.u32(reference.span.len());
            }
            last_end = reference.span.end;
            if !same_scope {
                self.out.difference(reference.scope.0, last_scope);
                last_scope = reference.scope.0;
            }
            self.term_id(reference.recv);
        }
    }

    /// Terms are numbered in the order in which facts name them, so the next one is usually the last plus one.
    fn term_id(&mut self, term: Option<TermId>) {
        if let Some(term) = term {
            self.out.difference(term.0, self.last_term.wrapping_add(1));
            self.last_term = term.0;
        }
    }

    fn terms(&mut self, terms: &[Term]) {
        self.out.u32(terms.len() as u32);
        for (id, term) in terms.iter().enumerate() {
            self.term(id as u32, term);
        }
    }

    fn term(&mut self, id: u32, term: &Term) {
        let child = |out: &mut Writer, tag: u8, children: &[&TermId]| {
            out.byte(tag);
            for inner in children {
                out.difference(inner.0, id);
            }
        };
        let out = &mut self.out;
        match term {
            Term::Unknown => out.byte(0),
            Term::Ref(reference) => {
                out.byte(1);
                out.difference(reference.0, self.last_ref);
                self.last_ref = reference.0;
            }
            Term::Def(def) => {
                out.byte(2);
                out.u32(def.0);
            }
            Term::Module(name) => {
                out.byte(3);
                out.u32(name.0);
            }
            Term::Exports => out.byte(4),
            Term::SelfValue => out.byte(5),
            Term::SelfType => out.byte(6),
            Term::Super => out.byte(7),
            Term::Same(a) => child(out, 8, &[a]),
            Term::Call(a) => child(out, 9, &[a]),
            Term::Instance(a) => child(out, 10, &[a]),
            Term::Index(a) => child(out, 11, &[a]),
            Term::Iter(a) => child(out, 12, &[a]),
            Term::Await(a) => child(out, 13, &[a]),
            Term::Unwrap(a) => child(out, 14, &[a]),
            Term::Deref(a) => child(out, 15, &[a]),
            Term::AddrOf(a) => child(out, 16, &[a]),
            Term::Enter(a) => child(out, 17, &[a]),
            Term::List(a) => child(out, 18, &[a]),
            Term::Func(a) => child(out, 19, &[a]),
            Term::Nth(a, n) => {
                child(out, 20, &[a]);
                out.u32(*n);
            }
            Term::Payload(a, b, n) => {
                child(out, 21, &[a, b]);
                out.u32(*n);
            }
            Term::Argument(a, position, n) => {
                child(out, 22, &[a]);
                out.u32(*position);
                out.u32(*n);
            }
            Term::Map(a, b) => child(out, 23, &[a, b]),
            Term::Apply(head, arguments) => {
                child(out, 24, &[head]);
                out.u32(arguments.len() as u32);
                arguments.iter().for_each(|a| out.difference(a.0, id));
            }
            Term::Union(parts) | Term::Tuple(parts) => {
                out.byte(if matches!(term, Term::Union(_)) { 25 } else { 26 });
                out.u32(parts.len() as u32);
                parts.iter().for_each(|a| out.difference(a.0, id));
            }
            Term::Object(scope) => {
                out.byte(27);
                out.u32(scope.0);
            }
            Term::Literal(literal) => out.byte(32 + *literal as u8),
        }
    }

    fn rest(&mut self, facts: &Facts) {
        self.out.u32(facts.globs.len() as u32);
        for glob in &facts.globs {
            self.out.u32(glob.scope.0 << 1 | u32::from(glob.reexport));
            self.out.u32(glob.target.0);
        }
        let optional = |id: Option<u32>| id.map_or(0, |n| n + 1);
        self.out.u32(facts.extensions.len() as u32);
        for extension in &facts.extensions {
            self.out.u32(extension.target_name.0);
            self.out.u32(extension.target.0);
            self.out.u32(optional(extension.scope.map(|s| s.0)));
            self.out.u32(optional(extension.def.map(|d| d.0)));
            self.out.u32(optional(extension.implements.map(|t| t.0)));
        }
        self.out.u32(facts.inherits.len() as u32);
        for inherit in &facts.inherits {
            self.out.u32(inherit.def.0);
            self.out.u32(inherit.base.0);
        }
        match &facts.listed {
            None => self.out.byte(0),
            Some(listed) => {
                self.out.byte(1);
                self.out.u32(listed.len() as u32);
                listed.iter().for_each(|n| self.out.u32(n.0));
            }
        }
        self.out.u32(optional(facts.package.map(|n| n.0)));
    }
}

/// Decodes facts; `names` gives each of the file's names its number in the graph.
pub fn decode(bytes: &[u8], names: &[Name]) -> Result<Facts, CorruptError> {
    let mut d = Decoder { input: Reader::new(bytes), names, lengths: Vec::new(), last_term: 0, last_ref: 0 };
    let mut facts = Facts::default();
    let count = d.input.count()?;
    if count != names.len() {
        return Err(CorruptError::OutOfRange);
    }
    d.lengths = (0..count).map(|_| d.input.u32()).collect::<Result<_, _>>()?;
    facts.scopes = d.scopes()?;
    facts.defs = d.defs()?;
    facts.refs = d.refs()?;
    let count = d.input.count()?;
    facts.terms = (0..count).map(|id| d.term(id as u32)).collect::<Result<_, _>>()?;
    d.rest(&mut facts)?;
    if d.input.is_empty() && is_consistent(&facts) { Ok(facts) } else { Err(CorruptError::OutOfRange) }
}

struct Decoder<'a> {
    input: Reader<'a>,
    names: &'a [Name],
    lengths: Vec<u32>,
    last_term: u32,
    last_ref: u32,
}

impl Decoder<'_> {
    /// A name of the file: its number in the graph, and its length.
    fn name(&mut self) -> Result<(Name, u32), CorruptError> {
        let local = self.input.u32()? as usize;
        match (self.names.get(local), self.lengths.get(local)) {
            (Some(name), Some(length)) => Ok((*name, *length)),
            _ => Err(CorruptError::OutOfRange),
        }
    }

    fn span(start: u32, length: u32) -> Result<Span, CorruptError> {
        Ok(Span::new(start, start.checked_add(length).ok_or(CorruptError::OutOfRange)?))
    }

    fn term_id(&mut self, present: bool) -> Result<Option<TermId>, CorruptError> {
        if !present {
            return Ok(None);
        }
        self.last_term = self.input.difference(self.last_term.wrapping_add(1))?;
        Ok(Some(TermId(self.last_term)))
    }

    fn scopes(&mut self) -> Result<Vec<Scope>, CorruptError> {
        let count = self.input.count()?;
        let mut scopes = Vec::with_capacity(count);
        let (mut last_start, mut last_owner) = (0, 0);
        for id in 0..count as u32 {
            let head = self.input.byte()?;
            let kind = *SCOPE_KINDS.get(usize::from(head & 7)).ok_or(CorruptError::UnknownTag(head))?;
            let parent = match self.input.u32()? {
                0 => None,
                up => Some(ScopeId(id.checked_sub(up).ok_or(CorruptError::OutOfRange)?)),
            };
            last_start = self.input.difference(last_start)?;
            let span = Self::span(last_start, self.input.u32()?)?;
            let mut owner = None;
            if head & 8 != 0 {
                last_owner = self.input.difference(last_owner)?;
                owner = Some(DefId(last_owner));
            }
            let of = self.term_id(head & 16 != 0)?;
            scopes.push(Scope { kind, parent, span, owner, of });
        }
        Ok(scopes)
    }

    fn defs(&mut self) -> Result<Vec<Def>, CorruptError> {
        let count = self.input.count()?;
        let mut defs = Vec::with_capacity(count);
        let (mut last_start, mut last_scope, mut last_body) = (0, 0, 0);
        for _ in 0..count {
            let (head, more) = (self.input.byte()?, self.input.byte()?);
            let kind = *DefKind::ALL.get(usize::from(head & 31)).ok_or(CorruptError::UnknownTag(head))?;
            let (name, length) = self.name()?;
            let flags = if head & 32 != 0 { self.input.u32()? } else { 0 };
            last_start = self.input.difference(last_start)?;
            let length = if more & 16 != 0 { length } else { self.input.u32()? };
            let name_span = Self::span(last_start, length)?;
            let mut span = name_span;
            if more & 8 == 0 {
                // Written as the name's start relative to the whole's: read it back the other way round.
                let ahead = i64::from(self.input.difference(1 << 31)?) - (1 << 31);
                span.start = u32::try_from(i64::from(name_span.start) - ahead)
                    .map_err(|_| CorruptError::OutOfRange)?;
                span.end = self.input.difference(name_span.end)?;
            }
            if more & 4 == 0 {
                last_scope = self.input.difference(last_scope)?;
            }
            let mut body = None;
            if head & 64 != 0 {
                last_body = self.input.difference(last_body)?;
                body = Some(ScopeId(last_body));
            }
            let of = self.term_id(head & 128 != 0)?;
            let ty = self.term_id(more & 1 != 0)?;
            let init = self.term_id(more & 2 != 0)?;
            defs.push(Def {
                name,
                kind,
                flags: DefFlags(flags as u16),
                name_span,
                span,
                scope: ScopeId(last_scope),
                body,
                of,
                ty,
                init,
            });
        }
        Ok(defs)
    }

    fn refs(&mut self) -> Result<Vec<Ref>, CorruptError> {
        let count = self.input.count()?;
        let mut refs = Vec::with_capacity(count);
        let (mut last_end, mut last_scope) = (0, 0);
        for _ in 0..count {
            let head = self.input.byte()?;
            let role = *Role::ALL.get(usize::from(head & 15)).ok_or(CorruptError::UnknownTag(head))?;
            let (name, length) = self.name()?;
            let start = self.input.difference(last_end)?;
            let length = if head & 64 != 0 { length } else { self.input.u32()? };
            let span = Self::span(start, length)?;
            last_end = span.end;
            if head & 32 == 0 {
                last_scope = self.input.difference(last_scope)?;
            }
            let recv = self.term_id(head & 16 != 0)?;
            refs.push(Ref { name, span, role, scope: ScopeId(last_scope), recv });
        }
        Ok(refs)
    }

    fn term(&mut self, id: u32) -> Result<Term, CorruptError> {
        let tag = self.input.byte()?;
        let mut child = || self.input.difference(id).map(TermId);
        Ok(match tag {
            0 => Term::Unknown,
            1 => {
                self.last_ref = self.input.difference(self.last_ref)?;
                Term::Ref(RefId(self.last_ref))
            }
            2 => Term::Def(DefId(self.input.u32()?)),
            3 => Term::Module(self.name()?.0),
            4 => Term::Exports,
            5 => Term::SelfValue,
            6 => Term::SelfType,
            7 => Term::Super,
            8 => Term::Same(child()?),
            9 => Term::Call(child()?),
            10 => Term::Instance(child()?),
            11 => Term::Index(child()?),
            12 => Term::Iter(child()?),
            13 => Term::Await(child()?),
            14 => Term::Unwrap(child()?),
            15 => Term::Deref(child()?),
            16 => Term::AddrOf(child()?),
            17 => Term::Enter(child()?),
            18 => Term::List(child()?),
            19 => Term::Func(child()?),
            20 => Term::Nth(child()?, self.input.u32()?),
            21 => {
                let (a, b) = (child()?, child()?);
                Term::Payload(a, b, self.input.u32()?)
            }
            22 => {
                let call = child()?;
                Term::Argument(call, self.input.u32()?, self.input.u32()?)
            }
            23 => {
                let key = child()?;
                Term::Map(key, child()?)
            }
            24 => {
                let head = child()?;
                Term::Apply(head, self.children(id)?)
            }
            25 => Term::Union(self.children(id)?),
            26 => Term::Tuple(self.children(id)?),
            27 => Term::Object(ScopeId(self.input.u32()?)),
            32.. => match Literal::ALL.get(usize::from(tag - 32)) {
                Some(literal) => Term::Literal(*literal),
                None => return Err(CorruptError::UnknownTag(tag)),
            },
            _ => return Err(CorruptError::UnknownTag(tag)),
        })
    }

    fn children(&mut self, id: u32) -> Result<Box<[TermId]>, CorruptError> {
        let count = self.input.count()?;
        (0..count).map(|_| self.input.difference(id).map(TermId)).collect()
    }

    fn rest(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        let optional = |n: u32| n.checked_sub(1);
        for _ in 0..self.input.count()? {
            let head = self.input.u32()?;
            let target = TermId(self.input.u32()?);
            facts.globs.push(Glob { scope: ScopeId(head >> 1), target, reexport: head & 1 != 0 });
        }
        for _ in 0..self.input.count()? {
            facts.extensions.push(Extension {
                target_name: self.name()?.0,
                target: TermId(self.input.u32()?),
                scope: optional(self.input.u32()?).map(ScopeId),
                def: optional(self.input.u32()?).map(DefId),
                implements: optional(self.input.u32()?).map(TermId),
            });
        }
        for _ in 0..self.input.count()? {
            facts.inherits.push(Inherit { def: DefId(self.input.u32()?), base: TermId(self.input.u32()?) });
        }
        if self.input.byte()? != 0 {
            let count = self.input.count()?;
            facts.listed = Some((0..count).map(|_| Ok(self.name()?.0)).collect::<Result<_, _>>()?);
        }
        if let Some(package) = optional(self.input.u32()?) {
            facts.package = Some(*self.names.get(package as usize).ok_or(CorruptError::OutOfRange)?);
        }
        Ok(())
    }
}

/// Whether every number in the facts is one of something that is there.
fn is_consistent(facts: &Facts) -> bool {
    let scope = |s: ScopeId| s.index() < facts.scopes.len();
    let def = |d: DefId| d.index() < facts.defs.len();
    let term = |t: TermId| t.index() < facts.terms.len();
    let term_if = |t: Option<TermId>| t.is_none_or(term);
    !facts.scopes.is_empty()
        && facts
            .scopes
            .iter()
            .enumerate()
            .all(|(i, s)| (s.parent.is_none() == (i == 0)) && s.owner.is_none_or(def) && term_if(s.of))
        && facts.defs.iter().all(|d| {
            scope(d.scope) && d.body.is_none_or(scope) && term_if(d.of) && term_if(d.ty) && term_if(d.init)
        })
        && facts.refs.iter().all(|r| scope(r.scope) && term_if(r.recv))
        && facts.globs.iter().all(|g| scope(g.scope) && term(g.target))
        && facts.extensions.iter().all(|e| {
            term(e.target) && e.scope.is_none_or(scope) && e.def.is_none_or(def) && term_if(e.implements)
        })
        && facts.inherits.iter().all(|i| def(i.def) && term(i.base))
        && facts.terms.iter().all(|t| match t {
            Term::Ref(r) => r.index() < facts.refs.len(),
            Term::Def(d) => def(*d),
            Term::Object(s) => scope(*s),
            Term::Same(a)
            | Term::Call(a)
            | Term::Instance(a)
            | Term::Index(a)
            | Term::Iter(a)
            | Term::Await(a)
            | Term::Unwrap(a)
            | Term::Deref(a)
            | Term::AddrOf(a)
            | Term::Enter(a)
            | Term::List(a)
            | Term::Func(a)
            | Term::Nth(a, _)
            | Term::Argument(a, _, _) => term(*a),
            Term::Payload(a, b, _) | Term::Map(a, b) => term(*a) && term(*b),
            Term::Apply(a, parts) => term(*a) && parts.iter().all(|p| term(*p)),
            Term::Union(parts) | Term::Tuple(parts) => parts.iter().all(|p| term(*p)),
            _ => true,
        })
}
