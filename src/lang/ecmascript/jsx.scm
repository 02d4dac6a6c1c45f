; Elements: a name with a capital or a dot is a component, others are tags of the document.

(jsx_opening_element name: (_) @callee attribute: (_) @walk)
(jsx_self_closing_element name: (_) @callee attribute: (_) @walk)
(jsx_closing_element name: (_) @walk)
(jsx_attribute (property_identifier) @skip (_) @walk) @hook.attribute
(jsx_namespace_name) @skip
(identifier (#parent? jsx_opening_element jsx_self_closing_element jsx_closing_element) (#lower?)) @skip
