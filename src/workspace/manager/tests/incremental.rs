//! A graph that followed changes is the graph that a fresh build makes.

use proptest::prelude::*;

use super::super::super::changes::CHANGED_PATHS_MAX;
use super::*;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Write(usize, usize),
    Remove(usize),
    RemoveDir(usize),
    Rename(usize, usize),
    Ignore(usize, bool),
    /// Told that it changed although it did not.
    Touch(usize),
    /// Let the builds so far come to an end.
    Settle,
    Nest(bool),
}

const FILES: [&str; 10] =
    ["a.py", "b.rs", "c.ts", "d.js", "e.go", "p/a.py", "p/b.rs", "p/q/c.tsx", "q/e.go", "p/package.json"];
const DIRS: [&str; 3] = ["p", "q", "p/q"];
const TEXTS: [&str; 6] = [
    "def f(): pass\nf()\n",
    "fn f() { g() }\nfn g() {}\n",
    "export function f(a) { return a.b(f) }\n",
    "package p\nfunc f() { g() }\n",
    "class A:\n  def f(self): self.g(\n",
    "{\"name\": \"p\"}",
];

pub(super) fn op() -> impl Strategy<Value = Op> {
    let (file, dir) = (0..FILES.len(), 0..DIRS.len());
    prop_oneof![
        8 => (file.clone(), 0..TEXTS.len()).prop_map(|(f, t)| Op::Write(f, t)),
        2 => file.clone().prop_map(Op::Remove),
        1 => dir.clone().prop_map(Op::RemoveDir),
        2 => (file.clone(), file.clone()).prop_map(|(a, b)| Op::Rename(a, b)),
        1 => (dir, any::<bool>()).prop_map(|(d, on)| Op::Ignore(d, on)),
        2 => file.prop_map(Op::Touch),
        3 => Just(Op::Settle),
        1 => any::<bool>().prop_map(Op::Nest),
    ]
}

pub(super) fn apply(world: &World, op: &Op) {
    let at = |path: &str| world.at(&format!("w/{path}"));
    match op {
        Op::Write(file, text) => world.edit(&format!("w/{}", FILES[*file]), TEXTS[*text]),
        Op::Remove(file) => {
            let _ = fs::remove_file(at(FILES[*file]));
            world.manager.files_changed([at(FILES[*file])]);
        }
        Op::RemoveDir(dir) => {
            let _ = fs::remove_dir_all(at(DIRS[*dir]));
            world.manager.files_changed([at(DIRS[*dir])]);
        }
        Op::Rename(from, to) => {
            let (from, to) = (at(FILES[*from]), at(FILES[*to]));
            let _ = fs::create_dir_all(to.parent().unwrap());
            let _ = fs::rename(&from, &to);
            world.manager.files_changed([to, from]);
        }
        Op::Ignore(dir, true) => world.edit("w/.gitignore", &format!("{}/\n", DIRS[*dir])),
        Op::Ignore(_, false) => {
            let _ = fs::remove_file(at(".gitignore"));
            world.manager.files_changed([at(".gitignore")]);
        }
        Op::Touch(file) => world.manager.files_changed([at(FILES[*file])]),
        Op::Settle => drop(world.ask("w/a.py")),
        Op::Nest(true) => {
            let _ = fs::create_dir_all(at("p"));
            world.add("w/p");
        }
        Op::Nest(false) => {
            world.manager.remove_folder(&at("p"));
        }
    }
}

/// All changes so far have been looked at: a file that was not there is.
pub(super) fn settle(world: &World, mark: usize) {
    let name = format!("mark_{mark}");
    world.edit("w/mark.py", &format!("def {name}(): pass\n"));
    world.until("w", |status| {
        let there = || {
            let ready = world.ask("w/mark.py").unwrap();
            !defining(&ready.view, &name).is_empty()
        };
        status.state == Lifecycle::Loaded && there()
    });
    // What does not parse keeps what it said, of which a build from nothing does not know.
    let outdated = world.ask("w/mark.py").unwrap().freshness.outdated;
    if !outdated.is_empty() {
        outdated.places().for_each(|path| world.remove(&format!("w/{path}")));
        settle(world, mark + 1_000);
    }
}

/// Another manager that has built the same folders from nothing, and what its graph says.
pub(super) fn anew(world: &World) -> (World, BTreeMap<String, String>) {
    let fresh = World::new(&[]);
    for (path, name) in world.manager.folders() {
        fresh.manager.add_folder(&path, &name);
    }
    // A folder opened inside another takes its files along only once that has been looked at again.
    fresh.at_rest();
    let path = world.at("w/a.py");
    let built = fresh.manager.capture(&path).wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
    let said = told(&built.view);
    drop(built);
    (fresh, said)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn following_changes_ends_where_a_fresh_build_does(ops in prop::collection::vec(op(), 1..25)) {
        let world = World::new(&[("w/a.py", "def f(): pass\n")]);
        world.add("w");
        world.loaded("w");
        for op in &ops {
            apply(&world, op);
        }
        settle(&world, ops.len());
        let followed = told(&world.ask("w/a.py").unwrap().view);
        let (fresh, built) = anew(&world);
        prop_assert_eq!(followed, built);
        for world in [&world, &fresh] {
            prop_assert_eq!(world.released().documents, 0);
        }
    }
}

#[test]
fn a_manifest_goes_with_its_directory() {
    let world = World::new(&[("w/a.py", "def f(): pass\n"), ("w/p/package.json", "{\"name\": \"p\"}")]);
    world.add("w");
    world.loaded("w");
    let manifests = |world: &World| world.ask("w/a.py").unwrap().view.all_manifests().count();
    assert_eq!(manifests(&world), 1);
    apply(&world, &Op::RemoveDir(0));
    settle(&world, 0);
    assert_eq!(manifests(&world), 0);
}

/// More files than are told apart by name, all of which change at once; the client tells of them in no order and
/// forgets a fifth.
#[test]
fn a_branch_switch_that_is_told_in_part_is_seen_whole() {
    const FILES: usize = CHANGED_PATHS_MAX * 5 / 4 + 100;
    let path = |file: usize| format!("a/p{}/m{file}.py", file % 50);
    let world = World::new(&[]);
    let checkout = |branch: &str| {
        for file in 0..FILES {
            world.write(&path(file), &format!("def {branch}_{file}(): pass\n"));
        }
    };
    let has = |branch: &str| {
        let ready = world.ask(&path(0)).unwrap();
        (0..FILES).filter(|file| !defining(&ready.view, &format!("{branch}_{file}")).is_empty()).count()
    };
    checkout("one");
    world.add("a");
    world.loaded("a");
    assert_eq!((has("one"), has("two")), (FILES, 0));
    checkout("two");
    let told: Vec<PathBuf> =
        (0..FILES).rev().filter(|file| file % 5 != 3).map(|file| world.at(&path(file))).collect();
    world.manager.files_changed(told);
    world.until_told_of(2);
    assert_eq!((has("one"), has("two")), (0, FILES));
    // Touched, they are as they were.
    for file in 0..FILES {
        let file = fs::File::options().write(true).open(world.at(&path(file))).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }
    world.manager.files_changed((0..FILES).map(|file| world.at(&path(file))));
    world.until_told(Lifecycle::Rebuilding);
    world.until_told(Lifecycle::Loaded);
    assert_eq!(world.status("a").generation, 2);
}
