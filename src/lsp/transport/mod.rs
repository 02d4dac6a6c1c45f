//! The wire: frames in, messages in the order of arrival to the service, replies and our own messages out.

mod client;
mod frame;
mod message;
mod outbox;
mod reader;
pub mod written;

pub use client::{AskError, Client};
pub use outbox::{FLUSH_WAIT, Outbox};
pub use reader::{End, LEFT_OUT, REQUEST_FAILED, Reader};
