//! The one syntax walk.

/// Code for one node kind.
pub type Hook = fn();
