//! Changes on disk that nobody tells of.

use super::*;

#[test]
fn a_native_watcher_follows_what_nobody_tells() {
    let mut settings = settings();
    settings.watch = WatchMode::Native;
    let world = World::with(settings, &[("a/x.py", "def f(): pass\n"), ("a/sub/y.py", "def g(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.write("a/sub/y.py", "def h(): pass\n");
    world.until_defined("a/x.py", "h", "sub/y.py");
    // A directory that is new, and one in it, are watched from then on.
    world.write("a/new/deep/z.py", "def one(): pass\n");
    world.until_defined("a/x.py", "one", "new/deep/z.py");
    world.write("a/new/deep/z.py", "def two(): pass\n");
    world.until_defined("a/x.py", "two", "new/deep/z.py");
    // And one that is replaced.
    fs::rename(world.at("a/new"), world.at("old")).unwrap();
    world.until("a", |s| s.files == 2 && s.state == Lifecycle::Loaded);
    fs::rename(world.at("old"), world.at("a/new")).unwrap();
    world.until("a", |s| s.files == 3 && s.state == Lifecycle::Loaded);
    world.write("a/new/deep/z.py", "def three(): pass\n");
    world.until_defined("a/x.py", "three", "new/deep/z.py");
}

/// Folders in each other share directories of which the system knows one watch each.
#[test]
fn a_native_watcher_follows_folders_in_each_other() {
    let settings = Settings { watch: WatchMode::Native, ..settings() };
    let files = [
        ("r/.git/info/exclude", ""),
        ("r/x.py", "def f(): pass\n"),
        ("r/pkg/sub/y.py", "def g(): pass\n"),
        ("r/pkg/z.py", "def h(): pass\n"),
    ];
    let world = World::with(settings, &files);
    let files = |folder, wanted: u64| {
        world.until(folder, |s| s.files == wanted && s.state == Lifecycle::Loaded);
    };
    world.add("r");
    files("r", 3);
    world.add("r/pkg");
    files("r/pkg", 2);
    files("r", 1);
    // The outer one looks at all that it has left.
    assert!(world.manager.reload(&world.at("r")));
    world.until("r", |s| s.generation == 3 && s.state == Lifecycle::Loaded);
    world.write("r/pkg/z.py", "def inner(): pass\n");
    world.until_defined("r/pkg/z.py", "inner", "z.py");
    world.write("r/pkg/sub/y.py", "def deep(): pass\n");
    world.until_defined("r/pkg/z.py", "deep", "sub/y.py");
    // The inner one goes, and with it its ear for rules from above.
    assert!(world.manager.remove_folder(&world.at("r/pkg")));
    files("r", 3);
    world.write("r/x.py", "def outer(): pass\n");
    world.until_defined("r/x.py", "outer", "x.py");
    world.write("r/.git/info/exclude", "sub/\n");
    files("r", 2);
}

/// To the system a directory has one watch, whatever it is called.
#[test]
fn a_native_watcher_follows_folders_of_one_place_by_several_names() {
    for (target, shared) in [("real", ""), ("real/sub", "sub/")] {
        let settings = Settings { watch: WatchMode::Native, ..settings() };
        let world = World::with(settings, &[("real/x.py", ""), ("real/sub/y.py", "")]);
        std::os::unix::fs::symlink(world.at(target), world.at("link")).unwrap();
        let loaded = |folder: &str, files: u64| {
            world.until(folder, |s| s.files == files && s.state == Lifecycle::Loaded);
        };
        world.add("real");
        loaded("real", 2);
        world.add("link");
        let own = world.loaded("link").files;
        world.write(&format!("real/{shared}new.py"), "def f(): pass\n");
        loaded("real", 3);
        loaded("link", own + 1);
        // And as one of the names is taken away.
        assert!(world.manager.remove_folder(&world.at("link")));
        world.write(&format!("real/{shared}newer.py"), "def g(): pass\n");
        loaded("real", 4);
    }
}

#[test]
fn what_is_told_by_one_name_of_a_place_is_looked_at_by_all() {
    let world = World::new(&[("real/x.py", "def f(): pass\n")]);
    std::os::unix::fs::symlink(world.at("real"), world.at("link")).unwrap();
    for folder in ["real", "link"] {
        world.add(folder);
        world.loaded(folder);
    }
    for (told, name) in [("real", "g"), ("link", "h")] {
        world.edit(&format!("{told}/x.py"), &format!("def {name}(): pass\n"));
        for folder in ["real", "link"] {
            world.until_defined(&format!("{folder}/x.py"), name, "x.py");
        }
    }
    let owner = |path: &str| world.manager.capture(&world.at(path)).folder().map(Path::to_owned);
    assert_eq!(["real/x.py", "link/x.py"].map(owner), ["real", "link"].map(|f| Some(world.at(f))));
}

#[test]
#[cfg(target_os = "linux")]
fn rules_from_above_the_folder_are_followed() {
    let settings = Settings { watch: WatchMode::Native, ..settings() };
    let files = [
        ("r/.git/info/exclude", ""),
        ("r/s/a/x.py", "def f(): pass\n"),
        ("r/s/a/gen/y.py", "def g(): pass\n"),
    ];
    let world = World::with(settings, &files);
    world.add("r/s/a");
    let files = |wanted: u64| world.until("r/s/a", |s| s.files == wanted && s.state == Lifecycle::Loaded);
    files(2);
    for rules in ["r/.gitignore", "r/s/.ignore", "r/.git/info/exclude"] {
        world.write(rules, "gen/\n");
        files(1);
        world.write(rules, "");
        files(2);
    }
}

#[test]
fn polling_follows_too() {
    let mut settings = settings();
    settings.watch = WatchMode::Poll;
    let world = World::with(settings, &[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.write("a/y.py", "def g(): pass\n");
    world.until("a", |s| s.files == 2);
}

#[test]
fn polling_begins_nothing_that_has_been_cancelled() {
    let settings = Settings { watch: WatchMode::Poll, ..settings() };
    let world = World::with(settings, &[("a/x.py", "def f(): pass\n"), ("b/x.py", "def f(): pass\n")]);
    for folder in ["a", "b"] {
        world.add(folder);
        world.loaded(folder);
    }
    let held = world.manager.hold_builds();
    world.edit("a/x.py", "def changed(): pass\n");
    world.until("a", |s| s.state == Lifecycle::Rebuilding);
    assert!(world.manager.cancel_build(&world.at("a")));
    world.until("a", |s| s.state == Lifecycle::Failed);
    drop(held);
    // The other one is looked at after it.
    world.write("b/y.py", "def g(): pass\n");
    world.until("b", |s| s.files == 2);
    let status = world.status("a");
    assert_eq!((status.state, status.generation, status.retry_count), (Lifecycle::Failed, 1, 1));
    // One that is asked for is begun.
    assert!(world.manager.reload(&world.at("a")));
    world.until("a", |s| s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/x.py", "changed"), ["x.py"]);
}

#[test]
fn a_path_is_the_own_of_the_folder_that_it_names() {
    let world = World::new(&[("real/x.py", ""), ("real/sub/y.py", "")]);
    for (link, place) in [("link", "real"), ("deep", "real/sub")] {
        std::os::unix::fs::symlink(world.at(place), world.at(link)).unwrap();
    }
    for folder in ["real", "link", "deep"] {
        world.add(folder);
    }
    world.at_rest();
    let core = world.manager.core();
    for path in ["real/x.py", "link/x.py", "real/sub/y.py", "link/sub/y.py", "deep/y.py"] {
        let named = path.split('/').next().unwrap();
        assert_eq!(core.owner(&world.at(path)).unwrap().path, world.at(named), "{path}");
        let owning = core.folders().iter().filter(|f| core.owns(f, &world.at(path))).count();
        assert_eq!(owning, 1, "{path}");
        assert_eq!(world.manager.owned(&world.at(path)).unwrap().1, world.at(named), "{path}");
    }
}

#[test]
fn what_two_folders_hold_alike_is_the_own_of_one() {
    let world = World::new(&[("real/x.py", "")]);
    for link in ["one", "two"] {
        std::os::unix::fs::symlink(world.at("real"), world.at(link)).unwrap();
        world.add(link);
    }
    world.at_rest();
    let (core, path) = (world.manager.core(), world.at("real/x.py"));
    let owner = core.owner(&path).unwrap().path.clone();
    let owning: Vec<PathBuf> =
        core.folders().iter().filter(|f| core.owns(f, &path)).map(|f| f.path.clone()).collect();
    assert_eq!(owning, [owner]);
}
