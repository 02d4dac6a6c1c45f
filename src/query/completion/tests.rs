use super::*;
use crate::graph::fixture::Fixture;

/// The first completions at `$0`, each with the import that it needs.
fn completed(fixture: &str) -> Option<Vec<String>> {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = completions(&view, file, offset, 100, &AtomicBool::new(false))?;
    let shown = |c: &Completion| match &c.import {
        Some(import) => format!("{} ({} of {})", c.insert, import.name, import.module),
        None => c.insert.clone(),
    };
    Some(found.items.iter().map(shown).collect())
}

/// These come first, in this order.
fn check_first(fixture: &str, expected: &[&str]) {
    let found = completed(fixture).expect("something is completed");
    let first: Vec<&str> = found.iter().take(expected.len()).map(String::as_str).collect();
    assert_eq!(first, expected, "{found:?}");
}

fn check_among(fixture: &str, expected: &[&str], missing: &[&str]) {
    let found = completed(fixture).expect("something is completed");
    for name in expected {
        assert!(found.iter().any(|f| f == name), "{name} is not in {found:?} of {fixture}");
    }
    for name in missing {
        assert!(!found.iter().any(|f| f == name), "{name} is in {found:?}");
    }
}

#[test]
fn marks_that_ask_for_members_are_those_of_the_language() {
    let behind = |path: &str, before: &str| {
        let fixture = Fixture::parse(&format!("\n//- /{path}\n{before}$0\n"));
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        is_behind_mark(&view, file, offset)
    };
    let asked = [
        ("a.py", "x."),
        ("a.rs", "fn f() { a::"),
        ("a.c", "int f() { p->"),
        ("a.cc", "int f() { N::"),
        ("a.ts", "x?."),
    ];
    assert!(asked.iter().all(|(path, before)| behind(path, before)));
    let others = [
        ("a.py", "if x:"),
        ("a.ts", "let x:"),
        ("a.rs", "let x:"),
        ("a.c", "a >"),
        ("a.go", "x:"),
        ("a.java", "a ->"),
    ];
    assert!(others.iter().all(|(path, before)| !behind(path, before)));
}

