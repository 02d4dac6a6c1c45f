//! The words of C and C++ as the preprocessor sees them, without literals, comments and directives.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name that is no keyword.
    Name,
    /// `int`, `void`, …
    Type,
    /// `struct`, `union`, `enum`, `class`.
    Tag,
    /// `static`, `const`, …: stands among the words of a declaration.
    Specifier,
    /// Any other keyword.
    Keyword,
    /// A literal.
    Literal,
    /// A directive, with the lines that it goes on in.
    Directive,
    Punctuation(u8),
}

impl Kind {
    pub fn is_word(self) -> bool {
        matches!(self, Kind::Name | Kind::Type | Kind::Tag | Kind::Specifier)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

const TYPES: [&str; 16] = [
    "_Bool", "__int128", "auto", "bool", "char", "char16_t", "char32_t", "char8_t", "double", "float", "int",
    "long", "short", "signed", "unsigned", "void",
];

const TAGS: [&str; 4] = ["class", "enum", "struct", "union"];

const SPECIFIERS: [&str; 27] = [
    "__const",
    "__extension__",
    "__inline",
    "__inline__",
    "__restrict",
    "__restrict__",
    "__volatile__",
    "_Atomic",
    "_Noreturn",
    "_Thread_local",
    "const",
    "constexpr",
    "explicit",
    "extern",
    "final",
    "friend",
    "inline",
    "mutable",
    "noexcept",
    "override",
    "register",
    "restrict",
    "static",
    "thread_local",
    "typedef",
    "virtual",
    "volatile",
];

const KEYWORDS: [&str; 61] = [
    "_Alignas",
    "_Alignof",
    "_Generic",
    "_Static_assert",
    "__asm",
    "__asm__",
    "__attribute__",
    "__declspec",
    "__typeof__",
    "alignas",
    "alignof",
    "asm",
    "break",
    "case",
    "catch",
    "co_await",
    "co_return",
    "co_yield",
    "concept",
    "const_cast",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "dynamic_cast",
    "else",
    "export",
    "for",
    "goto",
    "if",
    "namespace",
    "new",
    "operator",
    "private",
    "protected",
    "public",
    "reinterpret_cast",
    "requires",
    "return",
    "signals",
    "sizeof",
    "slots",
    "static_assert",
    "static_cast",
    "switch",
    "template",
    "this",
    "throw",
    "try",
    "typeid",
    "typename",
    "typeof",
    "using",
    "while",
    "and",
    "not",
    "or",
    "true",
    "false",
    "nullptr",
];

fn kind_of(word: &str) -> Kind {
    let is = |words: &[&str]| words.binary_search(&word).is_ok();
    // Keywords are short and begin small or with an underscore.
    if word.len() > 16 || word.as_bytes()[0].is_ascii_uppercase() {
        Kind::Name
    } else if is(&TYPES) {
        Kind::Type
    } else if is(&TAGS) {
        Kind::Tag
    } else if is(&SPECIFIERS) {
        Kind::Specifier
    } else if KEYWORDS.contains(&word) {
        Kind::Keyword
    } else {
        Kind::Name
    }
}

/// The tokens of a text, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    // One token for every few bytes, most of which are names and spaces.
    let mut found = Vec::with_capacity(bytes.len() / 5);
    let (mut at, mut line_start) = (0, true);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b'\n' => {
                line_start = true;
                at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\\' | 0x0b | 0x0c => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at =
                    memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |end| at + 2 + end + 2);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_end(bytes, at);
                continue;
            }
            b'#' if line_start => {
                at = directive_end(bytes, at);
                Kind::Directive
            }
            b'"' | b'\'' => {
                at = literal_end(bytes, at);
                Kind::Literal
            }
            _ if is_word(byte) && !byte.is_ascii_digit() => {
                while bytes.get(at).is_some_and(|b| is_word(*b)) {
                    at += 1;
                }
                let word = &text[start..at];
                match bytes.get(at) {
                    Some(b'"') if matches!(word, "R" | "LR" | "uR" | "UR" | "u8R") => {
                        at = raw_end(bytes, at);
                        Kind::Literal
                    }
                    Some(b'"' | b'\'') if matches!(word, "L" | "u" | "U" | "u8") => {
                        at = literal_end(bytes, at);
                        Kind::Literal
                    }
                    _ => kind_of(word),
                }
            }
            _ if byte.is_ascii_digit() => {
                let more = |at: usize| {
                    let next = bytes.get(at).copied().unwrap_or_default();
                    let exponent =
                        matches!(next, b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E' | b'p' | b'P');
                    let separator = next == b'\'' && bytes.get(at + 1).is_some_and(|b| is_word(*b));
                    is_word(next) || next == b'.' || exponent || separator
                };
                at += 1;
                while more(at) {
                    at += 1;
                }
                Kind::Literal
            }
            _ => {
                at += 1;
                Kind::Punctuation(byte)
            }
        };
        line_start = false;
        found.push(Token { kind, start: start as u32, end: at as u32 });
    }
    found
}

pub fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end)
}

/// The end of a directive: of its last line, those ending in a backslash going on; comments may span lines.
fn directive_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' if !bytes[from..at].trim_ascii_end().ends_with(b"\\") => return at,
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at =
                    memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |end| at + 2 + end + 2);
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a string or character: its closing quote, or the end of the line where that is missing.
fn literal_end(bytes: &[u8], from: usize) -> usize {
    let quote = bytes[from];
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of `R"delimiter(…)delimiter"`, whose opening quote this is.
fn raw_end(bytes: &[u8], quote: usize) -> usize {
    let Some(open) = memchr::memchr(b'(', &bytes[quote..]).map(|at| quote + at) else { return quote + 1 };
    let mut close = vec![b')'];
    close.extend_from_slice(&bytes[quote + 1..open]);
    close.push(b'"');
    memchr::memmem::find(&bytes[open..], &close).map_or(bytes.len(), |at| open + at + close.len())
}
