//! Open documents over the graph of their folder, and by themselves.

use super::*;

#[test]
fn what_was_saved_and_closed_is_known_at_once() {
    // Nothing is heard of the disk while the test runs, but what a reload looks at.
    let settings = Settings { build_debounce: Duration::from_secs(3_600), ..settings() };
    let world = World::with(settings, &[("a/x.py", "def f(): pass\n"), ("a/y.py", "import x\n")]);
    world.add("a");
    world.loaded("a");
    let path = world.at("a/x.py");
    let edit = |version, text: &str| {
        world.manager.open(&path, "python", version, "def f(): pass\n").unwrap();
        let whole = Change { range: None, text: text.into() };
        world.manager.change(&path, version + 1, &[whole], Encoding::Utf16).unwrap();
    };
    // What was not saved counts no more once it is closed.
    edit(1, "def unsaved(): pass\n");
    world.manager.save(&path);
    edit(3, "def unsaved(): pass\n");
    world.manager.close(&path).unwrap();
    assert_eq!(world.defined("a/y.py", "f"), ["x.py"]);
    assert!(world.defined("a/y.py", "unsaved").is_empty());
    edit(5, "def saved(): pass\n");
    world.write("a/x.py", "def saved(): pass\n");
    world.manager.save(&path);
    world.manager.close(&path).unwrap();
    assert_eq!(world.defined("a/y.py", "saved"), ["x.py"]);
    assert!(world.defined("a/y.py", "f").is_empty());
    // A look at the disk ends it, whatever stands there by now.
    world.write("a/x.py", "def later(): pass\n");
    assert!(world.manager.reload(&world.at("a")));
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/y.py", "later"), ["x.py"]);
    assert!(world.defined("a/y.py", "saved").is_empty());
}

/// Opens the document, edits it so that it defines only that, writes the file and closes it.
fn saved_and_closed(world: &World, path: &str, name: &str) {
    let (at, text) = (world.at(path), format!("def {name}(): pass\n"));
    world.manager.open(&at, "python", 1, "").unwrap();
    world.manager.change(&at, 2, &[Change { range: None, text: text.clone() }], Encoding::Utf16).unwrap();
    world.write(path, &text);
    world.manager.save(&at);
    world.manager.close(&at).unwrap();
}

#[test]
fn what_was_saved_and_closed_waits_for_the_look_of_its_own_folder() {
    // Nothing is heard of the disk while the test runs, but what a reload looks at.
    let settings = Settings { build_debounce: Duration::from_secs(3_600), ..settings() };
    let world = World::with(settings, &[("a/x.py", "a = 1\n"), ("a/b/y.py", "def f(): pass\n")]);
    for folder in ["a", "a/b"] {
        world.add(folder);
    }
    world.at_rest();
    saved_and_closed(&world, "a/b/y.py", "saved");
    let generation = world.status("a").generation;
    assert!(world.manager.reload(&world.at("a")));
    world.until("a", |s| s.generation > generation && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/b/y.py", "saved"), ["y.py"]);
    assert!(world.manager.remove_folder(&world.at("a")));
    assert_eq!(world.defined("a/b/y.py", "saved"), ["y.py"]);
    // Nobody is left whom it would concern.
    assert!(world.manager.remove_folder(&world.at("a/b")));
    assert_eq!(world.manager.status().memory.documents, 0);
}

#[test]
fn what_was_saved_and_closed_counts_until_its_file_can_be_read() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/y.py", "import x\n")]);
    world.add("a");
    world.loaded("a");
    let trouble = Trouble::new(world.at("a/x.py"), std::io::ErrorKind::Other);
    saved_and_closed(&world, "a/x.py", "saved");
    world.until("a", |s| s.owed.is_some());
    assert_eq!(world.defined("a/y.py", "saved"), ["x.py"]);
    world.write("a/x.py", "def later(): pass\n");
    drop(trouble);
    world.until_defined("a/y.py", "later", "x.py");
    assert!(world.defined("a/y.py", "saved").is_empty());
    world.until("a", |_| world.manager.status().memory.documents == 0);
}

#[test]
fn an_evicted_folder_keeps_no_closed_documents_and_forgets_nothing_that_was_saved() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/y.py", "from x import f\n")]);
    world.add("a");
    world.loaded("a");
    let saved = |name: &str, version| {
        let (path, text) = (world.at("a/x.py"), format!("def {name}(): pass\n"));
        world.manager.open(&path, "python", version, &text).unwrap();
        world.write("a/x.py", &text);
        world.manager.save(&path);
        world.manager.close(&path).unwrap();
    };
    saved("before", 1);
    world.manager.evict(&world.at("a"));
    assert_eq!(world.manager.status().memory.documents, 0);
    saved("after", 2);
    assert_eq!(world.manager.status().memory.documents, 0);
    assert_eq!(world.defined("a/y.py", "after"), ["x.py"]);
    assert!(world.defined("a/y.py", "before").is_empty());
}

