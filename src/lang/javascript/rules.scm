; JavaScript: functions and classes without types, and what assignments declare.

(statement_block (#not-parent? function_declaration generator_function_declaration function_expression generator_function arrow_function method_definition class_static_block catch_clause) (_) @walk) @scope.lazy

; Functions. A function expression's own name is seen inside of it alone.
(function_declaration name: (_) @name body: (_) @walk) @def.function @scope.function
(generator_function_declaration name: (_) @name body: (_) @walk) @below.generator @def.function @scope.function
(function_expression (#has? name) name: (_) @name body: (_) @walk) @scope.block @def.function @scope.function
(generator_function (#has? name) name: (_) @name body: (_) @walk) @scope.block @below.generator @def.function @scope.function
(function_expression|generator_function body: (_) @walk) @adopt @scope.function
(arrow_function parameter: (_) @bind.parameter body: (statement_block) @walk body: (_) @return) @adopt @scope.function @outerself
(method_definition
  "get" @flag.getter "set" @flag.setter "static" @flag.static "static get" @flag.static "*" @flag.generator
  name: (property_identifier|private_property_identifier|string) @name
  body: (_) @walk) @def.method @scope.function

; Parameters.
(formal_parameters (identifier|object_pattern|array_pattern) @bind.parameter (_) @walk)
(assignment_pattern (#parent? formal_parameters) left: (_) @bind right: (_) @init) @bind.parameter
(rest_pattern (#parent? formal_parameters) (_) @bind) @bind.parameter
(rest_pattern (_) @same)
(assignment_pattern left: (_) @same right: (_) @walk)

; Classes.
(class_declaration name: (_) @name (class_heritage) @inherit body: (_) @walk) @def.class @scope.class
(class (#has? name) name: (_) @name (class_heritage) @inherit body: (_) @walk) @scope.block @def.class @scope.class
(class (class_heritage) @inherit body: (_) @walk) @adopt @scope.class
(field_definition "static" @flag.static property: (property_identifier|private_property_identifier|string) @name value: (_) @init decorator: (_) @walk) @def.field

; A type in a comment before parentheses is that of what stands in them.
(parenthesized_expression (_) @same) @hook.cast

; Variables and assignments; an assignment to a member declares it.
(variable_declarator (#kind? value call_expression member_expression) name: (_) @bind value: (_) @init) @hook.require @bind.variable
(variable_declarator name: (_) @bind value: (_) @init) @bind.variable
(assignment_expression left: (_) @bind right: (_) @init) @assign @term.init

; Expressions.
(call_expression (#head? "require" "import") function: (_) @callee arguments: (_) @args) @hook.load @term.call
(member_expression (#head? "module") object: (_) @recv property: (_) @name) @hook.exports @member
(member_expression object: (_) @recv property: (_) @name) @member
(call_expression (#head? "inherits" "util.inherits" "utils.inherits") function: (_) @callee arguments: (_) @args) @hook.inherits @term.call
(call_expression (#head? "Object.create") function: (_) @callee arguments: (_) @args) @hook.create @term.call
; Functions of the standard library, and methods whose callbacks say what they give.
(call_expression (#text? function "Promise.resolve" "Object.freeze" "Object.seal" "Object.assign" "structuredClone" "useCallback" "React.useCallback" "memo" "React.memo")
  function: (_) @callee arguments: (_) @item) @term.first
(call_expression (#last? function "map" "flatMap" "then" "reduce" "reduceRight")
  function: (_) @callee arguments: (_) @arguments) @term.call
(call_expression function: (_) @callee arguments: (_) @args) @term.call
(new_expression constructor: (_) @callee arguments: (_) @args) @term.new
(identifier (#is? "exports")) @hook.exports @ident
(identifier) @ident
