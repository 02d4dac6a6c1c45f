//! Cutting the input into frames, and finding the next good one after a bad one.
//!
//! No IO: bytes go in, bodies come out. Whatever is wrong with a frame costs that frame only: the decoder then looks
//! for the next `Content-Length: <digits>` line. Such a line cannot stand inside a JSON text, whose strings hold no raw
//! line ends, so what it finds is a header, even when the broken frame was shorter or longer than it said.

/// Longest header block; a client needs some 50 bytes.
pub const HEADER_BYTES_MAX: usize = 8 << 10;
/// Longest body: a document of this size is far beyond what is analysed, and the budget has to hold it.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// A body that is longer is announced before it is taken in.
pub const LONG_BYTES: usize = 1 << 20;
/// So much of a long body is there when it is announced.
const BEGINNING_BYTES: usize = 4 << 10;
/// Longest `Content-Length` line that is recognised when looking for the next frame.
const LENGTH_LINE_BYTES_MAX: usize = 64;
/// A buffer that has grown beyond this for one large body is given back after it.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

const LENGTH: &[u8] = b"content-length";

/// Why a frame cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the header is longer than {HEADER_BYTES_MAX} bytes")]
    HeaderTooLong,
    #[error("the header has no Content-Length")]
    NoLength,
    #[error("the header gives two different lengths")]
    TwoLengths,
    #[error("the Content-Length is not a number")]
    BadLength,
    #[error("the Content-Length exceeds the limit of {BODY_BYTES_MAX} bytes")]
    TooLong,
    #[error("there is something between the frames that is no header")]
    NoHeader,
}

/// What comes out of the decoder.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<T, E> {
    /// A body of so many bytes has begun, more than [`LONG_BYTES`]. It is taken in unless it is given up now.
    Long(usize),
    /// A body, as the reader made of it.
    Body(T),
    /// A body that the reader could not make anything of.
    BadBody(E),
    BadHeader(FrameError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    /// A body that is about to be announced.
    Long(usize),
    Body(usize),
    /// Looking for the next `Content-Length` line.
    Lost,
}

/// The bytes received and not yet used.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the unused bytes start.
    at: usize,
    state: State,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { buffer: Vec::new(), at: 0, state: State::Header }
    }
}

impl Decoder {
    /// Takes bytes from the input.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        if let State::Body(length) = self.state {
            // Grows with what has come rather than to what was announced, and never beyond that.
            let missing = length.saturating_sub(self.buffer.len());
            self.buffer.reserve_exact(missing.min(self.buffer.len()).max(bytes.len()));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, if it is complete; its body is given to `read` where it stands.
    pub fn next<T, E>(&mut self, read: impl FnOnce(&[u8]) -> Result<T, E>) -> Option<Frame<T, E>> {
        loop {
            match self.state {
                State::Header => match self.header() {
                    Ok(None) => return None,
                    Ok(Some(length)) if length > LONG_BYTES => self.state = State::Long(length),
                    Ok(Some(length)) => self.state = State::Body(length),
                    Err(error) => {
                        self.state = State::Lost;
                        return Some(Frame::BadHeader(error));
                    }
                },
                State::Long(length) => {
                    self.buffer.get(self.at..self.at + BEGINNING_BYTES)?;
                    self.state = State::Body(length);
                    return Some(Frame::Long(length));
                }
                State::Body(length) => {
                    let body = self.buffer.get(self.at..self.at + length)?;
                    return Some(match read(body) {
                        Ok(value) => {
                            self.state = State::Header;
                            self.at += length;
                            self.shrink();
                            Frame::Body(value)
                        }
                        // The length may have been wrong, so the next header may stand inside.
                        Err(error) => {
                            self.state = State::Lost;
                            Frame::BadBody(error)
                        }
                    });
                }
                State::Lost => {
                    let found = self.find_length_line();
                    self.shrink();
                    if !found {
                        return None;
                    }
                    self.state = State::Header;
                }
            }
        }
    }

