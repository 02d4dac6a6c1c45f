//! Memory for what is made from a graph and is gone soon: its owner says whether there is some.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// So many bytes more, until they are dropped; `None` if there is no room for them.
type Lend = dyn Fn(u64) -> Option<Loan> + Send + Sync;

/// Bytes that have been lent; dropped, they are given back.
pub type Loan = Box<dyn Any>;

/// Asked before memory is taken for a while. A graph that has none may take what it needs.
#[derive(Clone)]
pub struct Lender(Arc<Lend>);

impl Lender {
    pub fn new(lend: impl Fn(u64) -> Option<Loan> + Send + Sync + 'static) -> Lender {
        Lender(Arc::new(lend))
    }
}

impl fmt::Debug for Lender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lender")
    }
}

/// What one piece of work has borrowed.
pub(super) struct Borrowed<'g> {
    lender: Option<&'g Lender>,
    loans: Vec<Loan>,
    bytes: usize,
}

impl<'g> Borrowed<'g> {
    pub fn of(lender: Option<&'g Lender>) -> Borrowed<'g> {
        Borrowed { lender, loans: Vec::new(), bytes: 0 }
    }

    /// Borrows what is missing to so many bytes in all; `false` if that is not to be had.
    pub fn cover(&mut self, bytes: usize) -> bool {
        /// The least that is asked for at once.
        const STEP_BYTES: usize = 64 << 10;
        let Some(lender) = self.lender else { return true };
        let Some(missing) = bytes.checked_sub(self.bytes).filter(|missing| *missing > 0) else { return true };
        let more = missing.max(STEP_BYTES);
        let Some(loan) = (lender.0)(more as u64) else { return false };
        self.loans.push(loan);
        self.bytes += more;
        true
    }
}
