use std::sync::atomic::AtomicBool;

use super::*;
use crate::graph::fixture::Fixture;

/// Renaming the name at `$0` to `fresh` is refused, or gives these texts: a line for each that changes, as
/// `path: line`; `?` before those that somebody should look at.
fn renamed(fixture: &str, name: &str) -> Result<Vec<String>, String> {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let renaming =
        rename(&view, file, offset, name, &AtomicBool::new(false)).map_err(|refusal| refusal.to_string())?;
    let mut lines = Vec::new();
    for (file, edits) in &renaming.files {
        let path = view.path(*file);
        let text = &fixture.files[path];
        let doubt = |line: usize| {
            edits
                .iter()
                .any(|e| e.doubt.is_some() && text[..e.span.start as usize].matches('\n').count() == line)
        };
        let mut after = text.clone();
        for edit in edits.iter().rev() {
            after.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        for (at, (old, new)) in text.lines().zip(after.lines()).enumerate() {
            if old != new {
                let mark = if doubt(at) { "? " } else { "" };
                lines.push(format!("{mark}{path}: {}", new.trim()));
            }
        }
    }
    if let Some((file, path)) = &renaming.moved {
        lines.push(format!("{} -> {path}", view.path(*file)));
    }
    Ok(lines)
}

fn check_rename(fixture: &str, expected: &[&str]) {
    assert_eq!(renamed(fixture, "fresh").unwrap(), expected);
}

fn check_refused(fixture: &str, name: &str, why: &str) {
    let refusal = renamed(fixture, name).unwrap_err();
    assert!(refusal.contains(why), "{refusal}");
}

#[test]
fn python_imports_aliases_and_lists_of_names() {
    check_rename(
        "
        //- /a.py
        __all__ = ['f', 'g']
        def $0f(): pass
        def g(x: 'f'): return f
        //- /b.py
        from a import f as h, g
        import a
        h(a.f)
        //- /c.py
        from a import *
        f = f()
        ",
        &[
            "a.py: __all__ = ['fresh', 'g']",
            "a.py: def fresh(): pass",
            "a.py: def g(x: 'fresh'): return fresh",
            "b.py: from a import fresh as h, g",
            "b.py: h(a.fresh)",
        ],
    );
}

#[test]
fn what_a_name_comes_to_mean_is_looked_at_in_each_of_many_files() {
    let fixture = |last: &str| {
        let users: String =
            (0..40).map(|n| format!("//- /b{n}.py\nfrom a import f\nprint(f(), f)\n")).collect();
        format!("\n//- /a.py\ndef $0f(): pass\n{users}//- /z.py\n{last}")
    };
    let lines = renamed(&fixture("from a import f\nx = [f() for _ in f()]\n"), "fresh").unwrap();
    assert_eq!(lines.len(), 1 + 41 * 2);
    assert!(lines.contains(&"b7.py: print(fresh(), fresh)".to_owned()), "{lines:?}");
    assert!(lines.contains(&"z.py: x = [fresh() for _ in fresh()]".to_owned()), "{lines:?}");
    let captured = fixture("from a import f\ndef g(fresh):\n    return f()\n");
    check_refused(&captured, "fresh", "`f` in z.py line 3 would mean something else");
    check_refused(&fixture("from a import f\nfresh = 1\nf()\n"), "fresh", "z.py");
    // A word that is the grammar's own in some places only.
    let soft = |name: &str| renamed(&fixture("from a import f\nf()\n"), name).map(|lines| lines.len());
    assert_eq!(soft("match"), Ok(1 + 41 * 2));
}

#[test]
fn an_alias_stays_in_its_file() {
    check_rename(
        "
        //- /a.py
        def f(): pass
        //- /b.py
        from a import f as h
        $0h()
        //- /c.py
        from a import f as h
        h()
        ",
        &["b.py: from a import f as fresh", "b.py: fresh()"],
    );
}

#[test]
fn overridden_members_go_together() {
    check_rename(
        "
        //- /a.py
        class A:
            def m(self): pass
        class B(A):
            def $0m(self): super().m()
        class C:
            def m(self): pass
        def go(a: A, c: C):
            a.m()
            c.m()
        ",
        &["a.py: def fresh(self): pass", "a.py: def fresh(self): super().fresh()", "a.py: a.fresh()"],
    );
}

#[test]
fn what_is_not_known_is_doubted() {
    check_rename(
        "
        //- /a.py
        class A:
            def $0m(self): pass
        def go(a):
            a.m()
        ",
        &["a.py: def fresh(self): pass", "? a.py: a.fresh()"],
    );
    check_rename(
        "
        //- /a.py
        from x import Base
        class A(Base):
            def $0m(self): pass
        ",
        &["? a.py: def fresh(self): pass"],
    );
}

#[test]
fn keyword_arguments_name_parameters() {
    check_rename(
        "
        //- /a.py
        def f($0x): return x
        f(x=1)
        def g(x): return f(x=x)
        ",
        &["a.py: def f(fresh): return fresh", "a.py: f(fresh=1)", "a.py: def g(x): return f(fresh=x)"],
    );
}

#[test]
fn names_that_are_none_are_refused() {
    let fixture = "\n//- /a.py\n$0x = 1\n";
    for name in ["class", "a b", "", "1x", "x.y"] {
        check_refused(fixture, name, "is not a name in python");
    }
    assert_eq!(renamed(fixture, "x"), Ok(Vec::new()));
    check_refused("\n//- /a.py\nimport os\n$0os.x\n", "y", "outside the folder");
    check_refused("\n//- /a.py\nclass A:\n    def $0__len__(self): pass\n", "y", "from outside");
    check_refused("\n//- /a.py\ndef f(x): return x.$0y\n", "z", "it is not known what");
}

#[test]
fn collisions_and_captures_are_refused() {
    check_refused("\n//- /a.py\n$0x = 1\ny = 2\n", "y", "has a `y` already");
    check_refused("\n//- /a.py\n$0x = 1\ndef f(y): return x\n", "y", "would mean something else");
    check_refused("\n//- /a.py\ny = 1\ndef f($0x): return y\n", "y", "would mean something else");
    check_refused("\n//- /a.py\n$0x = 1\nprint(x)\n", "print", "would mean something else");
    check_refused(
        "
        //- /a.py
        class A:
            def $0m(self): pass
        class B(A):
            def n(self): pass
        ",
        "n",
        "has a `n` already",
    );
    check_refused(
        "
        //- /go.mod
        module m
        //- /a.go
        package m
        func $0f() {}
        //- /b.go
        package m
        func g() {}
        ",
        "g",
        "has a `g` already",
    );
}

#[test]
fn shorthand_properties_are_spelled_out() {
    check_rename(
        "
        //- /a.ts
        export function f($0x: number) { return { x, y: x }; }
        const { x } = f(1);
        ",
        &["a.ts: export function f(fresh: number) { return { x: fresh, y: fresh }; }"],
    );
    check_rename(
        "
        //- /a.rs
        struct P { $0x: u32 }
        fn f(x: u32) -> P { P { x } }
        fn g(p: P) -> u32 { let P { x } = p; x + p.x }
        ",
        &[
            "a.rs: struct P { fresh: u32 }",
            "a.rs: fn f(x: u32) -> P { P { fresh: x } }",
            "a.rs: fn g(p: P) -> u32 { let P { fresh: x } = p; x + p.fresh }",
        ],
    );
}

#[test]
fn typescript_exports_and_reexports() {
    check_rename(
        "
        //- /a.ts
        export class $0Item {}
        export { Item as Thing };
        //- /b.ts
        export { Item } from './a';
        //- /c.ts
        import { Item as Local } from './b';
        import * as all from './b';
        new all.Item();
        new Local();
        ",
        &[
            "a.ts: export class fresh {}",
            "a.ts: export { fresh as Thing };",
            "b.ts: export { fresh } from './a';",
            "c.ts: import { fresh as Local } from './b';",
            "c.ts: new all.fresh();",
        ],
    );
}

#[test]
fn uses_of_a_standard_name_are_doubted_where_the_folder_has_its_own_for_systems_without() {
    let files = "
        //- /a.h
        #ifndef HAVE_STRNDUP
        char *strndup(const char *s, int n);
        #endif
        //- /a.c
        #include \"a.h\"
        #if defined(NEVER)
        char *$0strndup(const char *s, int n) { return 0; }
        #endif
        //- /b.c
        #include \"a.h\"
        char *f(const char *s) { return strndup(s, 3); }
        ";
    check_rename(
        files,
        &[
            "a.c: char *fresh(const char *s, int n) { return 0; }",
            "a.h: char *fresh(const char *s, int n);",
            "? b.c: char *f(const char *s) { return fresh(s, 3); }",
        ],
    );
}

#[test]
fn members_of_one_shape_are_doubted() {
    check_rename(
        "
        //- /a.ts
        interface P { $0x: number }
        const p = { x: 1 };
        ",
        &["? a.ts: interface P { fresh: number }"],
    );
}

#[test]
fn keys_of_literals_are_renamed_with_the_member_that_is_expected() {
    check_rename(
        "
        //- /a.ts
        interface P { $0x: number }
        const p: P = { x: 1 };
        function f(x: number): P { return { x }; }
        ",
        &[
            "a.ts: interface P { fresh: number }",
            "a.ts: const p: P = { fresh: 1 };",
            "a.ts: function f(x: number): P { return { fresh: x }; }",
        ],
    );
}

#[test]
fn keys_of_literals_that_may_be_of_other_types_are_to_be_confirmed() {
    check_rename(
        "
        //- /a.ts
        interface A { $0x: number; a: number }
        interface B { x: number; b: number }
        declare function run(o: A): void;
        declare function run(o: B): void;
        run({ x: 1, a: 1 });
        run({ x: 2, b: 1 });
        run({ x: 3 });
        const o: A | B = { x: 4 };
        ",
        &[
            "? a.ts: interface A { fresh: number; a: number }",
            "a.ts: run({ fresh: 1, a: 1 });",
            "? a.ts: run({ fresh: 3 });",
            "? a.ts: const o: A | B = { fresh: 4 };",
        ],
    );
}

#[test]
fn a_literal_that_is_perhaps_of_the_type_leaves_its_members_in_doubt() {
    check_rename(
        "
        //- /a.ts
        interface A { $0x: number }
        declare function run(o: A): void;
        declare function run(o: any): void;
        run({ x: 1 });
        ",
        &["? a.ts: interface A { fresh: number }", "? a.ts: run({ fresh: 1 });"],
    );
}

#[test]
fn rust_traits_paths_and_format_strings() {
    check_rename(
        "
        //- /Cargo.toml
        [package]
        name = \"m\"
        //- /src/lib.rs
        mod a;
        pub use a::T;
        fn f(x: impl T) { x.m(); <u8 as T>::m(&1); }
        //- /src/a.rs
        pub trait T { fn $0m(&self); }
        impl T for u8 { fn m(&self) {} }
        struct S;
        impl S { fn m(&self) { self.m() } }
        ",
        &[
            "src/a.rs: pub trait T { fn fresh(&self); }",
            "src/a.rs: impl T for u8 { fn fresh(&self) {} }",
            "? src/lib.rs: fn f(x: impl T) { x.fresh(); <u8 as T>::fresh(&1); }",
        ],
    );
    check_rename(
        "
        //- /a.rs
        fn f($0x: u32) { let y = x; println!(\"{x} {y:x$}\"); }
        ",
        &["a.rs: fn f(fresh: u32) { let y = fresh; println!(\"{fresh} {y:fresh$}\"); }"],
    );
    check_rename(
        "
        //- /a.rs
        struct S;
        impl Drop for S { fn $0drop(&mut self) {} }
        ",
        &["? a.rs: impl Drop for S { fn fresh(&mut self) {} }"],
    );
}

#[test]
fn go_names_that_lose_their_capital_are_refused() {
    let fixture = "
        //- /go.mod
        module m
        //- /p/a.go
        package p
        func $0Total() {}
        //- /b.go
        package main
        import \"m/p\"
        func main() { p.Total() }
        ";
    assert_eq!(renamed(fixture, "Sum").unwrap(), ["b.go: func main() { p.Sum() }", "p/a.go: func Sum() {}"]);
    check_refused(fixture, "sum", "seen from the same places");
}

#[test]
fn a_type_s_file_does_not_go_where_another_is() {
    check_refused(
        "
        //- /p/Item.java
        package p;
        class $0Item {}
        //- /p/Fresh.java
        package p;
        class Other {}
        ",
        "Fresh",
        "p/Fresh.java, which is there already",
    );
}

#[test]
fn java_types_take_their_constructors_and_file_along() {
    check_rename(
        "
        //- /src/p/Item.java
        package p;
        public class $0Item { Item() {} static Item make() { return new Item(); } }
        //- /src/q/Use.java
        package q;
        import p.Item;
        class Use { Item item = Item.make(); }
        ",
        &[
            "src/p/Item.java: public class fresh { fresh() {} static fresh make() { return new fresh(); } }",
            "src/q/Use.java: import p.fresh;",
            "src/q/Use.java: class Use { fresh item = fresh.make(); }",
            "src/p/Item.java -> src/p/fresh.java",
        ],
    );
}

#[test]
fn go_interfaces_and_what_answers_for_them_go_together() {
    let both = &[
        "a.go: type Runner interface { fresh(n int) error; Stop() }",
        "a.go: func (d Dog) fresh(n int) error { return nil }",
        "a.go: func use(r Runner, d Dog) { r.fresh(1); d.fresh(2) }",
    ];
    let fixture = |interface: &str, method: &str| {
        format!(
            "
            //- /go.mod
            module m
            //- /a.go
            package p
            type Runner interface {{ {interface}walk(n int) error; Stop() }}
            type Dog struct{{}}
            func (d Dog) {method}walk(n int) error {{ return nil }}
            func (d Dog) Stop() {{}}
            type Cat struct{{}}
            func (c Cat) walk(n int) error {{ return nil }}
            func use(r Runner, d Dog) {{ r.walk(1); d.walk(2) }}
            "
        )
    };
    check_rename(&fixture("$0", ""), both);
    check_rename(&fixture("", "$0"), both);
}

#[test]
fn a_go_interface_reaches_a_type_through_what_that_embeds() {
    check_rename(
        "
        //- /go.mod
        module m
        //- /a.go
        package p
        type Runner interface { $0walk(); stop() }
        type Legs struct{}
        func (l Legs) walk() {}
        type Dog struct { Legs }
        func (d Dog) stop() {}
        var r Runner = Dog{}
        ",
        &["a.go: type Runner interface { fresh(); stop() }", "a.go: func (l Legs) fresh() {}"],
    );
}

#[test]
fn strings_that_may_name_a_member_want_to_be_looked_at() {
    check_rename(
        "
        //- /a.py
        class A:
            def $0go(self): pass
        def f(a: A): a.go()
        //- /b.py
        def f(a, d):
            getattr(a, 'go')()
            return d['go'], ['go'], 'go on'
        ",
        &["a.py: def fresh(self): pass", "a.py: def f(a: A): a.fresh()", "? b.py: getattr(a, 'fresh')()"],
    );
    for path in ["a.ts", "a.js"] {
        let fixture = format!(
            "
            //- /{path}
            class A {{ $0go() {{}} }}
            const names = ['go'];
            new A()['go']();
            "
        );
        let expected =
            [format!("{path}: class A {{ fresh() {{}} }}"), format!("? {path}: new A()['fresh']();")];
        assert_eq!(renamed(&fixture, "fresh").unwrap(), expected);
    }
    check_rename(
        "
        //- /a.js
        function f($0go) { return go; }
        f(1)['go'];
        ",
        &["a.js: function f(fresh) { return fresh; }"],
    );
}

#[test]
fn what_is_attached_may_use_a_name() {
    check_rename(
        "
        //- /a.py
        from web import app
        @app.route('/')
        def $0index(): pass
        index()
        ",
        &["? a.py: def fresh(): pass", "a.py: fresh()"],
    );
    // Whoever decorates a function may hand it arguments by name.
    check_rename(
        "
        //- /a.py
        from web import app
        @app.route('/<user>')
        def index($0user): return user
        ",
        &["? a.py: def index(fresh): return fresh"],
    );
    check_rename(
        "
        //- /a.py
        def test_it($0client): client.get()
        ",
        &["? a.py: def test_it(fresh): fresh.get()"],
    );
    check_rename(
        "
        //- /a.py
        class A:
            @staticmethod
            def $0m(): pass
        A.m()
        ",
        &["a.py: def fresh(): pass", "a.py: A.fresh()"],
    );
    check_rename(
        "
        //- /a.ts
        import { Input } from 'ng';
        class A {
            @Input() $0size = 1;
        }
        ",
        &["? a.ts: @Input() fresh = 1;"],
    );
    check_rename(
        "
        //- /A.java
        class A {
            @JsonProperty
            private int $0size;
            @Override public int m() { return size; }
        }
        ",
        &["? A.java: private int fresh;", "A.java: @Override public int m() { return fresh; }"],
    );
    check_rename(
        "
        //- /src/lib.rs
        #[derive(Debug, Serialize)]
        struct A { $0size: u8 }
        ",
        &["? src/lib.rs: struct A { fresh: u8 }"],
    );
    check_rename(
        "
        //- /src/lib.rs
        #[derive(Debug)]
        struct A { $0size: u8 }
        ",
        &["src/lib.rs: struct A { fresh: u8 }"],
    );
}

#[test]
fn a_type_may_list_or_compute_the_names_of_its_members() {
    check_rename(
        "
        //- /a.py
        class A:
            __slots__ = (
                'width',
                'size',
            )
            def __init__(self): self.$0size = ask('size')
        ",
        &["? a.py: 'fresh',", "a.py: def __init__(self): self.fresh = ask('size')"],
    );
    check_rename(
        "
        //- /a.py
        class A:
            def __init__(self, **given):
                self.$0size = 1
                for name, value in given.items():
                    setattr(self, name, value)
        ",
        &["? a.py: self.fresh = 1"],
    );
    check_rename(
        "
        //- /a.js
        class A {
            constructor(given) { this.$0size = 1; Object.assign(this, given); }
        }
        ",
        &["? a.js: constructor(given) { this.fresh = 1; Object.assign(this, given); }"],
    );
}

#[test]
fn a_member_of_what_comes_from_outside_may_be_ours() {
    check_rename(
        "
        //- /a.py
        import web
        class A:
            def $0m(self): pass
        def f(ctx: web.Context):
            ctx.obj.m()
            web.tools.m()
        ",
        &["a.py: def fresh(self): pass", "? a.py: ctx.obj.fresh()"],
    );
}

#[test]
fn callers_may_name_a_parameter() {
    // One that is assigned anew is the same.
    check_rename(
        "
        //- /a.py
        def f(size=None):
            $0size = size or 1
            return size
        //- /b.py
        from a import f
        f(size=2)
        ",
        &["a.py: def f(fresh=None):", "a.py: fresh = fresh or 1", "a.py: return fresh", "b.py: f(fresh=2)"],
    );
    check_rename(
        "
        //- /a.py
        def f($0size): return size ** 2
        f(1 ** 2, **given)
        ",
        &["? a.py: def f(fresh): return fresh ** 2"],
    );
    check_rename(
        "
        //- /a.py
        def f($0size): return size
        f(2 ** 2)
        ",
        &["a.py: def f(fresh): return fresh"],
    );
    check_rename(
        "
        //- /a.py
        class A:
            def m(self, size): pass
        class B(A):
            def m(self, $0size): return size
        ",
        &["? a.py: def m(self, fresh): return fresh"],
    );
}

#[test]
fn a_name_of_the_language_s_own_may_be_meant() {
    check_rename("\n//- /a.py\n$0str = str\n", &["? a.py: fresh = fresh"]);
    check_rename(
        "\n//- /a.py\ndef f():\n    $0str = 1\n    return str\n",
        &["a.py: fresh = 1", "a.py: return fresh"],
    );
}

#[test]
fn a_dollar_is_a_letter_of_the_name() {
    for file in ["a.js", "a.ts"] {
        let fixture = format!("\n//- /{file}\nconst $store = 1;\nuse($0$store);\n");
        let expected = [format!("{file}: const store = 1;"), format!("{file}: use(store);")];
        assert_eq!(renamed(&fixture, "store").unwrap(), expected);
    }
    // The mark of a name that only its class knows stays.
    let private = "\n//- /a.js\nclass A { $0#x = 1; get() { return this.#x; } }\n";
    assert_eq!(renamed(private, "y").unwrap(), renamed(private, "#y").unwrap());
}
