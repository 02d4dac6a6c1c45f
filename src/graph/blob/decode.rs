//! From bytes to facts.

use super::super::codec::{CorruptError, Reader};
use super::encode::{LastDef, end_near};
use super::heads::{DefStart, REF_HEADS, SCOPE_HEADS};
use super::skim::Skimmer;
use super::{ODD_LENGTH, Slot, tag};
use crate::lang::facts::{
    Arguments, Def, DefFlags, DefId, Extension, Facts, Glob, Inherit, Literal, Name, Ref, RefId, Scope,
    ScopeId, Span, Term, TermId,
};

/// Decodes facts; `names` gives for each number in the bytes the name that it stands for and its length in bytes.
///
/// # Errors
/// If the bytes are not those of facts with that many names.
pub fn decode(bytes: &[u8], names: &[(Name, u32)]) -> Result<Facts, CorruptError> {
    let mut decoder = Decoder::new(bytes, names);
    let mut facts = Facts::default();
    decoder.scopes(&mut facts)?;
    decoder.defs(&mut facts)?;
    decoder.refs(&mut facts)?;
    decoder.rest(&mut facts)?;
    decoder.terms(&mut facts)?;
    if !decoder.input.is_empty() || decoder.fresh_name as usize != names.len() {
        return Err(CorruptError::OutOfRange);
    }
    decoder.bounds.check(&facts)?;
    Ok(facts)
}

/// The number behind the greatest that was read, of each kind of thing: all that has to be compared with what there
/// is in the end. It finds what [`check`](super::check) finds.
#[derive(Default)]
struct Bounds {
    scopes: u32,
    defs: u32,
    refs: u32,
    terms: u32,
}

impl Bounds {
    #[inline(always)]
    fn scope(&mut self, number: Option<u32>) {
        self.scopes = self.scopes.max(number.map_or(0, |n| n.saturating_add(1)));
    }
    #[inline(always)]
    fn def(&mut self, number: Option<u32>) {
        self.defs = self.defs.max(number.map_or(0, |n| n.saturating_add(1)));
    }
    #[inline(always)]
    fn reference(&mut self, number: u32) {
        self.refs = self.refs.max(number.saturating_add(1));
    }
    #[inline(always)]
    fn term(&mut self, number: u32) {
        self.terms = self.terms.max(number.saturating_add(1));
    }

    fn check(&self, facts: &Facts) -> Result<(), CorruptError> {
        let within = |bound: u32, count: usize| bound as usize <= count;
        // The scopes of what names none are that of the file.
        let whole = !facts.scopes.is_empty()
            && within(self.scopes, facts.scopes.len())
            && within(self.defs, facts.defs.len())
            && within(self.refs, facts.refs.len())
            && within(self.terms, facts.terms.len());
        if whole { Ok(()) } else { Err(CorruptError::OutOfRange) }
    }
}

