; The facts of Go.
