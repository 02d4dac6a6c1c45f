//! How documents take from the ledger: they ask, and if it is full, folders make room.

use std::mem::size_of_val;

use super::ledger::{Account, Charge, Ledger, Refused, Reservation};
use super::sync::Mutex;
use crate::lang::Parser;
use crate::lang::facts::{Facts, Term};

/// Parsers kept for the next parse; more than this many parse at once only in passing.
const PARSERS_KEPT_MAX: usize = 8;

/// Makes room for so many bytes, by evicting folders.
type MakeRoom = Box<dyn Fn(u64) + Send + Sync>;

/// The ledger as documents see it, and the parsers that they share.
pub struct Budget {
    ledger: Ledger,
    make_room: MakeRoom,
    parsers: Mutex<Vec<Parser>>,
}

impl Budget {
    pub fn new(ledger: Ledger, make_room: impl Fn(u64) + Send + Sync + 'static) -> Budget {
        Budget { ledger, make_room: Box::new(make_room), parsers: Mutex::default() }
    }

    pub fn charge(&self, bytes: u64) -> Result<Charge, Refused> {
        self.ledger.charge(Account::Documents, bytes).or_else(|_| {
            (self.make_room)(bytes);
            self.ledger.charge(Account::Documents, bytes)
        })
    }

    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Refused> {
        self.ledger.reserve(bytes).or_else(|_| {
            (self.make_room)(bytes);
            self.ledger.reserve(bytes)
        })
    }

    /// Lends a parser. One that was in use during a panic is not used again.
    pub fn with_parser<T>(&self, work: impl FnOnce(&mut Parser) -> T) -> T {
        let mut parser = self.parsers.lock().pop().unwrap_or_default();
        let out = work(&mut parser);
        let mut parsers = self.parsers.lock();
        if parsers.len() < PARSERS_KEPT_MAX {
            parsers.push(parser);
        }
        out
    }
}

/// Heap bytes of facts in memory.
pub fn facts_bytes(facts: &Facts) -> u64 {
    let names: usize = facts.names.iter().map(|n| n.len() + 24).sum();
    let boxed = |t: &Term| match t {
        Term::Apply(_, parts) | Term::Union(parts) | Term::Tuple(parts) => size_of_val::<[_]>(parts) + 16,
        _ => 0,
    };
    let terms: usize = facts.terms.iter().map(boxed).sum();
    let flat = size_of_val(&facts.scopes[..])
        + size_of_val(&facts.defs[..])
        + size_of_val(&facts.refs[..])
        + size_of_val(&facts.terms[..])
        + size_of_val(&facts.globs[..])
        + size_of_val(&facts.extensions[..])
        + size_of_val(&facts.inherits[..])
        + facts.listed.as_ref().map_or(0, |l| size_of_val(&l[..]));
    (names + terms + flat) as u64
}
