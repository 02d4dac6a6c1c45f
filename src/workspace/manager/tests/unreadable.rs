//! Disks that give only part of a folder.

use std::io::ErrorKind;

use super::*;

const FILES: [(&str, &str); 5] = [
    ("a/x.py", "def f(): pass\n"),
    ("a/y.py", "import x\nx.f()\n"),
    ("a/d/z.py", "def g(): pass\n"),
    ("a/d/e/w.py", "def h(): pass\n"),
    ("a/d/package.json", "{\"name\": \"d\"}"),
];

fn world() -> World {
    let world = World::new(&FILES);
    world.add("a");
    world.loaded("a");
    world
}

/// Names that the folder defines, of those that ever were.
fn names(world: &World) -> Vec<&'static str> {
    let view = world.ask("a/y.py").unwrap().view;
    ["f", "g", "h", "changed"].into_iter().filter(|name| !defining(&view, name).is_empty()).collect()
}

fn skipped(status: &FolderStatus) -> Vec<(&Path, &str)> {
    status.skipped.iter().map(|s| (s.path.as_path(), s.why.as_str())).collect()
}

#[test]
fn a_file_that_cannot_be_read_keeps_what_it_said_and_is_read_when_it_can_be() {
    for told in [true, false] {
        let world = world();
        let trouble = Trouble::new(world.at("a/x.py"), ErrorKind::Other);
        world.write("a/x.py", "def changed(): pass\n");
        world.manager.files_changed([world.at(if told { "a/x.py" } else { "a" })]);
        let status = world.until("a", |s| s.owed.is_some());
        assert_eq!((status.state, status.stale, status.files), (Lifecycle::Loaded, false, 4));
        let owed = status.owed.as_ref().unwrap();
        assert_eq!((owed.cause, &owed.files[..]), (Cause::Build, &[world.at("a/x.py")][..]));
        assert!(owed.why.starts_with("x.py cannot be read: "), "{}", owed.why);
        assert!(skipped(&status)[0].1.ends_with("; what it said before is kept"), "{status:#?}");
        assert_eq!(names(&world), ["f", "g", "h"]);
        let ready = world.ask("a/y.py").unwrap();
        let file = |path: &str| ready.view.file(path).unwrap();
        let words = ready.outdated([file("y.py"), file("x.py")]).unwrap();
        assert!(words.starts_with("x.py is known as it was before (cannot be read"), "{words}");
        assert_eq!(ready.outdated([file("y.py"), file("d/z.py")]), None);
        assert!(ready.freshness.lacking().is_some());
        // An open document is known as it is.
        world.manager.open(&world.at("a/x.py"), "python", 1, "def edited(): pass\n").unwrap();
        let ready = world.ask("a/y.py").unwrap();
        assert_eq!(ready.outdated(ready.view.file("x.py")), None);
        world.manager.close(&world.at("a/x.py")).unwrap();
        drop(trouble);
        // Nobody tells.
        let status = world.until("a", |s| s.owed.is_none() && s.state == Lifecycle::Loaded);
        assert!(status.skipped.is_empty(), "{status:#?}");
        assert_eq!(names(&world), ["g", "h", "changed"]);
        assert!(world.ask("a/y.py").unwrap().freshness.lacking().is_none());
    }
}

#[test]
fn nothing_below_a_directory_that_cannot_be_read_is_gone() {
    for told in ["a", "a/d", "a/d/z.py"] {
        let world = world();
        let trouble = Trouble::new(world.at("a/d"), ErrorKind::Other);
        world.edit("a/x.py", "def changed(): pass\n");
        world.manager.files_changed([world.at(told)]);
        let status = world.until("a", |s| s.owed.is_some());
        assert_eq!((status.state, status.stale), (Lifecycle::Loaded, false));
        world.until("a", |_| names(&world) == ["g", "h", "changed"]);
        assert_eq!(skipped(&world.status("a"))[0].0, world.at("a/d"));
        let ready = world.ask("a/y.py").unwrap();
        assert_eq!(ready.view.manifests("package.json").len(), 1);
        assert!(ready.outdated(ready.view.file("d/e/w.py")).is_some());
        assert_eq!(ready.outdated(ready.view.file("x.py")), None);
        drop(ready);
        world.write("a/d/z.py", "x = 1\n");
        drop(trouble);
        world.until("a", |s| s.owed.is_none() && s.skipped.is_empty() && s.state == Lifecycle::Loaded);
        assert_eq!(names(&world), ["h", "changed"]);
    }
}

