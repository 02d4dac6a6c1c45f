; The facts of Java. Types nest and their members are seen from inside; locals are seen from their declaration on.

(package_declaration) @hook.package
(import_declaration) @hook.import
(module_declaration) @skip

; Types.
(class_declaration
  (modifiers) @walk
  name: (_) @name
  type_parameters: (_) @walk
  superclass: (_) @inherit
  interfaces: (_) @inherit
  permits: (_) @typewalk
  body: (_) @walk) @def.class @scope.class
(record_declaration
  name: (_) @name
  parameters: (_) @typewalk
  interfaces: (_) @inherit
  (_) @walk) @def.class @scope.class
(interface_declaration
  name: (_) @name
  permits: (_) @typewalk
  (extends_interfaces) @inherit
  (_) @walk) @def.interface @scope.class
(annotation_type_declaration name: (_) @name (_) @walk) @def.interface @scope.class
(enum_declaration name: (_) @name interfaces: (_) @inherit (_) @walk) @def.enum @scope.class
(enum_constant name: (_) @name arguments: (_) @walk body: (_) @walk (_) @walk) @def.enummember
(class_body (#parent? object_creation_expression enum_constant)) @scope.class @hook.anonymous
(type_parameter (type_identifier) @bind (type_bound) @type) @bind.typeparameter
(type_bound . (_) @same (_) @typewalk)
(modifiers) @hook.modifiers

; Members.
(method_declaration
  type_parameters: (_) @walk
  type: (_) @type
  name: (_) @name
  (_) @walk) @def.method @scope.function
(annotation_type_element_declaration type: (_) @type name: (_) @name (_) @walk) @def.method
(constructor_declaration name: (_) @name (_) @walk) @def.constructor @scope.function
(compact_constructor_declaration name: (_) @name (_) @walk) @def.constructor @scope.function
(throws (_) @typewalk)
(field_declaration type: (_) @type declarator: (_) @bind.field (_) @walk)
(constant_declaration type: (_) @type declarator: (_) @bind.constant (_) @walk)
(formal_parameter (#in? type) type: (_) @type name: (_) @bind (_) @walk) @bind.field @term.none
(formal_parameter type: (_) @type name: (_) @bind (_) @walk) @bind.parameter
(receiver_parameter) @skip
(spread_parameter
  (modifiers|annotation|marker_annotation) @walk
  (variable_declarator) @bind
  (_) @type.list) @bind.parameter @below.variadic

; Local variables. `var` takes the type of its value.
(local_variable_declaration type: (_) @type declarator: (_) @bind.variable (_) @walk)
(variable_declarator name: (_) @bind value: (_) @init (_) @skip)
(enhanced_for_statement (#text? type "var")
  type: (_) @skip
  name: (_) @bind
  value: (_) @init.iter
  body: (_) @walk
  (_) @skip) @scope.block @bind.variable
(enhanced_for_statement
  type: (_) @type
  name: (_) @bind
  value: (_) @walk
  body: (_) @walk
  (_) @skip) @scope.block @bind.variable
(for_statement) @scope.block
(catch_clause) @scope.block
(catch_formal_parameter (catch_type) @type name: (_) @bind (_) @skip) @bind.variable
(catch_type (_) @typeitem) @term.union
(try_with_resources_statement) @scope.block
(resource (#has? type) type: (_) @type name: (_) @bind value: (_) @init (_) @skip) @bind.variable
(instanceof_expression (#has? name) left: (_) @walk right: (_) @type name: (_) @bind) @bind.variable
(instanceof_expression left: (_) @walk right: (_) @typewalk pattern: (_) @walk)
(type_pattern (identifier) @bind (_) @type) @bind.variable
(record_pattern_component (identifier) @bind (_) @type) @bind.variable
(record_pattern . (_) @typewalk (_) @walk)

; Functions as values.
(lambda_expression (#kind? parameters identifier)
  parameters: (_) @bind.parameter
  body: (block) @walk
  body: (_) @return) @scope.function
(lambda_expression parameters: (_) @walk body: (block) @walk body: (_) @return) @scope.function
(inferred_parameters (_) @bind.parameter)
(method_reference . (_) @recv (type_arguments) @walk (identifier) @name) @invoke

; Statements.
(block (#parent? method_declaration lambda_expression))
(block|switch_block|switch_rule) @scope.block
(switch_expression condition: (_) @value body: (_) @walk) @pattern.subject
(switch_label (identifier) @key (_) @walk)
(labeled_statement (identifier) @name (_) @walk) @def.label
(break_statement|continue_statement (identifier) @label)
(return_statement (_) @return)

; Expressions.
; Functions of the library that give what they are given.
(method_invocation (#text? object "Objects") (#text? name "requireNonNull" "requireNonNullElse" "requireNonNullElseGet")
  object: (_) @recv name: (_) @name type_arguments: (_) @walk arguments: (_) @item) @invoke @term.first
(method_invocation !object (#text? name "requireNonNull" "requireNonNullElse" "requireNonNullElseGet")
  name: (_) @name arguments: (_) @item) @invoke @term.first
(method_invocation (#text? object "List" "Set" "Arrays" "Stream" "Collections" "Optional" "EnumSet" "Sets" "Lists" "ImmutableList" "ImmutableSet")
  (#text? name "of" "asList" "ofNullable" "singletonList" "singleton" "newArrayList" "newHashSet")
  object: (_) @recv name: (_) @name type_arguments: (_) @walk arguments: (_) @item) @invoke @term.list
(method_invocation
  object: (_) @recv
  name: (_) @name
  type_arguments: (_) @walk
  arguments: (_) @arguments) @invoke @term.call
(object_creation_expression
  type: (_) @typevalue
  arguments: (_) @args
  (_) @walk) @term.new
(explicit_constructor_invocation constructor: (_) @skip (_) @walk)
(field_access (#text? field "this") object: (_) @type (_) @skip) @term.instance
(field_access (#kind? object field_access) object: (_) @recv field: (_) @name) @hook.qualified @member
(field_access object: (_) @recv field: (_) @name) @member
(array_access array: (_) @value index: (_) @walk) @term.index
(array_creation_expression type: (_) @type.list (_) @walk) @term.instance
(class_literal (_) @typewalk) @term.none
(cast_expression type: (_) @type value: (_) @walk) @term.instance
(assignment_expression left: (_) @write right: (_) @value) @term.same
(ternary_expression condition: (_) @walk consequence: (_) @operand alternative: (_) @operand) @term.union
(binary_expression (_) @walk) @term.none
(unary_expression|update_expression (_) @same)
(parenthesized_expression (_) @same)
(this) @term.self
(super) @term.super
(string_literal) @term.literal.string @skip
(decimal_integer_literal|hex_integer_literal|octal_integer_literal|binary_integer_literal) @term.literal.integer @skip
(decimal_floating_point_literal|hex_floating_point_literal) @term.literal.float @skip
(character_literal) @term.literal.character @skip
(true|false) @term.literal.boolean @skip
(null_literal) @term.literal.null @skip

; Annotations.
(annotation name: (_) @type arguments: (_) @walk) @pattern.struct
(marker_annotation name: (_) @type)
(element_value_pair key: (_) @key value: (_) @walk)

; Types as names.
(scoped_type_identifier . (_) @typerecv (type_identifier) @name (_) @walk) @hook.qualified @member
(scoped_identifier scope: (_) @typerecv name: (_) @name) @member
(generic_type . (_) @typevalue (type_arguments) @typeitem) @term.apply
(wildcard (super|marker_annotation|annotation) @skip (_) @typevalue) @term.same
(annotated_type (annotation|marker_annotation) @walk (_) @same)
(array_type element: (_) @typevalue dimensions: (_) @skip) @term.list
(integral_type|floating_point_type|boolean_type) @ident.type
(void_type) @skip

(type_identifier (#in? bind)) @ident
(type_identifier (#is? "var")) @skip
(type_identifier) @ident.type
(identifier) @ident
