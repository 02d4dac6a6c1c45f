; The facts of Python. The language binds by assignment, in functions and classes rather than blocks.

(class_definition
  name: (_) @name
  type_parameters: (_) @walk
  superclasses: (_) @inherit
  body: (_) @walk) @def.class @scope.class

(function_definition
  "async" @flag.async
  name: (_) @name
  type_parameters: (_) @walk
  return_type: (_) @type
  body: (_) @walk) @def.function @scope.function

; The parameters of a generic function or class.
(type_parameter (#parent? function_definition class_definition) (_) @bind.typeparameter)
(constrained_type (#in? bind) . (_) @bind (_) @type) @bind.typeparameter

(decorated_definition (decorator) @decorator definition: (_) @walk)
(decorator (_) @value) @term.same

(lambda parameters: (_) @walk body: (_) @return) @scope.function

; Parameters: each is a pattern of its own.
(parameters|lambda_parameters (identifier) @bind.parameter)
(typed_parameter (#first? list_splat_pattern) type: (_) @type.list (list_splat_pattern) @bind) @bind.parameter @below.variadic
(typed_parameter (#first? dictionary_splat_pattern) type: (_) @type.mapping (dictionary_splat_pattern) @bind) @bind.parameter
(typed_parameter type: (_) @type (identifier|list_splat_pattern|dictionary_splat_pattern) @bind) @bind.parameter
(default_parameter name: (_) @bind value: (_) @init) @bind.parameter
(typed_default_parameter name: (_) @bind type: (_) @type value: (_) @init) @bind.parameter
(list_splat_pattern (#parent? parameters lambda_parameters) (_) @bind) @bind.parameter @below.variadic
(dictionary_splat_pattern (#parent? parameters lambda_parameters) (_) @bind) @bind.parameter
(list_splat_pattern (_) @same)
(list_splat (#parent? argument_list) (_) @value) @term.iter
(dictionary_splat_pattern (_) @same)

; Assignments and the other ways to bind.
(assignment (#text? left "__all__") left: (_) @bind right: (_) @init) @hook.listed @bind.variable
(assignment left: (_) @bind type: (_) @type right: (_) @init) @bind.variable
(augmented_assignment (#text? left "__all__") left: (_) @write right: (_) @walk) @hook.listed
(augmented_assignment left: (_) @write right: (_) @walk)
(named_expression name: (_) @bind value: (_) @init) @bind.variable
(for_statement left: (_) @bind right: (_) @init.iter body: (_) @walk alternative: (_) @walk) @bind.variable
(for_in_clause left: (_) @bind right: (_) @init.iter) @bind.variable
(list_comprehension body: (_) @item (_) @walk) @scope.block @term.list
(set_comprehension body: (_) @item (_) @walk) @scope.block @term.list
(generator_expression body: (_) @item (_) @walk) @scope.block @term.list
(dictionary_comprehension body: (_) @same (_) @walk) @scope.block
(with_item value: (as_pattern) @walk)
(with_item value: (_) @walk)
(as_pattern (#parent? with_item) alias: (_) @bind (_) @init.enter) @bind.variable
(tuple (#parent? except_clause as_pattern) (#not-in? bind) (_) @item) @term.union
(as_pattern (#parent? except_clause) alias: (_) @bind (_) @init.instance) @bind.variable
(as_pattern (#in? value) alias: (_) @bind (_) @init) @bind.variable
(except_clause value: (_) @init.instance alias: (_) @bind (_) @walk) @bind.variable
(pattern_list|tuple_pattern|list_pattern (_) @same) @pattern.nth
(tuple|list (#in? bind) (_) @same) @pattern.nth
(delete_statement (_) @walk)
(type_alias_statement left: (_) @bind right: (_) @type) @bind.typealias
(global_statement|nonlocal_statement (_) @walk)

; Structural pattern matching: capture patterns bind.
(match_statement subject: (_) @walk (_) @walk)
(case_pattern (_) @walk) @hook.pattern

; Imports.
(import_statement|import_from_statement|future_import_statement) @hook.import

; Expressions.
; Functions of the standard library that give what they are given, or its elements.
(call (#text? function "sorted" "list" "tuple" "set" "frozenset" "reversed" "iter" "deque" "collections.deque" "chain" "itertools.chain" "islice" "itertools.islice")
  function: (_) @walk arguments: (_) @item.iter) @term.list
(call (#text? function "enumerate") function: (_) @callee arguments: (_) @item.enumerate) @term.first
(call (#text? function "zip" "zip_longest" "itertools.zip_longest") function: (_) @walk arguments: (_) @item.iter) @term.zip
(call (#text? function "map") function: (_) @walk arguments: (_) @item.call) @term.list
(call (#text? function "filter") function: (_) @callee arguments: (_) @item) @term.second
(call (#text? function "next" "anext" "random.choice") function: (_) @callee arguments: (_) @item.iter) @term.first
(call (#text? function "max" "min") function: (_) @callee arguments: (_) @item.iter) @term.first
(call (#text? function "copy.copy" "copy.deepcopy" "deepcopy" "dataclasses.replace" "replace" "functools.partial" "partial" "asyncio.create_task" "asyncio.ensure_future" "asyncio.shield" "weakref.proxy" "contextlib.closing" "closing")
  function: (_) @callee arguments: (_) @item) @term.first
(call (#text? function "asyncio.run" "asyncio.wait_for" "run_until_complete") function: (_) @callee arguments: (_) @item.await) @term.first
(call (#text? function "asyncio.gather") function: (_) @callee arguments: (_) @item.await) @term.tuple
(call (#text? function "cast" "typing.cast" "t.cast") function: (_) @callee arguments: (_) @item.instance) @term.first
(call (#text? function "TypeVar" "typing.TypeVar" "t.TypeVar") function: (_) @callee arguments: (_) @args) @hook.variable @term.call
(call (#kind? function identifier) function: (_) @callee arguments: (_) @arguments) @term.call
(call function: (_) @callee arguments: (_) @args) @term.call
(attribute object: (_) @recv attribute: (_) @name) @member
(keyword_argument (#in? inherit) name: (_) @skip value: (_) @walk)
(keyword_argument name: (_) @key value: (_) @walk)
(subscript (#in? type) (#text? value "Literal" "t.Literal" "typing.Literal") value: (_) @typevalue subscript: (_) @skip) @term.same
(subscript (#in? type) value: (_) @typevalue subscript: (_) @typeitem) @term.apply
(subscript (#in? inherit) value: (_) @base subscript: (_) @typeitem) @term.apply
(subscript (#in? write) value: (_) @value subscript: (_) @walk)
(subscript (#kind? subscript slice) value: (_) @value subscript: (_) @walk) @term.same
(subscript value: (_) @value subscript: (_) @walk) @term.index
(slice (_) @walk)
(await (_) @value) @term.await
(parenthesized_expression (_) @same)
(conditional_expression (_) @item) @term.union
(boolean_operator (#in? value) left: (_) @item right: (_) @item) @term.union
(binary_operator (#in? type) left: (_) @typeitem right: (_) @typeitem) @term.union
(binary_operator left: (_) @value right: (_) @walk) @term.same
(not_operator (_) @walk) @term.literal.boolean
(comparison_operator (_) @walk) @term.literal.boolean
(string (#in? type)) @hook.annotation
(string|concatenated_string (_) @walk) @term.literal.string
(interpolation expression: (_) @walk (_) @walk)
(integer) @term.literal.integer
(float) @term.literal.float
(true|false) @term.literal.boolean
(none) @term.literal.null
(list (_) @item) @term.list
(set (_) @item) @term.list
(dictionary (_) @walk) @term.literal.map
(pair key: (_) @item value: (_) @item) @term.map
(tuple (_) @item) @term.tuple
(expression_list (_) @item) @term.tuple
(return_statement (_) @return)
(yield (#token? "from") (_) @return)
(yield (_) @return.list)
(comment) @skip

; Types.
; The arguments of Literal are values, those of Annotated after the first are too.
(generic_type (#head? "Literal") (identifier) @typevalue (_) @skip) @term.same
(generic_type (identifier|attribute) @typevalue (type_parameter) @typeitem) @term.apply
(union_type (_) @typeitem) @term.union
(member_type (_) @same)

(identifier) @ident
