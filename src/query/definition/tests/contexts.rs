//! What the place of a value says that it is, and types that are made of others, in TypeScript and JavaScript.

use super::{Fixture, check_definition, check_first, definition, starts};

#[test]
fn a_key_of_a_literal_is_the_member_that_is_expected_there() {
    for literal in [
        "const made: Options = { $0depth: 1 };",
        "const all: Options[] = [{ $0depth: 1 }];",
        "const made: Options = given || { $0depth: 1 };",
        "run({ $0depth: 1 });",
        "new Runner({ $0depth: 1 });",
        "function make(): Options { return { $0depth: 1 }; }",
        "async function make(): Promise<Options> { return { $0depth: 1 }; }",
        "nested({ options: { $0depth: 1 } });",
        "const made: Options = { $0depth() { return 1; } };",
    ] {
        check_definition(&format!(
            "
            //- /options.ts
            export interface Options {{ ⟦depth⟧: any }}
            export declare const given: Options | undefined;
            export function run(options: Options) {{}}
            export function nested(whole: {{ options: Options }}) {{}}
            export class Runner {{ constructor(options: Options) {{}} }}
            //- /a.ts
            import {{ Options, Runner, given, nested, run }} from './options';
            {literal}
            "
        ));
    }
}

#[test]
fn a_short_key_is_the_variable_and_then_the_member() {
    check_first(
        "
        //- /a.ts
        interface Options { depth: number }
        function make(⟦depth⟧: number): Options { return { $0depth }; }
        ",
    );
}

#[test]
fn a_key_that_nobody_expects_is_a_definition() {
    for literal in ["const made = { ⟦$0depth⟧: 1 };", "const made: Other = { ⟦$0depth⟧: 1 };"] {
        check_definition(&format!(
            "
            //- /a.ts
            interface Other {{ width: number }}
            interface Options {{ depth: number }}
            {literal}
            "
        ));
    }
}

#[test]
fn a_function_is_handed_what_its_place_says() {
    for function in [
        "const map: () => Visit = () => { return (node) => node.$0text; };",
        "function map(): Visit { return (node) => node.$0text; }",
        "const visitor: Visitor = { enter: (node) => node.$0text };",
        "const visitor: Visitor = { enter(node) { return node.$0text; } };",
        "walk({ enter: (node) => node.$0text });",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            interface Node {{ ⟦text⟧: string }}
            interface Other {{ text: string }}
            type Visit = (node: Node) => string;
            interface Visitor {{ enter: Visit }}
            function walk(visitor: Visitor) {{}}
            {function}
            "
        ));
    }
}

#[test]
fn a_mapped_type_has_the_members_of_what_it_maps() {
    check_definition(
        "
        //- /a.ts
        type Flat<T> = { [K in keyof T]: T[K] } & {};
        interface Row { ⟦id⟧: number }
        function f(row: Flat<Row>) { return row.$0id; }
        ",
    );
}

#[test]
fn the_parameter_of_a_mapped_type_is_seen_in_it() {
    check_definition(
        "
        //- /a.ts
        type Deep<T> = T extends object ? { [⟦K⟧ in keyof T]: T[$0K] extends object ? T[K] : never } : T;
        ",
    );
}

#[test]
fn what_a_condition_infers_is_seen_in_its_branches() {
    check_definition(
        "
        //- /a.ts
        type First<F> = F extends (state: infer ⟦State⟧, ...rest: any[]) => any ? (s: $0State) => void : never;
        ",
    );
}

#[test]
fn an_indexed_type_is_that_of_the_member() {
    for (index, member) in [("Row['owner']", "$0name"), ("Row['friends'][number]", "$0name")] {
        check_definition(&format!(
            "
            //- /a.ts
            interface Person {{ ⟦name⟧: string }}
            interface Row {{ owner: Person; friends: Person[] }}
            function f(one: {index}) {{ return one.{member}; }}
            "
        ));
    }
    check_definition(
        "
        //- /a.ts
        interface Row { ⟦owner⟧: string }
        type Owner = Row['$0owner'];
        ",
    );
}

#[test]
fn a_module_that_is_an_object_is_where_it_is_exported() {
    check_definition(
        "
        //- /utils.js
        'use strict';
        module⟦⟧.exports = { first() { return 1; }, second: 2 };
        //- /a.js
        const utils = require('./utils');
        $0utils.first();
        "
        .replace("module⟦⟧.exports", "⟦module.exports⟧")
        .as_str(),
    );
    check_definition(
        "
        //- /utils.js
        module.exports = { ⟦first⟧() { return 1; }, second: 2 };
        //- /a.js
        const utils = require('./utils');
        utils.$0first();
        ",
    );
}

#[test]
fn a_name_is_exported_as_a_reserved_word() {
    check_definition(
        "
        //- /builders.js
        function ⟦if_builder⟧() {}
        function other() {}
        export { other as var, if_builder as if };
        //- /a.js
        import * as b from './builders.js';
        b.$0if();
        ",
    );
}

