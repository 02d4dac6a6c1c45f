//! The one way out: messages leave in the order in which they were put here.
//!
//! What waits here for a client that falls behind is counted by the budget, to the byte and until it has been written.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::lang::scratch::piece_bytes;
use crate::workspace::ledger::Refused;
use crate::workspace::manager::{Hold, Holder};
use crate::workspace::sync::{Condvar, Mutex};
use serde::Serialize;
use tokio::sync::Notify;

/// Bytes that may wait for a client that does not read. Beyond them no further message is taken from it, so that a
/// client that only asks cannot grow the server.
pub const QUEUED_BYTES_MAX: usize = 64 << 20;
/// With more than these a client has fallen behind, and all that waits is counted until nothing does. What is usually
/// under way is less.
const BEHIND_BYTES: usize = 64 << 10;
/// Bytes that may wait uncounted, because the budget is full, before no further message is taken.
const UNCOUNTED_BYTES_MAX: usize = 4 << 20;
/// A reply up to this size is sent even when the budget has no room for it: an error in its place would be hardly smaller.
const SMALL_BYTES_MAX: usize = 1 << 10;
/// Room in front of a body for its header, with the longest number there is.
const HEADER_BYTES_MAX: usize = 40;

/// A handle of the queue.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// What the budget counts of the queue; taken before the queue's lock, so that both change as one.
    counted: Mutex<Counted>,
    queue: Mutex<Queue>,
    /// Something was put in, or the queue was closed.
    filled: Condvar,
    /// Something went out.
    drained: Condvar,
    /// The client is no longer behind.
    caught_up: Notify,
    /// Who counts what waits; nobody before there is a budget.
    holder: OnceLock<Holder>,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    /// Bytes of the messages, and of the one being written.
    bytes: usize,
    /// Those of them that the budget counts.
    counted: usize,
    closed: bool,
}

#[derive(Default)]
struct Counted {
    hold: Option<Hold>,
    bytes: usize,
}

impl Counted {
    /// Counts so many bytes from now on, which are more; refused, as many as before.
    fn grow_to(&mut self, bytes: usize, holder: &Holder) -> Result<(), Refused> {
        match &mut self.hold {
            Some(hold) => hold.resize(bytes as u64)?,
            None => self.hold = Some(holder.hold_free(bytes as u64)?),
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Counts no more than these.
    fn shrink_to(&mut self, bytes: usize) {
        if bytes == 0 {
            *self = Counted::default();
        } else if bytes < self.bytes
            && let Some(hold) = &mut self.hold
            && hold.resize(bytes as u64).is_ok()
        {
            self.bytes = bytes;
        }
    }
}

/// A whole frame.
struct Message {
    bytes: Vec<u8>,
    /// Where the header starts.
    start: usize,
}

impl Message {
    /// Written once, where it stays until it has gone: a large reply is not there twice.
    fn new(content: &impl Serialize) -> serde_json::Result<Message> {
        let mut bytes = vec![0; HEADER_BYTES_MAX];
        serde_json::to_writer(&mut bytes, content)?;
        bytes.shrink_to_fit();
        Ok(Message::framed(bytes))
    }

    /// Of JSON that has been written already.
    fn of_parts(parts: &[&str]) -> Message {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX + length);
        bytes.resize(HEADER_BYTES_MAX, 0);
        parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
        Message::framed(bytes)
    }

    /// Puts the header into the room for it.
    fn framed(mut bytes: Vec<u8>) -> Message {
        let header = format!("Content-Length: {}\r\n\r\n", bytes.len() - HEADER_BYTES_MAX);
        let start = HEADER_BYTES_MAX - header.len();
        bytes[start..HEADER_BYTES_MAX].copy_from_slice(header.as_bytes());
        Message { bytes, start }
    }

    /// What it takes in memory.
    fn size(&self) -> usize {
        size_of::<Message>() + piece_bytes(self.bytes.capacity())
    }
}

impl Queue {
    fn uncounted(&self) -> usize {
        self.bytes - self.counted
    }
}

impl Outbox {
    /// From now on what waits is counted.
    pub fn count_by(&self, holder: Holder) {
        // A conversation begins once.
        let _ = self.0.holder.set(holder);
    }

