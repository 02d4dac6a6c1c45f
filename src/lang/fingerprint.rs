//! A number for all that the packs know, by which facts from other packs are told apart.

use xxhash_rust::xxh3::Xxh3;

use super::pack::LangId;

/// Changes with the registry, and with the rules, the knobs and the grammar of any language.
pub fn fingerprint() -> u64 {
    let mut hash = Xxh3::new();
    for lang in LangId::all() {
        let pack = lang.pack();
        let grammar = (pack.grammar)();
        let sizes = [grammar.abi_version(), grammar.node_kind_count(), grammar.field_count()];
        for text in [pack.name, pack.rules, &format!("{:?} {sizes:?}", pack.knobs)] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    hash.digest()
}
