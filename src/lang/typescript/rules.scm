; The facts of TypeScript.