#[test]
fn an_entry_that_cannot_be_looked_at_is_not_gone() {
    let world = world();
    let trouble = Trouble::new(world.at("a/d/z.py"), ErrorKind::PermissionDenied);
    world.manager.files_changed([world.at("a/d/z.py"), world.at("a/d/package.json")]);
    world.until("a", |s| s.owed.is_some());
    assert_eq!(names(&world), ["f", "g", "h"]);
    drop(trouble);
    world.until("a", |s| s.owed.is_none());
}

#[test]
fn what_was_never_known_is_looked_at_again_only_if_that_can_help() {
    let world = World::new(&FILES);
    let denied = Trouble::new(world.at("a/d"), ErrorKind::PermissionDenied);
    world.add("a");
    let status = world.loaded("a");
    assert!(status.owed.is_none() && status.files == 2, "{status:#?}");
    assert_eq!(skipped(&status), [(&*world.at("a/d"), "cannot be read: permission denied")]);
    assert!(world.ask("a/y.py").unwrap().freshness.lacking().is_none());
    drop(denied);
    let failing = Trouble::new(world.at("a/d"), ErrorKind::Other);
    world.manager.files_changed([world.at("a/d")]);
    world.until("a", |s| s.owed.is_some());
    drop(failing);
    world.until("a", |s| s.owed.is_none() && s.files == 4);
}

#[test]
fn a_folder_that_cannot_be_listed_is_stale() {
    let world = world();
    let trouble = Trouble::new(world.at("a"), ErrorKind::Other);
    world.manager.files_changed([world.at("a")]);
    let status = world.until("a", |s| s.state == Lifecycle::Failed);
    assert!(status.stale && status.files == 4, "{status:#?}");
    drop(trouble);
    world.until("a", |s| s.state == Lifecycle::Loaded && !s.stale);
}

#[test]
fn a_broken_file_that_is_empty_for_a_moment_keeps_what_it_said() {
    let whole = "def f(): pass\n\ndef g(a):\n    return a\n\ndef h(): pass\n";
    let world = World::new(&[("a/x.py", whole), ("a/y.py", "import x\n")]);
    world.add("a");
    world.loaded("a");
    world.edit("a/x.py", &whole.replace("return a\n", "return \"\"\" more(a\n"));
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    let lacking = world.ask("a/y.py").unwrap().freshness.lacking();
    assert!(lacking.is_some_and(|why| why.contains("does not parse just now")));
    assert_eq!(names(&world), ["f", "g", "h"]);
    // Whoever writes it begins with nothing.
    world.edit("a/x.py", "");
    let status = world.until("a", |s| s.owed.is_some() || s.generation == 3);
    assert_eq!((status.generation, names(&world)), (2, vec!["f", "g", "h"]));
    // If that is all that it is to say, nobody tells.
    world.until("a", |s| s.owed.is_none() && s.state == Lifecycle::Loaded);
    assert!(names(&world).is_empty());
}

#[test]
fn however_many_files_are_emptied_at_once_that_is_what_they_are_in_the_end() {
    const FILES: usize = 1_100;
    let world = World::new(&[("a/y.py", "import x\n")]);
    let write = |text: &str| (0..FILES).for_each(|i| world.write(&format!("a/d/m{i}.py"), text));
    write("def f(): pass\n");
    world.add("a");
    world.loaded("a");
    write("");
    world.manager.files_changed([world.at("a")]);
    world.until("a", |s| s.owed.is_some());
    assert_eq!(names(&world), ["f"]);
    world.until("a", |s| s.owed.is_none() && s.state == Lifecycle::Loaded);
    assert!(names(&world).is_empty());
    assert_eq!(world.ask("a/y.py").unwrap().freshness.lacking(), None);
}
