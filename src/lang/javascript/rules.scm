; The facts of JavaScript.
