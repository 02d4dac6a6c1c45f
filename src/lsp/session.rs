//! The state of one conversation with a client.

use crossbeam_channel::Sender;

use super::serve::{Ending, Options};
use super::transport::Client;
use crate::workspace::machine;
use crate::workspace::pool::Pool;

/// Most threads that queries run on at a time; each may hold a whole answer.
const QUERY_THREADS_MAX: usize = 32;

/// What all handlers share.
pub struct Session {
    pub client: Client,
    pub runtime: tokio::runtime::Handle,
    pub options: Options,
    pub pool: Pool,
    end: Sender<Ending>,
}

impl Session {
    pub fn new(
        client: Client,
        runtime: tokio::runtime::Handle,
        end: Sender<Ending>,
        options: Options,
    ) -> Session {
        let pool = Pool::new(machine::cores(), QUERY_THREADS_MAX);
        Session { client, runtime, options, pool, end }
    }

    /// Makes the process end.
    pub fn end(&self, ending: Ending) {
        // Full means that it is ending already.
        let _ = self.end.try_send(ending);
    }

    /// Puts everything away; nothing is asked any more.
    pub fn shut_down(&self) {
        self.pool.shutdown();
    }
}
