//! The system or machine that a file is for, as its path says it.

/// Words of paths that name another system or machine than the likely one, each with the one that it stands for.
/// Words that mean something else as often (`mac`, `os2`, `arc`) are not among them.
const OTHERS: [(&str, &str); 50] = [
    ("aarch64", "arm64"),
    ("aix", "aix"),
    ("amiga", "amiga"),
    ("android", "android"),
    ("apple", "darwin"),
    ("arm", "arm"),
    ("arm64", "arm64"),
    ("beos", "haiku"),
    ("bsd", "bsd"),
    ("cygwin", "cygwin"),
    ("darwin", "darwin"),
    ("dragonfly", "dragonfly"),
    ("emscripten", "emscripten"),
    ("freebsd", "freebsd"),
    ("fuchsia", "fuchsia"),
    ("haiku", "haiku"),
    ("hpux", "hpux"),
    ("hurd", "hurd"),
    ("ibmi", "ibmi"),
    ("ios", "darwin"),
    ("irix", "irix"),
    ("loongarch", "loongarch"),
    ("macos", "darwin"),
    ("macosx", "darwin"),
    ("mingw", "windows"),
    ("mips", "mips"),
    ("mips64", "mips"),
    ("msdos", "msdos"),
    ("msvc", "windows"),
    ("netbsd", "netbsd"),
    ("openbsd", "openbsd"),
    ("os390", "os390"),
    ("osx", "darwin"),
    ("powerpc", "powerpc"),
    ("ppc", "powerpc"),
    ("ppc64", "powerpc"),
    ("qnx", "qnx"),
    ("riscv", "riscv"),
    ("riscv64", "riscv"),
    ("s390", "s390"),
    ("s390x", "s390"),
    ("solaris", "solaris"),
    ("sparc", "sparc"),
    ("sparc64", "sparc"),
    ("sunos", "solaris"),
    ("wasm", "wasm"),
    ("win", "windows"),
    ("win32", "windows"),
    ("win64", "windows"),
    ("windows", "windows"),
];

/// Whether a macro is for another system or compiler than the likely one, by the words of its name (`LIB_OS_WINDOWS`,
/// `LIB_MSC_VERSION`).
pub fn is_for_another(name: &str) -> bool {
    let words = || name.split('_').map(str::to_ascii_lowercase);
    let denied =
        words().any(|word| matches!(word.as_str(), "no" | "non" | "not" | "without" | "disable" | "undef"));
    !denied
        && words().any(|word| {
            word == "msc" || OTHERS.binary_search_by_key(&word.as_str(), |(name, _)| *name).is_ok()
        })
}

/// The system or machine that a file of this path is for, if it is not the likely one (`src/win/core.c`,
/// `env_windows.cc`). What its name says goes before what its directories do.
pub fn target(path: &str) -> Option<&'static str> {
    let stem = |part: &str| part.rsplit_once('.').map_or(part.len(), |(stem, _)| stem.len());
    path.rsplit('/').enumerate().find_map(|(at, part)| {
        let part = if at == 0 { &part[..stem(part)] } else { part };
        part.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
            let word = word.to_ascii_lowercase();
            OTHERS.binary_search_by_key(&word.as_str(), |(name, _)| *name).ok().map(|at| OTHERS[at].1)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order() {
        assert!(OTHERS.is_sorted_by_key(|(word, _)| *word));
    }

    #[test]
    fn names_of_macros_say_what_they_are_for() {
        for (name, expected) in [
            ("LIB_OS_WINDOWS", true),
            ("LIB_MSC_VERSION", true),
            ("LIB_NOT_WINDOWS", false),
            ("LIB_OS_LINUX", false),
            ("WINDOW_SIZE", false),
        ] {
            assert_eq!(is_for_another(name), expected, "{name}");
        }
    }

    #[test]
    fn paths_say_what_they_are_for() {
        for (path, expected) in [
            ("src/win/core.c", Some("windows")),
            ("src/unix/darwin-proctitle.c", Some("darwin")),
            ("util/env_windows.cc", Some("windows")),
            ("win/linux.c", Some("windows")),
            ("util/env_posix.cc", None),
            ("src/window.c", None),
            ("a.win", None),
        ] {
            assert_eq!(target(path), expected, "{path}");
        }
    }
}
