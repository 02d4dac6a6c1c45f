//! Where names lead, language by language.

mod contexts;
mod narrowing;
mod preprocessed;
mod scripts;

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
fn a_receiver_names_the_parameters_of_its_type_anew() {
    check_definition(
        "
        //- /go.mod
        module example.com/m
        //- /a.go
        package m
        type Item interface{ ⟦ID⟧() string }
        type Store[K comparable, T Item] struct{}
        func (s *Store[K, V]) Add(v V) { v.$0ID() }
        ",
    );
}

#[test]
fn a_call_with_type_arguments_gives_what_the_function_gives() {
    for call in ["New[User](0)", "New[*User](0)", "New[User, int](0)"] {
        check_definition(&format!(
            "
        //- /go.mod
        module example.com/m
        //- /a.go
        package m
        type User struct{{}}
        type Store[T any] struct{{}}
        func (s *Store[T]) ⟦Add⟧(v T) {{}}
        func New[T any, N any](n N) *Store[T] {{ return nil }}
        var store = {call}
        func f() {{ store.$0Add(nil) }}
        "
        ));
    }
}

/// Python: the expression or loop, put where `User`s are at hand, has a `User` whose method is called.
fn check_user(body: &str) {
    check_definition(&format!(
        "
        //- /a.py
        from collections import deque
        class Other:
            def save(self): pass
        class User:
            def ⟦save⟧(self): pass
        class Steps:
            def __iter__(self): return self
            def __next__(self): return User()
        class Users:
            def __iter__(self): return Steps()
            def __getitem__(self, at): return User()
            def __call__(self): return User()
            def __enter__(self): return User()
        def made():
            yield User()
        def handed():
            yield from made()
        def f(names: dict[str, User], keys: dict[User, int], pair: tuple[int, User], make: Callable[[int], User],
              cls: type[User], queue: deque[User], users: list[User]):
            {body}
        "
    ));
}

/// Where the call of a function with a type parameter leads.
fn check_given(call: &str, leads: bool) {
    let run = if leads { "⟦run⟧" } else { "run" };
    let fixture = format!(
        "
        //- /a.py
        from typing import TypeVar
        T = TypeVar('T')
        class Foo:
            def {run}(self): pass
        class Other:
            def fly(self): pass
        def many(*xs: T) -> T: ...
        def second(first, x: T) -> T: ...
        def either(x: T | list[T]) -> T: ...
        def go(pair, foos: list[Foo]):
            {call}
        "
    );
    check_definition(&fixture);
}

#[test]
fn arguments_bind_the_parameters_that_they_are_given_to() {
    check_given("many(Foo()).$0run()", true);
    check_given("many([Foo()]).$0run()", false);
    check_given("second(Other(), Foo()).$0run()", true);
    check_given("second(Foo(), Other()).$0run()", false);
    check_given("second(Other(), Other(), Foo()).$0run()", false);
    check_given("second(*pair, Foo()).$0run()", false);
    check_given("either(Foo()).$0run()", true);
    check_given("either(foos).$0run()", true);
}

#[test]
fn what_containers_hold_is_known() {
    check_user("for name, user in names.items(): user.$0save()");
    check_user("for user in names.values(): user.$0save()");
    check_user("for user in keys: user.$0save()");
    check_user("names.setdefault('a', None).$0save()");
    check_user("queue.popleft().$0save()");
    check_user("pair[1].$0save()");
    check_user("for user in users[1:]: user.$0save()");
    check_user("{k: User() for k in keys}['a'].$0save()");
    check_user("make(1).$0save()");
    check_user("cls().$0save()");
}

#[test]
fn iterators_are_asked_for_their_elements() {
    check_user("for user in Steps(): user.$0save()");
    check_user("for user in Users(): user.$0save()");
    check_user("for user in handed(): user.$0save()");
    check_user("Users()[0].$0save()");
    check_user("Users()().$0save()");
    check_user("with Users() as user: user.$0save()");
}

#[test]
fn parameters_of_types_are_declared_in_their_brackets() {
    check_definition(
        "
        //- /a.py
        class Item:
            def ⟦use⟧(self): pass
        class Other:
            def use(self): pass
        class Bag[T: Item]:
            def add(self, item: T): item.$0use()
        ",
    );
    check_definition(
        "
        //- /a.py
        def f[⟦T⟧, *Ts](a: $0T, *b: *Ts) -> T: return a
        ",
    );
}

#[test]
fn a_prototype_leads_to_the_definition_in_another_file() {
    check_definition(
        "
        //- /include/a.h
        #define API
        API int f(void);
        //- /src/a.c
        #include <a.h>
        int ⟦f⟧(void) { return 1; }
        //- /src/b.c
        #include <a.h>
        static int g(void) { return $0f(); }
        //- /src/c.c
        static int f(void) { return 2; }
        ",
    );
}

#[test]
fn a_declarator_is_seen_in_its_own_initialiser() {
    check_definition(
        "
        //- /a.c
        struct node { int n; };
        void f(void) { struct node *⟦n⟧ = malloc(sizeof(*$0n)); }
        ",
    );
}