    /// What has come of the body that has been announced.
    pub fn beginning(&self) -> &[u8] {
        let State::Body(length) = self.state else { return &[] };
        let come = &self.buffer[self.at..];
        &come[..come.len().min(length)]
    }

    /// Lets the body that has been announced pass by.
    pub fn give_up(&mut self) {
        self.state = State::Lost;
    }

    /// Reads the header at the present place and moves behind it; `None` while it is incomplete. After an error the
    /// place is where the search for the next frame starts: behind every length line that was read, so that the same one
    /// is not found again.
    fn header(&mut self) -> Result<Option<usize>, FrameError> {
        let start = self.at;
        let mut line_start = start;
        let mut length = None;
        let mut fields = 0;
        loop {
            let rest = &self.buffer[line_start..];
            let room = (start + HEADER_BYTES_MAX).saturating_sub(line_start);
            let Some(end) = memchr::memchr(b'\n', &rest[..rest.len().min(room)]) else {
                if rest.len() >= room {
                    self.at = line_start;
                    return Err(FrameError::HeaderTooLong);
                }
                return Ok(None);
            };
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            let next = line_start + end + 1;
            match Field::read(line) {
                // Stray line ends between frames are harmless.
                Field::End if fields == 0 => {}
                Field::End => {
                    return match length {
                        Some(length) => {
                            self.at = next;
                            Ok(Some(length))
                        }
                        None => Err(FrameError::NoLength),
                    };
                }
                Field::Length(read) => {
                    let clash = |other| other != read;
                    if length.is_some_and(clash) {
                        self.at = next;
                        return Err(FrameError::TwoLengths);
                    }
                    length = Some(read);
                    fields += 1;
                }
                Field::BadLength(error) => {
                    self.at = next;
                    return Err(error);
                }
                Field::Other => fields += 1,
                Field::None => {
                    self.at = line_start;
                    return Err(FrameError::NoHeader);
                }
            }
            line_start = next;
        }
    }

    /// Moves to the next `Content-Length` line; `false` if there is none yet, and what cannot be its start is gone.
    fn find_length_line(&mut self) -> bool {
        let mut from = self.at;
        while let Some(found) = memchr::memchr2_iter(b'c', b'C', &self.buffer[from..]).next() {
            let place = from + found;
            match length_line(&self.buffer[place..]) {
                Some(true) => {
                    self.at = place;
                    return true;
                }
                Some(false) => from = place + 1,
                None => {
                    self.at = place;
                    return false;
                }
            }
        }
        self.at = self.buffer.len();
        false
    }

    fn shrink(&mut self) {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            if self.buffer.capacity() > BUFFER_BYTES_KEPT {
                self.buffer = Vec::new();
            }
        }
    }
}

/// One line of a header block.
enum Field {
    Length(usize),
    BadLength(FrameError),
    Other,
    /// The empty line.
    End,
    /// Not a header's line.
    None,
}

impl Field {
    fn read(line: &[u8]) -> Field {
        if line.is_empty() {
            return Field::End;
        }
        let Some(colon) = memchr::memchr(b':', line) else { return Field::None };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        let token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
        if name.is_empty() || !name.iter().all(token) {
            return Field::None;
        }
        if !name.eq_ignore_ascii_case(LENGTH) {
            return Field::Other;
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Field::BadLength(FrameError::BadLength);
        }
        let digits = std::str::from_utf8(value).unwrap_or_default();
        match digits.parse::<usize>() {
            Ok(length) if length <= BODY_BYTES_MAX => Field::Length(length),
            _ => Field::BadLength(FrameError::TooLong),
        }
    }
}