#[test]
fn comments_import_types_and_cast_values() {
    for body in [
        "/** @param {Parser} parser */ export function read(parser) { parser.$0eat(); }",
        "export function read(any) { /** @type {Parser} */ (any).$0eat(); }",
        "/** @param {Main} main */ export function read(main) { main.$0eat(); }",
    ] {
        check_definition(&format!(
            "
            //- /parser.js
            export class Parser {{ ⟦eat⟧() {{}} }}
            export default Parser;
            export class Other {{ eat() {{}} }}
            //- /a.js
            /** @import {{ Other, Parser }} from './parser.js' */
            /** @import Main, * as all from './parser.js' */
            {body}
            "
        ));
    }
}

#[test]
fn what_a_class_declares_is_not_what_is_assigned_to_it() {
    check_definition(
        "
        //- /a.js
        class Boundary {
          ⟦#children⟧;
          set() { this.#children = (anchor) => anchor; }
          run() { this.$0#children(1); }
        }
        ",
    );
}

#[test]
fn a_test_shows_what_a_value_is() {
    for body in [
        "if (x instanceof Dog) x.$0run();",
        "if (!(x instanceof Dog)) return; x.$0run();",
        "if (x instanceof Cat) {} else if (isDog(x)) { x.$0run(); }",
        "return x instanceof Dog ? x.$0run() : 1;",
        "return x instanceof Dog && x.$0run();",
        "return !isDog(x) || x.$0run();",
        "while (x instanceof Dog) { x.$0run(); }",
        "if (x && x instanceof Dog) { [1].map(() => x.$0run()); }",
        "if (hasKind(x, 'dog') && isDog(x)) { x.$0run(); }",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ ⟦run⟧() {{ return 1; }} }}
            class Cat {{ run() {{ return 2; }} }}
            class Fox {{ run() {{ return 3; }} }}
            function isDog(x: any): x is Dog {{ return true; }}
            function hasKind(x: any, kind: string): boolean {{ return true; }}
            function f(x: any) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_test_holds_for_its_name_alone_and_where_it_has_succeeded() {
    for body in [
        "if (x instanceof Cat) {} x.$0run();",
        "if (x instanceof Cat) { x = new Dog(); x.$0run(); }",
        "if (x instanceof Cat) { all.map((x: Dog) => x.$0run()); }",
        "if (x instanceof Cat) {} else x.$0run();",
        "if (hasKind(x)) x.$0run();",
        "if (!isCat(x)) x.$0run();",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            class Dog {{ ⟦run⟧() {{ return 1; }} }}
            class Cat {{ run() {{ return 2; }} }}
            function isCat(x: any): x is Cat {{ return true; }}
            function hasKind(x: any): boolean {{ return true; }}
            function f(x: Dog, all: Dog[]) {{ {body} }}
            "
        ));
    }
}

#[test]
fn what_is_known_to_be_more_stays_so() {
    check_definition(
        "
        //- /a.ts
        class Base { run() {} }
        class Dog extends Base { ⟦run⟧() {} }
        function f(x: Dog) { if (x instanceof Base) x.$0run(); }
        ",
    );
}

#[test]
fn a_member_tells_which_of_several_types_a_value_is() {
    for body in [
        "if (shape.kind === 'square') shape.$0size;",
        "if (shape.kind !== 'square') return; shape.$0size;",
        "switch (shape.kind) { case 'circle': shape.size; break; case 'square': shape.$0size; }",
        "switch (shape.kind) { case 'other': case 'square': { shape.$0size; break; } }",
        "return shape.kind === 'circle' ? 1 : shape.$0size;",
        "if (shape.mode === Mode.Flat) shape.$0size;",
    ] {
        check_definition(&format!(
            "
            //- /shapes.ts
            export enum Mode {{ Round, Flat }}
            export interface Circle {{ kind: 'circle'; mode: Mode.Round; size: number }}
            export interface Square {{ readonly kind: 'square' | 'box'; mode: Mode.Flat; ⟦size⟧: number }}
            export type Shape = Circle | Square;
            //- /a.ts
            import {{ Mode, Shape }} from './shapes';
            function f(shape: Shape) {{ {body} }}
            "
        ));
    }
}

#[test]
fn a_type_parameter_that_is_not_given_is_its_default() {
    check_definition(
        "
        //- /a.ts
        interface Row { ⟦id⟧: number }
        interface Visit<T extends {} = Row> { (row: T): void }
        const visit: Visit = (row) => row.$0id;
        ",
    );
}

/// The definitions of the name at `$0` are those in brackets, and none of them is sure.
fn check_guesses(fixture: &str) {
    let fixture = Fixture::parse(fixture);
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = definition(&view, file, offset).unwrap_or_default();
    assert_eq!(starts(&view, found.iter().map(|d| &d.location)), fixture.starts());
    assert!(found.iter().all(|d| d.tier.is_guess()), "{found:?}");
}

