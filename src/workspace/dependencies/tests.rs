use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::cancel::CancelToken;
use super::super::crew::Crew;
use super::super::gate::Gate;
use super::super::quarantine::Quarantine;
use super::super::read::{FolderTexts, read_file};
use super::super::settings::Dependencies;
use super::*;
use crate::graph::fixture::Fixture;
use crate::graph::{Graph, Libraries, View};
use crate::lang::modules::{FileId, Layout};
use crate::query;

/// A folder on disk, of which the files below `env`, `node_modules` and `store` are libraries'.
struct World {
    dir: tempfile::TempDir,
    fixture: Fixture,
    graph: Arc<Graph>,
    setting: Dependencies,
}

fn is_library(path: &str) -> bool {
    path.starts_with("env/") || path.starts_with("../") || path.split('/').any(|part| part == "node_modules")
}

impl World {
    /// Paths that start with `../` lie beside the folder, in a store that the setting names.
    fn new(text: &str) -> World {
        let fixture = Fixture::parse(text);
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in &fixture.files {
            let path = dir.path().join("folder").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let store = dir.path().join("store");
        fs::create_dir_all(&store).unwrap();
        let own = fixture.files.iter().filter(|(path, _)| !is_library(path));
        let own = Fixture { files: own.map(|(p, t)| (p.clone(), t.clone())).collect(), ..Fixture::default() };
        let graph = Arc::new(own.graph());
        World { dir, fixture, graph, setting: Dependencies::Stores(vec![store]) }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("folder")
    }

    fn load(&self) -> Loaded {
        self.load_within(u64::MAX, None)
    }

    fn load_within(&self, bytes_max: u64, before: Option<&Libraries>) -> Loaded {
        let root = self.root();
        let bounds = Bounds::new(&root, named(&self.setting));
        let (cancel, quarantine, permits) = (CancelToken::new(), Quarantine::default(), Gate::new(1));
        let never = AtomicBool::new(false);
        let crew = Crew {
            threads: 1,
            first: 0,
            permits: &permits,
            quarantine: &quarantine,
            read: &|found, known, parser| {
                read_file(&bounds, found, known, |_| None, FILE_BYTES_MAX, parser, &never)
            },
            cancel: &cancel,
            progress: &|_, _| {},
        };
        let stores = stores(&root, &self.setting);
        let job = Job { graph: &self.graph, bounds: &bounds, stores, before, crew, bytes_max };
        load(job, &Gate::new(256 << 20), &mut |_| true)
    }

    fn view(&self, loaded: &Loaded) -> View {
        let texts = FolderTexts {
            bounds: Bounds::new(&self.root(), named(&self.setting)),
            bytes_max: FILE_BYTES_MAX,
        };
        View::new(Arc::new(self.graph.with_libraries(&loaded.libraries)), Vec::new(), Arc::new(texts))
    }

    fn cursor(&self, view: &View) -> (FileId, u32) {
        self.fixture.cursor(view)
    }
}

/// The name at `$0` leads to `⟦…⟧`, and nowhere without the libraries.
fn check(text: &str) -> (World, Loaded) {
    let world = World::new(text);
    let loaded = world.load();
    let view = world.view(&loaded);
    let (file, offset) = world.cursor(&view);
    let found = query::definition(&view, file, offset);
    let places: Vec<(String, u32)> = found
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(|d| (view.path(d.location.file).to_owned(), d.location.span.start))
        .collect();
    let near = world.dir.path().canonicalize().unwrap();
    let shown = |path: &str| match Path::new(path).strip_prefix(&near) {
        Ok(outside) => format!("../{}", outside.display()),
        Err(_) => path.to_owned(),
    };
    let places: Vec<(String, u32)> = places.into_iter().map(|(p, at)| (shown(&p), at)).collect();
    assert_eq!(places, world.fixture.starts(), "{found:?}\n{text}\n{:#?}", loaded.packages);
    (world, loaded)
}

/// The name at `$0` stays outside, whatever it is called in the folder.
fn check_external(text: &str) {
    let world = World::new(text);
    let view = world.view(&world.load());
    let (file, offset) = world.cursor(&view);
    let found = query::definition(&view, file, offset);
    assert!(matches!(found, Err(query::Empty::External)), "{found:?}");
}

#[test]
fn a_packages_types_are_found_by_its_manifest() {
    for manifest in [
        r#"{"name": "lib", "types": "out/index.d.ts"}"#,
        r#"{"name": "lib", "typings": "./out/index"}"#,
        r#"{"name": "lib", "main": "out/index.js"}"#,
        r#"{"name": "lib", "exports": {".": {"import": {"types": "./out/index.d.ts", "default": "./x.mjs"}}}}"#,
        r#"{"name": "lib", "exports": "./out/index.js"}"#,
    ] {
        check(&format!(
            "
            //- /src/a.ts
            import {{ make }} from 'lib';
            make().$0run();
            //- /node_modules/lib/package.json
            {manifest}
            //- /node_modules/lib/out/index.d.ts
            export * from './engine';
            //- /node_modules/lib/out/engine.d.ts
            export declare class Engine {{ ⟦run⟧(): Engine; }}
            export declare function make(): Engine;
            //- /node_modules/lib/out/index.js
            exports.make = function () {{}};
            "
        ));
    }
}

#[test]
fn types_that_others_wrote_go_before_code_without_types() {
    let (_, loaded) = check(
        "
        //- /a.ts
        import lib = require('@x/lib');
        lib.$0make();
        //- /node_modules/@x/lib/package.json
        {\"name\": \"@x/lib\", \"main\": \"index.js\"}
        //- /node_modules/@x/lib/index.js
        exports.make = function () {};
        //- /node_modules/@types/x__lib/package.json
        {\"name\": \"@types/x__lib\", \"types\": \"index.d.ts\"}
        //- /node_modules/@types/x__lib/index.d.ts
        export function ⟦make⟧(): void;
        ",
    );
    assert_eq!(loaded.packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["@types/x__lib"]);
}

#[test]
fn a_module_that_is_one_value_is_its_default_export() {
    let library = "
        //- /node_modules/lib/index.d.ts
        export = lib;
        declare function lib(): lib.Server;
        declare namespace lib {
            interface Server { LISTEN(port: number): void }
            namespace inner { function HELP(): Server; }
        }
        ";
    let listen = library.replace("LISTEN", "⟦listen⟧").replace("HELP", "help");
    for text in [
        "import lib from 'lib';\n        lib().$0listen(1);",
        "import lib = require('lib');\n        lib().$0listen(1);",
        "import * as lib from 'lib';\n        lib.inner.help().$0listen(1);",
        "import { Server } from 'lib';\n        let s: Server;\n        s.$0listen(1);",
    ] {
        check(&format!("\n        //- /a.ts\n        {text}{listen}"));
        let export = "        export = lib;\n";
        let at_the_end = format!("{}{export}        ", listen.replace(export, ""));
        check(&format!("\n        //- /a.ts\n        {text}{at_the_end}"));
    }
    let help = library.replace("LISTEN", "listen").replace("HELP", "⟦help⟧");
    check(&format!(
        "\n        //- /a.ts\n        import * as lib from 'lib';\n        lib.inner.$0help();{help}"
    ));
}

#[test]
fn the_nearest_package_of_a_name_is_meant() {
    check(
        "
        //- /a.ts
        import { b } from 'outer';
        b.$0inner;
        //- /node_modules/outer/index.d.ts
        import { B } from 'b';
        export declare const b: B;
        //- /node_modules/outer/node_modules/b/index.d.ts
        export interface B { ⟦inner⟧: string }
        //- /node_modules/b/index.d.ts
        export interface B { inner: number }
        ",
    );
}

#[test]
fn code_of_javascript_is_better_than_nothing() {
    check(
        "
        //- /a.js
        const { make } = require('lib');
        $0make();
        //- /node_modules/lib/package.json
        {\"name\": \"lib\", \"main\": \"lib/index\"}
        //- /node_modules/lib/lib/index.js
        function ⟦make⟧() { return 1; }
        module.exports = { make };
        ",
    );
}

#[test]
fn a_chain_through_a_library_comes_back_to_the_folder() {
    check(
        "
        //- /a.ts
        import { wrap } from 'lib';
        class Own { ⟦hello⟧() {} }
        wrap<Own>(new Own()).$0hello;
        //- /node_modules/lib/index.d.ts
        export declare function wrap<T>(value: T): T;
        ",
    );
}

#[test]
fn what_a_library_leaves_open_is_no_reason_to_guess() {
    check_external(
        "
        //- /a.ts
        import { make } from 'lib';
        const made = make().deep[0];
        made.other.$0run();
        //- /b.ts
        export class Mine { run() {} }
        //- /node_modules/lib/index.d.ts
        export declare function make(): any;
        ",
    );
    check_external(
        "
        //- /a.py
        import lib
        made = lib.make()
        for item in made.parts():
            item.$0run()
        //- /b.py
        class Mine:
            def run(self): pass
        //- /env/pyvenv.cfg
        //- /env/lib/python3.11/site-packages/lib.py
        def make():
            return undeclared()
        ",
    );
    check_external(
        "
        //- /a.py
        from lib import Base
        class Sub(Base):
            def f(self):
                self.$0run()
        //- /b.py
        class Mine:
            def run(self): pass
        //- /env/pyvenv.cfg
        //- /env/lib/python3.11/site-packages/lib.py
        class Base: pass
        ",
    );
}

#[test]
fn a_virtual_environments_packages_are_found() {
    check(
        "
        //- /app/main.py
        from web import App
        app = App()
        app.router.$0add()
        //- /env/pyvenv.cfg
        home = /usr/bin
        //- /env/lib/python3.11/site-packages/web/__init__.py
        from .app import App
        //- /env/lib/python3.11/site-packages/web/app.py
        from routing import Router
        class App:
            def __init__(self):
                self.router = Router()
        //- /env/lib/python3.11/site-packages/routing.py
        class Router:
            def ⟦add⟧(self): pass
        ",
    );
}

#[test]
fn stubs_go_before_code_and_submodules_are_read() {
    check(
        "
        //- /main.py
        from lib import sub
        sub.$0f()
        //- /env/pyvenv.cfg
        //- /env/lib/python3.11/site-packages/lib/__init__.py
        //- /env/lib/python3.11/site-packages/lib/sub.py
        def f(): pass
        //- /env/lib/python3.11/site-packages/lib-stubs/__init__.pyi
        //- /env/lib/python3.11/site-packages/lib-stubs/sub.pyi
        def ⟦f⟧() -> None: ...
        ",
    );
    check(
        "
        //- /main.py
        import lib.sub
        lib.sub.$0f()
        //- /env/pyvenv.cfg
        //- /env/lib/python3.11/site-packages/lib/__init__.py
        //- /env/lib/python3.11/site-packages/lib/sub.py
        def f(): pass
        //- /env/lib/python3.11/site-packages/lib/sub.pyi
        def ⟦f⟧() -> None: ...
        ",
    );
}

#[test]
fn a_library_does_not_import_from_the_folder() {
    check_external(
        "
        //- /main.py
        from lib import thing
        $0thing()
        //- /helpers.py
        def thing(): pass
        //- /env/pyvenv.cfg
        //- /env/lib/python3.11/site-packages/lib.py
        from helpers import thing
        ",
    );
}

#[test]
fn a_store_that_the_user_names_is_looked_into() {
    check(
        "
        //- /main.py
        from zipper import Archive
        Archive().$0close()
        //- /../store/zipper.py
        class Archive:
            def ⟦close⟧(self): pass
        ",
    );
}

#[test]
fn what_is_missing_is_said() {
    let world = World::new(
        "//- /a.ts\nimport x from '$0absent';\nimport y from './b';\n//- /b.ts\nexport default 1;",
    );
    let loaded = world.load();
    assert_eq!(loaded.missing.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["absent"]);
    assert!(loaded.libraries.files.is_empty());
}

#[test]
fn links_that_lead_outside_are_not_followed() {
    let world = World::new(
        "
        //- /a.ts
        import { f } from 'lib';
        $0f();
        //- /node_modules/.keep
        //- /../elsewhere/index.d.ts
        export function f(): void;
        ",
    );
    std::os::unix::fs::symlink(world.dir.path().join("elsewhere"), world.root().join("node_modules/lib"))
        .unwrap();
    assert!(world.load().libraries.files.is_empty());
    // A link inside the folder is one like any other.
    fs::create_dir_all(world.root().join("node_modules/.store/in")).unwrap();
    fs::write(world.root().join("node_modules/.store/in/index.d.ts"), "export function f(): void;").unwrap();
    fs::remove_file(world.root().join("node_modules/lib")).unwrap();
    std::os::unix::fs::symlink(".store/in", world.root().join("node_modules/lib")).unwrap();
    assert_eq!(world.load().libraries.files.len(), 1);
}

#[test]
fn many_imported_names_are_gathered_in_time() {
    // Compared with each other, these would take longer than a load may.
    const NAMES: usize = 150_000;
    let name = |i: usize| format!(" n{i},\n");
    let import = format!("from lib import (\n{})\n", (0..NAMES).map(name).collect::<String>());
    let world = World::new(&format!("//- /a.py\n{import}//- /b.py\n{import}"));
    let loaded = world.load();
    assert_eq!(loaded.limited, None);
    assert_eq!(loaded.missing.len(), 1);
}

#[test]
fn the_limit_of_bytes_holds_and_is_said() {
    let (world, whole) = check(
        "
        //- /a.ts
        import { x } from 'one';
        $0x;
        //- /node_modules/one/index.d.ts
        import { y } from 'two';
        export declare const ⟦x⟧: typeof y;
        //- /node_modules/two/index.d.ts
        export declare const y: number;
        ",
    );
    assert_eq!((whole.libraries.files.len(), whole.limited), (2, None));
    let first = whole.packages[0].bytes + size_of::<crate::graph::EncodedFile>() as u64;
    let part = world.load_within(first + 8, None);
    assert_eq!(part.libraries.files.len(), 1);
    assert!(part.limited.is_some());
    assert_eq!(world.load_within(0, None).libraries.files.len(), 0);
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let world = World::new(
        "
        //- /a.ts
        import { x } from 'one';
        $0x;
        //- /node_modules/one/index.d.ts
        export * from './more';
        //- /node_modules/one/more.d.ts
        export declare const x: number;
        ",
    );
    let before = world.load();
    fs::write(
        world.root().join("node_modules/one/more.d.ts"),
        "export declare const x: string, longer: string;",
    )
    .unwrap();
    let after = world.load_within(u64::MAX, Some(&before.libraries));
    let of = |loaded: &Loaded, name: &str| {
        let file = loaded.libraries.files.iter().find(|f| f.meta.path.ends_with(name));
        Arc::clone(file.unwrap())
    };
    assert!(Arc::ptr_eq(&of(&before, "index.d.ts"), &of(&after, "index.d.ts")));
    assert!(!Arc::ptr_eq(&of(&before, "more.d.ts"), &of(&after, "more.d.ts")));
}

#[test]
fn gos_module_cache_is_looked_up_by_the_versions_that_are_required() {
    let (_, loaded) = check(
        "
        //- /go.mod
        module example.com/app

        require (
            github.com/Big/lib v1.2.0
            github.com/other/dep v0.1.0 // indirect
        )
        //- /main.go
        package main

        import \"github.com/Big/lib/inner\"

        func main() {
            inner.New().$0Run()
        }
        //- /../store/github.com/!big/lib@v1.1.0/inner/inner.go
        package inner
        type T struct{}
        func New() *T { return nil }
        func (t *T) Run() {}
        //- /../store/github.com/!big/lib@v1.2.0/go.mod
        module github.com/Big/lib

        require github.com/other/dep v0.0.9
        //- /../store/github.com/!big/lib@v1.2.0/inner/inner.go
        package inner

        import \"github.com/other/dep\"

        func New() *dep.T { return nil }
        //- /../store/github.com/!big/lib@v1.2.0/inner/inner_test.go
        package inner
        func Test() {}
        //- /../store/github.com/other/dep@v0.1.0/dep.go
        package dep
        type T struct{}
        //- /../store/github.com/other/dep@v0.1.0/more.go
        package dep
        func (t *T) ⟦Run⟧() {}
        ",
    );
    let names: Vec<&str> = loaded.packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["github.com/!big/lib@v1.2.0", "github.com/other/dep@v0.1.0"]);
    assert_eq!(loaded.libraries.files.len(), 3, "no tests");
}

#[test]
fn a_standard_library_is_a_store_of_import_paths() {
    check(
        "
        //- /go.mod
        module example.com/app
        //- /main.go
        package main

        import \"net/http\"

        func main() {
            http.NewServer().$0Serve()
        }
        //- /../store/net/http/server.go
        package http
        type Server struct{}
        func NewServer() *Server { return &Server{} }
        func (s *Server) ⟦Serve⟧() {}
        ",
    );
}

#[test]
fn crates_are_found_by_the_versions_of_the_lock() {
    let (_, loaded) = check(
        "
        //- /Cargo.toml
        [package]
        name = \"app\"
        [dependencies]
        my-lib = \"1\"
        //- /Cargo.lock
        [[package]]
        name = \"app\"
        version = \"0.1.0\"
        dependencies = [\"my-lib\"]
        [[package]]
        name = \"my-lib\"
        version = \"1.2.0\"
        dependencies = [\"inner 0.1.0\"]
        [[package]]
        name = \"inner\"
        version = \"0.1.0\"
        [[package]]
        name = \"inner\"
        version = \"0.2.0\"
        //- /src/main.rs
        use my_lib::Client;
        fn main() {
            Client::new().inner().$0run();
            my_lib::deep::help();
        }
        //- /../store/index.x/my-lib-1.2.0/Cargo.toml
        [package]
        name = \"my-lib\"
        [dependencies]
        inner = \"0.1\"
        //- /../store/index.x/my-lib-1.2.0/src/lib.rs
        mod client;
        pub mod deep;
        pub use client::Client;
        //- /../store/index.x/my-lib-1.2.0/src/client.rs
        pub struct Client;
        impl Client {
            pub fn new() -> Client { Client }
            pub fn inner(&self) -> inner::Inner { todo!() }
        }
        //- /../store/index.x/my-lib-1.2.0/src/deep.rs
        pub fn help() {}
        //- /../store/index.x/my-lib-1.1.0/src/lib.rs
        pub struct Client;
        //- /../store/index.x/inner-0.1.0/Cargo.toml
        [package]
        name = \"inner\"
        //- /../store/index.x/inner-0.1.0/src/lib.rs
        pub struct Inner;
        impl Inner {
            pub fn ⟦run⟧(&self) {}
        }
        //- /../store/index.x/inner-0.2.0/Cargo.toml
        [package]
        name = \"inner\"
        //- /../store/index.x/inner-0.2.0/src/lib.rs
        pub struct Inner;
        ",
    );
    let names: Vec<&str> = loaded.packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["inner-0.1.0", "my-lib-1.2.0"]);
}

#[test]
fn uses_and_symbols_are_the_folders_own() {
    let (world, loaded) = check(
        "
        //- /a.ts
        import { Engine } from 'lib';
        export class Mine extends Engine { go() { this.$0start(); } }
        new Mine().start();
        //- /node_modules/lib/index.d.ts
        export declare class Engine { ⟦start⟧(): void; restart(): void }
        export declare function use(engine: Engine): typeof engine.start;
        ",
    );
    let view = world.view(&loaded);
    let (file, offset) = world.cursor(&view);
    let uses = query::references(&view, file, offset, true, 100, &AtomicBool::new(false)).unwrap();
    assert_eq!(uses.items.len(), 2);
    assert!(uses.items.iter().all(|u| u.location.file == file));
    let (symbols, _) = query::workspace_symbols(&view, "start", 100, &AtomicBool::new(false));
    assert!(symbols.is_empty(), "{symbols:?}");
}
