//! How documents take from the ledger: they ask, and if it is full, folders make room.

use super::ledger::{Account, Charge, Ledger, Refused, Reservation};
use super::sync::Mutex;
use crate::lang::Parser;

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

    /// Enlarges a reservation; refused, it stays as it is.
    pub fn grow(&self, reservation: &mut Reservation, more: u64) -> Result<(), Refused> {
        reservation.grow(more).or_else(|_| {
            (self.make_room)(more);
            reservation.grow(more)
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