/// Whether the bytes start with a whole `Content-Length: <digits>` line; `None` if more bytes have to tell.
fn length_line(bytes: &[u8]) -> Option<bool> {
    let known = &bytes[..bytes.len().min(LENGTH_LINE_BYTES_MAX)];
    let name = &known[..known.len().min(LENGTH.len())];
    if !name.eq_ignore_ascii_case(&LENGTH[..name.len()]) {
        return Some(false);
    }
    let is_value = |value: &[u8]| {
        let value = value.trim_ascii();
        value.strip_prefix(b":").map(<[u8]>::trim_ascii).is_some_and(|v| v.iter().all(u8::is_ascii_digit))
    };
    match memchr::memchr(b'\n', known) {
        Some(end) => Some(is_value(&known[LENGTH.len()..end])),
        None if known.len() == LENGTH_LINE_BYTES_MAX => Some(false),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything that comes out: bodies of one JSON value, and errors.
    fn decode(chunks: &[&[u8]]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk);
            while let Some(frame) = decoder.next(|body| serde_json::from_slice::<serde_json::Value>(body)) {
                out.push(match frame {
                    Frame::Long(length) => format!("long {length}"),
                    Frame::Body(value) => value.to_string(),
                    Frame::BadBody(_) => "bad body".to_owned(),
                    Frame::BadHeader(error) => format!("{error:?}"),
                });
            }
        }
        out
    }

    /// What comes before a good frame, and what the decoder says of both.
    const TABLE: &[(&str, &[&str])] = &[
        ("", &["1"]),
        ("Content-Length: 1\r\n\r\n7", &["7", "1"]),
        ("content-LENGTH:1\n\n7", &["7", "1"]),
        ("Content-Type: a/b; charset=utf-8\r\nContent-Length: 1\r\n\r\n7", &["7", "1"]),
        ("Content-Length: 1\r\nContent-Length: 1\r\nX: y\r\n\r\n7", &["7", "1"]),
        ("\r\n\r\n", &["1"]),
        ("Content-Length: 0\r\n\r\n", &["bad body", "1"]),
        ("Content-Length: 1\r\n\r\n{", &["bad body", "1"]),
        ("Content-Length: 5\r\n\r\n{\"a\":1}", &["bad body", "1"]),
        ("Content-Length: 2\r\n\r\n[1, 2, 3]", &["bad body", "1"]),
        ("Content-Length: 3\r\n\r\n7", &["bad body", "1"]),
        ("Content-Length: 30\r\n\r\n7", &["bad body", "1"]),
        ("Content-Length: abc\r\n\r\n7", &["BadLength", "1"]),
        ("Content-Length: -5\r\n\r\n7", &["BadLength", "1"]),
        ("Content-Length: 1e3\r\n\r\n7", &["BadLength", "1"]),
        ("Content-Length: \r\n\r\n7", &["BadLength", "1"]),
        ("Content-Length: 10000000000\r\n\r\n7", &["TooLong", "1"]),
        ("Content-Length: 67108865\r\n\r\n7", &["TooLong", "1"]),
        ("Content-Length: 99999999999999999999999999\r\n\r\n7", &["TooLong", "1"]),
        ("Content-Length: 1\r\nContent-Length: 2\r\n\r\n7", &["TwoLengths", "1"]),
        ("X-Other: 1\r\n\r\n7", &["NoLength", "1"]),
        ("X-Other: 1\r\n\r\n{\"a\":\"Content-Length: 5\\r\\n\"}", &["NoLength", "1"]),
        ("x", &["NoLength", "1"]),
        ("garbage\r\n", &["NoHeader", "1"]),
        ("{\"jsonrpc\":\"2.0\"}\n", &["NoHeader", "1"]),
        ("\u{feff}", &["NoHeader", "1"]),
        ("Conten", &["NoLength", "1"]),
    ];

    const GOOD: &str = "Content-Length: 1\r\n\r\n1";

    #[test]
    fn a_bad_frame_costs_itself_only() {
        for (before, expected) in TABLE {
            let mut expected: Vec<&str> = expected.to_vec();
            expected.push("1");
            let input = format!("{before}{GOOD}{GOOD}");
            assert_eq!(decode(&[input.as_bytes()]), expected, "after {before:?}");
        }
    }

    #[test]
    fn headers_without_end_are_refused_and_take_no_room() {
        let mut decoder = Decoder::default();
        let mut errors = 0;
        for _ in 0..100 {
            decoder.feed(&[b'X'; 4096]);
            while let Some(frame) = decoder.next(|_| Err::<(), ()>(())) {
                assert_eq!(frame, Frame::BadHeader(FrameError::HeaderTooLong));
                errors += 1;
            }
        }
        assert_eq!(errors, 1);
        assert!(decoder.buffer.capacity() <= 64 << 10, "{}", decoder.buffer.capacity());
    }

    #[test]
    fn a_header_of_many_lines_is_refused_once() {
        let input = format!("Content-Length: 1\r\n{}\r\n7{GOOD}", "X-Other: y\r\n".repeat(2_000));
        assert_eq!(decode(&[input.as_bytes()]), ["HeaderTooLong", "1"]);
    }

    #[test]
    fn a_long_body_that_is_given_up_passes_by_without_taking_room() {
        let mut decoder = Decoder::default();
        let body = format!("\"{}\"", "content-length: 5 ".repeat(LONG_BYTES / 10));
        let input = format!("Content-Length: {}\r\n\r\n{body}{GOOD}", body.len());
        let mut seen = Vec::new();
        for chunk in input.as_bytes().chunks(4_096) {
            decoder.feed(chunk);
            while let Some(frame) = decoder.next(|body| Ok::<_, ()>(body.len())) {
                if let Frame::Long(_) = frame {
                    assert!(decoder.beginning().starts_with(b"\"content-length: 5 "));
                    decoder.give_up();
                }
                seen.push(frame);
            }
            assert!(decoder.buffer.capacity() <= 64 << 10, "{}", decoder.buffer.capacity());
        }
        assert_eq!(seen, [Frame::Long(body.len()), Frame::Body(1)]);
    }

    #[test]
    fn the_buffer_grows_with_what_comes_and_shrinks_again() {
        let mut decoder = Decoder::default();
        decoder.feed(b"Content-Length: 60000000\r\n\r\n");
        assert!(decoder.next(|_| Err::<(), ()>(())).is_none());
        decoder.feed(&[b' '; 65_536]);
        assert_eq!(decoder.next(|_| Err::<(), ()>(())), Some(Frame::Long(60_000_000)));
        assert!(decoder.next(|_| Err::<(), ()>(())).is_none());
        assert!(decoder.buffer.capacity() <= 256 << 10);
        let mut left = 60_000_000 - 65_536;
        while left > 0 {
            let chunk = [b' '; 65_536];
            decoder.feed(&chunk[..left.min(chunk.len())]);
            left -= left.min(chunk.len());
            let frame = decoder.next(|body| Ok::<_, ()>(body.len()));
            assert!(if left > 0 { frame.is_none() } else { frame == Some(Frame::Body(60_000_000)) });
            assert!(decoder.buffer.capacity() <= 61 << 20);
        }
        assert!(decoder.buffer.capacity() <= BUFFER_BYTES_KEPT);
    }

    proptest! {
        #[test]
        fn frames_do_not_depend_on_how_the_input_is_cut(
            rows in prop::collection::vec(0..TABLE.len(), 1..5),
            cuts in prop::collection::vec(1usize..40, 1..60),
        ) {
            let input: String = rows.iter().map(|r| format!("{}{GOOD}", TABLE[*r].0)).collect();
            let whole = decode(&[input.as_bytes()]);
            let mut rest = input.as_bytes();
            let mut chunks = Vec::new();
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            prop_assert_eq!(decode(&chunks), whole);
        }

        #[test]
        fn any_bytes_leave_a_decoder_that_finds_the_next_frames(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut input = noise.clone();
            // Ends whatever header the noise may have begun.
            input.extend_from_slice(b"\r\n\r\n");
            input.extend_from_slice(GOOD.as_bytes());
            input.extend_from_slice(GOOD.as_bytes());
            let out = decode(&[&input]);
            prop_assert_eq!(out.last().map(String::as_str), Some("1"));
        }
    }
}
