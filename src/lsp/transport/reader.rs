//! From bytes to handlers, in the order of arrival.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tower::Service;
use tower_lsp::gen_lsp_types::{MessageType, ShowMessageNotification, ShowMessageParams};
use tower_lsp::jsonrpc::{Error, ErrorCode, Request, Response};

use super::client::Client;
use super::frame::{Decoder, Frame, LONG_BYTES};
use super::message::{Message, RequestId, Unheard, read_bytes, text_bytes, unheard};
use super::outbox::Outbox;
use super::written::Written;
use crate::lsp::errors;
use crate::workspace::crew::panic_message;
use crate::workspace::ledger::Refused;
use crate::workspace::manager::Hold;
use crate::workspace::sync::Mutex;

/// Bytes taken from the input at once.
const READ_BYTES: usize = 64 << 10;
/// Requests that may be under way at a time; each keeps what it reads alive, and takes 2.6 KB to begin with.
const REQUESTS_MAX: usize = 4_096;
/// Bytes of the messages whose requests are under way; one that comes alone may be longer.
const REQUESTS_BYTES_MAX: usize = 4 << 20;
/// What a message may take beside a full budget, if what it says would be missed: it is better to be over for a moment than
/// to go on as if nothing had been said.
const UNHELD_BYTES_MAX: u64 = 8 << 20;
/// The protocol's code for a request that is well-formed and cannot be served.
pub const REQUEST_FAILED: i64 = -32803;

/// The notification by which the service is told of a message that has not been read.
pub const LEFT_OUT: &str = "coppice/leftOut";

/// Requests that take no parameters; `{}` and the like, which some clients send, mean the same as none.
const WITHOUT_PARAMS: [&str; 2] = ["shutdown", "coppice/status"];

/// How a conversation ended.
#[derive(Debug)]
pub enum End {
    /// The client said `exit`; whether it had asked for `shutdown` before.
    Exit {
        after_shutdown: bool,
    },
    InputClosed,
    InputFailed(io::Error),
}

/// A service's answer to one message; `None` to a notification.
type Reply<E> = Result<Option<Response>, E>;
type ReplyFuture<E> = Pin<Box<dyn Future<Output = Reply<E>> + Send>>;

/// Reads messages and hands each to the service.
///
/// The future that the service returns is polled once before the next message is looked at: whatever a handler does
/// before its first `.await` happens in the order of arrival. What is left to do then runs beside everything else. A
/// panic on either way becomes an error reply.
pub struct Reader<S> {
    service: S,
    runtime: tokio::runtime::Handle,
    outbox: Outbox,
    client: Client,
    inflight: Arc<Inflight>,
    shut_down: Arc<AtomicBool>,
}

