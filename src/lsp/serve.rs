//! The process: its threads, and how it ends.

use std::io::{self, Write};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use serde_json::Value;

use super::server;
use super::transport::{Client, End, FLUSH_WAIT, Outbox, Reader};

/// Threads of the runtime. They only move messages; queries have threads of their own.
const RUNTIME_THREADS: usize = 2;
/// Longest that the workspace may take to put things away.
const SHUTDOWN_WAIT: Duration = Duration::from_millis(1_000);

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Settings under those that the client sends.
    pub settings: Value,
    /// Requests that fail or dawdle on purpose, for tests of the server as a whole.
    pub test_hooks: bool,
}

/// Why the server ends.
#[derive(Debug)]
pub enum Ending {
    Client(End),
    OutputFailed(io::Error),
    ParentDied(i32),
}

impl Ending {
    fn exit_code(&self) -> i32 {
        match self {
            Ending::Client(End::Exit { after_shutdown: true }) => 0,
            _ => 1,
        }
    }
}

/// Serves the client on standard input and output until it leaves; does not return.
pub fn serve(options: Options) -> io::Result<std::convert::Infallible> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .thread_name("runtime")
        .enable_time()
        .build()?;
    let (end, ended) = bounded::<Ending>(8);
    let outbox = Outbox::default();
    let client = Client::new(outbox.clone());
    let service = server::service(client.clone(), runtime.handle().clone(), end.clone(), options);
    let session = server::session(&service);
    let reader = Reader::new(service, runtime.handle().clone(), outbox.clone(), client);

    let mut output = output()?;
    let (writing, failed) = (outbox.clone(), end.clone());
    spawn("output", move || {
        let error = writing.write_to(&mut output);
        say(&failed, Ending::OutputFailed(error));
    })?;
    spawn("input", move || {
        // A panic here would be one of the transport itself; the process ends rather than hangs.
        let read = std::panic::AssertUnwindSafe(|| reader.run(io::stdin().lock()));
        let ending = std::panic::catch_unwind(read)
            .unwrap_or_else(|_| End::InputFailed(io::Error::other("the reader of messages panicked")));
        say(&end, Ending::Client(ending));
    })?;

    let ending = ended.recv().unwrap_or(Ending::Client(End::InputClosed));
    tracing::info!("ending: {ending:?}");
    let code = ending.exit_code();
    let (done, put_away) = bounded::<()>(1);
    spawn("shutdown", move || {
        session.shut_down();
        drop(done);
    })?;
    outbox.flush(Instant::now() + FLUSH_WAIT);
    let _ = put_away.recv_timeout(SHUTDOWN_WAIT);
    // Whatever still runs, such as a blocked read of the input, ends with the process.
    process::exit(code)
}

fn say(end: &Sender<Ending>, ending: Ending) {
    // Full means that the process is ending already.
    let _ = end.try_send(ending);
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Standard output without the line buffer of the standard library, which would cut every frame in two.
#[cfg(unix)]
fn output() -> io::Result<impl Write + Send + 'static> {
    use std::os::fd::AsFd;
    Ok(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn output() -> io::Result<impl Write + Send + 'static> {
    Ok(io::stdout())
}
