//! What a file declares, read from its bytes without its references and terms, which are the larger part of them.

use super::super::codec::CorruptError;
use super::check;
use super::decode::Decoder;
use super::encode::LastDef;
use super::skim::Skimmer;
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Extension, Facts, Name, ScopeId, Term, TermId};

/// The term that stands in an outline for every term that has to be there.
const ANY_TERM: TermId = TermId(0);

/// The kinds of some definitions, given in ascending order.
///
/// # Errors
/// If the bytes are not those of facts with these definitions.
pub fn kinds_of(bytes: &[u8], defs: &[DefId]) -> Result<Vec<DefKind>, CorruptError> {
    let mut skimmer = Skimmer::new(bytes);
    skimmer.scopes()?;
    let count = skimmer.input.number()?;
    let mut kinds = Vec::with_capacity(defs.len());
    let mut next = 0;
    for def in defs {
        if u64::from(def.0) >= count || def.0 < next {
            return Err(CorruptError::OutOfRange);
        }
        for _ in next..def.0 {
            skimmer.def()?;
        }
        kinds.push(skimmer.def()?.1);
        next = def.0 + 1;
    }
    Ok(kinds)
}

/// What is told of a definition without making facts of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefSketch {
    /// Where its name starts.
    pub start: u32,
    pub scope: ScopeId,
    pub flags: DefFlags,
    pub kind: DefKind,
    /// Its name is written in the text, unless it has none, and it belongs to nothing that is written before that.
    pub apart: bool,
}

impl DefSketch {
    /// That of a definition whose name is so long.
    pub fn of(def: &Def, name_len: u32) -> DefSketch {
        let Def { name_span, scope, flags, kind, .. } = *def;
        let apart = (!name_span.is_empty() || name_len == 0) && def.of.is_none();
        DefSketch { start: name_span.start, scope, flags, kind, apart }
    }
}

/// Sketches of all definitions.
///
/// # Errors
/// If the bytes are not those of facts.
pub fn sketch(bytes: &[u8]) -> Result<Vec<DefSketch>, CorruptError> {
    let mut skimmer = Skimmer::new(bytes);
    skimmer.scopes()?;
    let count = skimmer.input.count(2)?;
    let mut last = LastDef::default();
    (0..count).map(|_| skimmer.def_sketch(&mut last)).collect()
}

/// The number of the package's name.
///
/// # Errors
/// If the bytes are not those of facts.
pub fn package(bytes: &[u8]) -> Result<Option<u32>, CorruptError> {
    let mut skimmer = Skimmer::new(bytes);
    skimmer.scopes()?;
    skimmer.defs(|_, _| {})?;
    skimmer.refs(|_, _, _| {})?;
    skimmer.rest(|_| {})
}

/// Scopes, definitions, extensions and the package, whose terms say nothing; `names` as for [`decode`](super::decode), of which the
/// lengths matter as far as definitions bear them: those come first.
///
/// # Errors
/// If the bytes are not those of facts.
pub fn outline(bytes: &[u8], names: &[(Name, u32)]) -> Result<Facts, CorruptError> {
    let mut decoder = Decoder::new(bytes, names);
    let mut facts = Facts::default();
    decoder.scopes(&mut facts)?;
    decoder.defs(&mut facts)?;
    decoder.skim(|skimmer| skimmer.refs(|_, _, _| {}))?;
    decoder.outline_rest(&mut facts)?;
    facts.scopes.iter_mut().for_each(|scope| scope.of = None);
    for def in &mut facts.defs {
        (def.of, def.ty, def.init) = (None, None, None);
    }
    facts.terms.push(Term::Unknown);
    check(&facts)?;
    Ok(facts)
}

impl Decoder<'_> {
    fn outline_rest(&mut self, facts: &mut Facts) -> Result<(), CorruptError> {
        for _ in 0..self.input.count(2)? {
            self.input.number()?;
            self.input.number()?;
        }
        for _ in 0..self.input.count(5)? {
            let target_name = self.bare_name()?;
            self.input.number()?;
            let (scope, def) = (self.optional()?.map(ScopeId), self.optional()?.map(DefId));
            let implements = if self.input.flag()? { Some(ANY_TERM) } else { None };
            if implements.is_some() {
                self.input.number()?;
            }
            facts.extensions.push(Extension { target_name, target: ANY_TERM, scope, def, implements });
        }
        // What inherits, arguments and their numbers.
        for _ in 0..self.input.count(2)? {
            self.input.number()?;
            self.input.number()?;
        }
        for _ in 0..self.input.count(2)? {
            self.input.number()?;
            for _ in 0..self.input.count(1)? {
                self.input.number()?;
            }
        }
        for _ in 0..self.input.count(1)? {
            self.input.number()?;
        }
        if let Some(count) = self.optional()? {
            for _ in 0..self.input.bounded(u64::from(count), 1)? {
                self.bare_name()?;
            }
        }
        if self.input.flag()? {
            facts.package = Some(self.bare_name()?);
        }
        Ok(())
    }
}
