//! lsp
mod transport;
