//! From facts to bytes.

use super::super::codec::Writer;
use super::{ODD_LENGTH, Slot, tag};
use crate::lang::facts::{Def, DefFlags, Facts, Name, Ref, Scope, ScopeId, Term, TermId};

/// Facts as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// The names that the bytes use, in the order of their numbers there.
    pub names: Vec<Name>,
}

/// Encodes fresh facts, whose names are the file's own and which pass [`check`](super::check).
pub fn encode(facts: &Facts) -> Encoded {
    let mut encoder = Encoder {
        out: Writer::default(),
        facts,
        numbers: vec![u32::MAX; facts.names.len()],
        names: Vec::new(),
        fresh_term: 0,
    };
    encoder.scopes();
    encoder.defs();
    encoder.refs();
    encoder.rest();
    encoder.terms();
    Encoded { bytes: encoder.out.bytes, names: encoder.names }
}

struct Encoder<'a> {
    out: Writer,
    facts: &'a Facts,
    /// By the file's own name: the number in the bytes, `u32::MAX` before its first use.
    numbers: Vec<u32>,
    names: Vec<Name>,
    fresh_term: u32,
}

/// A head in the making: see [`heads`](super::heads), which takes the choices out in the order they were put in.
struct Head {
    value: u8,
    unit: u8,
}

impl Head {
    const fn new() -> Head {
        Head { value: 0, unit: 1 }
    }
    fn put(mut self, digit: u8, base: u8) -> Head {
        self.value += digit * self.unit;
        self.unit = self.unit.saturating_mul(base);
        self
    }
    fn flag(self, flag: bool) -> Head {
        self.put(u8::from(flag), 2)
    }
    fn slot(self, slot: Slot) -> Head {
        self.put(slot as u8, Slot::COUNT)
    }
}

/// What is left to write of an optional number after the head.
fn explicit(slot: Slot, id: Option<u32>) -> Option<u32> {
    if slot == Slot::Explicit { id } else { None }
}

