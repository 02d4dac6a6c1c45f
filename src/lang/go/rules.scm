; The facts of Go. Blocks scope, `:=` declares what its block has not declared yet, methods stand outside their type,
; pointers are seen through.

(package_clause (_) @skip) @hook.package
(import_spec) @hook.import

; Types. The body of a struct or interface is the scope of its members.
(type_spec (#kind? type struct_type) name: (_) @name (_) @walk) @def.struct @scope.class
(type_spec (#kind? type interface_type)
  name: (_) @name
  type_parameters: (_) @walk
  type: (_) @inherit) @def.interface @scope.class
(type_spec (#has? type_parameters)
  name: (_) @name
  type_parameters: (_) @walk
  type: (_) @underlying) @def.class @scope.class
(type_spec name: (_) @name type: (_) @underlying) @def.class
(type_alias (#has? type_parameters)
  name: (_) @name
  type_parameters: (_) @walk
  type: (_) @type) @def.typealias @scope.class
(type_alias name: (_) @name type: (_) @type) @def.typealias
(type_parameter_declaration name: (_) @bind type: (_) @type) @bind.typeparameter

(struct_type (#not-parent? type_spec)) @scope.object @term.object
(interface_type (#leaf?)) @skip
(interface_type (#not-parent? type_spec) (_) @walk) @scope.object @term.object
(field_declaration (#has? name) name: (_) @bind type: (_) @type tag: (_) @skip) @bind.field
(field_declaration type: (_) @type tag: (_) @skip) @bind.field @hook.embedded
(method_elem name: (_) @name parameters: (_) @walk result: (_) @type) @def.method @scope.function @term.none

(pointer_type|parenthesized_type|negated_type (_) @same)
(slice_type element: (_) @typevalue) @term.list
(array_type length: (_) @walk element: (_) @typevalue) @term.list
(implicit_length_array_type element: (_) @typevalue) @term.list
(channel_type value: (_) @typevalue) @term.list
(map_type key: (_) @typeitem value: (_) @typeitem) @term.map
(function_type parameters: (_) @walk result: (_) @type) @scope.function
(generic_type (#in? call) type: (_) @callee type_arguments: (_) @typeitem) @term.apply
(generic_type type: (_) @typevalue type_arguments: (_) @typeitem) @term.apply
(qualified_type package: (_) @recv name: (_) @name) @member

; Functions. A receiver and a list of results are parameter lists read as types.
(function_declaration
  name: (_) @name
  type_parameters: (_) @walk
  parameters: (_) @walk
  result: (_) @type
  body: (_) @walk) @def.function @scope.function
(method_declaration
  receiver: (_) @of
  name: (_) @name
  parameters: (_) @walk
  result: (_) @type
  body: (_) @walk) @def.method @scope.function @hook.receiver @memberof
(func_literal parameters: (_) @walk result: (_) @type body: (_) @walk) @scope.function
(parameter_list (#in? type) (_) @typeitem) @term.several
(parameter_declaration (#in? type) name: (_) @bind type: (_) @type) @bind.parameter @term.each
(parameter_declaration name: (_) @bind type: (_) @type) @bind.parameter
(variadic_parameter_declaration name: (_) @bind type: (_) @type.list) @bind.parameter

; Declarations. Several names share one call, or each has its value.
(const_spec !value name: (_) @bind) @bind.constant @hook.repeated
(const_spec (#several? name) name: (_) @bind type: (_) @type value: (_) @init) @bind.constant @pattern.nth
(const_spec name: (_) @bind type: (_) @type value: (_) @init) @bind.constant
(var_spec (#has? type) name: (_) @bind type: (_) @type value: (_) @walk) @bind.variable
(var_spec (#several? name) name: (_) @bind value: (_) @init) @bind.variable @pattern.nth
(var_spec name: (_) @bind value: (_) @init) @bind.variable
(short_var_declaration left: (_) @bind right: (_) @init) @bind.variable @rebind
(receive_statement (#token? ":=") left: (_) @bind right: (_) @init) @bind.variable @rebind
(receive_statement left: (_) @write right: (_) @walk)
(range_clause (#token? ":=") left: (_) @bind right: (_) @init) @bind.variable
(range_clause left: (_) @write right: (_) @walk)
(assignment_statement left: (_) @write right: (_) @walk)
(expression_list (#in? bind) (#parent? range_clause) (_) @same) @pattern.entry
(expression_list (#in? bind) (#several?) (_) @same) @pattern.nth
(expression_list (#in? value) (_) @item) @term.several

; Statements.
(block (#parent? function_declaration method_declaration func_literal))
(block) @scope.block
(if_statement (#has? initializer)) @scope.block
(for_statement) @scope.block
(expression_switch_statement (#has? initializer)) @scope.block
(expression_case|default_case|communication_case) @scope.block
(type_switch_statement alias: (_) @skip value: (_) @init) @scope.block @bind.variable @hook.subject
(type_case type: (_) @type) @scope.block @bind.variable @hook.narrowed
(labeled_statement label: (_) @name) @def.label
(break_statement|continue_statement|goto_statement (_) @label)

; Expressions.
(call_expression (#text? function "new" "make") function: (_) @callee arguments: (_) @type) @term.instance
(call_expression (#text? function "append" "min" "max") function: (_) @callee arguments: (_) @item) @term.first
(call_expression function: (_) @callee type_arguments: (_) @walk arguments: (_) @walk) @term.call
(argument_list (#in? type)
  (type_identifier|qualified_type|generic_type|pointer_type|slice_type|array_type|map_type|channel_type|struct_type|interface_type|function_type|parenthesized_type) @type
  (_) @walk) @term.type
; `New[int](x)` is a call as often as a conversion.
(type_conversion_expression (#kind? type generic_type) type: (_) @callee operand: (_) @walk) @term.call
(type_conversion_expression type: (_) @type operand: (_) @walk) @term.instance
(type_instantiation_expression type: (_) @typevalue) @term.same
(type_assertion_expression operand: (_) @walk type: (_) @type) @term.instance
(selector_expression operand: (_) @recv field: (_) @name) @member
(index_expression operand: (_) @value index: (_) @walk) @term.index
(slice_expression operand: (_) @value (_) @walk) @term.same
(parenthesized_expression (_) @same)
(unary_expression (#text? operator "<-") operand: (_) @value) @term.iter
(unary_expression (#text? operator "!") operand: (_) @walk) @term.literal.boolean
(unary_expression operand: (_) @value) @term.same
(binary_expression (#text? operator "==" "!=" "<" "<=" ">" ">=" "&&" "||") (_) @walk) @term.literal.boolean
(binary_expression (#text? operator "<<" ">>") left: (_) @value right: (_) @walk) @term.same
(binary_expression left: (_) @item right: (_) @item) @term.union

; Composite literals: keys are fields unless the literal is written as a map or list; elements may leave out their type.
(composite_literal (#kind? type map_type slice_type array_type implicit_length_array_type)
  type: (_) @type
  body: (_) @walk) @pattern.struct @term.instance
(composite_literal type: (_) @type body: (_) @key) @pattern.struct @term.instance
(literal_value (#in? key) (keyed_element) @same (_) @walk)
(literal_value (#parent? composite_literal) (_) @walk)
(literal_value (keyed_element) @key (_) @walk) @pattern.element
(keyed_element (#in? key) key: (_) @key value: (_) @walk)
(keyed_element key: (_) @walk value: (_) @walk)

(interpreted_string_literal|raw_string_literal) @term.literal.string @skip
(int_literal|iota) @term.literal.integer @skip
(float_literal|imaginary_literal) @term.literal.float @skip
(rune_literal) @term.literal.character @skip
(true|false) @term.literal.boolean @skip
(nil) @term.literal.null @skip
(identifier (#in? bind) (#is? "_")) @skip
(identifier (#in? write) (#is? "_")) @skip
(identifier|field_identifier|package_identifier|label_name) @ident
(type_identifier) @ident.type
