//! Which files and which references can mean a definition, by what is known without resolving any.

use super::{Resolver, Target};
use crate::graph::Mentions;
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, Role, ScopeKind};
use crate::lang::modules::{FileId, Layout, Unit, parent};
use crate::lang::pack::{AssignedMembers, MemberScope};

/// Where uses of a definition can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// In its own file.
    File,
    /// In its own file; elsewhere only as the key of an argument.
    Keys,
    /// In its own file and the modules below it.
    Below,
    /// In the files of its directory.
    Directory,
    Everywhere,
}

/// What a reference to any of some targets has to be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// The file that the reach is seen from.
    file: FileId,
    reach: Sight,
    /// Nothing means it without a receiver, in its own file or elsewhere.
    receiver: bool,
    receiver_elsewhere: bool,
}

/// Whether a definition is a method or field that only its module and those below it see, as it is not marked as seen by
/// others: not what is seen with an interface or a variant.
fn stays(facts: &Facts, def: &Def) -> bool {
    let scope = facts.scope(def.scope);
    let held = match scope.kind {
        ScopeKind::Class => scope.owner.is_some_and(|owner| {
            matches!(facts.def(owner).kind, DefKind::Struct | DefKind::Union) && def.kind == DefKind::Field
        }),
        ScopeKind::Extension => {
            let own = facts.extensions.iter().find(|e| e.scope == Some(def.scope));
            own.is_some_and(|own| own.implements.is_none()) && def.kind == DefKind::Method
        }
        _ => false,
    };
    // A module below may lie anywhere else, if its line says so.
    let placed = |d: &Def| d.flags.has(DefFlags::FILE_MODULE) && d.init.is_some();
    held && def.of.is_none() && !def.flags.has(DefFlags::EXPORTED) && !facts.defs.iter().any(placed)
}

impl Filter {
    /// Lets everything through.
    fn open(file: FileId) -> Filter {
        Filter { file, reach: Sight::Everywhere, receiver: false, receiver_elsewhere: false }
    }

    /// What lets through all that either does.
    fn or(self, other: Filter) -> Filter {
        if self.file != other.file {
            return Filter::open(self.file);
        }
        Filter {
            file: self.file,
            reach: self.reach.max(other.reach),
            receiver: self.receiver && other.receiver,
            receiver_elsewhere: self.receiver_elsewhere && other.receiver_elsewhere,
        }
    }

    /// Whether a reference in that file can mean one of the targets, by its role and whether something is before it.
    pub fn takes(&self, file: FileId, role: Role, receiver: bool) -> bool {
        let here = file == self.file;
        let is_key = role == Role::Key;
        if !here && self.reach == Sight::Keys && !is_key {
            return false;
        }
        let needs_receiver = if here { self.receiver } else { self.receiver_elsewhere };
        !needs_receiver || receiver || is_key || role == Role::Import
    }
}

impl Resolver<'_> {
    /// What references to any of the targets have in common.
    pub(super) fn filter(&self, targets: impl Iterator<Item = Target>) -> Option<Filter> {
        targets
            .map(|target| match target {
                Target::File(file) => Filter::open(file),
                Target::Symbol(symbol) => {
                    let index = self.index(symbol.file);
                    self.filter_of(symbol.file, &index.facts, index.facts.def(symbol.def))
                }
            })
            .reduce(Filter::or)
    }

    fn filter_of(&self, file: FileId, facts: &Facts, def: &Def) -> Filter {
        let knobs = self.knobs(file);
        let scope = facts.scope(def.scope).kind;
        let member = match def.of {
            Some(_) => knobs.assigned_members != AssignedMembers::Any,
            None => matches!(scope, ScopeKind::Class | ScopeKind::Extension),
        };
        let behind_dots = member
            && !knobs.related_use
            && matches!(def.kind, DefKind::Method | DefKind::Field | DefKind::Property);
        Filter {
            file,
            reach: self.seen_in(file, facts, def),
            receiver: behind_dots && knobs.member_scope == MemberScope::Receiver,
            receiver_elsewhere: behind_dots && knobs.member_scope != MemberScope::Lexical,
        }
    }

    fn seen_in(&self, file: FileId, facts: &Facts, def: &Def) -> Sight {
        let knobs = self.knobs(file);
        if def.kind == DefKind::TypeParameter {
            return Sight::File;
        }
        let local = matches!(facts.scope(def.scope).kind, ScopeKind::Function | ScopeKind::Block);
        if local && def.of.is_none() && !def.flags.has(DefFlags::OUTER) {
            match def.kind {
                DefKind::Parameter => return Sight::Keys,
                DefKind::Label => return Sight::File,
                // A function may hand out a type that it declares, and with it the name. Where modules are functions
                // that assign what they export, all of it may be exported.
                _ if !def.kind.is_type() && knobs.assigned_members != AssignedMembers::Any => {
                    return Sight::File;
                }
                _ => {}
            }
        }
        if def.flags.has(DefFlags::PRIVATE) {
            return Sight::File;
        }
        if knobs.members_stay && stays(facts, def) {
            return Sight::Below;
        }
        let small = || self.view.name_text(def.name).starts_with(|c: char| c.is_lowercase() || c == '_');
        if knobs.small_names_stay && small() { Sight::Directory } else { Sight::Everywhere }
    }

    /// Whether references in the file can mean what passes the filter at all.
    pub(super) fn reaches(&self, filter: &Filter, file: FileId) -> bool {
        match filter.reach {
            Sight::File => file == filter.file,
            Sight::Keys | Sight::Everywhere => true,
            Sight::Below => {
                let below =
                    |dir: &str| self.view.path(file).strip_prefix(dir).is_some_and(|p| p.starts_with('/'));
                file == filter.file
                    || self.child_dir(filter.file).is_some_and(|dir| dir.is_empty() || below(&dir))
            }
            Sight::Directory => parent(self.view.path(file)) == parent(self.view.path(filter.file)),
        }
    }

    /// Whether a name without a receiver can mean a target that is a definition of another file: by an import, by what is
    /// seen without one, or by what is taken in as a whole.
    pub(super) fn bare_leads_out(&self, target: Target, file: FileId, mentions: Mentions) -> bool {
        let (view, knobs) = (self.view, self.knobs(file));
        if mentions.alias
            || mentions.globs
            || target.symbol().is_none()
            || file == target.file()
            || self.is_ambient(target)
        {
            return true;
        }
        // A variable that holds a function stands for it, in languages where functions construct.
        if mentions.defined && !knobs.prototype_names.is_empty() {
            return true;
        }
        if knobs.textual || knobs.member_scope == MemberScope::Lexical {
            return true;
        }
        match view.lang(file).strategy().closed_units() {
            Some(Unit::Directory) => parent(view.path(file)) == parent(view.path(target.file())),
            _ => view.lang(file).strategy().siblings(self.layout(), file).contains(&target.file()),
        }
    }
}
