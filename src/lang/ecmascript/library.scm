; Functions of the standard library that say by what they are given what they give.
(call_expression (#text? function "Promise.all" "Promise.allSettled") function: (_) @callee arguments: (_) @item.awaited) @term.first
(call_expression (#text? function "Promise.race" "Promise.any") function: (_) @callee arguments: (_) @item.iter) @term.first
(call_expression (#text? function "Object.values") function: (_) @callee arguments: (_) @item.index) @term.list
(call_expression (#text? function "Object.entries") function: (_) @callee arguments: (_) @item.entries) @term.first
(call_expression (#text? function "Array.from") function: (_) @callee arguments: (_) @item.iter) @term.list
(call_expression (#text? function "useMemo" "React.useMemo") function: (_) @callee arguments: (_) @item.call) @term.first
