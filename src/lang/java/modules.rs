//! Java's modules: a package is a path of directories below a source root.

use smallvec::SmallVec;

use crate::lang::modules::{FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, join, parent, upwards};

/// Module rules of Java.
pub struct Modules;

/// Where sources commonly lie below a project's directory.
const SOURCE_ROOTS: [&str; 8] = [
    "src/main/java",
    "src/test/java",
    "src/integrationTest/java",
    "src/testFixtures/java",
    "src",
    "test",
    "java",
    "",
];

/// Roots that see each other's packages: tests beside what they test.
const PAIRED_ROOTS: [(&str, &str); 4] = [
    ("src/test/java", "src/main/java"),
    ("src/integrationTest/java", "src/main/java"),
    ("src/testFixtures/java", "src/main/java"),
    ("test", "src"),
];

impl ModuleStrategy for Modules {
    fn manifest_names(&self) -> &'static [&'static str] {
        &["pom.xml", "build.gradle", "build.gradle.kts", "build.xml", "module-info.java"]
    }

    /// That there is one matters, not what it says: its directory is a project's root.
    fn read_manifest(&self, dir: &str, file: &str, _text: &str) -> Option<Manifest> {
        Some(Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries: Vec::new() })
    }

    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let package = specifier.replace('.', "/");
        let mut files: SmallVec<[FileId; 1]> = SmallVec::new();
        for dir in package_dirs(layout, from, &package) {
            files.extend(java_files(layout, &dir));
        }
        if files.is_empty() { ModuleTarget::External } else { ModuleTarget::Files(files) }
    }

    fn child_of_dir(&self, _layout: &dyn Layout, _dir: &str, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }

    fn siblings(&self, layout: &dyn Layout, file: FileId) -> Vec<FileId> {
        let here = parent(layout.path(file));
        let mut files = java_files(layout, here);
        for (test, main) in PAIRED_ROOTS {
            if let Some(dir) = moved(here, test, main) {
                files.extend(java_files(layout, &dir));
                break;
            }
        }
        files.retain(|f| *f != file);
        files
    }
}

fn java_files(layout: &dyn Layout, dir: &str) -> Vec<FileId> {
    layout.files_in(dir).into_iter().filter(|f| layout.path(*f).ends_with(".java")).collect()
}

/// `a/src/test/java/p` with the root `src/test/java` replaced by `src/main/java`.
fn moved(dir: &str, from: &str, to: &str) -> Option<String> {
    let at = if dir == from || dir.starts_with(&format!("{from}/")) {
        0
    } else {
        dir.find(&format!("/{from}/")).map(|at| at + 1).or_else(|| dir.strip_suffix(from).map(str::len))?
    };
    let (before, rest) = (&dir[..at], &dir[at + from.len()..]);
    (before.is_empty() || before.ends_with('/')).then(|| format!("{before}{to}{rest}"))
}

/// The directories of the folder that hold the package, as the file sees them.
fn package_dirs(layout: &dyn Layout, from: FileId, package: &str) -> Vec<String> {
    let mut dirs: Vec<String> = Vec::new();
    let mut add = |root: &str| {
        if let Some(dir) = join(root, package)
            && !dirs.contains(&dir)
            && layout.has_dir(&dir)
        {
            dirs.push(dir);
        }
    };
    for above in upwards(parent(layout.path(from))) {
        for root in SOURCE_ROOTS {
            if let Some(root) = join(above, root) {
                add(&root);
            }
        }
    }
    for name in Modules.manifest_names() {
        for manifest in layout.manifests(name) {
            for root in SOURCE_ROOTS {
                if let Some(root) = join(&manifest.dir, root) {
                    add(&root);
                }
            }
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_directory_is_paired_with_what_it_tests() {
        let main = |dir| moved(dir, "src/test/java", "src/main/java");
        assert_eq!(main("src/test/java/a/b").as_deref(), Some("src/main/java/a/b"));
        assert_eq!(main("m/src/test/java/a").as_deref(), Some("m/src/main/java/a"));
        assert_eq!(main("m/src/test/java").as_deref(), Some("m/src/main/java"));
        assert_eq!(main("src/main/java/a"), None);
        assert_eq!(main("xsrc/test/java"), None);
    }
}
