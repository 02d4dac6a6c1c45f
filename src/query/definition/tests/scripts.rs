//! Objects, components, ambient names and comments of TypeScript and JavaScript.

use super::{check_definition, check_empty};
use crate::query::Empty;

#[test]
fn an_arrow_function_and_a_value_in_an_object_have_the_receiver_around_it() {
    for this in ["{ sql: this.$0table }", "{ sql() { return 1; }, run: () => this.$0table }"] {
        check_definition(&format!(
            "
            //- /a.js
            class Base {{ constructor() {{ this.⟦table⟧ = 1; }} }}
            class Query extends Base {{ run() {{ return {this}; }} }}
            "
        ));
    }
}

#[test]
fn a_method_of_an_object_has_the_object_as_its_receiver() {
    for method in ["run() { return this.$0size; }", "run: function () { return [1].map(() => this.$0size); }"]
    {
        check_definition(&format!(
            "
            //- /a.js
            class Other {{ make() {{ return {{ ⟦size⟧: 1, {method} }}; }} }}
            "
        ));
    }
}

#[test]
fn signatures_without_semicolons_are_members_of_their_own() {
    check_definition(
        "
        //- /a.ts
        export interface Factory {
          (name: string): Factory
          <T>(value: T): Factory

          // and decorated
          <T extends object>(value: T): void
          ⟦bound⟧: Factory
        }
        //- /b.ts
        import { Factory } from './a'
        export const f = (factory: Factory) => factory('a').$0bound
        ",
    );
}

#[test]
fn a_type_parameter_may_say_its_variance() {
    check_definition(
        "
        //- /a.ts
        interface Box<in out ⟦T⟧ extends object> { value: $0T; }
        ",
    );
}

#[test]
fn an_attribute_is_a_member_of_what_the_component_is_handed() {
    let components = [
        "export const Item: React.FC<Props> = (props) => null;",
        "export function Item(props: Props) { return null; }",
        "export class Item extends React.Component<Props> { render() { return null; } }",
        "export function Item({ size, label = 1 }: Props) { return null; }",
    ];
    for component in components {
        check_definition(&format!(
            "
            //- /item.tsx
            import * as React from 'react';
            interface Props {{ size: number; ⟦label⟧?: number }}
            {component}
            //- /list.tsx
            import {{ Item }} from './item';
            export const List = () => <Item size={{1}} $0label={{2}} />;
            "
        ));
    }
}

#[test]
fn an_attribute_without_a_type_is_what_the_component_takes_out() {
    check_definition(
        "
        //- /item.jsx
        export default function Item({ size, ⟦label⟧ }) { return <b>{label}</b>; }
        //- /list.jsx
        import Item from './item';
        export const List = () => <Item size=\"1\" $0label=\"2\" />;
        ",
    );
}

#[test]
fn what_a_script_declares_is_seen_everywhere() {
    check_definition(
        "
        //- /global.d.ts
        declare const ⟦DEBUG⟧: boolean;
        //- /a.ts
        export const f = () => $0DEBUG;
        ",
    );
    check_definition(
        "
        //- /a.ts
        export {};
        declare global { interface ⟦Config⟧ { size: number } }
        //- /b.ts
        export const f = (c: $0Config) => c.size;
        ",
    );
    check_empty(
        "
        //- /a.ts
        export {};
        const hidden = 1;
        //- /b.ts
        export const f = () => $0hidden;
        ",
        Empty::Unresolved("nothing of that name is in scope"),
    );
}

#[test]
fn a_module_may_be_declared_by_its_specifier() {
    check_definition(
        "
        //- /shims.d.ts
        declare module 'plugin' { export function ⟦load⟧(): void; }
        //- /a.ts
        import { load } from 'plugin';
        $0load();
        ",
    );
}

#[test]
fn members_of_the_standard_library_are_not_guessed() {
    check_empty(
        "
        //- /a.js
        export const options = { length: 1 };
        export const f = (x) => x.$0length;
        ",
        Empty::Unresolved("the type of the receiver is not known"),
    );
}

#[test]
fn types_of_values_and_of_results_have_their_members() {
    for ty in ["typeof options", "ReturnType<typeof make>", "Readonly<ReturnType<typeof later>>"] {
        check_definition(&format!(
            "
            //- /a.ts
            const options = {{ ⟦size⟧: 1 }};
            function make() {{ return options; }}
            const later = () => make();
            export const f = (it: {ty}) => it.$0size;
            "
        ));
    }
}

#[test]
fn comments_define_types_and_parts_of_parameters() {
    let uses = [
        "/** @param {Options} options */ function f(options) { return options.$0size; }",
        "/** @type {Options} */ const options = make(); options.$0size;",
    ];
    for code in uses {
        check_definition(&format!(
            "
            //- /a.js
            /**
             * @typedef {{Object}} Options
             * @property {{number}} ⟦size⟧ how large
             * @property {{string}} [name]
             */
            {code}
            "
        ));
    }
    check_definition(
        "
        //- /a.js
        /**
         * @param {Object} props What it is handed.
         * @param {number} props.⟦size⟧ How large.
         */
        function f(props) { return props.$0size; }
        ",
    );
    check_definition(
        "
        //- /a.js
        /** @param {{ ⟦size⟧: number, inner: { name: string } }} options */
        const f = (options) => options.$0size;
        ",
    );
}

#[test]
fn attributes_are_the_parts_that_a_comment_names() {
    check_definition(
        "
        //- /a.jsx
        /**
         * @param {Object} props
         * @param {string} [props.⟦label⟧='x'] What it says.
         */
        function Item({ label, size }) { return null; }
        const list = <Item $0label='a' />;
        ",
    );
}

#[test]
fn members_of_a_component_are_what_its_base_takes() {
    for member in ["this.props.$0label", "this.state.$0label"] {
        let (props, state) = match member.contains("props") {
            true => ("{ ⟦label⟧: string }", "{ size: number }"),
            false => ("{ size: number }", "{ ⟦label⟧: string }"),
        };
        check_definition(&format!(
            "
            //- /a.tsx
            import {{ Component }} from 'react';
            type Props = {props};
            class Item extends Component<Props, {state}> {{ render() {{ return {member}; }} }}
            "
        ));
    }
}
