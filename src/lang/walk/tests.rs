//! What the walk costs on texts that people do not write.

use std::path::Path;
use std::time::Duration;

use crate::lang::facts::DefFlags;
use crate::lang::parse::Effort;
use crate::lang::{LangId, ParseLimits, Parser, extract};

/// CPU time of the walk over a text of so many of these pieces between a head and a tail; the least of some.
fn cost(file: &str, pieces: usize, make: fn(usize) -> String) -> Duration {
    let lang = LangId::of_path(Path::new(file)).unwrap();
    let text = make(pieces);
    let limits = ParseLimits { deadline: Duration::from_secs(60), cancel: None };
    let tree = Parser::new().parse(lang, &text, None, &limits).unwrap();
    let once = || {
        let effort = Effort::start();
        extract(lang, &tree, &text);
        effort.spent()
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// Four times the text takes about four times as long: sixteen times would be one piece against all others.
#[track_caller]
fn check_linear(file: &str, pieces: usize, make: fn(usize) -> String) {
    let (few, many) = (cost(file, pieces, make), cost(file, 4 * pieces, make));
    assert!(many < few * 9, "{file}: {few:?}, then {many:?}");
}

fn lines(pieces: usize, line: impl Fn(usize) -> String) -> String {
    (0..pieces).map(|i| line(i) + "\n").collect()
}

#[test]
fn every_branch_costs_the_same() {
    check_linear("a.c", 900, |n| {
        format!("#if A\n{}#endif\n", lines(n, |i| format!("#elif B{i} && C\n#define D{i} {i}")))
    });
    check_linear("a.c", 4_000, |n| lines(n, |i| format!("#define D{i}\n#ifdef D{i}\nint a{i};\n#endif")));
}

#[test]
fn names_that_are_declared_again_cost_the_same() {
    check_linear("a.go", 3_000, |n| {
        format!("package p\nfunc f() {{\n{}}}\n", lines(n, |i| format!("a{i}, err := g()")))
    });
}

#[test]
fn words_of_a_macro_cost_the_same_whatever_its_parameters() {
    check_linear("a.c", 1_000, |n| {
        let parameters = lines(n, |i| format!("p{i}, \\")) + "q";
        format!("#define M({parameters}) \\\n{}\n", lines(n, |i| format!("p{i} + x{i} \\")))
    });
}

#[test]
fn comments_name_parameters_at_the_same_cost() {
    check_linear("a.js", 2_000, |n| {
        lines(n, |i| format!("/** @param {{number}} gone */\nfunction f{i}(a) {{ exports.b{i} = a; }}"))
    });
}

#[test]
fn exports_cost_the_same_however_many_there_are() {
    check_linear("a.js", 6_000, |n| format!("x.exports;\n{}", lines(n, |i| format!("exports.b{i} = 1;"))));
}

/// A condition is decided where it stands, whatever its branch defines.
#[test]
fn the_branch_after_one_that_is_compiled_is_not() {
    let text = "#ifndef A\n#define A 1\n#elif 1\n#define A 2\n#else\n#define A 3\n#endif\n";
    let lang = LangId::of_path(Path::new("a.c")).unwrap();
    let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
    let inactive: Vec<bool> =
        extract(lang, &tree, text).defs.iter().map(|d| d.flags.has(DefFlags::INACTIVE)).collect();
    assert_eq!(inactive, [false, true, true]);
}

/// What systems and compilers are known to have decides a condition as numbers do.
#[test]
fn conditions_compute_with_what_is_known_of_the_system() {
    let text = "#if (ULONG_MAX >> 31 >> 31) >= 3\n#define A 1\n#else\n#define A 2\n#endif\n\
                #if _MSC_VER >= 1900\n#define B 1\n#elif OWN >= 3\n#define B 2\n#endif\n\
                #if OWN_OS_WINDOWS\n#define C 1\n#elif !OWN_MSC_VERSION\n#define C 2\n#endif\n\
                #ifdef HAVE_WINDOWS_H\n#define D 1\n#else\n#define D 2\n#endif\n";
    let lang = LangId::of_path(Path::new("a.c")).unwrap();
    let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
    let inactive: Vec<bool> =
        extract(lang, &tree, text).defs.iter().map(|d| d.flags.has(DefFlags::INACTIVE)).collect();
    assert_eq!(inactive, [false, true, true, false, true, false, true, false]);
}
