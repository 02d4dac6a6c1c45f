; The facts of C++. Namespaces are open, members stand in their class or behind its name, pointers are seen through.

; Namespaces.
(namespace_definition name: (_) @skip body: (_) @walk) @hook.namespace
(namespace_alias_definition) @hook.alias
(using_declaration) @hook.using
(linkage_specification value: (_) @skip body: (_) @walk)

; Types.
(class_specifier (#has? body) (#kind? name type_identifier)
  name: (_) @name (base_class_clause) @inherit body: (_) @walk (_) @skip) @def.class @scope.class @hook.template
(struct_specifier (#has? body) (#kind? name type_identifier)
  name: (_) @name (base_class_clause) @inherit body: (_) @walk (_) @skip) @def.struct @scope.class @hook.template
(union_specifier (#has? body) (#kind? name type_identifier)
  name: (_) @name body: (_) @walk (_) @skip) @def.union @scope.class @hook.template
(class_specifier|struct_specifier|union_specifier (#has? body) (#has? name)
  name: (_) @skip (base_class_clause) @inherit body: (_) @walk (_) @skip) @hook.special @scope.class @hook.template
(struct_specifier|union_specifier|class_specifier (#has? body) (#in? value) body: (_) @walk (_) @skip)
(struct_specifier|union_specifier|class_specifier (#has? body) body: (_) @walk (_) @skip) @scope.object @term.object
(class_specifier (#in? value) (#kind? name type_identifier) name: (_) @name) @below.declaration @def.class
(struct_specifier (#in? value) (#kind? name type_identifier) name: (_) @name) @below.declaration @def.struct
(union_specifier (#in? value) (#kind? name type_identifier) name: (_) @name) @below.declaration @def.union
(class_specifier|struct_specifier|union_specifier name: (_) @tag) @term.same
(enum_specifier (#has? body) (#kind? name type_identifier) (#token? "class")
  name: (_) @name base: (_) @typewalk body: (_) @walk (_) @skip) @def.enum @scope.class
(enum_specifier (#has? body) (#kind? name type_identifier) (#token? "struct")
  name: (_) @name base: (_) @typewalk body: (_) @walk (_) @skip) @def.enum @scope.class
(enum_specifier (#has? body) (#kind? name type_identifier)
  name: (_) @name base: (_) @typewalk body: (_) @walk (_) @skip) @def.enum @scope.class @below.outer
(enum_specifier (#has? body) body: (_) @walk (_) @skip)
(enum_specifier (#in? value) (#kind? name type_identifier) name: (_) @name base: (_) @typewalk (_) @skip)
  @below.declaration @def.enum
(enum_specifier (#has? name) name: (_) @tag) @term.same
(enumerator_list (_) @walk) @hook.listed
(enumerator name: (_) @name value: (_) @init) @def.enummember
(base_class_clause (access_specifier|attribute_declaration) @skip (_) @same)
(alias_declaration (#parent? template_declaration) name: (_) @name type: (_) @type (_) @skip)
  @def.typealias @scope.class @hook.template
(alias_declaration name: (_) @name type: (_) @type (_) @skip) @def.typealias
(concept_definition name: (_) @name (_) @walk) @def.interface
(template_type name: (_) @typevalue arguments: (_) @typeitem) @term.apply
(dependent_type (_) @same)
(decltype (_) @value) @term.same
(placeholder_type_specifier constraint: (_) @typewalk (_) @skip) @term.none

; Templates: the parameters belong to what is declared.
(template_declaration parameters: (_) @skip (_) @walk)
(type_parameter_declaration (_) @bind) @bind.typeparameter
(variadic_type_parameter_declaration (_) @bind) @bind.typeparameter
(optional_type_parameter_declaration name: (_) @bind default_type: (_) @typewalk) @bind.typeparameter
(template_template_parameter_declaration parameters: (_) @skip (_) @walk)
(template_instantiation type: (_) @typewalk declarator: (_) @walk (_) @skip)

; Declarations.
(field_declaration (#has? default_value)
  type: (_) @type declarator: (_) @bind default_value: (initializer_list) @key default_value: (_) @init (_) @walk) @bind.field
(field_declaration !declarator type: (_) @walk (_) @walk) @hook.embedded
(field_declaration type: (_) @type declarator: (_) @bind.field (_) @walk)
(friend_declaration (declaration|function_definition) @walk (_) @typewalk) @below.outer
(declaration (#has? value) type: (_) @type declarator: (_) @bind value: (_) @init (_) @walk) @bind.variable
(declaration type: (_) @type declarator: (_) @bind.variable (_) @walk)
(init_declarator
  declarator: (_) @bind value: (argument_list) @walk value: (initializer_list) @key value: (_) @init)
(function_declarator (#in? bind) (#kind? declarator identifier field_identifier operator_name destructor_name qualified_identifier)
  declarator: (_) @skip parameters: (_) @walk (_) @walk) @hook.prototype @scope.function @hook.template @hook.owner
(function_declarator (#in? bind) declarator: (_) @same parameters: (_) @typewalk (_) @walk)
  @pattern.function @hook.parenthesized
(function_declarator (#kind? declarator identifier field_identifier type_identifier operator_name destructor_name qualified_identifier template_function)
  declarator: (_) @skip parameters: (_) @walk (_) @walk) @hook.opener
(function_declarator declarator: (_) @walk parameters: (_) @typewalk (_) @walk)
(abstract_function_declarator (#parent? lambda_expression) parameters: (_) @walk (_) @walk)
(abstract_function_declarator declarator: (_) @walk parameters: (_) @typewalk (_) @walk)
(trailing_return_type (_) @typewalk)
(noexcept|throw_specifier (_) @walk)
(parameter_declaration !declarator type: (_) @typewalk (_) @walk) @hook.unnamed
(parameter_declaration type: (_) @type declarator: (_) @bind (_) @walk) @bind.parameter
(optional_parameter_declaration type: (_) @type declarator: (_) @bind default_value: (_) @walk (_) @walk)
  @below.optional @bind.parameter
(variadic_parameter_declaration type: (_) @type declarator: (_) @bind (_) @walk) @below.variadic @bind.parameter
(pointer_declarator|pointer_type_declarator declarator: (_) @same (_) @same)
(parenthesized_declarator|attributed_declarator|reference_declarator|variadic_declarator (_) @same)
(structured_binding_declarator (_) @same) @pattern.nth
(qualified_identifier (#in? bind)) @hook.outside
(operator_name|destructor_name|operator_cast (#in? bind)) @skip
(abstract_pointer_declarator|abstract_reference_declarator|abstract_array_declarator (_) @walk)

(function_definition
  type: (_) @type
  declarator: (_) @walk
  body: (_) @walk
  (_) @walk) @hook.method @scope.function @hook.template @hook.owner
(field_initializer) @hook.initializer

; Statements.
(compound_statement (#parent? function_definition lambda_expression))
(compound_statement) @scope.lazy
(for_statement|if_statement|while_statement|switch_statement) @scope.lazy
(for_range_loop type: (_) @type declarator: (_) @bind right: (_) @init.iter body: (_) @walk (_) @walk)
  @scope.block @bind.variable
(catch_clause) @scope.block
(return_statement|co_return_statement (_) @return)

; Expressions.
(call_expression (#kind? function primitive_type) function: (_) @skip arguments: (_) @walk) @term.none
(call_expression (#text? function "std::move" "std::forward" "move" "std::ref" "std::cref" "std::addressof" "std::as_const" "std::launder")
  function: (_) @callee arguments: (_) @item) @term.first
(call_expression (#text? function "std::make_pair" "std::make_tuple" "make_pair" "make_tuple" "std::tie")
  function: (_) @callee arguments: (_) @item) @term.tuple
(call_expression (#text? function "std::next" "std::prev" "std::find_if" "std::find" "std::exchange" "std::min" "std::max" "std::clamp" "std::lower_bound" "std::upper_bound" "std::max_element" "std::min_element" "absl::WrapUnique")
  function: (_) @callee arguments: (_) @item) @term.first
(call_expression (#kind? function identifier) function: (_) @callee arguments: (_) @arguments) @term.call
(call_expression function: (_) @callee arguments: (_) @args) @term.call
(template_function (#text? name "static_cast" "dynamic_cast" "reinterpret_cast" "const_cast" "bit_cast" "down_cast" "implicit_cast")
  name: (_) @skip arguments: (_) @type) @term.type
(template_function (#in? call) name: (_) @callee arguments: (_) @typeitem) @term.apply
(template_function|template_method name: (_) @value arguments: (_) @typeitem) @term.apply
(field_expression (#token? "->") argument: (_) @recv.deref field: (_) @name) @member
(field_expression argument: (_) @recv field: (_) @name) @member
(qualified_identifier) @hook.qualified
(subscript_expression argument: (_) @value indices: (_) @walk) @term.index
(pointer_expression (#text? operator "*") argument: (_) @value) @term.deref
(pointer_expression argument: (_) @value) @term.same
(new_expression type: (_) @type placement: (_) @walk declarator: (_) @walk arguments: (_) @walk) @term.instance
(co_await_expression argument: (_) @value) @term.await
(lambda_expression
  captures: (_) @walk
  template_parameters: (_) @walk
  declarator: (_) @walk
  body: (_) @walk) @scope.function
(lambda_capture_initializer left: (_) @bind right: (_) @init) @bind.variable
(this) @term.self

(string_literal|raw_string_literal|char_literal|number_literal|user_defined_literal) @skip
(type_identifier (#in? bind)) @ident
(type_identifier|namespace_identifier) @ident.type
