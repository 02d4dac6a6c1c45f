//! Types that are handed in: parameters of types, what containers hold, variables of types and their bounds.

use super::check_definition;

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
