; What TypeScript and JavaScript share. `let`, `const` and classes belong to blocks, `var` and functions to functions.

(program) @hook.file
(comment) @hook.comment

; Blocks. What their conditions show holds in them.
(if_statement condition: (_) @walk) @hook.test
(switch_statement value: (_) @walk) @hook.switch
(while_statement condition: (_) @walk) @hook.test
(do_statement (_) @walk) @hook.loop
(for_statement (_) @walk) @hook.loop @scope.lazy
(for_in_statement (#text? kind "var") (#text? operator "in") left: (_) @bind right: (_) @walk body: (_) @walk) @hook.loop @scope.block @functionscope @bind.variable
(for_in_statement (#text? kind "var") left: (_) @bind right: (_) @init.iter body: (_) @walk) @hook.loop @scope.block @functionscope @bind.variable
(for_in_statement (#has? kind) (#text? operator "in") left: (_) @bind right: (_) @walk body: (_) @walk) @hook.loop @scope.block @bind.variable
(for_in_statement (#has? kind) left: (_) @bind right: (_) @init.iter body: (_) @walk) @hook.loop @scope.block @bind.variable
(for_in_statement left: (_) @write right: (_) @walk body: (_) @walk) @hook.loop @scope.block
(switch_body (_) @walk) @scope.lazy
(catch_clause parameter: (_) @bind body: (_) @walk) @scope.block @bind.variable
(class_static_block (_) @walk) @scope.block
(labeled_statement label: (_) @name body: (_) @walk) @def.label
(break_statement label: (_) @label)
(continue_statement label: (_) @label)
(statement_identifier) @ident
(return_statement (_) @return)

; Variables, assignments and patterns.
(variable_declaration (_) @walk) @functionscope
(augmented_assignment_expression left: (_) @write right: (_) @walk)
(update_expression argument: (_) @write)
(array_pattern (_) @same) @pattern.nth
(pair_pattern key: (property_identifier) @key value: (_) @same) @pattern.field
(pair_pattern key: (_) @walk value: (_) @same) @pattern.field
(object_assignment_pattern left: (_) @same right: (_) @walk)
(shorthand_property_identifier_pattern) @ident.shorthand

; Objects.
(object (spread_element) @operand (_) @walk) @scope.object @term.object
(spread_element (#parent? object) (_) @same)
(pair key: (property_identifier|string) @name value: (_) @init) @def.property
(pair key: (_) @walk value: (_) @walk)
(shorthand_property_identifier) @ident.shorthand
(computed_property_name (_) @walk)

; Expressions.
(await_expression (_) @value) @term.await
(parenthesized_expression (_) @same)
(ternary_expression condition: (_) @walk consequence: (_) @item alternative: (_) @item) @hook.test @term.union
(binary_expression (#text? operator "||" "??") left: (_) @operand right: (_) @operand) @hook.test @term.union
(binary_expression (#text? operator "&&") left: (_) @walk right: (_) @value) @hook.test @term.same
(binary_expression left: (_) @walk right: (_) @walk)
(unary_expression argument: (_) @walk)
(yield_expression (#token? "*") (_) @return)
(yield_expression (_) @return.list)
(spread_element (_) @value) @term.iter
(subscript_expression object: (_) @value index: (_) @walk) @term.index
(array (_) @operand) @term.list
(template_string (_) @walk) @term.literal.string
(template_substitution (_) @walk)
(string) @skip @term.literal.string
(number) @skip @term.literal.integer
(regex) @skip @term.literal.regex
(true|false) @skip @term.literal.boolean
(null|undefined) @skip @term.literal.null
(this) @term.self
(super) @term.super
(meta_property) @skip
(optional_chain) @skip
(decorator (_) @walk)

; Imports and exports.
(import_statement) @hook.import
(export_statement (#has? source)) @hook.export
(export_statement (#token? "default") declaration: (_) @init value: (_) @init decorator: (_) @walk) @bind.export @hook.default
(export_statement (#has? declaration) declaration: (_) @walk decorator: (_) @walk) @below.exported
(export_statement (export_clause) @walk) @hook.export

(property_identifier|private_property_identifier) @ident