impl<S, E> Reader<S>
where
    S: Service<Request, Response = Option<Response>, Error = E, Future = ReplyFuture<E>>,
    E: std::error::Error + Send + 'static,
{
    pub fn new(service: S, runtime: tokio::runtime::Handle, outbox: Outbox, client: Client) -> Self {
        let (inflight, shut_down) = Default::default();
        Reader { service, runtime, outbox, client, inflight, shut_down }
    }

    /// Serves until the client leaves.
    pub fn run(mut self, mut input: impl Read) -> End {
        let runtime = self.runtime.clone();
        let _timers = runtime.enter();
        let mut decoder = Decoder::default();
        let mut chunk = vec![0; READ_BYTES];
        // What the budget counts for the message that is coming in.
        let mut held = None;
        loop {
            match input.read(&mut chunk) {
                Ok(0) => return End::InputClosed,
                Ok(count) => decoder.feed(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return End::InputFailed(error),
            }
            while let Some(frame) = decoder.next(|body| self.read(body, &mut held)) {
                self.outbox.wait_for_room();
                let (message, bytes) = match frame {
                    Frame::Body(read) => read,
                    Frame::Long(length) => {
                        match self.outbox.hold(text_bytes(length)) {
                            Ok(hold) => held = hold,
                            Err(refused) => {
                                held = None;
                                let unheard = unheard(decoder.beginning());
                                if !unheard.is_missed() || text_bytes(length) > UNHELD_BYTES_MAX {
                                    decoder.give_up();
                                    self.leave_out(length, &refused, unheard);
                                }
                            }
                        }
                        continue;
                    }
                    Frame::BadBody(unread) => {
                        held = None;
                        match unread {
                            Unread::NoJson(error) => self.refuse(error),
                            Unread::NoRoom(length, refused, unheard) => {
                                self.leave_out(length, &refused, unheard);
                            }
                        }
                        continue;
                    }
                    Frame::BadHeader(error) => {
                        let message = error.to_string().into();
                        self.refuse(Error { code: ErrorCode::ParseError, message, data: None });
                        continue;
                    }
                };
                if let Some(end) = self.take(message, bytes, held.take()) {
                    return end;
                }
            }
        }
    }

    /// Reads a body, if there is room for what it holds or it would be missed; what is held for a long one is what that
    /// takes from then on.
    fn read(&self, body: &[u8], held: &mut Option<Hold>) -> Result<(Message, usize), Unread> {
        let bytes = read_bytes(body, LONG_BYTES as u64);
        if bytes > LONG_BYTES as u64 {
            *held = None;
            match self.outbox.hold(bytes) {
                Ok(hold) => *held = hold,
                Err(refused) => {
                    let unheard = unheard(body);
                    if !unheard.is_missed() || bytes > UNHELD_BYTES_MAX {
                        return Err(Unread::NoRoom(body.len(), refused, unheard));
                    }
                }
            }
        }
        Ok((Message::read(body).map_err(Unread::NoJson)?, body.len()))
    }

    /// A message for which there is no room is not read: whoever sent it is told, and so are the user and the service.
    fn leave_out(&mut self, length: usize, refused: &Refused, unheard: Unheard) {
        let error = errors::left_out(length, refused);
        let message = format!("coppice: {}", error.message);
        self.client
            .tell::<ShowMessageNotification>(&ShowMessageParams { kind: MessageType::Warning, message });
        let (uri, documents, files) = match unheard {
            Unheard::Request(id) => {
                tracing::warn!("refused the request {id:?}: {}", error.message);
                return self.outbox.send(&Answer { id: Some(&id), result: Err(error) });
            }
            Unheard::Reply(id) => {
                let error = serde_json::to_value(&error).unwrap_or_default();
                return id.iter().for_each(|id| self.client.answered(id, Err(error.clone())));
            }
            // One that is opened without its URI having come is far longer than what is analysed.
            Unheard::Nothing | Unheard::Opened => return self.refuse(error),
            Unheard::Document(uri) => (Some(uri), false, false),
            Unheard::Files => (None, false, true),
            Unheard::Any => (None, true, true),
        };
        self.refuse(error);
        let params = json!({ "uri": uri, "documents": documents, "files": files });
        self.notification(LEFT_OUT.to_owned(), Some(params), None);
    }

    /// Answers what has no id that could be read.
    fn refuse(&self, error: Error) {
        tracing::warn!("refused a message: {}", error.message);
        self.outbox.send(&Answer { id: None, result: Err(error) });
    }

    /// Serves a message that took so many bytes; what is held for it is held until it has been served.
    fn take(&mut self, message: Message, bytes: usize, held: Option<Hold>) -> Option<End> {
        match message {
            Message::Invalid { id: None, error } => self.refuse(error),
            Message::Invalid { id: Some(id), error } => {
                self.outbox.send(&Answer { id: Some(&id), result: Err(error) });
            }
            Message::Response { id, result } => self.client.answered(&id, result),
            Message::Notification { method, params } => return self.notification(method, params, held),
            Message::Request { id, method, params } => self.request(id, method, params, bytes, held),
        }
        None
    }

    fn notification(&mut self, method: String, params: Option<Value>, held: Option<Hold>) -> Option<End> {
        let params = match method.as_str() {
            "exit" => return Some(End::Exit { after_shutdown: self.shut_down.load(Ordering::SeqCst) }),
            "$/cancelRequest" => {
                let number = self.inflight.number(params.as_ref()?.get("id")?)?;
                Some(json!({ "id": number }))
            }
            _ => params,
        };
        let mut request = Request::build(method);
        if let Some(params) = params {
            request = request.params(params);
        }
        match self.start(request.finish()) {
            Started::Done(_) => {}
            Started::Pending(rest) => {
                self.runtime.spawn(async move {
                    rest.await;
                    drop(held);
                });
            }
        }
        None
    }

    fn request(
        &mut self,
        id: RequestId,
        method: String,
        params: Option<Value>,
        bytes: usize,
        held: Option<Hold>,
    ) {
        let number = match self.inflight.enter(&id, bytes) {
            Ok(number) => number,
            Err(error) => {
                return self.outbox.send(&Answer { id: Some(&id), result: Err(error) });
            }
        };
        let mut request = Request::build(method.clone()).id(i64::from(number));
        if let Some(params) = params.filter(|_| !WITHOUT_PARAMS.contains(&method.as_str())) {
            request = request.params(params);
        }
        let finish = Finish {
            id,
            method,
            outbox: self.outbox.clone(),
            inflight: Arc::clone(&self.inflight),
            shut_down: Arc::clone(&self.shut_down),
            held,
        };
        match self.start(request.finish()) {
            Started::Done(outcome) => finish.reply(outcome),
            Started::Pending(rest) => {
                self.runtime.spawn(async move { finish.reply(rest.await) });
            }
        }
    }

    /// Hands a message to the service and does what can be done at once.
    fn start(&mut self, request: Request) -> Started<E> {
        let begun = catch_unwind(AssertUnwindSafe(|| {
            let mut future = self.service.call(request);
            match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(reply) => Ok(reply),
                Poll::Pending => Err(future),
            }
        }));
        match begun {
            Ok(Ok(reply)) => Started::Done(Outcome::Reply(reply)),
            Ok(Err(future)) => Started::Pending(Box::pin(guarded(future))),
            Err(panic) => Started::Done(Outcome::Panic(panic_message(&*panic))),
        }
    }
}

