//! What tests of a value show it to be, and where they show nothing, in TypeScript and JavaScript.

use super::check_definition;

#[test]
fn a_member_that_may_have_another_value_leaves_its_type_possible() {
    for body in [
        "if (shape.kind !== 'square') shape.$0size;",
        "if (shape.kind === 'square') return; shape.$0size;",
        "if (shape.kind === 'circle') return; if (shape.kind !== 'square') shape.$0size;",
        "if (shape.kind === other.kind) shape.$0size;",
    ] {
        for kind in ["kind: 'square' | 'box'", "kind?: 'square'", "kind: Kind"] {
            check_definition(&format!(
                "
                //- /a.ts
                enum Kind {{ Square = 'square', Box = 'box' }}
                interface Circle {{ kind: 'circle'; radius: number }}
                interface Square {{ {kind}; ⟦size⟧: number }}
                function f(shape: Circle | Square, other: any) {{ {body} }}
                "
            ));
        }
    }
}

#[test]
fn a_function_that_gives_one_part_or_keys_says_nothing_of_its_argument() {
    for function in [
        "function first(x: any): [Cat] { return null as any; }",
        "function first(x: any): keyof Cat { return 'run'; }",
        "function first(x: any): asserts x is Cat { }",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Cat {{ run() {{}} }}
            class Dog {{ ⟦run⟧() {{}} }}
            {function}
            function f(x: Dog) {{ if (first(x)) x.$0run(); }}
            "
        ));
    }
}

#[test]
fn a_function_shows_what_the_argument_that_it_names_is() {
    for body in
        ["if (check(ctx, x)) x.$0run();", "if (checks.check(ctx, x)) x.$0run();", "if (isDog(x)) x.$0run();"]
    {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ ⟦run⟧() {{}} }}
            class Cat {{ run() {{}} }}
            function check(ctx: any, x: any): x is Dog {{ return true; }}
            const isDog = (x: any): x is Dog => true;
            const checks = {{ check }};
            function f(ctx: Cat, x: any) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_function_says_nothing_of_what_it_does_not_name() {
    for body in [
        "if (check(cat, x)) cat.$0run();",
        "if (x.isLeaf(cat)) cat.$0run();",
        "if (is(cat, 'dog')) cat.$0run();",
        "if (check(...x, cat)) cat.$0run();",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ run() {{}} isLeaf(other: any): this is Leaf {{ return true; }} }}
            class Leaf {{ run() {{}} }}
            class Cat {{ ⟦run⟧() {{}} }}
            function check(ctx: any, x: any): x is Dog {{ return true; }}
            function is(x: any, kind: 'leaf'): x is Leaf;
            function is(x: any, kind: 'dog'): x is Dog;
            function is(x: any, kind: string): boolean {{ return true; }}
            function f(x: Dog, cat: Cat) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_case_is_reached_from_the_one_before_that_does_not_leave() {
    for body in [
        "case 'circle': init(); case 'square': s.$0size;",
        "case 'circle': if (x) break; case 'other': case 'square': { s.$0size; break; }",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            interface Circle {{ kind: 'circle'; ⟦size⟧: number }}
            interface Square {{ kind: 'square'; ⟦size⟧: number }}
            function f(s: Circle | Square, x: any) {{ switch (s.kind) {{ {body} }} }}
            "
        ));
    }
}

#[test]
fn what_a_test_shows_is_added_to_what_is_known() {
    for (body, known) in [
        ("if (x instanceof Error) x.$0code", "Failure"),
        ("if (isRecord(x)) x.$0code", "Failure"),
        ("if (Array.isArray(x) && isList(x)) x.$0code", "Failure"),
        ("if (isNamed(x)) x.$0code", "Failure"),
        ("if (isNamed(x)) x.$0code", "T"),
        ("if (isNamed(x)) x.$0code", "{ ⟦code⟧: 1 }"),
        ("if (x instanceof Error) x.$0code", "Failure | Error"),
        ("if (x instanceof Error) x.$0code", "Failure | string"),
    ] {
        let code = if known.contains("code") { "code" } else { "⟦code⟧" };
        check_definition(&format!(
            "
            //- /a.ts
            class Failure extends Error {{ {code} = 1 }}
            interface Named {{ name: string }}
            function isNamed(x: unknown): x is Named {{ return true; }}
            function isRecord(x: unknown): x is Record<string, unknown> {{ return true; }}
            function isList(x: unknown): x is string[] {{ return true; }}
            function f<T extends Failure>(x: {known}) {{ {body} }}
            "
        ));
    }
    check_definition(
        "
        //- /a.ts
        interface Shape { area: number }
        interface Named { ⟦name⟧: string }
        function isNamed(x: unknown): x is Named { return true; }
        function f(x: Shape) { if (isNamed(x)) x.$0name; }
        ",
    );
}

#[test]
fn a_test_holds_no_longer_than_the_value() {
    for body in [
        "while (x instanceof Cat && (x = next())) x.$0run();",
        "if (x instanceof Cat && (x = next())) x.$0run();",
        "if (!(x instanceof Cat)) return; for (;;) { x.$0run(); x = next(); }",
        "if (!(x instanceof Cat)) return; for (const one of all) { x.$0run(); x = one; }",
        "if (!(x instanceof Cat)) return; do { x.$0run(); [x] = all; } while (true);",
        "if (!(x instanceof Cat)) return; while (x.$0run()) { x = next(); }",
        "if (x instanceof Cat) later(() => x.$0run()); x = next();",
        "x = next(); if (x instanceof Cat) later(function () { x.$0run(); });",
        "switch (x.kind) { case 'cat': x = next(); case 'fox': x.$0run(); }",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ ⟦run⟧() {{}} }}
            class Cat extends Dog {{ run() {{}} }}
            declare function next(): Dog;
            function f(x: Dog, all: Dog[]) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_value_that_is_kept_stays_what_a_test_has_shown() {
    for body in [
        "while (x instanceof Cat) { x.$0run(); x = next(); }",
        "for (;;) { if (!(x instanceof Cat)) continue; x.$0run(); x = next(); }",
        "if (!(x instanceof Cat)) return; for (;;) { x.$0run(); y = next(); }",
        "if (x instanceof Cat) later(() => x.$0run()); y = next();",
        "if ((x = next()) && x instanceof Cat) x.$0run();",
        "if (!(x instanceof Cat)) { x = next(); } else { x.$0run(); }",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ run() {{}} }}
            class Cat extends Dog {{ ⟦run⟧() {{}} }}
            declare function next(): Dog;
            function f(x: Dog, y: Dog, all: Dog[]) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_member_that_is_assigned_to_a_tested_value_is_found() {
    check_definition(
        "
        //- /a.js
        function App() {}
        const other = { config: 1 };
        if (isBrowser(App)) { App.⟦config⟧ = {}; }
        App.$0config;
        //- /b.js
        class Config { config() {} }
        ",
    );
}
