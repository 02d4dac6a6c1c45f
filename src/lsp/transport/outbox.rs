//! The one way out: messages leave in the order in which they were put here.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::workspace::sync::{Condvar, Mutex};
use serde::Serialize;

/// Bytes that may wait for a client that does not read. Beyond them no further message is taken from it, so that a
/// client that only asks cannot grow the server.
pub const QUEUED_BYTES_MAX: usize = 64 << 20;

/// A handle of the queue.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something was put in, or the queue was closed.
    filled: Condvar,
    /// Something went out.
    drained: Condvar,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Vec<u8>>,
    /// Bytes of the messages, and of those being written.
    bytes: usize,
    closed: bool,
}

impl Outbox {
    /// Queues a message. It never waits: whoever produces messages is bounded by [`wait_for_room`](Self::wait_for_room)
    /// on the way in.
    pub fn send(&self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => self.send_body(body),
            Err(error) => tracing::error!("a message cannot be written as JSON: {error}"),
        }
    }

    fn send_body(&self, body: Vec<u8>) {
        let mut queue = self.0.queue.lock();
        if queue.closed {
            return;
        }
        queue.bytes += body.len();
        queue.messages.push_back(body);
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Blocks while too much waits to be written.
    pub fn wait_for_room(&self) {
        let mut queue = self.0.queue.lock();
        while queue.bytes > QUEUED_BYTES_MAX && !queue.closed {
            self.0.drained.wait(&mut queue);
        }
    }

    /// Blocks until everything is written, at most until the deadline.
    pub fn flush(&self, deadline: Instant) {
        let mut queue = self.0.queue.lock();
        while queue.bytes > 0 && !queue.closed {
            if !self.0.drained.wait_until(&mut queue, deadline) {
                return;
            }
        }
    }

    /// Drops what waits, and what will be sent.
    fn close(&self) {
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        queue.bytes = 0;
        queue.messages.clear();
        drop(queue);
        self.0.filled.notify_all();
        self.0.drained.notify_all();
    }

    /// Writes messages as they come, until the output fails.
    pub fn write_to(&self, mut output: impl Write) -> io::Error {
        loop {
            let Some(batch) = self.next_batch() else { return io::ErrorKind::BrokenPipe.into() };
            if let Err(error) = batch.iter().try_for_each(|body| write_frame(&mut output, body)) {
                self.close();
                return error;
            }
            let written: usize = batch.iter().map(Vec::len).sum();
            let mut queue = self.0.queue.lock();
            queue.bytes = queue.bytes.saturating_sub(written);
            drop(queue);
            self.0.drained.notify_all();
        }
    }

    /// Waits for messages; `None` once the queue is closed.
    fn next_batch(&self) -> Option<VecDeque<Vec<u8>>> {
        let mut queue = self.0.queue.lock();
        while queue.messages.is_empty() {
            if queue.closed {
                return None;
            }
            self.0.filled.wait(&mut queue);
        }
        Some(std::mem::take(&mut queue.messages))
    }
}

/// One frame in one write.
fn write_frame(output: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(body.len() + 32);
    write!(frame, "Content-Length: {}\r\n\r\n", body.len())?;
    frame.extend_from_slice(body);
    output.write_all(&frame)?;
    output.flush()
}

/// How long the server takes for its last words.
pub const FLUSH_WAIT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that takes what a test lets through.
    struct Gate(crossbeam_channel::Receiver<()>, crossbeam_channel::Sender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.1.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Outbox, crossbeam_channel::Sender<()>, crossbeam_channel::Receiver<Vec<u8>>) {
        let (open, gate) = crossbeam_channel::unbounded();
        let (sent, got) = crossbeam_channel::unbounded();
        let outbox = Outbox::default();
        let writer = outbox.clone();
        std::thread::spawn(move || writer.write_to(Gate(gate, sent)));
        (outbox, open, got)
    }

    #[test]
    fn messages_leave_in_order() {
        let (outbox, open, got) = gated();
        for i in 0..5 {
            outbox.send(&i);
            open.send(()).unwrap();
        }
        let sent: Vec<u8> = got.iter().take(5).flatten().collect();
        let expected: String = (0..5).map(|i| format!("Content-Length: 1\r\n\r\n{i}")).collect();
        assert_eq!(String::from_utf8(sent).unwrap(), expected);
    }

    #[test]
    fn a_client_that_does_not_read_makes_the_server_wait() {
        let (outbox, open, got) = gated();
        outbox.send_body(vec![b'x'; QUEUED_BYTES_MAX + 1]);
        let (waited, done) = crossbeam_channel::bounded(1);
        let waiting = outbox.clone();
        std::thread::spawn(move || {
            waiting.wait_for_room();
            waited.send(()).unwrap();
        });
        assert!(done.is_empty());
        open.send(()).unwrap();
        got.recv().unwrap();
        done.recv().unwrap();
        outbox.flush(Instant::now());
    }

    #[test]
    fn an_output_that_fails_lets_go_of_everything() {
        let (outbox, open, _got) = gated();
        outbox.send_body(vec![b'x'; QUEUED_BYTES_MAX + 1]);
        drop(open);
        outbox.wait_for_room();
        outbox.send(&1);
        assert_eq!(outbox.0.queue.lock().bytes, 0);
    }
}