impl Encoder<'_> {
    /// Whether it is the next new term, which then is taken.
    fn term_slot(&mut self, id: Option<TermId>) -> Slot {
        match id {
            None => Slot::None,
            Some(id) if id.0 == self.fresh_term => {
                self.fresh_term += 1;
                Slot::Next
            }
            Some(_) => Slot::Explicit,
        }
    }

    /// A term that the head did not tell, relative to the next new one.
    fn term_rest(&mut self, slot: Slot, id: Option<TermId>, fresh: u32) {
        if let Some(id) = explicit(slot, id.map(|t| t.0)) {
            self.out.difference(id, fresh);
        }
    }

    /// Whether the name is the next new one, and its number.
    fn name(&mut self, name: Name) -> (bool, u32) {
        let number = &mut self.numbers[name.index()];
        if *number == u32::MAX {
            *number = self.names.len() as u32;
            self.names.push(name);
            return (true, *number);
        }
        (false, *number)
    }

    /// A name without a head: 0 for the next new one, else its number plus one.
    fn bare_name(&mut self, name: Name) {
        let (new, number) = self.name(name);
        self.out.u32(if new { 0 } else { number + 1 });
    }

    /// A term without a head: 0 for the next new one, else its distance from that, which is not 0 then.
    fn bare_term(&mut self, id: TermId) {
        let fresh = self.fresh_term;
        match self.term_slot(Some(id)) {
            Slot::Next => self.out.byte(0),
            _ => self.out.difference(id.0, fresh),
        }
    }

    fn optional(&mut self, id: Option<u32>) {
        self.out.number(id.map_or(0, |id| u64::from(id) + 1));
    }

    fn scopes(&mut self) {
        self.out.u32(self.facts.scopes.len() as u32);
        let (mut last_start, mut last_owner) = (0, 0);
        for (id, scope) in self.facts.scopes.iter().enumerate() {
            let Scope { kind, parent, span, owner, of } = scope;
            let fresh = self.fresh_term;
            let of_slot = self.term_slot(*of);
            let owner_slot = match owner {
                None => Slot::None,
                Some(owner) if owner.0 == last_owner + 1 => Slot::Next,
                Some(_) => Slot::Explicit,
            };
            let up = parent.map_or(0, |p| id as u32 - p.0);
            self.out.byte(Head::new().put(*kind as u8, 7).slot(owner_slot).slot(of_slot).flag(up == 1).value);
            if up != 1 {
                self.out.u32(up);
            }
            self.out.difference(span.start, last_start);
            self.out.u32(span.len());
            last_start = span.start;
            if let Some(owner) = explicit(owner_slot, owner.map(|d| d.0)) {
                self.out.difference(owner, last_owner);
            }
            last_owner = owner.map_or(last_owner, |d| d.0);
            self.term_rest(of_slot, *of, fresh);
        }
    }

    fn defs(&mut self) {
        self.out.u32(self.facts.defs.len() as u32);
        let mut last = LastDef::default();
        for def in &self.facts.defs {
            self.def(def, &mut last);
        }
    }

    fn def(&mut self, def: &Def, last: &mut LastDef) {
        let Def { name, kind, flags, name_span, span, scope, body, of, ty, init } = def;
        let (new_name, number) = self.name(*name);
        let same_scope = scope.0 == last.scope;
        let odd_length = name_span.len() != self.facts.names[name.index()].len() as u32;
        if odd_length {
            self.out.byte(ODD_LENGTH);
        }
        let head = Head::new().put(*kind as u8, 24).flag(same_scope).flag(new_name).flag(span == name_span);
        self.out.byte(head.value);
        let body_slot = match body {
            None => Slot::None,
            Some(body) if body.0 == last.body + 1 => Slot::Next,
            Some(_) => Slot::Explicit,
        };
        let same_flags = last.flags[*kind as usize] == *flags;
        // The next new term moves on with each of the three.
        let before_of = self.fresh_term;
        let of_slot = self.term_slot(*of);
        let before_ty = self.fresh_term;
        let ty_slot = self.term_slot(*ty);
        let before_init = self.fresh_term;
        let init_slot = self.term_slot(*init);
        let head = Head::new().slot(body_slot).slot(of_slot).slot(ty_slot).slot(init_slot).flag(same_flags);
        self.out.byte(head.value);
        if !new_name {
            self.out.u32(number);
        }
        self.out.difference(name_span.start, last.start);
        if odd_length {
            self.out.u32(name_span.len());
        }
        if !same_flags {
            self.out.u32(u32::from(flags.0));
        }
        if !same_scope {
            self.out.difference(scope.0, last.scope);
        }
        if let Some(body) = explicit(body_slot, body.map(|s| s.0)) {
            self.out.difference(body, last.body);
        }
        if span != name_span {
            self.out.difference(name_span.start, span.start);
            self.out.difference(span.end, end_near(self.facts, *body, name_span.end));
        }
        self.term_rest(of_slot, *of, before_of);
        self.term_rest(ty_slot, *ty, before_ty);
        self.term_rest(init_slot, *init, before_init);
        last.flags[*kind as usize] = *flags;
        last.start = name_span.start;
        last.scope = scope.0;
        last.body = body.map_or(last.body, |s| s.0);
    }

    fn refs(&mut self) {
        self.out.u32(self.facts.refs.len() as u32);
        let (mut last_end, mut last_scope) = (0, 0);
        for reference in &self.facts.refs {
            let Ref { name, span, role, scope, recv } = reference;
            let (new_name, number) = self.name(*name);
            let fresh = self.fresh_term;
            let recv_slot = self.term_slot(*recv);
            let same_scope = scope.0 == last_scope;
            let adjoins = u64::from(span.start) == u64::from(last_end) + 1;
            if span.len() != self.facts.names[name.index()].len() as u32 {
                self.out.byte(ODD_LENGTH);
                self.out.u32(span.len());
            }
            let head =
                Head::new().put(*role as u8, crate::lang::facts::Role::ALL.len() as u8).slot(recv_slot);
            self.out.byte(head.flag(same_scope).flag(new_name).flag(adjoins).value);
            if !new_name {
                self.out.u32(number);
            }
            if !adjoins {
                self.out.difference(span.start, last_end);
            }
            if !same_scope {
                self.out.difference(scope.0, last_scope);
            }
            self.term_rest(recv_slot, *recv, fresh);
            (last_end, last_scope) = (span.end, scope.0);
        }
    }

    fn rest(&mut self) {
        self.out.u32(self.facts.globs.len() as u32);
        for glob in &self.facts.globs {
            self.out.number(u64::from(glob.scope.0) << 1 | u64::from(glob.reexport));
            self.bare_term(glob.target);
        }
        self.out.u32(self.facts.extensions.len() as u32);
        for extension in &self.facts.extensions {
            self.bare_name(extension.target_name);
            self.bare_term(extension.target);
            self.optional(extension.scope.map(|s| s.0));
            self.optional(extension.def.map(|d| d.0));
            self.out.byte(u8::from(extension.implements.is_some()));
            if let Some(implements) = extension.implements {
                self.bare_term(implements);
            }
        }
        self.out.u32(self.facts.inherits.len() as u32);
        for inherit in &self.facts.inherits {
            self.out.u32(inherit.def.0);
            self.bare_term(inherit.base);
        }
        self.out.u32(self.facts.arguments.len() as u32);
        let mut last = 0;
        for arguments in &self.facts.arguments {
            self.out.difference(arguments.callee.0, last);
            last = arguments.callee.0;
            self.out.u32(arguments.items.len() as u32);
            for item in &arguments.items {
                self.bare_term(*item);
            }
        }
        self.out.u32(self.facts.arities.len() as u32);
        let mut last = 0;
        for (reference, count) in &self.facts.arities {
            self.out.number(u64::from(reference.0 - last) << 4 | u64::from(*count & 15));
            last = reference.0;
        }
        self.optional(self.facts.listed.as_ref().map(|listed| listed.len() as u32));
        for name in self.facts.listed.iter().flatten() {
            self.bare_name(*name);
        }
        self.out.byte(u8::from(self.facts.package.is_some()));
        if let Some(package) = self.facts.package {
            self.bare_name(package);
        }
    }

    fn terms(&mut self) {
        self.out.u32(self.facts.terms.len() as u32);
        let mut last_ref = 0;
        for term in &self.facts.terms {
            self.term(term, &mut last_ref);
        }
    }

    fn term(&mut self, term: &Term, last_ref: &mut u32) {
        match term {
            Term::Unknown => self.out.byte(tag::UNKNOWN),
            Term::Exports => self.out.byte(tag::EXPORTS),
            Term::SelfValue => self.out.byte(tag::SELF_VALUE),
            Term::SelfType => self.out.byte(tag::SELF_TYPE),
            Term::Super => self.out.byte(tag::SUPER),
            Term::Ref(reference) => self.term_ref(reference.0, last_ref),
            Term::Def(def) => self.tagged(tag::DEF, def.0),
            Term::Object(scope) => self.tagged(tag::OBJECT, scope.0),
            Term::Module(name) => {
                let (new, number) = self.name(*name);
                self.out.byte(tag::MODULE + u8::from(!new));
                if !new {
                    self.out.u32(number);
                }
            }
            Term::Literal(literal) => self.out.byte(tag::LITERAL + *literal as u8),
            Term::Same(a) => self.child(tag::SAME, *a),
            Term::Call(a) => self.child(tag::CALL, *a),
            Term::Instance(a) => self.child(tag::INSTANCE, *a),
            Term::Index(a) => self.child(tag::INDEX, *a),
            Term::Iter(a) => self.child(tag::ITER, *a),
            Term::Await(a) => self.child(tag::AWAIT, *a),
            Term::Unwrap(a) => self.child(tag::UNWRAP, *a),
            Term::Deref(a) => self.child(tag::DEREF, *a),
            Term::AddrOf(a) => self.child(tag::ADDR_OF, *a),
            Term::Enter(a) => self.child(tag::ENTER, *a),
            Term::List(a) => self.child(tag::LIST, *a),
            Term::Func(a) => self.child(tag::FUNC, *a),
            Term::Nth(a, n) => {
                self.child(tag::NTH, *a);
                self.out.u32(*n);
            }
            Term::Payload(a, b, n) => {
                self.child(tag::PAYLOAD, *a);
                self.bare_term(*b);
                self.out.u32(*n);
            }
            Term::Argument(a, position, n) => {
                self.child(tag::ARGUMENT, *a);
                self.out.u32(*position);
                self.out.u32(*n);
            }
            Term::Map(a, b) => {
                self.child(tag::MAP, *a);
                self.bare_term(*b);
            }
            Term::Apply(head, arguments) => {
                self.child(tag::APPLY, *head);
                self.children(arguments);
            }
            Term::Union(parts) => {
                self.out.byte(tag::UNION);
                self.children(parts);
            }
            Term::Tuple(parts) => {
                self.out.byte(tag::TUPLE);
                self.children(parts);
            }
        }
    }

    fn tagged(&mut self, tag: u8, number: u32) {
        self.out.byte(tag);
        self.out.u32(number);
    }

    fn term_ref(&mut self, reference: u32, last_ref: &mut u32) {
        let difference = i64::from(reference) - i64::from(*last_ref);
        match u8::try_from(difference - tag::NEAR_REF_LEAST) {
            Ok(step) if step <= u8::MAX - tag::NEAR_REF => self.out.byte(tag::NEAR_REF + step),
            _ => self.tagged(tag::REF, reference),
        }
        *last_ref = reference;
    }

    fn child(&mut self, tag: u8, id: TermId) {
        let fresh = self.fresh_term;
        let slot = self.term_slot(Some(id));
        self.out.byte(tag + u8::from(slot == Slot::Explicit));
        self.term_rest(slot, Some(id), fresh);
    }

    fn children(&mut self, ids: &[TermId]) {
        self.out.u32(ids.len() as u32);
        for id in ids {
            self.bare_term(*id);
        }
    }
}

/// What the next definition is written relative to.
#[derive(Default)]
pub(super) struct LastDef {
    pub start: u32,
    pub scope: u32,
    pub body: u32,
    /// By kind.
    pub flags: [DefFlags; 24],
}

/// Where a definition's end is looked for: its body's end, or else its name's.
pub(super) fn end_near(facts: &Facts, body: Option<ScopeId>, name_end: u32) -> u32 {
    body.and_then(|b| facts.scopes.get(b.index())).map_or(name_end, |scope| scope.span.end)
}