#[test]
fn an_open_document_counts_instead_of_its_file() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/y.py", "import x\n")]);
    world.add("a");
    world.loaded("a");
    let path = world.at("a/x.py");
    world.manager.open(&path, "python", 1, "def f(): pass\n").unwrap();
    let ready = world.ask("a/x.py").unwrap();
    assert!(!ready.view.is_open(ready.file.unwrap()), "the graph has the same contents");
    let edit = Change { range: Some((Position::new(0, 4), Position::new(0, 5))), text: "edited".into() };
    world.manager.change(&path, 2, &[edit], Encoding::Utf16).unwrap();
    assert_eq!(world.defined("a/y.py", "edited"), ["x.py"]);
    assert!(world.defined("a/y.py", "f").is_empty());
    // A capture keeps the documents of its moment.
    let before = world.manager.capture(&world.at("a/y.py"));
    let whole = Change { range: None, text: "def later(): pass\n".into() };
    world.manager.change(&path, 3, &[whole], Encoding::Utf16).unwrap();
    let ready = before.wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
    assert!(!defining(&ready.view, "edited").is_empty() && defining(&ready.view, "later").is_empty());
    drop(ready);
    drop(before);
    // One that is not on disk is there too.
    world.manager.open(&world.at("a/new.py"), "python", 1, "def fresh(): pass\n").unwrap();
    assert_eq!(world.defined("a/y.py", "fresh"), ["new.py"]);
    let used = world.manager.status().memory.documents;
    assert!(used > 0);
    world.manager.close(&path).unwrap();
    world.manager.close(&world.at("a/new.py")).unwrap();
    assert_eq!(world.defined("a/y.py", "f"), ["x.py"]);
    assert_eq!(world.manager.status().memory.documents, 0);
}

#[test]
fn a_view_keeps_the_bytes_of_what_it_has_of_documents() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    let path = world.at("a/x.py");
    world.manager.open(&path, "python", 1, "def g(): pass\n").unwrap();
    let documents = || world.manager.status().memory.documents;
    let ready = world.ask("a/x.py").unwrap();
    let used = documents();
    world.manager.close(&path).unwrap();
    assert_eq!(documents(), used);
    drop(ready);
    world.until("a", |_| documents() == 0);
}

#[test]
fn a_lone_document_is_served_by_itself() {
    let world = World::new(&[("x.py", "def f(): pass\n"), ("y.py", "def g(): pass\n")]);
    world.manager.open(&world.at("x.py"), "python", 1, "def h(): pass\n").unwrap();
    let ready = world.ask("x.py").unwrap();
    assert_eq!(ready.view.file_count(), 1);
    assert_eq!(defining(&ready.view, "h"), ["x.py".to_owned()].into());
    assert_eq!(ready.absolute(ready.file.unwrap()), world.at("x.py"));
    assert_eq!(world.ask("y.py").map(|_| ()).unwrap_err().kind, Kind::NoSuchFile);
}

#[test]
fn a_document_that_cannot_be_analysed_says_why() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.manager.open(&world.at("a/x.py"), "python", 1, "def g(): pass\0\n").unwrap();
    let unavailable = world.ask("a/x.py").map(|_| ()).unwrap_err();
    assert_eq!(unavailable.kind, Kind::Document);
    assert!(unavailable.message.contains("NUL"));
}

#[test]
fn answers_about_one_file_need_not_wait_for_its_folder() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.panics.store(true, Ordering::SeqCst);
    world.add("a");
    world.until("a", |s| s.state == Lifecycle::Failed);
    let capture = world.manager.capture(&world.at("a/x.py"));
    assert_eq!(capture.local().unwrap().facts().unwrap().defs.len(), 1);
    assert_eq!(
        capture.wait(Instant::now(), &CancelToken::new()).map(|_| ()).unwrap_err().kind,
        Kind::BuildFailed
    );
    let outside = world.manager.capture(&world.at("b.py")).local().unwrap_err();
    assert_eq!(outside.kind, Kind::NoSuchFile);
}

#[test]
fn a_half_written_file_keeps_its_definitions_when_it_is_saved() {
    let whole = "name = 'x'\n\nclass A:\n    def m(self): local = 1\n\ndef last() -> A: pass\n";
    let world = World::new(&[("a/x.py", whole), ("a/y.py", "import x\n")]);
    world.add("a");
    world.loaded("a");
    let path = world.at("a/x.py");
    world.manager.open(&path, "python", 1, whole).unwrap();
    world.ask("a/x.py").unwrap();
    let edit = Change { range: Some((Position::new(0, 7), Position::new(0, 8))), text: "\"\"\"".into() };
    world.manager.change(&path, 2, &[edit], Encoding::Utf16).unwrap();
    assert_eq!(world.defined("a/y.py", "m"), ["x.py"]);
    world.manager.save(&path);
    world.edit("a/x.py", &whole.replacen('\'', "\"\"\"", 1));
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/y.py", "m"), ["x.py"]);
    // Once it parses again it is what it says.
    let rest = Change { range: Some((Position::new(5, 0), Position::new(6, 0))), text: "\"\"\"\n".into() };
    world.manager.change(&path, 3, &[rest], Encoding::Utf16).unwrap();
    assert!(world.defined("a/y.py", "m").is_empty());
}

#[test]
fn what_is_closed_is_kept_by_no_answer() {
    let world = World::new(&[("a/m.py", "def f(): pass\n"), ("a/n.py", "def g(): pass\n")]);
    world.add("a");
    world.loaded("a");
    let path = world.at("a/m.py");
    let documents = || world.manager.status().memory.documents;
    world.manager.open(&path, "python", 1, "def h(): pass\n").unwrap();
    assert!(world.ask("a/m.py").is_ok() && documents() > 0);
    world.manager.close(&path).unwrap();
    assert_eq!(documents(), 0);
    // One that is as it is on disk answers until that has been looked at.
    world.manager.open(&path, "python", 1, "def f(): pass\n").unwrap();
    world.manager.open(&world.at("a/n.py"), "python", 1, "def k(): pass\n").unwrap();
    world.manager.save(&path);
    assert!(world.ask("a/m.py").is_ok());
    world.manager.close(&path).unwrap();
    world.manager.close(&world.at("a/n.py")).unwrap();
    world.until("a", |_| documents() == 0);
}