pub(super) struct Decoder<'a> {
    pub input: Reader<'a>,
    names: &'a [(Name, u32)],
    fresh_name: u32,
    fresh_term: u32,
    bounds: Bounds,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8], names: &'a [(Name, u32)]) -> Decoder<'a> {
        Decoder { input: Reader::new(bytes), names, fresh_name: 0, fresh_term: 0, bounds: Bounds::default() }
    }

    /// Goes over something without reading it.
    pub fn skim(
        &mut self,
        over: impl FnOnce(&mut Skimmer<'a>) -> Result<(), CorruptError>,
    ) -> Result<(), CorruptError> {
        let mut skimmer = Skimmer { input: self.input, fresh_name: self.fresh_name };
        let done = over(&mut skimmer);
        (self.input, self.fresh_name) = (skimmer.input, skimmer.fresh_name);
        done
    }
    fn numbered(&self, number: u32) -> Result<(Name, u32), CorruptError> {
        self.names.get(number as usize).copied().ok_or(CorruptError::OutOfRange)
    }

    fn name(&mut self, new: bool) -> Result<(Name, u32), CorruptError> {
        let number = if new { self.fresh_name } else { self.input.u32()? };
        self.fresh_name += u32::from(new);
        self.numbered(number)
    }

    pub fn bare_name(&mut self) -> Result<Name, CorruptError> {
        match self.input.u32()?.checked_sub(1) {
            None => Ok(self.name(true)?.0),
            Some(number) => Ok(self.numbered(number)?.0),
        }
    }

    /// The next new term.
    fn take_term(&mut self) -> Result<TermId, CorruptError> {
        let term = TermId(self.fresh_term);
        self.bounds.term(term.0);
        self.fresh_term = self.fresh_term.checked_add(1).ok_or(CorruptError::OutOfRange)?;
        Ok(term)
    }

    fn bare_term(&mut self) -> Result<TermId, CorruptError> {
        let id = self.input.difference(self.fresh_term)?;
        if id == self.fresh_term { self.take_term() } else { Ok(self.known_term(id)) }
    }

    fn spelled_term(&mut self) -> Result<TermId, CorruptError> {
        let id = self.input.difference(self.fresh_term)?;
        Ok(self.known_term(id))
    }

    #[inline(always)]
    fn known_term(&mut self, id: u32) -> TermId {
        self.bounds.term(id);
        TermId(id)
    }

    /// Terms as the head tells them: new ones are taken first, in their order, for the rest is relative to what was
    /// the next new one then.
    fn take_terms<const N: usize>(
        &mut self,
        slots: [Slot; N],
    ) -> Result<[(Slot, Option<TermId>, u32); N], CorruptError> {
        let mut taken = [(Slot::None, None, 0); N];
        for (slot, out) in slots.into_iter().zip(&mut taken) {
            let fresh = self.fresh_term;
            let term = if slot == Slot::Next { Some(self.take_term()?) } else { None };
            *out = (slot, term, fresh);
        }
        Ok(taken)
    }

    fn term_rest(
        &mut self,
        (slot, term, fresh): (Slot, Option<TermId>, u32),
    ) -> Result<Option<TermId>, CorruptError> {
        match slot {
            Slot::Explicit => {
                let id = self.input.difference(fresh)?;
                Ok(Some(self.known_term(id)))
            }
            _ => Ok(term),
        }
    }

    pub fn optional(&mut self) -> Result<Option<u32>, CorruptError> {
        match self.input.number()?.checked_sub(1) {
            None => Ok(None),
            Some(n) => u32::try_from(n).map(Some).map_err(|_| CorruptError::OutOfRange),
        }
    }

    fn span(start: u32, length: u32) -> Result<Span, CorruptError> {
        Ok(Span::new(start, start.checked_add(length).ok_or(CorruptError::OutOfRange)?))
    }

    /// Another number like the last one: the next one, or spelled out relative to the last.
    fn follow(&mut self, slot: Slot, last: &mut u32) -> Result<Option<u32>, CorruptError> {
        *last = match slot {
            Slot::None => return Ok(None),
            Slot::Next => last.checked_add(1).ok_or(CorruptError::OutOfRange)?,
            Slot::Explicit => self.input.difference(*last)?,
        };
        Ok(Some(*last))
    }

    pub fn scopes(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        const BYTES_MIN: usize = 3;
        let count = self.input.count(BYTES_MIN)?;
        facts.scopes.reserve_exact(count);
        let (mut last_start, mut last_owner) = (0, 0);
        for id in 0..count as u32 {
            let byte = self.input.byte()?;
            let head = SCOPE_HEADS[usize::from(byte)];
            if !head.valid {
                return Err(CorruptError::UnknownTag(byte));
            }
            let parent = match if head.next_to_parent { 1 } else { self.input.u32()? } {
                0 if id == 0 => None,
                0 => return Err(CorruptError::OutOfRange),
                up => Some(ScopeId(id.checked_sub(up).ok_or(CorruptError::OutOfRange)?)),
            };
            last_start = self.input.difference(last_start)?;
            let span = Self::span(last_start, self.input.u32()?)?;
            let owner = self.follow(head.owner, &mut last_owner)?;
            self.bounds.def(owner);
            let [of] = self.take_terms([head.of])?;
            let owner = owner.map(DefId);
            facts.scopes.push(Scope { kind: head.kind, parent, span, owner, of: self.term_rest(of)? });
        }
        Ok(())
    }

    pub fn defs(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        const BYTES_MIN: usize = 3;
        let count = self.input.count(BYTES_MIN)?;
        facts.defs.reserve_exact(count);
        let mut last = LastDef::default();
        for _ in 0..count {
            let def = self.def(facts, &mut last)?;
            facts.defs.push(def);
        }
        Ok(())
    }

    fn def(&mut self, facts: &Facts, last: &mut LastDef) -> Result<Def, CorruptError> {
        let DefStart { first, odd_length, head, slots } = DefStart::read(&mut self.input)?;
        if !head.valid || !slots.valid {
            return Err(CorruptError::UnknownTag(first));
        }
        let kind_number = head.kind as usize;
        let (name, length) = self.name(head.new_name)?;
        last.start = self.input.difference(last.start)?;
        let length = if odd_length { self.input.u32()? } else { length };
        let name_span = Self::span(last.start, length)?;
        if !slots.same_flags {
            let flags = u16::try_from(self.input.u32()?).map_err(|_| CorruptError::OutOfRange)?;
            last.flags[kind_number] = DefFlags(flags);
        }
        if !head.same_scope {
            last.scope = self.input.difference(last.scope)?;
            self.bounds.scope(Some(last.scope));
        }
        let body = self.follow(slots.body, &mut last.body)?;
        self.bounds.scope(body);
        let body = body.map(ScopeId);
        let mut span = name_span;
        if !head.name_only {
            span.start = self.input.back_difference(name_span.start)?;
            span.end = self.input.difference(end_near(facts, body, name_span.end))?;
            if span.start > span.end {
                return Err(CorruptError::OutOfRange);
            }
        }
        let [of, ty, init] = self.take_terms(slots.terms)?;
        Ok(Def {
            name,
            kind: head.kind,
            flags: last.flags[kind_number],
            name_span,
            span,
            scope: ScopeId(last.scope),
            body,
            of: self.term_rest(of)?,
            ty: self.term_rest(ty)?,
            init: self.term_rest(init)?,
        })
    }

    fn refs(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        let count = self.input.count(1)?;
        facts.refs.reserve_exact(count);
        let (mut last_end, mut last_scope) = (0_u32, 0);
        for _ in 0..count {
            let mut byte = self.input.byte()?;
            let mut odd_length = None;
            if byte == ODD_LENGTH {
                odd_length = Some(self.input.u32()?);
                byte = self.input.byte()?;
            }
            let head = REF_HEADS[usize::from(byte)];
            if !head.valid {
                return Err(CorruptError::UnknownTag(byte));
            }
            let (name, length) = self.name(head.new_name)?;
            let start = if head.adjoins {
                last_end.checked_add(1).ok_or(CorruptError::OutOfRange)?
            } else {
                self.input.difference(last_end)?
            };
            let span = Self::span(start, odd_length.unwrap_or(length))?;
            last_end = span.end;
            if !head.same_scope {
                last_scope = self.input.difference(last_scope)?;
                self.bounds.scope(Some(last_scope));
            }
            let [recv] = self.take_terms([head.receiver])?;
            let recv = self.term_rest(recv)?;
            facts.refs.push(Ref { name, span, role: head.role, scope: ScopeId(last_scope), recv });
        }
        Ok(())
    }

    fn rest(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        for _ in 0..self.input.count(2)? {
            let head = self.input.number()?;
            let scope = u32::try_from(head >> 1).map_err(|_| CorruptError::OutOfRange)?;
            let target = self.bare_term()?;
            self.bounds.scope(Some(scope));
            facts.globs.push(Glob { scope: ScopeId(scope), target, reexport: head & 1 != 0 });
        }
        for _ in 0..self.input.count(5)? {
            let (target_name, target) = (self.bare_name()?, self.bare_term()?);
            let (scope, def) = (self.optional()?, self.optional()?);
            self.bounds.scope(scope);
            self.bounds.def(def);
            facts.extensions.push(Extension {
                target_name,
                target,
                scope: scope.map(ScopeId),
                def: def.map(DefId),
                implements: if self.input.flag()? { Some(self.bare_term()?) } else { None },
            });
        }
        for _ in 0..self.input.count(2)? {
            let (def, base) = (self.input.u32()?, self.bare_term()?);
            self.bounds.def(Some(def));
            facts.inherits.push(Inherit { def: DefId(def), base });
        }
        let mut last = 0;
        for _ in 0..self.input.count(2)? {
            last = self.input.difference(last)?;
            let count = self.input.count(1)?;
            let items: Result<Box<[TermId]>, CorruptError> = (0..count).map(|_| self.bare_term()).collect();
            self.bounds.reference(last);
            facts.arguments.push(Arguments { callee: RefId(last), items: items? });
        }
        let mut last = 0_u32;
        for _ in 0..self.input.count(1)? {
            let number = self.input.number()?;
            let ahead = u32::try_from(number >> 4).map_err(|_| CorruptError::OutOfRange)?;
            last = last.checked_add(ahead).ok_or(CorruptError::OutOfRange)?;
            if last as usize >= facts.refs.len() {
                return Err(CorruptError::OutOfRange);
            }
            facts.arities.push((RefId(last), (number & 15) as u8));
        }
        if let Some(count) = self.optional()? {
            let count = self.input.bounded(u64::from(count), 1)?;
            let names: Result<Vec<Name>, CorruptError> = (0..count).map(|_| self.bare_name()).collect();
            facts.listed = Some(names?);
        }
        if self.input.flag()? {
            facts.package = Some(self.bare_name()?);
        }
        Ok(())
    }

    fn terms(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        let count = self.input.count(1)?;
        facts.terms.reserve_exact(count);
        let mut last_ref = 0;
        for _ in 0..count {
            facts.terms.push(self.term(&mut last_ref)?);
        }
        Ok(())
    }

    fn term(&mut self, last_ref: &mut u32) -> Result<Term, CorruptError> {
        let byte = self.input.byte()?;
        if byte >= tag::NEAR_REF {
            let number = i64::from(*last_ref) + i64::from(byte - tag::NEAR_REF) + tag::NEAR_REF_LEAST;
            *last_ref = u32::try_from(number).map_err(|_| CorruptError::OutOfRange)?;
            self.bounds.reference(*last_ref);
            return Ok(Term::Ref(RefId(*last_ref)));
        }
        if byte >= tag::LITERAL {
            let literal = Literal::ALL.get(usize::from(byte - tag::LITERAL));
            return literal.map(|l| Term::Literal(*l)).ok_or(CorruptError::UnknownTag(byte));
        }
        if byte >= tag::SAME {
            return self.parent(byte);
        }
        Ok(match byte {
            tag::UNKNOWN => Term::Unknown,
            tag::EXPORTS => Term::Exports,
            tag::SELF_VALUE => Term::SelfValue,
            tag::SELF_TYPE => Term::SelfType,
            tag::SUPER => Term::Super,
            tag::DEF => {
                let def = self.input.u32()?;
                self.bounds.def(Some(def));
                Term::Def(DefId(def))
            }
            tag::OBJECT => {
                let scope = self.input.u32()?;
                self.bounds.scope(Some(scope));
                Term::Object(ScopeId(scope))
            }
            tag::REF => {
                *last_ref = self.input.u32()?;
                self.bounds.reference(*last_ref);
                Term::Ref(RefId(*last_ref))
            }
            tag::UNION => Term::Union(self.children()?),
            tag::TUPLE => Term::Tuple(self.children()?),
            // The two tags of a module differ in whether its name is new.
            _ => Term::Module(self.name(byte == tag::MODULE)?.0),
        })
    }

    /// A term whose tag tells whether its first child is the next new term.
    fn parent(&mut self, byte: u8) -> Result<Term, CorruptError> {
        let child = if byte & 1 == 0 { self.take_term()? } else { self.spelled_term()? };
        Ok(match byte & !1 {
            tag::SAME => Term::Same(child),
            tag::CALL => Term::Call(child),
            tag::INSTANCE => Term::Instance(child),
            tag::INDEX => Term::Index(child),
            tag::ITER => Term::Iter(child),
            tag::AWAIT => Term::Await(child),
            tag::UNWRAP => Term::Unwrap(child),
            tag::DEREF => Term::Deref(child),
            tag::ADDR_OF => Term::AddrOf(child),
            tag::ENTER => Term::Enter(child),
            tag::LIST => Term::List(child),
            tag::FUNC => Term::Func(child),
            tag::NTH => Term::Nth(child, self.input.u32()?),
            tag::PAYLOAD => Term::Payload(child, self.bare_term()?, self.input.u32()?),
            tag::ARGUMENT => Term::Argument(child, self.input.u32()?, self.input.u32()?),
            tag::MAP => Term::Map(child, self.bare_term()?),
            tag::APPLY => Term::Apply(child, self.children()?),
            _ => return Err(CorruptError::UnknownTag(byte)),
        })
    }

    fn children(&mut self) -> Result<Box<[TermId]>, CorruptError> {
        let count = self.input.count(1)?;
        (0..count).map(|_| self.bare_term()).collect()
    }
}
