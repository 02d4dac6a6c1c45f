; The facts of Python.
