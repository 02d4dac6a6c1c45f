; `<T>x`, which the dialect with elements does not have.
(type_assertion (type_arguments) @type (_) @value) @term.cast
