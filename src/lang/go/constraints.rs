//! Which files are built: by the constraint that they begin with, and by their names.
//!
//! Every file is read. Where several declare one name, the one goes first that is built for Linux on a usual machine,
//! with the newest language and no tags.

/// Systems that a file's name may end in, but for the one that is read for.
const OTHER_SYSTEMS: [&str; 15] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
];

/// Machines that a file's name may end in, but for the one that is read for.
const OTHER_MACHINES: [&str; 16] = [
    "386", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv",
    "riscv64", "s390x", "sparc64", "wasm", "armbe",
];

/// Tags that hold.
const TAGS: [&str; 5] = ["amd64", "cgo", "gc", "linux", "unix"];

/// Parentheses and negations in each other that are looked at.
const DEPTH_MAX: usize = 32;

/// Whether a file of this path is left out by its name (`poll_windows.go`, `add_arm64_test.go`).
pub fn is_left_out(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let stem = stem.strip_suffix("_test").unwrap_or(stem);
    let mut parts = stem.split('_').skip(1).collect::<Vec<_>>().into_iter().rev();
    let is_other = |part: Option<&str>, others: &[&str]| part.is_some_and(|part| others.contains(&part));
    let last = parts.next();
    is_other(last, &OTHER_MACHINES)
        || is_other(last, &OTHER_SYSTEMS)
        || last.is_some_and(|last| last == "amd64") && is_other(parts.next(), &OTHER_SYSTEMS)
}

/// Whether the expression of a constraint holds; one that cannot be read does.
pub fn holds(expression: &str) -> bool {
    let mut reader = Reader { rest: expression.trim(), depth: 0 };
    reader.either().unwrap_or(true)
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn either(&mut self) -> Option<bool> {
        let mut value = self.both()?;
        while self.takes("||") {
            value |= self.both()?;
        }
        Some(value)
    }

    fn both(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.takes("&&") {
            value &= self.one()?;
        }
        Some(value)
    }

    fn one(&mut self) -> Option<bool> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let value = if self.takes("!") {
            !self.one()?
        } else if self.takes("(") {
            let value = self.either()?;
            self.takes(")").then_some(value)?
        } else {
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
            let tag = self.rest.get(..end).filter(|tag| !tag.is_empty())?;
            self.rest = self.rest[end..].trim_start();
            TAGS.contains(&tag) || tag.strip_prefix("go1.").is_some_and(|n| n.parse::<u32>().is_ok())
        };
        self.depth -= 1;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_read() {
        for text in
            ["linux", "!windows", "go1.17", "!js && !windows", "(darwin || linux) && amd64", "&& broken"]
        {
            assert!(holds(text), "{text}");
        }
        for text in ["windows", "!go1.17", "ignore", "linux && !amd64", "!(linux || darwin)", "jsoniter"] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn names_leave_files_out() {
        for path in ["a/poll_windows.go", "add_arm64.go", "add_arm64_test.go", "x_darwin_amd64.go"] {
            assert!(is_left_out(path), "{path}");
        }
        for path in ["windows.go", "a/poll_linux.go", "x_linux_amd64.go", "x_amd64_test.go", "window_test.go"]
        {
            assert!(!is_left_out(path), "{path}");
        }
    }
}
