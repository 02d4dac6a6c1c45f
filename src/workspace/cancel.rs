//! Telling work that nobody wants it any more.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sync::Mutex;

type Hook = Box<dyn FnOnce() + Send>;

/// A flag that work polls; clones share it.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Default)]
struct Inner {
    cancelled: AtomicBool,
    hooks: Mutex<Vec<Hook>>,
}

impl CancelToken {
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Raises the flag and runs the hooks, once.
    pub fn cancel(&self) {
        let hooks = {
            let mut hooks = self.0.hooks.lock();
            self.0.cancelled.store(true, Ordering::SeqCst);
            std::mem::take(&mut *hooks)
        };
        for hook in hooks {
            hook();
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// For code that wants no more than a flag.
    pub fn flag(&self) -> &AtomicBool {
        &self.0.cancelled
    }

    /// Runs the hook when the token is cancelled; at once if it is already.
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) {
        let mut hooks = self.0.hooks.lock();
        if self.0.cancelled.load(Ordering::SeqCst) {
            drop(hooks);
            hook();
        } else {
            hooks.push(Box::new(hook));
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken").field(&self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_run_once_whenever_they_were_given() {
        let token = CancelToken::new();
        let (sent, got) = crossbeam_channel::unbounded();
        let before = sent.clone();
        token.on_cancel(move || before.send("before").unwrap());
        assert!(!token.is_cancelled());
        token.clone().cancel();
        token.cancel();
        token.on_cancel(move || sent.send("after").unwrap());
        assert_eq!(got.iter().collect::<Vec<_>>(), ["before", "after"]);
        assert!(token.is_cancelled());
    }
}
