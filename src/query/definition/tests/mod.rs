//! Where names lead, language by language.

mod contexts;
mod headers;
mod narrowing;
mod preprocessed;
mod scripts;
mod typed;

use super::super::{Empty, starts};
use super::*;
use crate::graph::fixture::Fixture;

/// The definitions of the name at `$0` are those in brackets, and they are told by their tiers.
fn check_definition(fixture: &str) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = definition(&view, file, offset).unwrap_or_default();
    assert_eq!(starts(&view, found.iter().map(|d| &d.location)), fixture.starts());
}

/// The first of the definitions is the one in brackets.
fn check_first(fixture: &str) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = definition(&view, file, offset).unwrap_or_default();
    assert_eq!(starts(&view, found.iter().take(1).map(|d| &d.location)), fixture.starts());
}

fn check_empty(fixture: &str, empty: Empty) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    assert_eq!(definition(&view, file, offset), Err(empty));
}

#[test]
fn an_import_leads_to_the_definition() {
    check_definition(
        "
        //- /a.py
        def ⟦f⟧(): pass
        //- /b.py
        from a import f
        $0f()
        ",
    );
}

#[test]
fn reexports_and_renames_are_followed() {
    check_definition(
        "
        //- /pkg/__init__.py
        from .inner import thing as other
        //- /pkg/inner.py
        ⟦thing⟧ = 1
        //- /main.py
        import pkg
        print(pkg.$0other)
        ",
    );
}

#[test]
fn an_exported_function_is_not_what_it_returns() {
    check_definition(
        "
        //- /a.js
        exports.⟦same⟧ = value => { value.x = 1; return value; };
        //- /b.js
        const { same } = require('./a');
        $0same({});
        ",
    );
}

#[test]
fn imports_in_a_circle_end() {
    check_empty(
        "
        //- /a.py
        from b import x
        //- /b.py
        from a import x
        print($0x)
        ",
        Empty::Unresolved("the module has no such member"),
    );
}

#[test]
fn members_are_found_through_bases_in_their_order() {
    check_definition(
        "
        //- /a.py
        class A:
            def m(self): pass
        class B(A):
            def ⟦m⟧(self): pass
        class C(A): pass
        class D(C, B):
            def go(self): self.$0m()
        ",
    );
}

#[test]
fn a_field_has_the_type_that_is_assigned_to_it() {
    check_definition(
        "
        //- /a.py
        class Engine:
            def ⟦start⟧(self): pass
        class Car:
            def __init__(self):
                self.engine = Engine()
        def drive(car: Car):
            car.engine.$0start()
        ",
    );
}

#[test]
fn results_are_followed_through_calls() {
    check_definition(
        "
        //- /a.py
        class Row:
            def ⟦name⟧(self): pass
        class Table:
            def rows(self) -> list[Row]: ...
            def first(self):
                return self.rows()[0]
        for row in [Table().first()]:
            row.$0name()
        ",
    );
}

#[test]
fn a_receiver_from_outside_is_no_guess() {
    check_empty(
        "
        //- /a.py
        import os
        class A:
            def getcwd(self): pass
        os.$0getcwd()
        ",
        Empty::External,
    );
}

#[test]
fn a_method_does_not_see_the_names_of_its_class() {
    check_definition(
        "
        //- /a.py
        ⟦limit⟧ = 1
        class A:
            limit = 2
            def m(self): return $0limit
        ",
    );
}

#[test]
fn the_nearest_earlier_binding_is_meant() {
    check_definition(
        "
        //- /a.py
        def f():
            x = 1
            ⟦x⟧ = 2
            print($0x)
            x = 3
        ",
    );
}

#[test]
fn a_package_shares_one_scope() {
    check_definition(
        "
        //- /go.mod
        module example.com/m
        //- /a.go
        package m
        func ⟦helper⟧() {}
        //- /b.go
        package m
        func run() { $0helper() }
        ",
    );
}

