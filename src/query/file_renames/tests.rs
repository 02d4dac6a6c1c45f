use std::sync::atomic::AtomicBool;

use super::*;
use crate::graph::fixture::Fixture;

/// Lines that change when what lies at one path goes to another.
fn check_moves(fixture: &str, moves: &[(&str, &str)], expected: &[&str]) {
    let fixture = Fixture::parse(fixture);
    let moves: Vec<(String, String)> =
        moves.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let files = file_renames(&fixture.view(), &moves, &AtomicBool::new(false)).unwrap();
    assert_eq!(changed(&fixture, &files), expected);
}

fn changed(fixture: &Fixture, files: &[(FileId, Vec<Edit>)]) -> Vec<String> {
    let view = fixture.view();
    let mut lines = Vec::new();
    for (file, edits) in files {
        let old = &fixture.files[view.path(*file)];
        let mut new = old.clone();
        for edit in edits.iter().rev() {
            new.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        let before: Vec<&str> = old.lines().collect();
        let fresh = new.lines().filter(|line| !before.contains(line));
        lines.extend(fresh.map(|line| format!("{}: {line}", view.path(*file))));
    }
    lines.sort();
    lines
}

/// Lines that change when the file with the cursor goes to the path.
fn check(fixture: &str, to: &str, expected: &[&str]) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, _) = fixture.cursor(&view);
    let moves = [(view.path(file).to_owned(), to.to_owned())];
    let files = file_renames(&view, &moves, &AtomicBool::new(false)).unwrap();
    assert_eq!(changed(&fixture, &files), expected);
}

fn refused(fixture: &str, to: &str) -> bool {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, _) = fixture.cursor(&view);
    let moves = [(view.path(file).to_owned(), to.to_owned())];
    file_renames(&view, &moves, &AtomicBool::new(false)).is_err()
}

#[test]
fn a_file_s_name_has_to_fit_where_it_is_a_name() {
    let python = "
        //- /pkg/__init__.py
        //- /pkg/a.py
        $0f = 1
        //- /main.py
        from pkg import a
        b = a.f
        ";
    assert!(refused(python, "pkg/my-mod.py"));
    assert!(refused(python, "pkg/class.py"));
    assert!(refused(python, "pkg/b.py"));
    assert!(!refused(python, "pkg/c.py"));
    let script = "
        //- /a.ts
        $0export const f = 1;
        //- /main.ts
        import { f } from './a';
        ";
    assert!(!refused(script, "my-mod.ts"));
}

#[test]
fn imports_follow_the_file_s_name() {
    check(
        "
        //- /pkg/__init__.py
        //- /pkg/a.py
        $0f = 1
        //- /main.py
        from pkg.a import f
        from pkg import a
        a.f
        ",
        "pkg/b.py",
        &["main.py: b.f", "main.py: from pkg import b", "main.py: from pkg.b import f"],
    );
    check(
        "
        //- /Cargo.toml
        [package]
        name = \"m\"
        //- /src/lib.rs
        mod a;
        use a::f;
        //- /src/a.rs
        $0pub fn f() {}
        ",
        "src/b.rs",
        &["src/lib.rs: mod b;", "src/lib.rs: use b::f;"],
    );
    check(
        "
        //- /lib/a.ts
        $0import { g } from './g';
        export const f = g;
        //- /lib/g.ts
        export const g = 1;
        //- /main.ts
        import { f } from './lib/a';
        ",
        "other/b.ts",
        &["lib/a.ts: import { g } from '../lib/g';", "main.ts: import { f } from './other/b';"],
    );
    check(
        "
        //- /lib/a.js
        $0exports.f = 1;
        //- /main.js
        const { f } = require('./lib/a.js');
        ",
        "lib/b.js",
        &["main.js: const { f } = require('./lib/b.js');"],
    );
}

#[test]
fn python_modules_move_to_another_package() {
    check(
        "
        //- /pkg/__init__.py
        //- /pkg/base.py
        g = 1
        //- /pkg/a.py
        $0from . import base
        from .base import g
        f = 1
        //- /pkg/user.py
        from .a import f
        from . import a, base
        from . import a as one
        a.f
        //- /lib/__init__.py
        //- /main.py
        from pkg.a import f
        from pkg import a
        import pkg.a
        import pkg.a as whole
        from pkg.a import *
        a.f, pkg.a.f
        ",
        "lib/b.py",
        &[
            "main.py: b.f, lib.b.f",
            "main.py: from lib import b",
            "main.py: from lib.b import *",
            "main.py: from lib.b import f",
            "main.py: import lib.b",
            "main.py: import lib.b as whole",
            "pkg/a.py: from ..pkg import base",
            "pkg/a.py: from ..pkg.base import g",
            "pkg/user.py: b.f",
            "pkg/user.py: from . import base",
            "pkg/user.py: from ..lib import b",
            "pkg/user.py: from ..lib import b as one",
            "pkg/user.py: from ..lib.b import f",
        ],
    );
}

