; The facts of C. Macros are names like others, pointers are seen through, tags are a world of their own.

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
(enumerator_list (_) @walk) @below.outer @hook.listed
(enumerator name: (_) @name value: (_) @init) @below.outer @def.enummember
(field_declaration !declarator type: (_) @walk (_) @walk) @hook.embedded
(field_declaration type: (_) @type declarator: (_) @bind.field (_) @walk)
(macro_type_specifier name: (_) @callee type: (_) @typewalk)

; Declarations. A declarator is a name in what is done with it to come to the type.
(declaration type: (_) @type declarator: (_) @bind.variable (_) @walk)
(init_declarator declarator: (_) @bind value: (initializer_list) @key value: (_) @init)
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
(parameter_declaration type: (_) @type declarator: (_) @bind (_) @walk) @bind.parameter
(pointer_declarator|parenthesized_declarator|attributed_declarator declarator: (_) @same (_) @same)

(function_definition
  type: (_) @type
  declarator: (_) @walk
  body: (_) @walk
  (_) @walk) @hook.function @scope.function

; Statements.
(compound_statement (#parent? function_definition))
(compound_statement) @scope.lazy
(for_statement) @scope.lazy

; Expressions.
(call_expression function: (_) @callee arguments: (_) @walk) @term.call
(field_expression argument: (_) @recv field: (_) @name) @member
(subscript_expression argument: (_) @value index: (_) @walk) @term.same
(pointer_expression argument: (_) @value) @term.same

(string_literal|char_literal|number_literal) @skip
(type_identifier (#in? bind)) @ident
(type_identifier) @ident.type
