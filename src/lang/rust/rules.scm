; The facts of Rust. Blocks scope names from their declaration on; members are declared in `impl` blocks too.

(mod_item (#has? body) (visibility_modifier) @flag.exported name: (_) @name body: (_) @walk) @def.module @scope.module
(mod_item) @hook.filemodule
(foreign_mod_item body: (_) @walk)

(union_item
  (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk body: (_) @walk
  (where_clause) @walk) @def.union @scope.class @hook.derived
(struct_item (#has? body)
  (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk body: (_) @walk
  (where_clause) @walk) @def.struct @scope.class @hook.derived
(struct_item (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk) @def.struct @hook.derived
(field_declaration (visibility_modifier) @flag.exported name: (_) @name type: (_) @type) @def.field
(ordered_field_declaration_list) @hook.positional
(enum_item
  (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk body: (_) @walk
  (where_clause) @walk) @def.enum @scope.class @hook.derived
(enum_variant (#has? body) name: (_) @name body: (_) @walk value: (_) @walk) @def.enummember @scope.class
(enum_variant name: (_) @name value: (_) @walk) @def.enummember
(trait_item
  (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk bounds: (_) @inherit
  body: (_) @walk (where_clause) @walk) @def.trait @scope.class
(impl_item
  type_parameters: (_) @walk trait: (_) @trait type: (_) @of body: (_) @walk
  (where_clause) @walk) @scope.extension @extension
(type_item !type_parameters (visibility_modifier) @flag.exported name: (_) @name type: (_) @type) @def.typealias
(type_item
  (visibility_modifier) @flag.exported name: (_) @name type_parameters: (_) @walk type: (_) @type
  (where_clause) @walk) @def.typealias @scope.block
(associated_type name: (_) @name type_parameters: (_) @walk bounds: (_) @type (where_clause) @walk) @def.typealias
(const_item (visibility_modifier) @flag.exported name: (_) @name type: (_) @type value: (_) @init) @def.constant
(static_item (visibility_modifier) @flag.exported name: (_) @name type: (_) @type value: (_) @init) @def.static
(macro_definition name: (_) @name (_) @skip) @def.macro

(function_item
  (visibility_modifier) @flag.exported (function_modifiers) @walk name: (_) @name type_parameters: (_) @walk
  parameters: (_) @walk return_type: (_) @type body: (_) @walk (where_clause) @walk) @def.function @scope.function
(function_signature_item
  (visibility_modifier) @flag.exported (function_modifiers) @walk name: (_) @name type_parameters: (_) @walk
  parameters: (_) @walk return_type: (_) @type
  (where_clause) @walk) @below.abstract @def.function @scope.function
(function_modifiers "async" @flag.async (_) @skip)
(closure_expression
  parameters: (_) @walk return_type: (_) @type body: (_) @return) @scope.function

; Parameters.
(self_parameter) @hook.receiver
(parameter (#in? type) type: (_) @same)
(parameter pattern: (_) @bind type: (_) @type) @bind.parameter
(closure_parameters (parameter) @walk (_) @bind.parameter)
(self (#in? bind)) @hook.typedreceiver @ident
(type_parameter name: (_) @name bounds: (_) @type default_type: (_) @walk) @def.typeparameter
(const_parameter name: (_) @name type: (_) @type value: (_) @walk) @def.typeparameter
(lifetime_parameter (_) @skip)
(where_predicate left: (_) @walk bounds: (_) @type) @hook.bound

; Uses.
(use_declaration) @hook.use
(extern_crate_declaration) @hook.externcrate

; Attributes are read for the traits that they derive.
(attribute_item|inner_attribute_item) @hook.attribute
(visibility_modifier|mutable_specifier|lifetime|label|use_bounds|removed_trait_bound|metavariable) @skip

; Statements that bind.
(let_declaration pattern: (_) @bind type: (_) @type value: (_) @init alternative: (_) @walk) @bind.variable
(let_condition pattern: (_) @bind value: (_) @init) @bind.variable
(for_expression pattern: (_) @bind value: (_) @init.iter body: (_) @walk) @scope.lazy @bind.variable
(match_expression value: (_) @value body: (_) @arms) @term.union
(match_arm pattern: (_) @bind value: (_) @same) @scope.lazy @arm.variable
(match_pattern condition: (_) @walk (_) @same)
(if_expression condition: (_) @walk consequence: (_) @item alternative: (_) @item) @scope.lazy @term.union
(while_expression condition: (_) @walk body: (_) @walk) @scope.lazy
(loop_expression body: (_) @walk)

(block (#parent? function_item) (_) @walk)
(block (_) @same) @scope.lazy
(expression_statement
  (match_expression|if_expression|block|unsafe_block|async_block|try_block|const_block) @same (_) @walk)
(empty_statement) @skip

; Patterns.
(tuple_pattern (_) @same) @pattern.nth
(tuple_struct_pattern type: (_) @variant (_) @bind) @pattern.payload
(struct_pattern type: (_) @type (field_pattern) @bind (_) @skip) @pattern.struct
(field_pattern name: (field_identifier) @key name: (shorthand_field_identifier) @bind pattern: (_) @bind) @pattern.field
(shorthand_field_identifier) @ident.shorthand
(slice_pattern (_) @part.index)
(captured_pattern|or_pattern|ref_pattern|reference_pattern (_) @same)
(mut_pattern (mutable_specifier) @skip (_) @same)
(generic_pattern type_arguments: (_) @typewalk (_) @same)
(range_pattern (_) @walk)
(remaining_field_pattern) @skip
(identifier (#in? bind) (#upper?)) @hook.constant

; Expressions.
; What wrappers of the standard library are made of, and methods whose callbacks say what they give.
(call_expression (#text? function "Some" "Ok" "Mutex::new" "RwLock::new" "RefCell::new" "Cell::new" "OnceCell::from" "sync::Mutex::new" "std::sync::Mutex::new" "std::cell::RefCell::new")
  function: (_) @callee arguments: (_) @item) @term.wrap
(call_expression (#text? function "Arc::new" "Rc::new" "Box::new" "Box::pin" "Arc::clone" "Rc::clone" "Cow::Owned" "Cow::Borrowed" "std::sync::Arc::new" "sync::Arc::new" "std::rc::Rc::new" "mem::take" "mem::replace" "std::mem::take" "std::mem::replace")
  function: (_) @callee arguments: (_) @item) @term.first
(call_expression (#last? function "map" "filter_map" "flat_map" "map_while" "and_then" "find_map" "zip" "fold" "map_or" "then")
  function: (_) @callee arguments: (_) @arguments) @term.call
(call_expression function: (_) @callee arguments: (_) @args) @term.call
(generic_function function: (_) @callee type_arguments: (_) @typeitem) @term.apply
(field_expression value: (_) @recv field: (_) @name) @member
(scoped_identifier (#in? path) (#text? name "super")) @hook.root
(scoped_identifier|scoped_type_identifier path: (_) @path name: (_) @name) @member
(self (#parent? scoped_identifier scoped_type_identifier)) @hook.root
(crate|super) @hook.root
(self) @ident
(bracketed_type (_) @same)
(qualified_type type: (_) @typevalue alias: (_) @typewalk) @term.same
(struct_expression name: (_) @type body: (_) @walk) @pattern.struct @term.instance
(field_initializer (field_identifier) @key value: (_) @walk)
(field_initializer field: (_) @skip value: (_) @walk)
(shorthand_field_initializer (identifier) @same)
(identifier (#parent? shorthand_field_initializer)) @ident.shorthand
(macro_invocation) @hook.macro
(try_expression (_) @value) @term.unwrap
(await_expression (_) @value) @term.await
(reference_expression value: (_) @same)
(unary_expression (_) @same)
(index_expression (_) @operand) @term.element
(range_expression (_) @walk)
(type_cast_expression value: (_) @walk type: (_) @type) @term.instance
(binary_expression left: (_) @value right: (_) @walk) @term.same
(assignment_expression left: (_) @write right: (_) @walk)
(compound_assignment_expr left: (_) @write right: (_) @walk)
(parenthesized_expression (_) @same)
(tuple_expression (_) @item) @term.tuple
(array_expression length: (_) @walk (_) @item) @term.list
(return_expression (_) @return)
(break_expression (label) @skip (_) @walk)
(continue_expression) @skip
(string_literal|raw_string_literal) @skip @term.literal.string
(char_literal) @term.literal.character
(boolean_literal) @term.literal.boolean
(integer_literal (#not-in? name)) @term.literal.integer
(float_literal) @term.literal.float

; Types.
(generic_type|generic_type_with_turbofish type: (_) @typevalue type_arguments: (_) @typeitem) @term.apply
(type_binding name: (_) @skip type_arguments: (_) @typewalk type: (_) @same)
(reference_type|pointer_type type: (_) @same)
(tuple_type (_) @item) @term.tuple
(array_type element: (_) @typevalue length: (_) @walk) @term.list
(function_type (#has? trait)) @hook.callable
(function_type trait: (_) @typewalk parameters: (_) @typewalk return_type: (_) @type) @term.func
(abstract_type|dynamic_type trait: (_) @same)
(higher_ranked_trait_bound type: (_) @same)
(trait_bounds (#in? inherit) (_) @same)
(trait_bounds|bounded_type (_) @item) @term.union
(primitive_type (#is? "str")) @term.literal.string
(primitive_type (#is? "bool")) @term.literal.boolean
(primitive_type (#is? "char")) @term.literal.character
(primitive_type (#is? "f32" "f64")) @term.literal.float
(primitive_type) @term.literal.integer

(type_identifier (#is? "_")) @skip
(type_identifier) @ident.type
(identifier|field_identifier) @ident
