//! Where a folder's files and manifests lead outside of it.

use std::collections::BTreeSet;

use super::blob::Links;
use super::frozen::read_names;
use super::generation::Graph;
use super::overlay::Body;
use crate::lang::LangId;
use crate::lang::facts::{Facts, Name, Term};
use crate::lang::modules::{FileId, LEADS, Layout, parent, way_out};

/// Ways that are kept of one folder; files that lead to as many places are not written by people.
const LEADS_MAX: usize = 16_384;

/// Ways from the folder's top (`../x/y`).
pub type Leads = BTreeSet<String>;

impl Graph {
    /// The ways out of the folder that its manifests name, and its files by the ways to modules.
    pub fn leads(&self) -> Leads {
        let mut leads: Leads =
            self.all_manifests().flat_map(|m| m.values(LEADS)).map(str::to_owned).collect();
        let mut links = Links::default();
        for file in self.files() {
            let (lang, path) = (self.lang(file), self.path(file));
            if lang.strategy().ways().is_none() {
                continue;
            }
            if self.is_changed(file) {
                let (modules, _) = self.links_of(file);
                add(&mut leads, lang, path, modules.iter().map(|name| self.name_text(*name)));
            } else if links.read(self.base.blob(file)).is_ok() && !links.modules.is_empty() {
                let names: Vec<Name> = read_names(self.base.names_of(file)).flatten().collect();
                let modules = links.modules.iter().filter_map(|number| names.get(*number as usize));
                add(&mut leads, lang, path, modules.map(|name| self.name_text(*name)));
            }
        }
        leads
    }

    /// Those of them that open documents name.
    pub fn open_leads(&self) -> Leads {
        let mut leads = Leads::new();
        for (file, row) in self.overlay.rows() {
            if let Body::Open { .. } = row.body {
                let (modules, _) = self.links_of(file);
                let modules = modules.iter().map(|name| self.name_text(*name));
                add(&mut leads, self.lang(file), self.path(file), modules);
            }
        }
        leads
    }

    fn is_changed(&self, file: FileId) -> bool {
        self.overlay.row(file).is_some()
    }
}

/// The ways out of the folder that one file names; its facts are under names of its own.
pub fn leads_of(lang: LangId, path: &str, facts: &Facts) -> Leads {
    let mut leads = Leads::new();
    let modules = facts.terms.iter().filter_map(|term| match term {
        Term::Module(name) => facts.names.get(name.index()).map(|text| &**text),
        _ => None,
    });
    add(&mut leads, lang, path, modules);
    leads
}

fn add<'t>(leads: &mut Leads, lang: LangId, path: &str, modules: impl Iterator<Item = &'t str>) {
    let Some(way) = lang.strategy().ways() else { return };
    let room = LEADS_MAX.saturating_sub(leads.len());
    leads.extend(modules.filter_map(|module| way_out(parent(path), way(module)?)).take(room));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;

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
        let leads: Vec<String> = fixture.graph().leads().into_iter().collect();
        assert_eq!(leads, ["../far/b.h", "../other/src/a", "../x"]);
    }
}
