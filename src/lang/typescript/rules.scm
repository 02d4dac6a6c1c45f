; TypeScript: functions and classes with their types, and the language of types.

; `declare global { … }`
(statement_block (#parent? ambient_declaration) (_) @walk) @scope.module
(statement_block (#not-parent? function_declaration generator_function_declaration function_expression generator_function arrow_function method_definition class_static_block catch_clause internal_module module) (_) @walk) @scope.lazy

; Functions. A function expression's own name is seen inside of it alone.
(function_declaration name: (_) @name return_type: (_) @type body: (_) @walk) @def.function @scope.function
(generator_function_declaration name: (_) @name return_type: (_) @type body: (_) @walk) @below.generator @def.function @scope.function
(function_signature name: (_) @name return_type: (_) @type) @below.overload @def.function @scope.function
(function_expression (#has? name) name: (_) @name return_type: (_) @type body: (_) @walk) @scope.block @def.function @scope.function
(generator_function (#has? name) name: (_) @name return_type: (_) @type body: (_) @walk) @scope.block @below.generator @def.function @scope.function
(function_expression|generator_function return_type: (_) @type body: (_) @walk) @adopt @scope.function
(arrow_function parameter: (_) @bind.parameter return_type: (_) @type body: (statement_block) @walk body: (_) @return) @adopt @scope.function @outerself
(method_definition
  "get" @flag.getter "set" @flag.setter "static" @flag.static "*" @flag.generator
  name: (property_identifier|private_property_identifier|string) @name
  return_type: (_) @type body: (_) @walk) @def.method @scope.function
(method_signature (#parent? class_body) "static" @flag.static name: (_) @name return_type: (_) @type) @below.overload @def.method @scope.function
(method_signature "get" @flag.getter "set" @flag.setter name: (_) @name return_type: (_) @type) @def.method @scope.function
(abstract_method_signature "get" @flag.getter "set" @flag.setter name: (_) @name return_type: (_) @type) @below.abstract @def.method @scope.function

; Parameters. One with a modifier is a field of the class too.
(required_parameter|optional_parameter (#parent? tuple_type) name: (_) @skip type: (_) @same)
(required_parameter (#kind? pattern this) pattern: (_) @bind type: (_) @type) @bind.variable
(required_parameter (#has? value) (accessibility_modifier) @skip pattern: (_) @bind type: (_) @type value: (_) @init decorator: (_) @walk) @below.optional @bind.parameter @hook.parameter
(required_parameter (accessibility_modifier) @skip pattern: (_) @bind type: (_) @type value: (_) @init decorator: (_) @walk) @bind.parameter @hook.parameter
(optional_parameter (accessibility_modifier) @skip pattern: (_) @bind type: (_) @type value: (_) @init decorator: (_) @walk) @below.optional @bind.parameter @hook.parameter
(accessibility_modifier (#is? "private")) @flag.private
(accessibility_modifier|override_modifier) @skip
(rest_pattern (#parent? required_parameter) (_) @same) @below.variadic
(rest_pattern (_) @same)
(this (#in? bind)) @ident
(assignment_pattern left: (_) @same right: (_) @walk)

; Classes and their kin.
(class_declaration name: (_) @name (class_heritage) @inherit body: (_) @walk) @def.class @scope.class
(abstract_class_declaration name: (_) @name (class_heritage) @inherit body: (_) @walk) @below.abstract @def.class @scope.class
(class (#has? name) name: (_) @name (class_heritage) @inherit body: (_) @walk) @scope.block @def.class @scope.class
(class (class_heritage) @inherit body: (_) @walk) @adopt @scope.class
(extends_clause (#has? type_arguments) value: (_) @base type_arguments: (_) @typeitem) @term.apply
(extends_clause value: (_) @same)
(public_field_definition "static" @flag.static "abstract" @flag.abstract "?" @flag.optional name: (property_identifier|private_property_identifier|string) @name type: (_) @type value: (_) @init decorator: (_) @walk) @def.field
(interface_declaration name: (_) @name (extends_type_clause) @inherit body: (_) @walk) @def.interface @scope.class
(property_signature "?" @flag.optional name: (property_identifier|private_property_identifier|string) @name type: (_) @type) @def.property
(call_signature return_type: (_) @type) @hook.signature @scope.function
(construct_signature type: (_) @type) @scope.function
(index_signature name: (_) @skip index_type: (_) @typewalk type: (_) @type) @hook.index
(enum_declaration name: (_) @name body: (_) @walk) @def.enum @scope.class
(enum_assignment name: (property_identifier|string) @name value: (_) @walk) @def.enummember
(property_identifier|string (#parent? enum_body)) @hook.enumerator
(type_alias_declaration name: (_) @name value: (_) @type) @def.typealias @scope.block
(type_parameter name: (_) @name constraint: (_) @type value: (_) @default) @def.typeparameter
(internal_module|module name: (identifier|string) @name body: (_) @walk) @def.namespace @scope.module
(internal_module|module body: (_) @walk) @scope.module
(ambient_declaration) @hook.ambient
(import_alias) @hook.alias
(export_statement (#token? "=") (_) @init) @bind.export @hook.whole
(export_statement (#token? "namespace")) @skip

; Variables and assignments.
(variable_declarator (#kind? value call_expression member_expression) name: (_) @bind type: (_) @type value: (_) @init) @hook.require @bind.variable
(variable_declarator name: (_) @bind type: (_) @type value: (_) @init) @bind.variable
(assignment_expression left: (_) @bind right: (_) @init) @assign @term.init

; Expressions.
(call_expression (#head? "require" "import") function: (_) @callee arguments: (_) @args) @hook.load @term.call
(member_expression object: (_) @recv property: (_) @name) @member
; Functions of the standard library, and methods whose callbacks say what they give.
(call_expression (#text? function "Promise.resolve" "Object.freeze" "Object.seal" "Object.assign" "structuredClone" "useCallback" "React.useCallback" "memo" "React.memo")
  !type_arguments function: (_) @callee arguments: (_) @item) @term.first
(call_expression (#last? function "map" "flatMap" "then" "reduce" "reduceRight")
  !type_arguments function: (_) @callee arguments: (_) @arguments) @term.call
(call_expression function: (_) @callee type_arguments: (_) @typeitem arguments: (_) @args) @term.call
(new_expression constructor: (_) @callee type_arguments: (_) @typeitem arguments: (_) @args) @term.new
(as_expression . (_) @value (_) @type) @term.cast
(satisfies_expression . (_) @same (_) @typewalk)
(non_null_expression (_) @same)
(instantiation_expression . (_) @value type_arguments: (_) @typeitem) @term.apply
(nested_identifier object: (_) @recv property: (_) @name) @member

; Types.
(generic_type name: (_) @typevalue type_arguments: (_) @typeitem) @term.apply
(nested_type_identifier module: (_) @typerecv name: (_) @name) @member
(predefined_type) @hook.predefined
(union_type|intersection_type (_) @typeitem) @term.union
(array_type (_) @typevalue) @term.list
(tuple_type (_) @typeitem) @term.tuple
(optional_type|rest_type|readonly_type|parenthesized_type (_) @same)
(function_type return_type: (_) @type) @scope.function
(constructor_type type: (_) @type) @scope.function
(object_type (_) @walk) @scope.object @term.object
; What a function says of its argument is told apart from what it gives: it gives a truth value.
(type_predicate name: (_) @operand type: (_) @typeitem) @term.says
(asserts (_) @walk)
(conditional_type left: (_) @typewalk right: (_) @typewalk consequence: (_) @typeitem alternative: (_) @typeitem) @scope.block @term.union
(string (#parent? literal_type)) @hook.text
(infer_type . (type_identifier) @skip (_) @typewalk) @hook.infer
(mapped_type_clause name: (_) @name type: (_) @type alias: (_) @typewalk) @def.typeparameter
(index_type_query (_) @typeitem) @term.tuple
(lookup_type (#child? literal_type) . (_) @typerecv (literal_type) @name) @member
(lookup_type . (_) @typevalue.instance (_) @typewalk) @term.index
(template_type (_) @typewalk)
(type_query (_) @value) @term.same
(this_type) @term.selftype
(existential_type) @skip
(type_identifier) @ident.type
(identifier) @ident
