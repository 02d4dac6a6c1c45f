//! The language server: the only part that knows the protocol and the async runtime.
//!
//! [`transport`] moves messages, [`server`] routes them, [`session`] is the state of one conversation, and
//! [`handlers`] has one file per method. The signature of a handler says how it runs: one that changes state gets the
//! session and is an ordinary function, which the transport has run before it looks at the next message; one that
//! reads captures what it needs in the same way and answers from that on a thread of the pool.

pub mod serve;

mod abroad;
mod announcer;
mod configuration;
mod convert;
mod diagnostics;
mod errors;
mod features;
mod findings;
mod handlers;
mod lacking;
mod lanes;
mod parent;
mod partial;
mod progress;
mod reading;
mod refresh;
mod registration;
mod server;
mod session;
mod showing;
mod token_results;
mod transport;
mod uri;
mod work;

pub use serve::{Options, serve};