#[test]
fn members_of_the_receiver_s_type_inherited_ones_last() {
    check_first(
        "
        //- /a.py
        class Base:
            def below(self): pass
        class Item(Base):
            def __init__(self): self.size = 1
            def total(self): pass
        def f(item: Item):
            item.$0
        ",
        &["size", "total", "below"],
    );
    check_first(
        "
        //- /a.ts
        class Item { size = 1; total() {} }
        function f(item: Item) { item.to$0 }
        ",
        &["total"],
    );
    check_first(
        "
        //- /a.c
        struct item { int size; int total; };
        int f(struct item *p) { return p->$0
        ",
        &["size", "total"],
    );
    check_first(
        "
        //- /a.rs
        struct Item { size: u32 }
        impl Item { fn total(&self) {} fn new() -> Item { Item { size: 1 } } }
        fn f(item: &Item) { item.$0 }
        ",
        &["size", "new", "total"],
    );
    check_first(
        "
        //- /go.mod
        module m
        //- /a.go
        package m
        type Item struct { Size int }
        func (i *Item) Total() {}
        func f(item *Item) { item.$0 }
        ",
        &["Size", "Total"],
    );
    check_first(
        "
        //- /A.java
        class Item { int size; int total() { return 1; } }
        class Main { void f(Item item) { item.$0; } }
        ",
        &["size", "total"],
    );
}

#[test]
fn names_in_scope_come_by_their_nearness() {
    check_first(
        "
        //- /a.py
        from b import value_far
        value_file = 1
        def f(value_local):
            return val$0
        //- /b.py
        value_far = 1
        ",
        &["value_local"],
    );
    check_among(
        "
        //- /a.py
        from b import value_far
        value_file = 1
        def f():
            value_local = 1
        def g(): return val$0
        //- /b.py
        value_far = 1
        value_other = 1
        ",
        &["value_file", "value_far", "value_other (value_other of b)"],
        &["value_other"],
    );
    check_among(
        "
        //- /a.rs
        fn f() { let early = 1; { let inner = 2; } e$0; let eventually = 3; }
        ",
        &["early", "else", "enum"],
        &["inner"],
    );
}

#[test]
fn members_of_modules_and_what_an_import_can_take() {
    let files = "
        //- /pkg/__init__.py
        top = 1
        //- /pkg/inner.py
        thing = 1
        //- /main.py
        ";
    check_among(&format!("{files}import pkg\n        pkg.$0\n"), &["top", "inner"], &["thing"]);
    check_among(&format!("{files}from pkg.inner import th$0\n"), &["thing"], &[]);
    check_among(
        "
        //- /a.ts
        export const total = 1;
        const hidden = 2;
        //- /b.ts
        import { t$0 } from './a';
        ",
        &["total"],
        &["hidden"],
    );
}

#[test]
fn what_is_not_imported_yet_brings_its_import() {
    check_among(
        "\n//- /pkg/a.py\ndef compute(): pass\n//- /main.py\nx = comp$0\n",
        &["compute (compute of pkg.a)"],
        &[],
    );
    check_among(
        "\n//- /lib/a.ts\nexport function compute() {}\n//- /src/b.ts\nconst x = comp$0\n",
        &["compute (compute of ../lib/a)"],
        &[],
    );
    check_among(
        "\n//- /go.mod\nmodule example.com/m\n//- /p/a.go\npackage p\nfunc Compute() {}\n//- /b.go\npackage main\nfunc main() { Comp$0 }\n",
        &["p.Compute (p of example.com/m/p)"],
        &[],
    );
    check_among(
        "\n//- /src/p/Computer.java\npackage p;\npublic class Computer {}\n//- /src/q/Use.java\npackage q;\nclass Use { Comp$0 x; }\n",
        &["Computer (Computer of p)"],
        &[],
    );
    check_among(
        "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\nmod a;\nfn f() { comp$0 }\n//- /src/a.rs\npub fn compute() {}\n",
        &["compute (compute of crate::a)"],
        &[],
    );
}

#[test]
fn a_file_of_many_methods_brings_its_functions() {
    let methods: String = (0..40).map(|n| format!("            def value_{n}(self): pass\n")).collect();
    let fixture = format!(
        "
        //- /b.py
        class Made:
{methods}        def value_of_all(): pass
        //- /a.py
        value_$0
        "
    );
    let found = completed(&fixture).unwrap();
    assert!(found.contains(&"value_of_all (value_of_all of b)".to_owned()), "{found:?}");
    assert!(!found.iter().any(|c| c.starts_with("value_0 (")), "{found:?}");
}

#[test]
fn nothing_is_completed_in_comments_strings_and_new_names() {
    for text in ["# na$0", "x = 'na$0'", "def na$0(): pass", "class Na$0: pass", "1$0"] {
        assert_eq!(completed(&format!("\n//- /a.py\nname = 1\n{text}\n")), None, "{text}");
    }
    for text in ["// na$0", "const x = 'na$0'", "let na$0 = 1", "function na$0() {}"] {
        assert_eq!(completed(&format!("\n//- /a.ts\nconst name = 1;\n{text}\n")), None, "{text}");
    }
}

#[test]
fn half_written_code_is_understood() {
    check_first("\n//- /a.ts\nclass A { go() {} }\nfunction f(a: A) {\n  if (a.$0\n}\n", &["go"]);
    check_first(
        "\n//- /a.py\nclass A:\n    def go(self): pass\ndef f(a: A):\n    g(1, a.$0\n    return 2\n",
        &["go"],
    );
    check_first(
        "\n//- /a.rs\nstruct A { size: u32 }\nfn f(a: A) {\n    let x = a.$0\n    let y = 1;\n}\n",
        &["size"],
    );
}

#[test]
fn what_is_completed_in_half_written_code_is_described_where_it_stands() {
    for half in ["item.", "item.to$0tal", "x = item.$0 (", "if item."] {
        let cursor = if half.contains("$0") { half.to_owned() } else { format!("{half}$0") };
        let fixture = Fixture::parse(&format!(
            "
            //- /a.py
            def f(item: 'Item'):
                {cursor}

            class Item:
                def total(self, count): pass
            "
        ));
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = completions(&view, file, offset, 100, &AtomicBool::new(false)).expect(half);
        let total = found.items.iter().find(|c| c.label == "total").expect(half);
        let source = total.source.as_ref().expect(half);
        let described = described(&view, &source.path, source.at, &total.label).expect(half);
        assert!(described.signature.contains("total(self, count)"), "{half}: {described:?}");
    }
}

/// What is completed at `$0` under this label is told to be this.
fn check_described(fixture: &str, label: &str, expected: (&str, Option<&str>)) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found =
        completions(&view, file, offset, 100, &AtomicBool::new(false)).expect("something is completed");
    let item = found.items.iter().find(|c| c.label == label).unwrap_or_else(|| panic!("{:?}", found.items));
    let source = item.source.as_ref().expect("it is declared somewhere");
    // Where it stands is what is marked.
    assert_eq!([(source.path.clone(), source.at)], fixture.starts().as_slice());
    let told = described(&view, &source.path, source.at, label).expect("it is described");
    assert_eq!((told.signature.as_str(), told.documentation.as_deref()), expected);
    assert_eq!(described(&view, &source.path, source.at + 1, label), None);
}

