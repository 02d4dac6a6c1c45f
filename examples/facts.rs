//! Prints the facts and syntax errors of source files: `cargo run --example facts -- FILE…`.

use std::path::Path;

use coppice::lang::{LangId, ParseLimits, Parser, dump::dump, extract};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path)?;
        let Some(lang) = LangId::of_path(Path::new(&path)) else {
            eprintln!("{path}: no pack for this file");
            continue;
        };
        let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default())?;
        for error in tree.syntax_errors(&text, 10) {
            println!("error at {}: {}", error.span.start, error.message);
        }
        print!("{}", dump(&extract(lang, &tree, &text), &text));
    }
    Ok(())
}
