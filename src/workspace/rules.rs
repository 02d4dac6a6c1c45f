//! Which paths of a folder are left out: ignore files, excludes, and directories that nobody writes by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::bounds::{open, read_bounded};

/// Largest ignore file that is read; longer ones are not written by people.
const IGNORE_FILE_BYTES_MAX: u64 = 1 << 20;

/// Directories in which version control keeps its own files.
const VCS_DIRS: [&str; 6] = [".git", ".hg", ".svn", ".jj", ".bzr", ".pijul"];
/// Directories that package managers fill: sources of dependencies, never the folder's own code.
const INSTALLED_DIRS: [&str; 4] = ["node_modules", "bower_components", "site-packages", "__pypackages__"];
/// First bytes of a file `CACHEDIR.TAG`, by which build tools mark what they can make again (Cargo's `target`).
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// Where a repository keeps rules that are not shared, below its root, and the file's own name.
const EXCLUDE: &str = ".git/info/exclude";
const EXCLUDE_NAME: &str = "exclude";

/// Whether a file's name makes its contents part of these rules, so that a change of it concerns other files.
pub fn is_rules_file(name: &str) -> bool {
    matches!(name, ".gitignore" | ".ignore")
}

/// The directory below which the rules of a file hold; `None` for a file without any.
pub fn ruled_by(file: &Path) -> Option<&Path> {
    let dir = file.parent()?;
    if file.ends_with(EXCLUDE) {
        return dir.parent()?.parent();
    }
    file.file_name()?.to_str().is_some_and(is_rules_file).then_some(dir)
}

/// The directories outside a folder (a canonical path), or in places of it that are not entered, in which files lie whose
/// rules hold in the folder.
pub fn outer_dirs(folder: &Path) -> Vec<PathBuf> {
    let chain = chain(folder);
    let Some(root) = chain.last().filter(|dir| is_repository(dir)) else { return Vec::new() };
    let above = chain.iter().skip(1).map(|dir| dir.to_path_buf());
    above.chain(own_info(root)).collect()
}

/// The folder and what lies above it, up to the root of the repository that it lies in, if it lies in one.
fn chain(folder: &Path) -> Vec<&Path> {
    match folder.ancestors().find(|dir| is_repository(dir)) {
        Some(root) => folder.ancestors().take_while(|dir| *dir != root).chain([root]).collect(),
        None => vec![folder],
    }
}

/// Whether an entry of this name can give its directory rules of its own.
pub fn makes_rules(name: &str) -> bool {
    is_rules_file(name) || name == ".git"
}

/// Why a directory with this name is never entered.
pub fn is_foreign_dir(name: &str) -> bool {
    VCS_DIRS.contains(&name) || INSTALLED_DIRS.contains(&name)
}

/// Whether the directory marks itself as a cache or a virtual environment.
pub fn marks_itself_foreign(dir: &Path) -> bool {
    if dir.join("pyvenv.cfg").is_file() {
        return true;
    }
    let tag = dir.join("CACHEDIR.TAG");
    let starts = || {
        use std::io::Read as _;
        let mut head = [0u8; CACHE_SIGNATURE.len()];
        open(&tag).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == CACHE_SIGNATURE
    };
    starts()
}

/// The rules that hold in one directory: its own ignore files, and those of the directories above it.
///
/// The nearest file that says something of a path decides; `.ignore` goes before `.gitignore`, and both before the
/// repository's `info/exclude`. Rules above the enclosing repository's root, and the user's global git
/// configuration, are not looked at.
#[derive(Clone, Debug)]
pub struct Rules(Arc<Level>);

#[derive(Debug)]
struct Level {
    above: Option<Rules>,
    ignore: Option<Gitignore>,
    gitignore: Option<Gitignore>,
    /// `info/exclude`, if this is a repository's root. Rules for git stop here.
    exclude: Option<Gitignore>,
    is_repository: bool,
}

impl Rules {
    /// The rules at the top of a folder (a canonical path): its own and those of its parents up to the root of the
    /// repository that it lies in, if it lies in one.
    pub fn of_folder(folder: &Path) -> Rules {
        let mut chain = chain(folder);
        chain.reverse();
        let mut rules: Option<Rules> = None;
        for dir in chain {
            rules = Some(Rules::at(rules, dir, &|_| true));
        }
        rules.expect("the chain holds the folder itself")
    }

    /// The rules inside a directory directly below.
    pub fn below(&self, dir: &Path) -> Rules {
        self.below_listed(dir, |_| true)
    }

    /// The same where it is known which entries the directory may have.
    pub fn below_listed(&self, dir: &Path, may_have: impl Fn(&str) -> bool) -> Rules {
        Rules::at(Some(self.clone()), dir, &may_have)
    }

    fn at(above: Option<Rules>, dir: &Path, may_have: &dyn Fn(&str) -> bool) -> Rules {
        let is_repository = may_have(".git") && is_repository(dir);
        let read_own = |name: &str| may_have(name).then(|| read(dir, &dir.join(name))).flatten();
        let (ignore, gitignore) = (read_own(".ignore"), read_own(".gitignore"));
        let exclude = is_repository.then(|| read(dir, &own_info(dir)?.join(EXCLUDE_NAME))).flatten();
        match above {
            // Most directories have no rules of their own and share their parent's.
            Some(above) if ignore.is_none() && gitignore.is_none() && !is_repository => above,
            above => Rules(Arc::new(Level { above, ignore, gitignore, exclude, is_repository })),
        }
    }

    /// Whether the path, which lies directly in the directory of these rules, is left out.
    pub fn leave_out(&self, path: &Path, is_dir: bool) -> bool {
        let decide = |rules: &Option<Gitignore>| match rules.as_ref().map(|r| r.matched(path, is_dir)) {
            Some(Match::Ignore(_)) => Some(true),
            Some(Match::Whitelist(_)) => Some(false),
            _ => None,
        };
        if let Some(decided) = self.levels().find_map(|level| decide(&level.ignore)) {
            return decided;
        }
        for level in self.levels() {
            if let Some(decided) = decide(&level.gitignore) {
                return decided;
            }
            if level.is_repository {
                return decide(&level.exclude).unwrap_or(false);
            }
        }
        false
    }

    fn levels(&self) -> impl Iterator<Item = &Level> {
        std::iter::successors(Some(&*self.0), |level| level.above.as_ref().map(|r| &*r.0))
    }
}

fn is_repository(dir: &Path) -> bool {
    dir.join(".git").symlink_metadata().is_ok()
}

/// The directory of a repository's own rules. Of a linked work tree `.git` is a file that names a place elsewhere, and it
/// may be a link to one; that place is not opened.
fn own_info(repository: &Path) -> Option<PathBuf> {
    let git = repository.join(".git");
    let info = git.join("info");
    let is_dir = |dir: &Path| dir.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    (is_dir(&git) && is_dir(&info)).then_some(info)
}

/// The rules of one file; none if it is not there. Lines that cannot be read as globs are passed over.
fn read(dir: &Path, file: &Path) -> Option<Gitignore> {
    let text = read_bounded(file, IGNORE_FILE_BYTES_MAX).ok()??;
    let mut builder = GitignoreBuilder::new(dir);
    for line in String::from_utf8_lossy(&text).trim_start_matches('\u{feff}').lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}

/// The excludes of the settings, for one folder.
pub fn excludes(folder: &Path, globs: &[String]) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for glob in globs {
        let _ = builder.add_line(None, glob);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Whether a path lies in one of the folders that are open inside this one.
pub fn is_in_any(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|inner| path.starts_with(inner))
}