#[test]
fn a_key_is_of_the_signature_that_takes_the_literal() {
    for call in [
        "run({ kind: 'b', $0x: '' });",
        "new Runner({ kind: 'b', $0x: '' });",
        "host.run({ kind: 'b', $0x: '' });",
        "either.run({ kind: 'b', $0x: '' });",
        "run({ $0x: '', kind: 'b' }, 1);",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            interface A {{ x: string; other: string }}
            interface B {{ kind: 'b'; ⟦x⟧: string }}
            interface C {{ x: string; kind: number; more: number }}
            function run(o: A): void;
            function run(o: B, n?: number): void;
            function run(o: any) {{}}
            class Runner {{ constructor(o: A); constructor(o: B); constructor(o: any) {{}} }}
            interface Host {{ run(o: A): void; run(o: B): void; run(n: number): void }}
            declare const host: Host;
            declare const either: {{ run(o: A): void }} | {{ run(o: B): void }};
            {call}
            "
        ));
    }
}

#[test]
fn a_key_that_several_signatures_take_is_not_sure() {
    for signatures in [
        "declare function run(o: A): void; declare function run(o: B): void;",
        "declare const run: ((o: A) => void) | ((o: B) => void);",
    ] {
        check_guesses(&format!(
            "
            //- /a.ts
            interface A {{ ⟦x⟧: string }}
            interface B {{ ⟦x⟧: string }}
            {signatures}
            run({{ $0x: '' }});
            "
        ));
    }
    for other in ["o: any", "...all: B[]", "o: Foreign"] {
        check_guesses(&format!(
            "
            //- /a.ts
            import {{ Foreign }} from 'outside';
            interface A {{ ⟦x⟧: string }}
            interface B {{ x: string }}
            declare function run(o: A): void;
            declare function run({other}): void;
            run({{ $0x: '' }});
            "
        ));
    }
}

#[test]
fn nobody_knows_which_parameter_an_argument_behind_a_spread_is_for() {
    for call in ["run(...[1, 2], { ⟦$0x⟧: 1 });", "new Runner(...all, { ⟦$0x⟧: 1 });"] {
        check_definition(&format!(
            "
            //- /a.ts
            interface A {{ x: number }}
            interface B {{ x: number }}
            declare const all: any[];
            function run(n: number, a: A, b: B) {{}}
            class Runner {{ constructor(n: number, a: A, b: B) {{}} }}
            {call}
            "
        ));
    }
    check_definition(
        "
        //- /a.ts
        interface A { ⟦x⟧: number }
        function run(a: A, ...rest: number[]) {}
        run({ $0x: 1 }, ...[1, 2]);
        ",
    );
}

#[test]
fn a_literal_is_of_the_type_that_has_all_its_keys() {
    for literal in [
        "const s: Shape = { $0size: 1, side: 2 };",
        "const s: Shape | undefined = { side: 2, $0size: 1 };",
        "const s: Readonly<Shape> = { side: 2, $0size: 1 };",
        "const all: Shape[] = [{ side: 2, $0size: 1 }];",
        "const s: Square | string = { $0size: 1 };",
    ] {
        check_definition(&format!(
            "
            //- /a.ts
            interface Circle {{ size: number; radius: number }}
            interface Square {{ ⟦size⟧: number; side: number }}
            type Shape = Circle | Square;
            {literal}
            "
        ));
    }
    check_guesses(
        "
        //- /a.ts
        interface Circle { ⟦size⟧: number; radius: number }
        interface Square { ⟦size⟧: number; side: number }
        const s: Circle | Square = { $0size: 1 };
        ",
    );
    check_definition(
        "
        //- /a.ts
        interface Named { ⟦name⟧: string }
        interface Person extends Named { age: number }
        interface Dog extends Named { age: number }
        const one: Person | Dog = { $0name: '', age: 1 };
        ",
    );
}

#[test]
fn a_type_that_may_have_any_key_leaves_a_literal_in_doubt() {
    check_guesses(
        "
        //- /a.ts
        interface Bag { ⟦size⟧: number; [name: string]: any }
        interface Square { ⟦size⟧: number; side: number }
        const s: Bag | Square = { $0size: 1, side: 2 };
        ",
    );
    let parts: String = (0..14).map(|at| format!("interface P{at} {{ p{at}: 1; size: number }} ")).collect();
    let all: Vec<String> = (0..14).map(|at| format!("P{at}")).collect();
    check_guesses(&format!(
        "
        //- /a.ts
        type All = {};
        const s: All = {{ $0size: 1, p3: 1 }};
        {}
        ",
        all.join(" | "),
        parts.replace("p3: 1; size", "p3: 1; ⟦size⟧"),
    ));
}

#[test]
fn a_type_has_keys_of_its_own_where_a_type_is_expected() {
    check_definition(
        "
        //- /a.ts
        interface Row { id: string }
        interface Visit<T extends Row = { ⟦$0id⟧: string }> { (row: T): void }
        ",
    );
}
