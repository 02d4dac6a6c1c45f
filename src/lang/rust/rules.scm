; The facts of Rust.
