//! What the place of a value says that it is, and types that are made of others, in TypeScript and JavaScript.

use super::{check_definition, check_first};

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