#[test]
fn methods_are_promoted_from_embedded_fields() {
    check_definition(
        "
        //- /go.mod
        module example.com/m
        //- /a.go
        package m
        type Base struct{}
        func (b *Base) ⟦Close⟧() {}
        type File struct{ *Base }
        func run(f *File) { f.$0Close() }
        ",
    );
}

#[test]
fn functions_assigned_to_a_prototype_have_instances_as_their_receiver() {
    check_definition(
        "
        //- /a.js
        function App() { this.⟦stack⟧ = []; }
        App.prototype.use = function () { this.$0stack; };
        ",
    );
    check_definition(
        "
        //- /a.js
        class App { ⟦run⟧() {} }
        App.prototype.$0run.call(other);
        ",
    );
}

#[test]
fn a_shorthand_leads_to_the_variable_and_to_the_field() {
    check_definition(
        "
        //- /src/lib.rs
        struct S { ⟦size⟧: usize }
        fn f(⟦size⟧: usize) -> S { S { $0size } }
        ",
    );
}

#[test]
fn a_definition_answers_itself() {
    check_definition("\n//- /a.py\ndef ⟦$0f⟧(): pass\n");
}

#[test]
fn no_name_under_the_cursor() {
    check_empty("\n//- /a.py\nx =$0  1\n", Empty::NotAName);
}

#[test]
fn of_several_signatures_the_one_with_a_body_comes_first() {
    let fixture = Fixture::parse(
        "
        //- /a.py
        from typing import overload
        @overload
        def f(a: int) -> int: ...
        @overload
        def f(a: str) -> str: ...
        def ⟦f⟧(a): return a
        $0f(1)
        ",
    );
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = definition(&view, file, offset).unwrap();
    assert_eq!(starts(&view, found.iter().take(1).map(|d| &d.location)), fixture.starts());
}

#[test]
fn keys_of_an_annotation_are_its_methods() {
    check_definition(
        "
        //- /Mark.java
        @interface Mark { boolean ⟦deep⟧() default false; }
        //- /A.java
        @Mark($0deep = true) class A {}
        ",
    );
}

#[test]
fn inherited_overloads_are_chosen_by_what_is_handed_over() {
    check_definition(
        "
        //- /Base.java
        class Base { void put(String s, int[] all) {} void ⟦put⟧(int a) {} }
        //- /A.java
        class A extends Base { void put(String s) {} void go() { $0put(1); } }
        ",
    );
    // What overrides a method is meant before what it overrides.
    check_definition(
        "
        //- /Base.java
        class Base { void put(int a) {} }
        //- /A.java
        class A extends Base { void ⟦put⟧(int a) {} void go() { $0put(1); } }
        ",
    );
    check_empty(
        "
        //- /A.java
        class A extends java.util.AbstractMap { Object headMap(Object k) { return $0headMap(k, false); } }
        ",
        Empty::External,
    );
}

#[test]
fn a_list_of_the_rest_takes_what_nothing_else_does() {
    check_definition(
        "
        //- /A.java
        class A {
          static <T> T check(T t, String s, Object... rest) { return t; }
          static <T> T ⟦check⟧(T t, Object o) { return t; }
          void go() { $0check(this, \"\"); }
        }
        ",
    );
}

#[test]
fn files_that_are_built_go_first() {
    for (path, head) in
        [("a_windows.go", ""), ("a.go", "//go:build !go1.18\n\n"), ("a.go", "//go:build tag\n\n")]
    {
        check_first(&format!(
            "
//- /{path}
{head}package p
func f() {{}}
//- /b.go
package p
func ⟦f⟧() {{}}
//- /c.go
package p
func g() {{ $0f() }}
"
        ));
    }
    check_first(
        "
//- /a.go
package p
func f() {}
//- /b_windows.go
package p
func ⟦f⟧() {}
//- /c_windows.go
package p
func g() { $0f() }
",
    );
}

#[test]
fn a_path_leads_to_a_function_rather_than_to_a_field() {
    check_definition(
        "
        //- /a.rs
        struct A { source: u8 }
        impl A { fn ⟦source⟧(&self) -> u8 { self.source } }
        fn f(a: Option<A>) { a.as_ref().map(A::$0source); }
        ",
    );
}
