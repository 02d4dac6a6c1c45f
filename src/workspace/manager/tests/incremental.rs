//! A graph that followed changes is the graph that a fresh build makes.

use proptest::prelude::*;

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
        let fresh = World::new(&[]);
        // The same folders, opened anew on the same disk.
        for (path, name) in world.manager.folders() {
            fresh.manager.add_folder(&path, &name);
        }
        // A folder opened inside another takes its files along only once that has been looked at again.
        fresh.at_rest();
        let path = world.at("w/a.py");
        let built = fresh.manager.capture(&path).wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
        prop_assert_eq!(followed, told(&built.view));
        drop(built);
        for world in [&world, &fresh] {
            let memory = world.at_rest().memory;
            prop_assert_eq!((memory.reserved, memory.retained, memory.documents), (0, 0, 0));
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