#[test]
fn what_is_completed_is_described_in_every_language() {
    check_described(
        "
        //- /shop.py
        class Item:
            def ⟦total⟧(self, count):
                \"\"\"All of them.\"\"\"
        //- /main.py
        from shop import Item
        Item().$0
        ",
        "total",
        ("def total(self, count)", Some("All of them.")),
    );
    check_described(
        "
        //- /shop.ts
        export class Item {
            /** All of them. */
            ⟦total⟧(count: number): number { return count; }
        }
        //- /main.ts
        import { Item } from './shop';
        new Item().$0
        ",
        "total",
        ("total(count: number): number", Some("All of them.")),
    );
    check_described(
        "
        //- /Cargo.toml
        [package]
        name = \"m\"
        //- /src/lib.rs
        mod shop;
        fn f(item: shop::Item) { item.$0 }
        //- /src/shop.rs
        pub struct Item;
        impl Item {
            /// All of them.
            pub fn ⟦total⟧(&self, count: u8) -> u8 { count }
        }
        ",
        "total",
        ("pub fn total(&self, count: u8) -> u8", Some("All of them.")),
    );
    check_described(
        "
        //- /go.mod
        module m
        //- /shop/shop.go
        package shop
        type Item struct{}
        // Total is all of them.
        func (i Item) ⟦Total⟧(count int) int { return count }
        //- /main.go
        package main
        import \"m/shop\"
        func f(item shop.Item) { item.$0 }
        ",
        "Total",
        ("func (i Item) Total(count int) int", Some("Total is all of them.")),
    );
    check_described(
        "
        //- /p/Item.java
        package p;
        public class Item {
            /** All of them. */
            public int ⟦total⟧(int count) { return count; }
        }
        //- /p/Main.java
        package p;
        class Main {
            void f(Item item) {
                item.to$0;
            }
        }
        ",
        "total",
        ("public int total(int count)", Some("All of them.")),
    );
    check_described(
        "
        //- /shop.h
        /* All of them. */
        static int ⟦total⟧(int count) { return count; }
        //- /main.c
        #include \"shop.h\"
        int f(void) { return tot$0; }
        ",
        "total",
        ("static int total(int count)", Some("All of them.")),
    );
}

