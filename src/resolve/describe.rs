//! Light types in words, for people who ask why.

use super::ty::{Head, Place, Ty};
use super::{Cx, Resolver};
use crate::lang::facts::RefId;
use crate::lang::modules::{FileId, Layout};

/// Types are spelled out to this depth.
const DEPTH_MAX: usize = 3;

impl Resolver<'_> {
    /// The type of what stands before a reference's name; `None` for a bare name.
    pub fn receiver_of(&self, file: FileId, reference: RefId) -> Option<String> {
        self.begin();
        let r = self.reference_of(file, reference);
        let typed = self.eval(Cx { file, scope: r.scope }, r.recv?);
        Some(self.describe(&typed.ty, 0))
    }

    fn describe(&self, ty: &Ty, depth: usize) -> String {
        if depth > DEPTH_MAX {
            return "…".to_owned();
        }
        let one = |ty: &Ty| self.describe(ty, depth + 1);
        let all = |parts: &[Ty], by: &str| parts.iter().map(one).collect::<Vec<_>>().join(by);
        let name = |symbol: &super::Symbol| self.view.name_text(self.def(*symbol).name).to_owned();
        match ty {
            Ty::Unknown => "unknown".to_owned(),
            Ty::Foreign(Some(foreign)) => format!("{} (from outside)", self.view.name_text(*foreign)),
            Ty::Foreign(None) => "from outside".to_owned(),
            Ty::Named(head, args) => {
                let head = match head {
                    Head::Def(symbol) => name(symbol),
                    Head::Foreign(foreign) => self.view.name_text(*foreign).to_owned(),
                };
                match args {
                    Some(args) => format!("{head}<{}>", all(args, ", ")),
                    None => head,
                }
            }
            Ty::Of(inner) => format!("type {}", one(inner)),
            Ty::This(symbol) => format!("self: {}", name(symbol)),
            Ty::Param(symbol) => format!("type parameter {}", name(symbol)),
            Ty::Module(place) => match &**place {
                Place::Files(files) => match files.first() {
                    Some(file) => format!("module {}", self.view.path(*file)),
                    None => "module".to_owned(),
                },
                Place::Directory(_, dir) => format!("directory {dir}"),
                Place::Inline(symbol) => format!("module {}", name(symbol)),
            },
            Ty::Exports(file) => format!("exports of {}", self.view.path(*file)),
            Ty::Function(symbol, _) => format!("function {}", name(symbol)),
            Ty::Closure(params, result) => format!("({}) -> {}", all(params, ", "), one(result)),
            Ty::Handed(receiver, member) => format!("{}.{}", one(receiver), self.view.name_text(*member)),
            Ty::Tuple(parts) => format!("({})", all(parts, ", ")),
            Ty::List(element) => format!("list of {}", one(element)),
            Ty::Map(pair) => format!("map of {} to {}", one(&pair.0), one(&pair.1)),
            Ty::Literal(literal) => format!("{literal:?}").to_lowercase(),
            Ty::Object(file, _) => format!("object literal in {}", self.view.path(*file)),
            Ty::Super(inner) => format!("base of {}", one(inner)),
            Ty::Union(parts) => all(parts, " or "),
        }
    }
}