    /// Queues a message. It never waits and is never refused, so whoever produces messages has a bound of his own: what
    /// answers the client is bounded on the way in, by [`wait_for_room`](Self::wait_for_room), and what is said unasked is
    /// kept back, and said as it is by then, until the client has [`caught_up`](Self::caught_up).
    pub fn send(&self, message: &impl Serialize) {
        if let Some(message) = json(message) {
            self.put(message, |_| false);
        }
    }

    /// The same for a message that something smaller can stand in for.
    ///
    /// # Errors
    /// If the budget has no room for it; it has not been queued then.
    pub fn try_send(&self, message: &impl Serialize) -> Result<(), Refused> {
        json(message).map_or(Ok(()), |message| self.try_put(message))
    }

    /// The same for JSON that has been written already, in parts.
    ///
    /// # Errors
    /// As for [`try_send`](Self::try_send).
    pub fn try_send_parts(&self, parts: &[&str]) -> Result<(), Refused> {
        self.try_put(Message::of_parts(parts))
    }

    /// Has the budget count so many bytes of what has come from the client, evicting folders if need be; nothing is counted
    /// before there is a budget.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn hold(&self, bytes: u64) -> Result<Option<Hold>, Refused> {
        self.0.holder.get().map(|holder| holder.hold(bytes)).transpose()
    }

    fn try_put(&self, message: Message) -> Result<(), Refused> {
        let refused = self.put(message, |bytes| bytes > SMALL_BYTES_MAX);
        refused.map_or(Ok(()), |refused| {
            tracing::warn!("a message does not fit beside what the client has not read: {refused}");
            Err(refused)
        })
    }

    /// Queues a message, unless it is one that has to be counted and cannot be.
    fn put(&self, message: Message, must_count: impl Fn(usize) -> bool) -> Option<Refused> {
        let size = message.size();
        let mut may_make_room = true;
        let (mut counted, all) = loop {
            let mut counted = self.0.counted.lock();
            let all = self.0.queue.lock().bytes + size;
            let is_behind = counted.hold.is_some() || all > BEHIND_BYTES;
            let Some(holder) = self.0.holder.get().filter(|_| is_behind) else { break (counted, all) };
            match counted.grow_to(all, holder) {
                Err(refused) if std::mem::take(&mut may_make_room) => {
                    drop(counted);
                    holder.make_room(refused.needed);
                }
                Err(refused) if must_count(size) => return Some(refused),
                _ => break (counted, all),
            }
        };
        let mut queue = self.0.queue.lock();
        if queue.closed {
            drop(queue);
            counted.shrink_to(0);
            return None;
        }
        (queue.bytes, queue.counted) = (all, counted.bytes);
        queue.messages.push_back(message);
        drop(queue);
        drop(counted);
        self.0.filled.notify_one();
        None
    }

    /// A message of this size has been written, and is gone.
    fn gone(&self, size: usize) {
        let mut counted = self.0.counted.lock();
        let all = self.0.queue.lock().bytes;
        let left = all.checked_sub(size).expect("a message is part of the queue's bytes");
        counted.shrink_to(left);
        let mut queue = self.0.queue.lock();
        (queue.bytes, queue.counted) = (left, counted.bytes);
        drop(queue);
        drop(counted);
        self.0.drained.notify_all();
        if left <= BEHIND_BYTES {
            self.0.caught_up.notify_waiters();
        }
    }

    /// Whether the client has more to read than is usually under way.
    pub fn is_behind(&self) -> bool {
        let queue = self.0.queue.lock();
        !queue.closed && queue.bytes > BEHIND_BYTES
    }

    /// Waits until the client is not behind.
    pub async fn caught_up(&self) {
        loop {
            let mut caught_up = std::pin::pin!(self.0.caught_up.notified());
            // From here on it is heard of.
            caught_up.as_mut().enable();
            if !self.is_behind() {
                return;
            }
            caught_up.await;
        }
    }