/// Why a body has not been read.
enum Unread {
    NoJson(Error),
    NoRoom(usize, Refused, Unheard),
}

/// What became of a message after its first poll.
enum Started<E> {
    Done(Outcome<E>),
    Pending(Pin<Box<dyn Future<Output = Outcome<E>> + Send>>),
}

enum Outcome<E> {
    Reply(Reply<E>),
    Panic(String),
}

/// Polls to the end, with panics caught.
async fn guarded<E>(mut future: ReplyFuture<E>) -> Outcome<E> {
    poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Outcome::Reply),
        Err(panic) => Poll::Ready(Outcome::Panic(panic_message(&*panic))),
    })
    .await
}

/// What is left to do when a request's outcome is known.
struct Finish {
    id: RequestId,
    method: String,
    outbox: Outbox,
    inflight: Arc<Inflight>,
    shut_down: Arc<AtomicBool>,
    /// What the budget counts for the request itself.
    held: Option<Hold>,
}

impl Finish {
    fn reply<E: std::error::Error>(self, outcome: Outcome<E>) {
        let result = match outcome {
            Outcome::Reply(Ok(Some(response))) => response.into_parts().1.map(Written::from),
            // The service keeps silent about what it does not know under `$/`, which is right for notifications only.
            Outcome::Reply(Ok(None)) => Err(Error {
                code: ErrorCode::MethodNotFound,
                message: format!("there is no request {}", self.method).into(),
                data: None,
            }),
            Outcome::Reply(Err(error)) => {
                Err(Error { code: ErrorCode::InvalidRequest, message: error.to_string().into(), data: None })
            }
            Outcome::Panic(message) => {
                tracing::error!("{} panicked: {message}", self.method);
                let message = format!("{} failed inside: {message}", self.method).into();
                Err(Error { code: ErrorCode::InternalError, message, data: None })
            }
        };
        if self.method == "shutdown" && result.is_ok() {
            self.shut_down.store(true, Ordering::SeqCst);
        }
        self.inflight.leave(&self.id);
        drop(self.held);
        let sent = match result {
            Ok(Written::Text(text)) => {
                let parts = ["{\"jsonrpc\":\"2.0\",\"id\":", self.id.as_json(), ",\"result\":", &text, "}"];
                self.outbox.try_send_parts(&parts)
            }
            Ok(Written::Tree(tree)) => self.outbox.try_send(&Answer { id: Some(&self.id), result: Ok(tree) }),
            Err(error) => self.outbox.try_send(&Answer { id: Some(&self.id), result: Err(error) }),
        };
        if let Err(refused) = sent {
            let error = errors::no_room(&refused);
            self.outbox.send(&Answer { id: Some(&self.id), result: Err(error) });
        }
    }
}

