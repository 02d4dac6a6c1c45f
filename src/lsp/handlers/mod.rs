//! One file per method.

pub mod initialize;
pub mod initialized;
pub mod test_hooks;