#[test]
fn lists_of_imports_take_what_their_module_has() {
    let python = |line: &str| {
        format!("\n//- /pkg/__init__.py\n//- /pkg/inner.py\nthing = 1\nother = 2\n//- /main.py\n{line}\n")
    };
    for line in [
        "from pkg.inner import $0",
        "from pkg.inner import th$0",
        "from pkg.inner import other, $0",
        "from pkg.inner import (other, t$0)",
        "from pkg.inner import (\n    other,\n    $0\n)",
    ] {
        check_among(&python(line), &["thing"], &["print"]);
    }
    for line in
        ["from pkg.$0 import thing", "from pkg.$0", "import pkg.$0", "import pkg.in$0", "from pkg import $0"]
    {
        check_among(&python(line), &["inner"], &["print"]);
    }
    let script = |line: &str| {
        format!("\n//- /a.ts\nexport const total = 1;\nexport function other() {{}}\n//- /b.ts\n{line}\n")
    };
    for line in [
        "import { $0 } from './a';",
        "import { other, $0 } from './a';",
        "import { other, to$0 } from './a';",
        "import {\n  other,\n  $0\n} from './a';",
        "export { to$0 } from './a';",
        "const { to$0 } = require('./a');",
    ] {
        check_among(&script(line), &["total"], &["const"]);
    }
    let rust = |line: &str| {
        format!(
            "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\nmod a;\n{line}\n//- /src/a.rs\npub fn thing() {{}}\npub struct Other;\n"
        )
    };
    for line in [
        "use a::$0;",
        "use a::th$0;",
        "use crate::a::{$0};",
        "use crate::a::{Other, $0};",
        "use a::{Other, t$0};",
    ] {
        check_among(&rust(line), &["thing"], &["fn"]);
    }
    check_among(&rust("use crate::$0;"), &["a"], &[]);
    check_among(
        "\n//- /p/Item.java\npackage p;\npublic class Item {}\n//- /q/Use.java\npackage q;\nimport p.$0;\nclass Use {}\n",
        &["Item"],
        &[],
    );
}

#[test]
fn a_list_that_was_cut_says_that_it_is_not_complete() {
    let incomplete = |others: usize| {
        let others: String = (0..others).map(|n| format!("value_{n} = 1\n")).collect();
        let fixture = Fixture::parse(&format!("\n//- /b.py\n{others}\n//- /a.py\nx.va$0\n"));
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        completions(&view, file, offset, 100, &AtomicBool::new(false)).unwrap().incomplete
    };
    assert!(!incomplete(30));
    assert!(incomplete(60));
}

#[test]
fn the_arguments_that_are_there_choose_the_function() {
    check_first(
        "
        //- /a.c
        int set_a(int table);
        int set_b(int table, int key);
        int set_c(int table, int key, int value);
        int f(int table, int key) { return se$0(table, key); }
        ",
        &["set_b"],
    );
    check_first(
        "
        //- /a.ts
        function setA(count: number) {}
        function setB(name: string) {}
        function f(name: string) { se$0(name); }
        ",
        &["setB"],
    );
}

#[test]
fn cases_come_in_their_order_each_once() {
    check_first(
        "
        //- /a.c
        enum op { OP_ADD, OP_SUB, OP_MUL, OP_DIV };
        int f(enum op o) {
            switch (o) {
                case OP_ADD: return 1;
                case OP_SUB: return 2;
                case OP$0
            }
        }
        ",
        &["OP_MUL", "OP_DIV"],
    );
}

#[test]
fn a_key_in_the_line_speaks_for_what_is_named_like_it() {
    check_first(
        "
        //- /a.py
        def do_load(): pass
        def do_open(): pass
        def do_store(): pass
        TABLE = {'open': do$0}
        ",
        &["do_open"],
    );
}

#[test]
fn the_own_value_is_no_argument_however_it_is_written() {
    for own in ["&mut self", "self", "&'a self", "mut self", "self: &Self"] {
        let methods = "fn set_a(OWN, key: u32, value: u32) {} fn set_b(OWN, key: u32) {}".replace("OWN", own);
        check_first(
            &format!(
                "\n//- /a.rs\nstruct Item;\nimpl Item {{ {methods} }}\nfn f(item: Item) {{ item.se$0(1); }}\n"
            ),
            &["set_b"],
        );
    }
}