    /// Blocks while too much waits to be written.
    pub fn wait_for_room(&self) {
        let mut queue = self.0.queue.lock();
        let uncounted_max =
            if self.0.holder.get().is_some() { UNCOUNTED_BYTES_MAX } else { QUEUED_BYTES_MAX };
        while (queue.bytes > QUEUED_BYTES_MAX || queue.uncounted() > uncounted_max) && !queue.closed {
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
        let mut counted = self.0.counted.lock();
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        (queue.bytes, queue.counted) = (0, 0);
        let dropped = std::mem::take(&mut queue.messages);
        drop(queue);
        drop(dropped);
        counted.shrink_to(0);
        drop(counted);
        self.0.filled.notify_all();
        self.0.drained.notify_all();
        self.0.caught_up.notify_waiters();
    }

    /// Writes messages as they come, until the output fails.
    pub fn write_to(&self, mut output: impl Write) -> io::Error {
        loop {
            let Some(message) = self.next() else { return io::ErrorKind::BrokenPipe.into() };
            // One frame in one write.
            let written = output.write_all(&message.bytes[message.start..]).and_then(|()| output.flush());
            if let Err(error) = written {
                self.close();
                return error;
            }
            let size = message.size();
            drop(message);
            self.gone(size);
        }
    }

    /// Waits for a message; `None` once the queue is closed.
    fn next(&self) -> Option<Message> {
        let mut queue = self.0.queue.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(message) = queue.messages.pop_front() {
                return Some(message);
            }
            self.0.filled.wait(&mut queue);
        }
    }
}

fn json(content: &impl Serialize) -> Option<Message> {
    Message::new(content)
        .inspect_err(|error| tracing::error!("a message cannot be written as JSON: {error}"))
        .ok()
}

/// How long the server takes for its last words.
pub const FLUSH_WAIT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::manager::{Deaf, Manager};
    use crate::workspace::settings::{CacheDir, Settings};

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
        outbox.send(&"x".repeat(QUEUED_BYTES_MAX));
        let (begun, begins) = crossbeam_channel::bounded(1);
        let (waited, done) = crossbeam_channel::bounded(1);
        let (waiting, written) = (outbox.clone(), got.clone());
        std::thread::spawn(move || {
            begun.send(()).unwrap();
            waiting.wait_for_room();
            waited.send(written.len()).unwrap();
        });
        begins.recv().unwrap();
        open.send(()).unwrap();
        assert_eq!(done.recv(), Ok(1), "it waits until the message has gone");
        outbox.flush(Instant::now());
    }

    /// An output that a test sees begin a message, and lets end it.
    struct Steps(crossbeam_channel::Receiver<()>);

    impl Write for Steps {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            for _step in 0..2 {
                self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_waits_for_a_client_that_falls_behind_is_counted_to_the_byte() {
        let limit = 1 << 20;
        let settings = Settings { memory_limit: limit, cache_dir: CacheDir::Off, ..Settings::default() };
        let manager = Manager::new(settings, Arc::new(Deaf));
        let retained = || manager.status().memory.retained as usize;
        let (step, steps) = crossbeam_channel::bounded(0);
        let outbox = Outbox::default();
        let writer = outbox.clone();
        let writing = std::thread::spawn(move || writer.write_to(Steps(steps)));
        outbox.count_by(manager.holder());
        let sizes: Vec<usize> = [2_000, 300_000, 50, 100_000]
            .map(|len| size_of::<Message>() + piece_bytes(HEADER_BYTES_MAX + len + "\"\"".len()))
            .to_vec();
        outbox.send(&"x".repeat(2_000));
        assert_eq!(retained(), 0, "it is on its way");
        for len in [300_000, 50, 100_000] {
            outbox.try_send(&"x".repeat(len)).unwrap();
        }
        let refused = outbox.try_send(&"x".repeat(limit as usize));
        assert!(
            refused.is_err_and(|refused| refused.balance.retained as usize == sizes.iter().sum::<usize>())
        );
        for written in 0..sizes.len() {
            step.send(()).unwrap();
            assert_eq!(retained(), sizes[written..].iter().sum::<usize>(), "{written} have been written");
            step.send(()).unwrap();
        }
        outbox.flush(Instant::now() + Duration::from_secs(60));
        assert_eq!(retained(), 0);
        outbox.send(&"x".repeat(300_000));
        assert!(retained() > 300_000);
        drop(step);
        writing.join().unwrap();
        assert_eq!(retained(), 0);
    }

    #[test]
    fn an_output_that_fails_lets_go_of_everything() {
        let (outbox, open, _got) = gated();
        outbox.send(&"x".repeat(QUEUED_BYTES_MAX));
        drop(open);
        outbox.wait_for_room();
        outbox.send(&1);
        assert_eq!(outbox.0.queue.lock().bytes, 0);
    }
}
