//! The macros whose text mentions a symbol, and which of them are put to use.

use super::Symbol;

/// Macros whose uses are looked for because their text mentions the symbol, directly or through each other; those of a
/// library's whole interface are a few hundred.
const MACROS_MAX: usize = 512;

/// Macros in the order in which they were met, the first ones mentioning the symbol by itself.
#[derive(Debug, Default)]
pub struct Expansions {
    macros: Vec<Symbol>,
    /// Of each macro, whether code uses it.
    in_code: Vec<bool>,
    /// A macro, and one whose text uses it.
    nested: Vec<(usize, usize)>,
}

impl Expansions {
    pub fn get(&self, at: usize) -> Option<Symbol> {
        self.macros.get(at).copied()
    }

    /// The number of the macro; `None` if there are too many.
    pub fn add(&mut self, symbol: Symbol) -> Option<usize> {
        if let Some(at) = self.macros.iter().position(|known| *known == symbol) {
            return Some(at);
        }
        if self.macros.len() == MACROS_MAX {
            return None;
        }
        self.macros.push(symbol);
        self.in_code.push(false);
        Some(self.macros.len() - 1)
    }

    pub fn note_code(&mut self, at: usize) {
        self.in_code[at] = true;
    }

    pub fn note_nested(&mut self, used: usize, by: usize) {
        self.nested.push((used, by));
    }

    /// Of each macro, whether code uses it, itself or by another macro.
    pub fn into_used(mut self) -> Vec<bool> {
        // Each round but the last finds a macro more.
        loop {
            let mut changed = false;
            for (used, by) in &self.nested {
                changed |= self.in_code[*by] && !self.in_code[*used];
                self.in_code[*used] |= self.in_code[*by];
            }
            if !changed {
                return self.in_code;
            }
        }
    }
}
