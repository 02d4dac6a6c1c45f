use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// Writes files given as `path` or `path = contents`; a path that ends with `/` is a directory.
fn tree(entries: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in entries {
        let (path, text) = entry.split_once(" = ").unwrap_or((entry, "x = 1\n"));
        let full = dir.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(full).unwrap();
        } else {
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }
    }
    dir
}

fn scope(root: &Path) -> Scope {
    Scope { root: root.to_owned(), inner: Vec::new(), excludes: Vec::new(), file_bytes_max: 1_000 }
}

fn paths(scan: &Scan) -> Vec<&str> {
    scan.files.iter().map(|f| f.path.as_str()).collect()
}

fn run(scope: &Scope) -> Scan {
    scan(scope, &CancelToken::new(), &mut |_| {}).unwrap()
}

#[track_caller]
fn check(entries: &[&str], expected: &[&str]) {
    let dir = tree(entries);
    assert_eq!(paths(&run(&scope(dir.path()))), expected);
}

#[test]
fn known_languages_are_found_and_hidden_files_too() {
    check(&["a.py", "sub/b.rs", "README", "logo.png", ".tools/c.go"], &[".tools/c.go", "a.py", "sub/b.rs"]);
}

#[test]
fn ignore_files_hold_with_their_precedence() {
    check(
        &[
            ".gitignore = gen/\n*.tmp.py\n!keep.tmp.py\n/top.py",
            "gen/a.py",
            "b.tmp.py",
            "keep.tmp.py",
            "top.py",
            "sub/top.py",
            "sub/.gitignore = !b.tmp.py\nown.py",
            "sub/b.tmp.py",
            "sub/own.py",
            "own.py",
            ".ignore = own.py",
            "deep/.ignore = !own.py",
            "deep/own.py",
        ],
        &["deep/own.py", "keep.tmp.py", "sub/b.tmp.py", "sub/top.py"],
    );
}

#[test]
fn the_enclosing_repositorys_rules_hold_and_those_above_it_do_not() {
    let dir = tree(&[
        ".gitignore = *.py",
        ".ignore = *.rs",
        "repo/.git/info/exclude = private.py",
        "repo/.gitignore = no.py\nfolder/gone/",
        "repo/folder/no.py",
        "repo/folder/yes.py",
        "repo/folder/yes.rs",
        "repo/folder/private.py",
        "repo/folder/gone/a.py",
        "repo/folder/nested/.git/HEAD",
        "repo/folder/nested/no.py",
    ]);
    let found = run(&scope(&dir.path().join("repo/folder")));
    assert_eq!(paths(&found), ["nested/no.py", "yes.py", "yes.rs"]);
}

#[test]
fn a_folder_that_its_repository_ignores_is_still_the_users() {
    let dir = tree(&[".git/HEAD", ".gitignore = out/", "out/a.py", "out/sub/b.py"]);
    assert_eq!(paths(&run(&scope(&dir.path().join("out")))), ["a.py", "sub/b.py"]);
}

#[test]
fn dependencies_caches_and_version_control_are_left_out() {
    check(
        &[
            "node_modules/x/index.js",
            "env/pyvenv.cfg",
            "env/lib/a.py",
            "target/CACHEDIR.TAG = Signature: 8a477f597d28d172789f06886806bc55\n",
            "target/debug/build.rs",
            "notes/CACHEDIR.TAG = not a cache",
            "notes/b.py",
            ".git/hooks/c.py",
            "vendor/d.go",
        ],
        &["notes/b.py", "vendor/d.go"],
    );
}

#[test]
fn excludes_of_the_settings_hold() {
    let dir = tree(&["a.py", "gen/b.py", "sub/gen/c.py", "sub/d.min.js"]);
    let mut scope = scope(dir.path());
    scope.excludes = vec!["/gen".into(), "**/*.min.js".into()];
    assert_eq!(paths(&run(&scope)), ["a.py", "sub/gen/c.py"]);
}

#[test]
fn large_files_are_skipped_with_why() {
    let long = format!("long.py = {}", "x".repeat(1_001));
    let dir = tree(&["a.py", &long]);
    let scan = run(&scope(dir.path()));
    assert_eq!(paths(&scan), ["a.py"]);
    let why = "larger than 1000 bytes".to_owned();
    assert_eq!(scan.skipped, [Skipped { path: "long.py".into(), why }]);
}

#[test]
fn folders_inside_are_not_its_own() {
    let dir = tree(&["a.py", "inner/b.py", "inner2/c.py"]);
    let mut scope = scope(dir.path());
    scope.inner = vec![dir.path().join("inner")];
    assert_eq!(paths(&run(&scope)), ["a.py", "inner2/c.py"]);
}