#[test]
fn directories_take_their_files_along() {
    check_moves(
        "
        //- /app/pkg/__init__.py
        from .a import f
        //- /app/pkg/a.py
        from ..other import g
        f = 1
        //- /app/__init__.py
        //- /app/other.py
        g = 1
        //- /main.py
        from app.pkg.a import f
        from app.pkg import f as h
        from app import pkg
        ",
        &[("app/pkg", "app/deep/box")],
        &[
            "app/pkg/a.py: from ...other import g",
            "main.py: from app.deep import box",
            "main.py: from app.deep.box import f as h",
            "main.py: from app.deep.box.a import f",
        ],
    );
    check_moves(
        "
        //- /src/lib/a.ts
        import { g } from './g';
        import { h } from '../h';
        export const f = g + h;
        //- /src/lib/g.ts
        export const g = 1;
        //- /src/h.ts
        export const h = 1;
        //- /main.ts
        import { f } from './src/lib/a';
        ",
        &[("src/lib", "src/deep/box")],
        &["main.ts: import { f } from './src/deep/box/a';", "src/lib/a.ts: import { h } from '../../h';"],
    );
    check_moves(
        "
        //- /go.mod
        module m
        //- /p/a.go
        package p
        func F() {}
        //- /main.go
        package main
        import \"m/p\"
        func main() { p.F() }
        ",
        &[("p", "inner/p")],
        &["main.go: import \"m/inner/p\""],
    );
    check_moves(
        "
        //- /Cargo.toml
        [package]
        name = \"m\"
        //- /src/lib.rs
        mod a;
        use a::f;
        //- /src/a/mod.rs
        pub fn f() {}
        ",
        &[("src/a", "src/b")],
        &["src/lib.rs: mod b;", "src/lib.rs: use b::f;"],
    );
}

#[test]
fn several_files_move_at_once() {
    check_moves(
        "
        //- /a.ts
        import { g } from './b';
        export const f = g;
        //- /b.ts
        export const g = 1;
        //- /main.ts
        import { f } from './a';
        import { g } from './b';
        ",
        &[("a.ts", "lib/a.ts"), ("b.ts", "lib/c.ts")],
        &[
            "a.ts: import { g } from './c';",
            "main.ts: import { f } from './lib/a';",
            "main.ts: import { g } from './lib/c';",
        ],
    );
}

#[test]
fn includes_follow_a_header() {
    let fixture = "
        //- /src/a.h
        $0#include \"b.h\"
        int f(void);
        //- /src/b.h
        int g(void);
        //- /src/main.c
        #include \"a.h\"
        #include <b.h>
        ";
    check(fixture, "src/c.h", &["src/main.c: #include \"c.h\""]);
    check(fixture, "src/in/c.h", &["src/a.h: #include \"../b.h\"", "src/main.c: #include \"in/c.h\""]);
    check_moves(
        "
        //- /include/lib/a.h
        int f(void);
        //- /main.cc
        #include <lib/a.h>
        ",
        &[("include/lib/a.h", "include/lib/x/b.h")],
        &["main.cc: #include <lib/x/b.h>"],
    );
}

#[test]
fn what_is_named_by_where_it_lies_is_not_followed_elsewhere() {
    assert!(refused(
        "
        //- /Cargo.toml
        [package]
        name = \"m\"
        //- /src/lib.rs
        mod a;
        use a::f;
        //- /src/a.rs
        $0pub fn f() {}
        ",
        "src/deep/a.rs",
    ));
}

#[test]
fn a_file_that_is_known_by_its_directory_alone_is_looked_for_nowhere() {
    let fixture = Fixture::parse(
        "
        //- /go.mod
        module m
        //- /p/a.go
        package p
        //- /p/a.ts
        export const a = 1;
        //- /main.go
        package main
        import \"m/p\"
        ",
    );
    let moved = |from: &str, to: &str| {
        let moves = [(from.to_owned(), to.to_owned())];
        Moving::new(&fixture.view(), &moves).unwrap().files.len()
    };
    assert_eq!(moved("p/a.go", "p/b.go"), 0);
    assert_eq!(moved("p/a.go", "q/a.go"), 1);
    assert_eq!(moved("p/a.ts", "p/b.ts"), 1);
}
