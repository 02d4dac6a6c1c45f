//! Work beside the runtime: on the pool's threads, for as long as somebody waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Result;

use super::errors;
use crate::workspace::cancel::CancelToken;
use crate::workspace::crew::panic_message;
use crate::workspace::pool::Pool;

/// Queues a job at once; the future is its result. Dropping the future cancels the job.
pub fn run<T, F>(pool: &Pool, job: F) -> impl Future<Output = Result<T>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce(&CancelToken) -> Result<T> + Send + 'static,
{
    let token = CancelToken::new();
    let (sender, result) = oneshot::channel();
    let queued = pool.submit(token.clone(), move |cancel| {
        if cancel.is_cancelled() {
            return;
        }
        let _ = sender.send(caught(|| job(cancel)));
    });
    let guard = CancelOnDrop(token);
    async move {
        let _guard = guard;
        queued.map_err(errors::not_taken)?;
        result.await.unwrap_or_else(|_| Err(errors::cancelled()))
    }
}

/// Does the rest of what has been worked on before anything that has not been begun; the future is its result.
pub async fn rest<T: Send + 'static>(
    pool: &Pool,
    rest: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, result) = oneshot::channel();
    let queued = pool.submit_rest(move || {
        let _ = sender.send(caught(rest));
    });
    queued.map_err(errors::not_taken)?;
    result.await.unwrap_or_else(|_| Err(errors::cancelled()))
}

/// Runs a query; a panic is its error.
pub fn caught<T>(query: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(query)).unwrap_or_else(|panic| {
        let message = panic_message(&*panic);
        tracing::error!("a query panicked: {message}");
        Err(errors::internal(format!("the query failed inside: {message}")))
    })
}

/// Cancels work when nobody waits for it any more.
pub struct CancelOnDrop(pub CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
