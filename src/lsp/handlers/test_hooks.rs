//! Requests that go wrong on purpose, so that tests of the whole server can see it survive. Off unless asked for.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tower_lsp::LspServiceBuilder;
use tower_lsp::jsonrpc::Result;

use crate::lsp::errors;
use crate::lsp::server::Server;
use crate::lsp::work;
use crate::workspace::gate::Permit;
use crate::workspace::manager::Hold as Held;
use crate::workspace::pool::Pool;
use crate::workspace::sync::Mutex;

const POLL_INTERVAL: Duration = Duration::from_millis(1);

#[derive(Deserialize)]
struct Panic {
    place: Place,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    /// Before the first await, on the thread that reads messages.
    Inline,
    /// After it, on the runtime.
    Later,
    /// On the pool.
    Pool,
}

#[derive(Deserialize)]
struct Hold {
    held: bool,
}

/// What builds need to go on, while they are held.
static HELD: Mutex<Option<Permit>> = Mutex::new(None);

#[derive(Deserialize)]
struct Retain {
    bytes: u64,
}

/// Memory that waits for nobody.
static RETAINED: Mutex<Option<Held>> = Mutex::new(None);

#[derive(Deserialize)]
struct Slow {
    milliseconds: u64,
}

pub fn register(builder: LspServiceBuilder<Server>) -> LspServiceBuilder<Server> {
    builder
        .custom_method("coppice/test/panic", |server: &Server, params: Panic| panic_at(server, params.place))
        .custom_method("coppice/test/panicNotification", |_: &Server| {
            panic!("asked to panic in a notification");
            #[expect(unreachable_code, reason = "says what kind of handler this is")]
            std::future::ready(())
        })
        .custom_method("coppice/test/slow", |server: &Server, params: Slow| {
            work::run(pool(server), move |cancel| {
                let until = Instant::now() + Duration::from_millis(params.milliseconds);
                while Instant::now() < until {
                    if cancel.is_cancelled() {
                        return Err(errors::cancelled());
                    }
                    std::thread::sleep(POLL_INTERVAL);
                }
                Ok("slow")
            })
        })
        .custom_method("coppice/test/hold", |server: &Server, params: Hold| hold(server, params.held))
        .custom_method("coppice/test/retain", |server: &Server, params: Retain| retain(server, params.bytes))
        .custom_method("coppice/test/quick", |server: &Server| work::run(pool(server), |_| Ok("quick")))
}

/// Tests that ask before `initialize` are refused before they come here.
fn pool(server: &Server) -> &Pool {
    server.session.manager().expect("the session has begun").pool()
}

/// Holds all builds before their next file, or lets them go on.
fn hold(server: &Server, held: bool) -> impl Future<Output = Result<()>> + Send + use<> {
    let manager = server.session.manager().expect("the session has begun");
    let permit = if held { manager.hold_builds() } else { None };
    let before = std::mem::replace(&mut *HELD.lock(), permit);
    drop(before);
    std::future::ready(Ok(()))
}

/// Takes so much of the budget, as a reply does that nobody reads, instead of what was taken before.
fn retain(server: &Server, bytes: u64) -> impl Future<Output = Result<()>> + Send + use<> {
    let holder = server.session.manager().expect("the session has begun").holder();
    let before = RETAINED.lock().take();
    let held = match before {
        _ if bytes == 0 => None,
        // In one step: what is given back of it is free, and no more is meanwhile.
        Some(mut held) => held.resize(bytes).map(|()| Some(held)).expect("there is room for it"),
        None => Some(holder.hold(bytes).expect("there is room for it")),
    };
    *RETAINED.lock() = held;
    std::future::ready(Ok(()))
}

fn panic_at(server: &Server, place: Place) -> impl Future<Output = Result<()>> + Send + use<> {
    let job = matches!(place, Place::Pool)
        .then(|| work::run(pool(server), |_| -> Result<()> { panic!("asked to panic on the pool") }));
    async move {
        match place {
            Place::Inline => panic!("asked to panic at once"),
            Place::Later => {
                tokio::task::yield_now().await;
                panic!("asked to panic later")
            }
            Place::Pool => job.ok_or_else(|| errors::internal("no job"))?.await,
        }
    }
}
