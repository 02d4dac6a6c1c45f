//! Whether a header is C or C++, by what stands in it: the same for every folder and every build.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// How much of a header is looked at: what tells the languages apart stands early, if at all.
const LOOKED_AT_BYTES_MAX: usize = 64 << 10;

/// The name of the pack that reads a `.h` file with this text.
pub fn header_language(path: &str, text: &str) -> Option<&'static str> {
    if !path.ends_with(".h") {
        return None;
    }
    Some(if is_cpp(text) { "cpp" } else { "c" })
}

/// Words that C has no use for at the start of a line.
const STARTS: [&str; 10] = [
    "class ",
    "namespace ",
    "template ",
    "template<",
    "using ",
    "public:",
    "private:",
    "protected:",
    "virtual ",
    "explicit ",
];

/// Words that C has no use for anywhere in a line.
const WORDS: [&str; 9] = [
    "static_cast<",
    "reinterpret_cast<",
    "const_cast<",
    "std::",
    " operator=",
    " operator(",
    " operator[",
    " operator==",
    " override;",
];

/// Whether some line can only be C++. Parts for C++ alone in headers that C reads too do not count.
fn is_cpp(text: &str) -> bool {
    static ANY: LazyLock<Vec<Finder<'static>>> =
        LazyLock::new(|| WORDS.iter().map(|w| Finder::new(*w)).collect());
    let end = (0..=LOOKED_AT_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let mut guard = Guard::default();
    let mut comment = false;
    for line in text[..end.unwrap_or_default()].lines() {
        let line = without_comments(line, &mut comment);
        let line = line.trim();
        if let Some(directive) = line.strip_prefix('#') {
            guard.directive(directive.trim_start());
            if !guard.cpp() && is_cpp_include(directive.trim_start()) {
                return true;
            }
            continue;
        }
        if line.is_empty() || guard.cpp() {
            continue;
        }
        let starts = STARTS.iter().any(|word| line.starts_with(word)) && !is_c_declaration(line);
        if starts || ANY.iter().any(|word| word.find(line.as_bytes()).is_some()) || has_reference(line) {
            return true;
        }
    }
    false
}

/// A declaration of C whose type or variable has a name that C++ keeps for itself: `class *c;`, `using = 1;`.
fn is_c_declaration(line: &str) -> bool {
    let rest = line.split_once([' ', '<', ':']).map_or("", |(_, rest)| rest).trim_start();
    rest.starts_with(['*', '=', ')', ',', ';', '-', '.'])
}

/// `#include <vector>`: only C++ has headers without an extension.
fn is_cpp_include(directive: &str) -> bool {
    let Some(rest) = directive.strip_prefix("include") else { return false };
    let Some(path) = rest.trim_start().strip_prefix('<').and_then(|r| r.split_once('>')) else {
        return false;
    };
    !path.0.is_empty() && path.0.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())
}

/// `const T& name`, `T&& name`: a parameter by reference.
fn has_reference(line: &str) -> bool {
    let Some(at) = line.find("const ") else { return false };
    let rest = &line[at + 6..];
    let word = rest.bytes().take_while(|b| *b == b'_' || *b == b':' || b.is_ascii_alphanumeric()).count();
    word > 0 && rest[word..].trim_start().starts_with('&') && !rest[word..].trim_start().starts_with("&&")
}

/// The line without what stands in comments; `inside` says whether a block comment is open.
fn without_comments<'a>(line: &'a str, inside: &mut bool) -> std::borrow::Cow<'a, str> {
    if !*inside && !line.contains("/*") && !line.contains("//") {
        return line.into();
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    loop {
        if *inside {
            match rest.find("*/") {
                Some(end) => {
                    *inside = false;
                    rest = &rest[end + 2..];
                }
                None => return kept.into(),
            }
        }
        let (block, line) = (rest.find("/*"), rest.find("//"));
        match (block, line) {
            (Some(block), line) if line.is_none_or(|line| block < line) => {
                kept.push_str(&rest[..block]);
                *inside = true;
                rest = &rest[block + 2..];
            }
            (_, Some(line)) => {
                kept.push_str(&rest[..line]);
                return kept.into();
            }
            _ => {
                kept.push_str(rest);
                return kept.into();
            }
        }
    }
}

/// How deep in conditions the text is, and from which on it is for C++ alone.
#[derive(Default)]
struct Guard {
    depth: usize,
    cpp_from: Option<usize>,
}

impl Guard {
    fn cpp(&self) -> bool {
        self.cpp_from.is_some()
    }

    fn directive(&mut self, directive: &str) {
        if directive.starts_with("if") {
            self.depth += 1;
            if self.cpp_from.is_none()
                && directive.contains("__cplusplus")
                && !directive.starts_with("ifndef")
            {
                self.cpp_from = Some(self.depth);
            }
        } else if directive.starts_with("endif") {
            if self.cpp_from == Some(self.depth) {
                self.cpp_from = None;
            }
            self.depth = self.depth.saturating_sub(1);
        } else if directive.starts_with("el") && self.cpp_from == Some(self.depth) {
            self.cpp_from = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart_by_what_only_cpp_has() {
        for text in [
            "class A {\n public:\n};\n",
            "namespace a { int f(); }\n",
            "template <typename T> struct S;\n",
            "#include <vector>\nint f();\n",
            "void f(const Slice& s);\n",
            "int f(std::size_t n);\n",
        ] {
            assert_eq!(header_language("a.h", text), Some("cpp"), "{text}");
        }
        for text in [
            "#ifdef __cplusplus\nextern \"C\" {\nnamespace a {}\n#endif\nint f(void);\n",
            "/* class A { */\n// template <T>\nstruct class *class;\n",
            "#include <stdio.h>\nint template;\n",
            "asm volatile(\"\" :: \"r\"(x));\n",
            "int mask = a & b;\nclass = 1;\n",
        ] {
            assert_eq!(header_language("a.h", text), Some("c"), "{text}");
        }
        assert_eq!(header_language("a.c", "class A {};"), None);
    }
}
