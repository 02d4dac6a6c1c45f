; What C and C++ say alike.

(preproc_include) @hook.include
(preproc_if|preproc_elif|preproc_else) @hook.condition
(preproc_ifdef|preproc_elifdef name: (_) @macro) @hook.condition
(preproc_defined (_) @macro)
(preproc_def) @hook.macro
(preproc_function_def) @hook.macro
(preproc_call) @hook.directive
(preproc_arg|preproc_directive|system_lib_string|comment) @skip

; Declarations.
(type_definition type: (_) @type declarator: (_) @bind.typealias (_) @skip)
(type_descriptor type: (_) @same declarator: (_) @walk (_) @skip)
(storage_class_specifier (#is? "static")) @flag.static
(storage_class_specifier (#is? "extern")) @flag.declaration
(parameter_list (#in? type)) @scope.function
(array_declarator declarator: (_) @same (_) @walk)
(type_qualifier|attribute_specifier|attribute_declaration|ms_declspec_modifier|ms_based_modifier) @skip

; Statements.
(labeled_statement label: (_) @skip (_) @walk) @hook.label
(goto_statement label: (_) @label)
(gnu_asm_input_operand|gnu_asm_output_operand value: (_) @walk (_) @skip)
(gnu_asm_goto_list label: (_) @label)

; Expressions.
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
(identifier|field_identifier|statement_identifier) @ident
(primitive_type (#in? bind)) @ident
