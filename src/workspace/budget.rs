//! How documents take from the ledger: they ask, and if it is full, folders make room.

use std::time::{Duration, Instant};

use super::ledger::{Account, Charge, Ledger, Refused, Reservation};
use super::sync::Mutex;
use crate::lang::Parser;

/// Parsers kept for the next parse; more than this many parse at once only in passing.
const PARSERS_KEPT_MAX: usize = 8;

/// Longest that a parse waits for memory that builds and readers have.
const PATIENCE: Duration = Duration::from_secs(1);

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

    /// Waits a moment for builds and readers, if they have what is lacking.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Refused> {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.ledger.releases();
            let granted = self.ledger.reserve(bytes).or_else(|_| {
                (self.make_room)(bytes);
                self.ledger.reserve(bytes)
            });
            let refused = match granted {
                Ok(reservation) => return Ok(reservation),
                Err(refused) => refused,
            };
            let passing = refused.balance.reserved.saturating_add(refused.balance.retained);
            let need = refused.balance.used().saturating_add(bytes).saturating_sub(refused.balance.limit);
            if need > passing || !self.ledger.wait_released(seen, until) {
                return Err(refused);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn what_others_have_for_the_moment_is_waited_for() {
        let ledger = Ledger::new(1_000);
        let build = ledger.reserve(800).unwrap();
        let (sent, refused) = bounded(8);
        let budget = Budget::new(ledger.clone(), move |_| {
            let _ = sent.try_send(());
        });
        let parse = std::thread::scope(|scope| {
            let asks = scope.spawn(|| budget.reserve(500).map(|reservation| reservation.bytes()));
            refused.recv().unwrap();
            drop(build);
            asks.join().unwrap()
        });
        assert_eq!(parse, Ok(500));
        // What nobody will give back is refused at once.
        let _document = budget.charge(800).unwrap();
        let began = Instant::now();
        assert!(budget.reserve(500).is_err());
        assert!(began.elapsed() < PATIENCE);
    }
}