#[test]
fn links_lead_only_inside_and_to_each_place_once() {
    let outside = tree(&["secret.py"]);
    let dir = tree(&["a.py", "sub/b.py", ".gitignore = /hidden\n", "hidden/c.py", "hidden/d/e.py"]);
    let at = |p: &str| dir.path().join(p);
    symlink(outside.path(), at("out")).unwrap();
    symlink(outside.path().join("secret.py"), at("secret.py")).unwrap();
    symlink(at("a.py"), at("again.py")).unwrap();
    symlink(at("sub"), at("sub2")).unwrap();
    symlink(dir.path(), at("sub/loop")).unwrap();
    symlink(at("nowhere"), at("broken.py")).unwrap();
    symlink(at("hidden"), at("seen")).unwrap();
    symlink(at("hidden"), at("seen_again")).unwrap();
    symlink(at("hidden"), at("hidden/d/up")).unwrap();
    let found = run(&scope(dir.path()));
    assert_eq!(paths(&found), ["a.py", "seen/c.py", "seen/d/e.py", "sub/b.py"]);
    let skipped: Vec<&str> = found.skipped.iter().map(|s| s.path.as_str()).collect();
    assert_eq!(skipped, ["out", "secret.py"]);
}

#[test]
fn rules_and_marks_that_links_lead_to_do_not_count() {
    let outside = tree(&[
        "TAG = Signature: 8a477f597d28d172789f06886806bc55\n",
        "rules = *.py\n",
        "git/info/exclude = *.py\n",
        "git/HEAD",
    ]);
    let dir = tree(&["a.py", "sub/b.py", "repo/c.py"]);
    let link =
        |target: &str, path: &str| symlink(outside.path().join(target), dir.path().join(path)).unwrap();
    link("TAG", "sub/CACHEDIR.TAG");
    link("rules", "sub/.gitignore");
    link("git", "repo/.git");
    assert_eq!(paths(&run(&scope(dir.path()))), ["a.py", "repo/c.py", "sub/b.py"]);
    assert_eq!(super::super::rules::outer_dirs(&dir.path().join("repo")), Vec::<PathBuf>::new());
}

#[test]
fn a_folder_named_by_a_link_is_scanned_under_that_name() {
    let dir = tree(&["real/a.py", "real/sub/b.py"]);
    let link = dir.path().join("link");
    symlink(dir.path().join("real"), &link).unwrap();
    let mut entered = Vec::new();
    let scan = scan(&scope(&link), &CancelToken::new(), &mut |d| entered.push(d.to_owned())).unwrap();
    assert_eq!(paths(&scan), ["a.py", "sub/b.py"]);
    assert_eq!(entered, [link.join(""), link.join("sub")]);
}

#[test]
fn what_is_no_folder_says_what_it_is() {
    let dir = tree(&["file"]);
    let error = |p: &str| scan(&scope(&dir.path().join(p)), &CancelToken::new(), &mut |_| {}).unwrap_err();
    assert_eq!(error("none").to_string(), "the folder does not exist");
    assert_eq!(error("file").to_string(), "it is a file, not a folder");
    let cancelled = CancelToken::new();
    cancelled.cancel();
    assert!(matches!(scan(&scope(dir.path()), &cancelled, &mut |_| {}), Err(ScanError::Cancelled)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Asking for some paths gives exactly what the whole scan has of them.
    #[test]
    fn some_paths_are_seen_as_the_whole_scan_sees_them(
        files in prop::collection::btree_set("[ab]{1,2}(/[abc]{1,2}){0,2}", 1..12),
        rules in prop::collection::vec(("([ab](/[ab])?)?", "!?/?[abc]{1,2}(\\.py|/)?"), 0..4),
        asked in prop::collection::btree_set("[ab]{1,2}(/[abc]{1,2}){0,2}(\\.py)?", 1..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        for file in &files {
            let full = dir.path().join(format!("{file}.py"));
            if fs::create_dir_all(full.parent().unwrap()).is_ok() { let _ = fs::write(full, ""); }
        }
        for (at, rule) in &rules {
            let _ = fs::write(dir.path().join(at).join(".gitignore"), format!("{rule}\n"));
        }
        let scope = scope(dir.path());
        let whole = run(&scope);
        let asked: BTreeSet<PathBuf> = asked.iter().map(|p| dir.path().join(p)).collect();
        let some = scan_paths(&scope, &asked, &CancelToken::new(), &mut |_| {}).unwrap();
        let under = |f: &&Found| asked.iter().any(|a| dir.path().join(&f.path).starts_with(a));
        let expected: Vec<&Found> = whole.files.iter().filter(under).collect();
        prop_assert_eq!(some.files.iter().collect::<Vec<_>>(), expected);
    }
}
