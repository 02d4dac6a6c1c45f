//! Where a folder's files and manifests lead outside of it.

use std::collections::BTreeSet;

use super::blob::Links;
use super::frozen::read_names;
use super::generation::Graph;
use super::overlay::Body;
use crate::lang::LangId;
use crate::lang::facts::{Facts, Name, Term};
use crate::lang::modules::{FileId, LEADS, Layout, parent, way_out};
use crate::lang::scratch::piece_bytes;

/// What the ways of one folder may take; files that lead to as many places are not written by people.
pub const LEADS_BYTES_MAX: usize = 1 << 20;

/// Ways from the folder's top (`../x/y`), in order, each once. Those that are beyond [`LEADS_BYTES_MAX`] are not among
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leads {
    ways: Box<[Box<str>]>,
    is_cut: bool,
}

impl Leads {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.ways.iter().map(|way| &**way)
    }

    /// Whether there are more.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        match self.ways.is_empty() {
            true => 0,
            false => piece_bytes(size_of_val(&*self.ways)) + self.iter().map(text_bytes).sum::<usize>(),
        }
    }
}

fn text_bytes(way: &str) -> usize {
    piece_bytes(way.len())
}

impl FromIterator<String> for Leads {
    fn from_iter<I: IntoIterator<Item = String>>(all: I) -> Leads {
        let mut ways = BTreeSet::new();
        let (mut bytes, mut is_cut) = (0, false);
        for way in all {
            let more = size_of::<Box<str>>() + text_bytes(&way);
            if ways.contains(&*way) {
                continue;
            }
            if bytes + more > LEADS_BYTES_MAX {
                is_cut = true;
                break;
            }
            bytes += more;
            ways.insert(way.into_boxed_str());
        }
        Leads { ways: ways.into_iter().collect(), is_cut }
    }
}

impl Graph {
    /// The ways out of the folder that its manifests name, and its files by the ways to modules.
    pub fn leads(&self) -> Leads {
        let manifests = self.all_manifests().flat_map(|m| m.values(LEADS)).map(str::to_owned);
        let mut links = Links::default();
        let files = self.files().flat_map(|file| self.ways_of(file, &mut links));
        manifests.chain(files).collect()
    }

    fn ways_of(&self, file: FileId, links: &mut Links) -> Vec<String> {
        let (lang, path) = (self.lang(file), self.path(file));
        if lang.strategy().ways().is_none() {
            return Vec::new();
        }
        if self.is_changed(file) {
            let (modules, _) = self.links_of(file);
            ways_out(lang, path, modules.iter().map(|name| self.name_text(*name)))
        } else if links.read(self.base.blob(file)).is_ok() && !links.modules.is_empty() {
            let names: Vec<Name> = read_names(self.base.names_of(file)).flatten().collect();
            let modules = links.modules.iter().filter_map(|number| names.get(*number as usize));
            ways_out(lang, path, modules.map(|name| self.name_text(*name)))
        } else {
            Vec::new()
        }
    }

    /// Those of them that open documents name.
    pub fn open_leads(&self) -> Leads {
        let open = self.overlay.rows().filter(|(_, row)| matches!(row.body, Body::Open { .. }));
        let ways = open.flat_map(|(file, _)| {
            let (modules, _) = self.links_of(file);
            ways_out(self.lang(file), self.path(file), modules.iter().map(|name| self.name_text(*name)))
        });
        ways.collect()
    }

    fn is_changed(&self, file: FileId) -> bool {
        self.overlay.row(file).is_some()
    }
}

/// The ways out of the folder that one file names; its facts are under names of its own.
pub fn leads_of(lang: LangId, path: &str, facts: &Facts) -> Vec<String> {
    let modules = facts.terms.iter().filter_map(|term| match term {
        Term::Module(name) => facts.names.get(name.index()).map(|text| &**text),
        _ => None,
    });
    ways_out(lang, path, modules)
}

fn ways_out<'t>(lang: LangId, path: &str, modules: impl Iterator<Item = &'t str>) -> Vec<String> {
    let Some(way) = lang.strategy().ways() else { return Vec::new() };
    modules.filter_map(|module| way_out(parent(path), way(module)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn files_and_manifests_say_what_they_lead_to() {
        let text = "
            //- /package.json
            {\"dependencies\": {\"x\": \"file:../x\"}}
            //- /in/a.ts
            import { a } from '../../other/src/a';
            import { b } from '../b';
            import c from 'c';
            //- /in/b.c
            #include \"../../far/b.h\"
            #include <../no.h>
            ";
        let fixture = Fixture::parse(text);
        let leads = fixture.graph().leads();
        assert_eq!(leads.iter().collect::<Vec<_>>(), ["../far/b.h", "../other/src/a", "../x"]);
        assert!(!leads.is_cut());
    }

    #[test]
    fn what_ways_take_is_bounded_and_known() {
        let many = |count: usize| (0..count).map(|i| format!("../{i:0>60}"));
        let some: Leads = many(3).chain(many(3)).collect();
        assert_eq!((some.iter().count(), some.is_cut()), (3, false), "each is there once");
        assert_eq!(some.heap_bytes(), piece_bytes(3 * 16) + 3 * piece_bytes(63));
        assert_eq!(Leads::default().heap_bytes(), 0);
        let cut: Leads = many(LEADS_BYTES_MAX / 63).collect();
        assert!(cut.is_cut() && cut.heap_bytes() <= LEADS_BYTES_MAX + 2 * size_of::<usize>());
        assert!(cut.heap_bytes() > LEADS_BYTES_MAX - 200);
        let long = std::iter::once("x".repeat(LEADS_BYTES_MAX)).collect::<Leads>();
        assert_eq!((long.heap_bytes(), long.is_cut()), (0, true));
    }
}