#[test]
fn members_of_a_base_are_found_inside_and_outside_of_a_class() {
    check_definition(
        "
        //- /a.h
        namespace n {
        struct Base { int ⟦size⟧() const; };
        class Derived final : public Base { int twice(); };
        }
        //- /a.cc
        #include \"a.h\"
        namespace n { int Derived::twice() { return 2 * $0size(); } }
        ",
    );
    check_definition(
        "
        //- /a.cc
        template <typename T> struct Base { T *⟦head⟧; };
        struct Derived : virtual Base<int> {};
        int f(Derived *d) { return *d->$0head; }
        ",
    );
    check_definition(
        "
        //- /a.cc
        struct Point { int ⟦x⟧; };
        template <typename T> struct Base { T get(); };
        struct Derived : Base<Point> {};
        int f(Derived d) { return d.get().$0x; }
        ",
    );
}

#[test]
fn a_namespace_without_a_name_is_open_to_the_one_around_it() {
    check_definition(
        "
        //- /a.cc
        namespace {
        int ⟦helper⟧() { return 1; }
        }
        int f() { return $0helper(); }
        ",
    );
    check_definition(
        "
        //- /a.cc
        namespace n {
        namespace { int ⟦helper⟧() { return 1; } }
        int f() { return $0helper(); }
        }
        //- /b.cc
        namespace n { namespace { int helper() { return 2; } } }
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
fn of_the_branches_of_a_condition_the_likely_one_is_meant() {
    check_definition(
        "
        //- /a.c
        #if defined(_WIN32)
        #define API __declspec(dllexport)
        #elif defined(__GNUC__) && !0
        #define ⟦API⟧
        #else
        #define API extern
        #endif
        $0API int f(void);
        ",
    );
}

#[test]
fn a_member_outside_of_its_class_sees_the_class_and_its_template_parameters() {
    check_definition(
        "
        //- /a.h
        namespace n {
        struct Node { int ⟦value⟧; };
        template <typename T> class List { Node* first(const T& t); Node* head_; };
        }
        //- /a.cc
        #include \"a.h\"
        namespace n {
        template <typename K> Node* List<K>::first(const K& k) { head_->$0value = 1; return head_; }
        }
        ",
    );
}

#[test]
fn overloads_are_told_apart_by_their_arguments() {
    check_definition(
        "
        //- /a.h
        class A {
         public:
          int f(int a);
          int f(int a, int b);
        };
        //- /a.cc
        #include \"a.h\"
        int A::f(int a) { return a; }
        int A::⟦f⟧(int a, int b) { return a + b; }
        //- /b.cc
        #include \"a.h\"
        int g(A* a) { return a->$0f(1, 2); }
        ",
    );
}

#[test]
fn a_tag_is_no_type_name() {
    check_definition(
        "
        //- /a.c
        struct list { int ⟦head⟧; };
        typedef struct { int head; } *list;
        int f(struct list *l) { return l->$0head; }
        ",
    );
}

#[test]
fn members_are_found_through_typedefs_pointers_and_arrays() {
    check_definition(
        "
        //- /a.h
        typedef struct node node_t;
        struct node { node_t *next[2]; int ⟦value⟧; };
        //- /a.c
        #include \"a.h\"
        static node_t *first(void);
        int f(void) { return (*first()->next[1]).$0value; }
        ",
    );
}

#[test]
fn a_header_of_the_system_says_nothing_of_the_folder() {
    check_empty(
        "
        //- /a.c
        #include <string.h>
        int f(const char *s) { return $0strlen(s); }
        //- /compat/strlen.c
        int strlen(const char *s) { return 0; }
        ",
        Empty::External,
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
fn a_receiver_that_is_a_type_variable_is_what_comes_back() {
    check_definition(
        "
        //- /a.py
        import typing
        T = typing.TypeVar(\"T\", bound=\"Client\")
        class Client:
            def __enter__(self: T) -> T: return self
            def copy(self: T) -> T: return self
        class Special(Client):
            def ⟦send⟧(self): pass
        with Special() as client:
            client.copy().$0send()
        ",
    );
}

#[test]
fn a_type_variable_has_the_members_of_its_bound() {
    for bound in ["Client", "\"Client\""] {
        check_definition(&format!(
            "
            //- /a.py
            from typing import TypeVar
            class Client:
                def ⟦send⟧(self): pass
            C = TypeVar(\"C\", bound={bound})
            def f(client: C) -> C:
                client.$0send()
            "
        ));
    }
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
fn a_namespace_is_opened_where_the_text_does_so_first() {
    check_definition(
        "
        //- /low.h
        namespace ⟦n⟧ { int low; }
        //- /a.h
        #include \"low.h\"
        namespace n { int high; }
        //- /a.cc
        #include \"a.h\"
        namespace n { int own; }
        int f() { return $0n::high; }
        ",
    );
}

#[test]
fn a_class_outside_of_its_class_sees_what_that_one_sees() {
    let fixture = |own: &str, outer: &str, body: &str| {
        format!(
            "
            //- /a.cc
            namespace n {{
            class A {{ class B; enum ⟪Kind⟫ {{ Small }}; }};
            class A::⟪B⟫ {{ {body} }};
            }}
            "
        )
        .replacen("⟪Kind⟫", outer, 1)
        .replacen("⟪B⟫", own, 1)
    };
    check_definition(&fixture("⟦B⟧", "Kind", "$0B* next;"));
    check_definition(&fixture("B", "⟦Kind⟧", "$0Kind kind;"));
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