/// A response, with an id as the client wrote it.
struct Answer<'a> {
    /// `None` for a message whose id could not be read.
    id: Option<&'a RequestId>,
    result: Result<Value, Error>,
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeMap};
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("jsonrpc", "2.0")?;
        match self.id {
            Some(id) => {
                let raw = RawValue::from_string(id.as_json().to_owned()).map_err(S::Error::custom)?;
                map.serialize_entry("id", &raw)?;
            }
            None => map.serialize_entry("id", &())?,
        }
        match &self.result {
            Ok(result) => map.serialize_entry("result", result)?,
            Err(error) => map.serialize_entry("error", error)?,
        }
        map.end()
    }
}

/// The requests under way. Each gets a number of our own, because the service can only cancel ids of 32 bits, and does
/// not forget the id of a request that panicked.
#[derive(Default)]
struct Inflight(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    next: i32,
    of: HashMap<RequestId, Entered>,
    /// Of all their messages.
    bytes: usize,
}

struct Entered {
    number: i32,
    bytes: usize,
}

impl Inflight {
    fn enter(&self, id: &RequestId, bytes: usize) -> Result<i32, Error> {
        let mut numbers = self.0.lock();
        let refuse = |code, message: String| Err(Error { code, message: message.into(), data: None });
        if numbers.of.contains_key(id) {
            return refuse(ErrorCode::InvalidRequest, format!("a request with the id {id:?} is under way"));
        }
        if numbers.of.len() >= REQUESTS_MAX {
            let why = format!("{REQUESTS_MAX} requests are under way, which is all that is taken");
            return refuse(ErrorCode::ServerError(REQUEST_FAILED), why);
        }
        if !numbers.of.is_empty() && numbers.bytes + bytes > REQUESTS_BYTES_MAX {
            let why = format!(
                "requests of {} bytes are under way, and with this one they would be more than {REQUESTS_BYTES_MAX}",
                numbers.bytes
            );
            return refuse(ErrorCode::ServerError(REQUEST_FAILED), why);
        }
        let number = numbers.next;
        numbers.next = number.checked_add(1).unwrap_or_default();
        numbers.of.insert(id.clone(), Entered { number, bytes });
        numbers.bytes += bytes;
        Ok(number)
    }

    fn leave(&self, id: &RequestId) {
        let mut numbers = self.0.lock();
        if let Some(entered) = numbers.of.remove(id) {
            numbers.bytes -= entered.bytes;
        }
    }

    /// The number of a request by its id; `None` if it is not under way.
    fn number(&self, id: &Value) -> Option<i32> {
        self.0.lock().of.get(&RequestId::read(id)?).map(|entered| entered.number)
    }
}
