; The facts of C. Macros are names like others, pointers are seen through, tags are a world of their own.

(preproc_include) @hook.include
(preproc_if|preproc_elif|preproc_else) @hook.condition
(preproc_ifdef|preproc_elifdef name: (_) @macro) @hook.condition
(preproc_defined (_) @macro)
(preproc_def) @hook.macro
(preproc_function_def) @hook.macro
(preproc_call) @hook.directive
(preproc_arg|preproc_directive|system_lib_string|comment) @skip

; Types. What a struct declares inside is seen outside; what has no name holds its members by itself.
(struct_specifier (#has? body) (#has? name) name: (_) @name body: (_) @walk (_) @walk)
  @below.outer @def.struct @scope.class
(union_specifier (#has? body) (#has? name) name: (_) @name body: (_) @walk (_) @walk)
  @below.outer @def.union @scope.class
(struct_specifier|union_specifier (#has? body) (#in? value) body: (_) @walk)
(struct_specifier|union_specifier (#has? body) body: (_) @walk (_) @walk) @scope.object @term.object
(struct_specifier (#has? name)
  (#parent? translation_unit compound_statement declaration_list preproc_if preproc_ifdef preproc_else preproc_elif)
  name: (_) @name) @below.declaration @def.struct
(union_specifier (#has? name)
  (#parent? translation_unit compound_statement declaration_list preproc_if preproc_ifdef preproc_else preproc_elif)
  name: (_) @name) @below.declaration @def.union
(struct_specifier|union_specifier (#has? name) name: (_) @tag) @term.same
(enum_specifier (#has? body) (#has? name) name: (_) @name body: (_) @walk (_) @skip)
  @below.outer @def.enum @scope.class
(enum_specifier (#has? body) body: (_) @walk (_) @skip)
(enum_specifier (#has? name) name: (_) @tag) @term.same
(enumerator name: (_) @name value: (_) @init) @below.outer @def.enummember
(field_declaration !declarator type: (_) @walk (_) @walk)
(field_declaration type: (_) @type declarator: (_) @bind.field (_) @walk)
(type_definition type: (_) @type declarator: (_) @bind.typealias (_) @skip)
(type_descriptor type: (_) @same declarator: (_) @walk (_) @skip)
(macro_type_specifier name: (_) @callee type: (_) @typewalk)

; Declarations. A declarator is a name in what is done with it to come to the type.
(declaration type: (_) @type declarator: (_) @bind.variable (_) @walk)
(init_declarator declarator: (_) @bind value: (initializer_list) @key value: (_) @init)
(storage_class_specifier (#is? "static")) @flag.static
(storage_class_specifier (#is? "extern")) @flag.declaration
(function_declarator (#in? bind) (#kind? declarator identifier field_identifier)
  declarator: (_) @name
  parameters: (_) @walk
  (_) @walk) @below.declaration @def.function @bound @scope.function
(function_declarator (#in? bind) declarator: (_) @same parameters: (_) @typewalk (_) @walk)
  @pattern.function @hook.parenthesized
(function_declarator (#kind? declarator identifier field_identifier type_identifier)
  declarator: (_) @skip
  parameters: (_) @walk
  (_) @walk)
(function_declarator declarator: (_) @walk parameters: (_) @typewalk (_) @walk)
(abstract_function_declarator declarator: (_) @walk parameters: (_) @typewalk)
(parameter_list (#in? type)) @scope.function
(parameter_declaration type: (_) @type declarator: (_) @bind (_) @walk) @bind.parameter
(pointer_declarator|parenthesized_declarator|attributed_declarator declarator: (_) @same (_) @same)
(array_declarator declarator: (_) @same (_) @walk)
(type_qualifier|attribute_specifier|attribute_declaration|ms_declspec_modifier|ms_based_modifier) @skip

(function_definition
  type: (_) @type
  declarator: (_) @walk
  body: (_) @walk
  (_) @walk) @hook.function @scope.function

; Statements.
(compound_statement (#parent? function_definition))
(compound_statement) @scope.lazy
(for_statement) @scope.lazy
(labeled_statement label: (_) @skip (_) @walk) @hook.label
(goto_statement label: (_) @label)
(gnu_asm_input_operand|gnu_asm_output_operand value: (_) @walk (_) @skip)
(gnu_asm_goto_list label: (_) @label)

; Expressions.
(call_expression function: (_) @callee arguments: (_) @walk) @term.call
(field_expression argument: (_) @recv field: (_) @name) @member
(subscript_expression argument: (_) @value index: (_) @walk) @term.same
(pointer_expression argument: (_) @value) @term.same
(cast_expression type: (_) @type value: (_) @walk) @term.instance
(parenthesized_expression (_) @same)
(extension_expression (_) @same)
(conditional_expression condition: (_) @walk consequence: (_) @item alternative: (_) @item) @term.union
(assignment_expression left: (_) @write right: (_) @value) @term.same
(update_expression argument: (_) @write)
(binary_expression (#text? operator "+" "-") left: (_) @item right: (_) @item) @term.union
(binary_expression left: (_) @walk right: (_) @walk) @term.none
(unary_expression argument: (_) @walk) @term.none
(comma_expression left: (_) @walk right: (_) @value) @term.same
(sizeof_expression|alignof_expression type: (_) @typewalk value: (_) @walk) @term.none
(generic_expression (type_descriptor) @typewalk (_) @walk) @term.none
(offsetof_expression type: (_) @type member: (_) @key) @pattern.struct @term.none
(compound_literal_expression type: (_) @type value: (_) @key) @pattern.struct @term.instance
(initializer_list (#in? key) (initializer_pair|initializer_list) @same (_) @walk) @term.none
(initializer_list (_) @walk) @term.none
(initializer_pair (#in? key)
  designator: (field_designator|field_identifier) @key
  designator: (_) @walk
  value: (initializer_list) @same
  value: (_) @walk)
(initializer_pair designator: (field_designator|field_identifier) @skip designator: (_) @walk value: (_) @walk)

(string_literal|char_literal|number_literal) @skip
(identifier|field_identifier|statement_identifier) @ident
(type_identifier (#in? bind)) @ident
(primitive_type (#in? bind)) @ident
(type_identifier) @ident.type
