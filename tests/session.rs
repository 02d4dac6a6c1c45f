//! What a client and the server agree on, tell each other and refuse each other.

use serde_json::{Value, json};

mod support;
use support::{Folder, Wire};

const REQUEST_FAILED: i64 = -32803;

const SHOP: &[(&str, &str)] = &[
    ("shop.py", "def total(n):\n    return 3 * n\n"),
    ("app.py", "from shop import total\n\n\ndef main():\n    local = 1\n    return total(local)\n"),
];

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

fn command(wire: &mut Wire, name: &str, arguments: Value) -> Value {
    wire.ask("workspace/executeCommand", json!({"command": name, "arguments": arguments}))
}

#[test]
fn the_client_is_asked_only_for_what_it_offers() {
    let folder = Folder::new(SHOP);
    let mut plain = Wire::in_folder(&folder);
    plain.ask("coppice/status", Value::Null);
    let asked = |wire: &mut Wire| -> Vec<String> {
        let requests =
            wire.leftovers().into_iter().filter(|f| f.get("id").is_some() && f.get("method").is_some());
        requests.map(|f| f["method"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(asked(&mut plain), Vec::<String>::new());

    let mut able = Wire::initialized(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        "capabilities": {
            "workspace": {
                "configuration": true,
                "didChangeConfiguration": {"dynamicRegistration": true},
                "didChangeWatchedFiles": {"dynamicRegistration": true},
            },
            "window": {"workDoneProgress": true},
        }
    }));
    let configuration = able.until(|f| f["method"] == "workspace/configuration");
    let items = json!([{"section": "coppice"}, {"scopeUri": folder.uri(""), "section": "coppice"}]);
    assert_eq!(configuration["params"], json!({"items": items}));
    let watched =
        able.until(|f| f["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles");
    let watchers = watched["params"]["registrations"][0]["registerOptions"]["watchers"].to_string();
    assert!(
        watchers.contains("\"**/*\"") && watchers.contains("py") && watchers.contains(".gitignore"),
        "{watchers}"
    );
    able.until(|f| f["method"] == "window/workDoneProgress/create");
    able.until(|f| f["params"]["value"]["kind"] == "begin");
    able.until(|f| f["params"]["value"]["kind"] == "end");
    assert_eq!(able.ready()["folders"][0]["watcher"], "client");
}

#[test]
fn a_client_that_refuses_to_watch_is_not_waited_for() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::start();
    wire.refuse("client/registerCapability");
    wire.initialize(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        "capabilities": {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}}
    }));
    wire.until(|f| f["method"] == "client/registerCapability");
    // The refusal is on its way before this question is.
    wire.ready();
    folder.write("shop.py", "def sum_of(n):\n    return n\n");
    wire.until_symbol("sum_of");
}

#[test]
fn the_client_s_token_shows_the_first_build() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        "workDoneToken": "t",
    }));
    let mine = |f: &Value| f["method"] == "$/progress" && f["params"]["token"] == "t";
    let begin = wire.until(mine);
    assert_eq!(begin["params"]["value"]["kind"], "begin");
    assert_eq!(begin["params"]["value"]["percentage"], 0);
    wire.until(|f| mine(f) && f["params"]["value"]["kind"] == "end");
}

#[test]
fn an_exact_name_is_among_the_parts_however_much_another_folder_has() {
    let many: String = (0..400).map(|i| format!("def thing_{i}(): pass\n")).collect();
    let (first, second) = (Folder::new(&[("a.py", &many)]), Folder::new(&[("b.py", "def thing(): pass\n")]));
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": first.uri(""), "name": "1"}, {"uri": second.uri(""), "name": "2"}],
    }));
    wire.ready();
    let reply = wire.ask("workspace/symbol", json!({"query": "thing", "partialResultToken": "symbols"}));
    assert_eq!(reply["result"], json!([]), "{reply}");
    let frames = wire.leftovers();
    let parts = frames.iter().filter(|f| f["params"]["token"] == "symbols");
    let symbols: Vec<&Value> = parts.flat_map(|f| f["params"]["value"].as_array().unwrap()).collect();
    assert!(symbols.len() > 200 && symbols.iter().any(|s| s["name"] == "thing"), "{} symbols", symbols.len());
}

#[test]
fn diagnostics_that_are_switched_off_are_taken_back() {
    let folder = Folder::new(SHOP);
    let uri = folder.uri("broken.py");
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        "capabilities": {"workspace": {"inlayHint": {"refreshSupport": true}}},
    }));
    wire.ready();
    wire.open(&uri, "python", "def f(:\n");
    let published = |wire: &mut Wire, some: bool| {
        wire.until(|f| {
            let about = &f["params"];
            let is_empty = |list: &Value| list.as_array().is_some_and(Vec::is_empty);
            f["method"] == "textDocument/publishDiagnostics"
                && about["uri"] == *uri
                && is_empty(&about["diagnostics"]) != some
        });
    };
    published(&mut wire, true);
    for off in [json!("off"), json!({"python": "off"})] {
        for (switch, some) in [(&off, false), (&json!({"python": "on"}), true)] {
            wire.leftovers();
            let settings = json!({"coppice": {"features": {"diagnostics": switch}}});
            wire.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
            published(&mut wire, some);
            wire.until(|f| f["method"] == "workspace/inlayHint/refresh");
        }
    }
}

#[test]
fn a_renamed_file_is_followed_beside_what_is_no_file() {
    let folder = Folder::new(&[("a.py", "x = 1\n"), ("use.py", "from a import x\n")]);
    let mut wire = Wire::in_folder(&folder);
    wire.ready();
    let files = json!([
        {"oldUri": "untitled:one", "newUri": "untitled:two"},
        {"oldUri": folder.uri("a.py"), "newUri": folder.uri("b.py")},
    ]);
    let reply = wire.ask("workspace/willRenameFiles", json!({ "files": files }));
    let edits = &reply["result"]["changes"][folder.uri("use.py")];
    assert_eq!(edits[0]["newText"], "b", "{reply}");
}

/// A folder whose file `app.py` names `model.py` of the other one.
fn dependent_folders() -> (Folder, Value) {
    let both = Folder::new(&[
        ("lib/model.py", "x = 1\n"),
        ("app/requirements.txt", "-e ../lib\n"),
        ("app/app.py", "import os\nfrom model import x\n"),
    ]);
    let folders = ["lib", "app"].map(|name| json!({"uri": both.uri(name), "name": name}));
    (both, json!(folders))
}

fn moves_model(wire: &mut Wire, both: &Folder) -> Value {
    let files = json!([{"oldUri": both.uri("lib/model.py"), "newUri": both.uri("lib/other.py")}]);
    wire.ask("workspace/willRenameFiles", json!({ "files": files }))
}

#[test]
fn what_a_message_is_about_is_shown_where_the_user_wants_it() {
    let (both, folders) = dependent_folders();
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": folders,
        "capabilities": {"window": {"showDocument": {"support": true}}},
    }));
    wire.ready();
    wire.answer_with("window/showMessageRequest", json!({"title": "Show"}));
    wire.answer_with("window/showDocument", json!({"success": true}));
    assert_eq!(moves_model(&mut wire, &both)["result"], Value::Null);
    let message = wire.until(|f| f["method"] == "window/showMessageRequest");
    assert!(message["params"]["message"].as_str().unwrap().contains("app.py line 2"), "{message}");
    assert_eq!(message["params"]["actions"], json!([{"title": "Show"}]));
    let shown = wire.until(|f| f["method"] == "window/showDocument")["params"].clone();
    assert_eq!(shown["uri"], both.uri("app/app.py"));
    assert_eq!(shown["selection"]["start"], json!({"line": 1, "character": 5}));
    assert_eq!(shown["takeFocus"], true);

    // Whoever picks nothing sees nothing.
    wire.answer_with("window/showMessageRequest", Value::Null);
    moves_model(&mut wire, &both);
    wire.until(|f| f["method"] == "window/showMessageRequest");
    wire.ask("coppice/status", Value::Null);
    assert!(wire.leftovers().iter().all(|f| f["method"] != "window/showDocument"));
}

#[test]
fn a_client_that_shows_no_documents_or_offers_no_choices_gets_the_message() {
    let (both, folders) = dependent_folders();
    for capabilities in [json!({}), json!({"window": {"showDocument": {"support": true}}})] {
        let mut wire = Wire::initialized(json!({"workspaceFolders": folders, "capabilities": capabilities}));
        wire.ready();
        wire.refuse("window/showMessageRequest");
        moves_model(&mut wire, &both);
        let message = wire.until(|f| f["method"] == "window/showMessage");
        assert!(message["params"]["message"].as_str().unwrap().contains("app.py line 2"), "{message}");
    }
}

#[test]
fn places_in_a_file_with_a_byte_order_mark_are_those_that_editors_show() {
    let folder = Folder::new(&[("a.py", "\u{feff}def größe(): pass\n"), ("b.py", "from a import größe\n")]);
    let mut wire = Wire::in_folder(&folder);
    wire.ready();
    let name = json!({"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 9}});
    let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
    let at = |uri: &str, character| json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": character}});
    let outline = wire.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": a}}));
    assert_eq!(outline["result"][0]["selectionRange"], name, "{outline}");
    let hover = wire.ask("textDocument/hover", at(&a, 4));
    assert_eq!(hover["result"]["range"], name, "{hover}");
    let definition = wire.ask("textDocument/definition", at(&b, 14));
    assert_eq!(definition["result"][0]["range"], name, "{definition}");
    let mut renaming = at(&b, 14);
    renaming["newName"] = json!("fresh");
    let renamed = wire.ask("textDocument/rename", renaming);
    assert_eq!(renamed["result"]["changes"][&a][0]["range"], name, "{renamed}");
}

#[test]
fn a_folder_on_no_disk_is_left_out_and_said_so() {
    let folder = Folder::new(SHOP);
    let elsewhere = |path: &str| json!({"uri": format!("vscode-vfs://host/{path}"), "name": path});
    let told = |wire: &mut Wire, path: &str| {
        let message = wire.until(|f| f["method"] == "window/showMessage")["params"]["message"].to_string();
        assert!(message.contains(path) && message.contains("left out"), "{message}");
    };
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [elsewhere("one"), {"uri": folder.uri(""), "name": "shop"}],
    }));
    told(&mut wire, "one");
    let event = json!({"added": [elsewhere("two"), {"uri": "no URI", "name": "three"}], "removed": []});
    wire.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    told(&mut wire, "two");
    told(&mut wire, "no URI");
    assert_eq!(wire.ready()["folders"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_there_says_why_in_a_form_that_a_client_can_act_on() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        // A look for errors would bring the folder back too.
        "initializationOptions": {"request": {"waitMs": 0}, "features": {"diagnostics": "off"}},
    }));
    wire.ready();
    let app = folder.uri("app.py");
    wire.open(&app, "python", SHOP[1].1);
    assert_eq!(command(&mut wire, "coppice.evict", json!([folder.uri("")]))["result"], Value::Null);
    // What is certain from the file alone is answered all the same; the other waits no longer than it was told to.
    let local = wire.ask("textDocument/definition", at(&app, 5, 17));
    assert_eq!(local["result"][0]["range"]["start"], json!({"line": 4, "character": 4}), "{local}");
    wire.ready();
    command(&mut wire, "coppice.evict", json!([]));
    let references = json!({"context": {"includeDeclaration": true}, "textDocument": {"uri": app}, "position": {"line": 5, "character": 11}});
    let error = wire.ask("textDocument/references", references.clone())["error"].clone();
    assert_eq!(error["code"], REQUEST_FAILED);
    assert_eq!(error["data"]["folder"], folder.uri(""));
    assert_eq!(error["data"]["retryable"], true);
    assert!(["workspace_evicted", "workspace_not_loaded"].contains(&error["data"]["kind"].as_str().unwrap()));
    wire.ready();
    let found = wire.ask("textDocument/references", references);
    assert_eq!(found["result"].as_array().map(Vec::len), Some(3), "{found}");
}

#[test]
fn a_request_that_waits_for_its_folder_can_be_cancelled() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::in_folder(&folder);
    wire.ready();
    for _ in 0..20 {
        command(&mut wire, "coppice.evict", json!([]));
        let id = wire.request("workspace/symbol", json!({"query": "total"}));
        wire.notify("$/cancelRequest", json!({"id": id}));
        let reply = wire.reply(&json!(id));
        assert!(reply["error"]["code"] == -32800 || reply["result"].is_array(), "{reply}");
    }
    wire.until_symbol("total");
}

#[test]
fn commands_that_make_no_sense_are_refused() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::in_folder(&folder);
    wire.ready();
    for (name, arguments) in [
        ("coppice.unknown", json!([])),
        ("coppice.reload", json!(["file:///nowhere"])),
        ("coppice.reload", json!(["nonsense"])),
        ("coppice.reload", json!([4])),
        ("coppice.why", json!([])),
        ("coppice.why", json!([{"position": 3}])),
    ] {
        let reply = command(&mut wire, name, arguments);
        assert_eq!(reply["error"]["code"], -32602, "{name}: {reply}");
    }
}

#[test]
fn why_tells_how_an_answer_was_found() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::in_folder(&folder);
    wire.ready();
    let reply = command(&mut wire, "coppice.why", json!([at(&folder.uri("app.py"), 5, 11)]));
    let why = &reply["result"];
    assert_eq!(
        (&why["name"], &why["tier"], &why["stale"]),
        (&json!("total"), &json!("import"), &Value::Null)
    );
    assert_eq!(why["candidates"][0]["uri"], folder.uri("shop.py"));
    assert!(why["generation"].as_u64().unwrap() > 0);
    let nothing = command(&mut wire, "coppice.why", json!([at(&folder.uri("app.py"), 1, 0)]));
    assert_eq!(nothing["result"], Value::Null);
}

#[test]
fn a_change_that_cannot_be_read_leaves_the_text_alone() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::in_folder(&folder);
    let uri = folder.uri("shop.py");
    wire.open(&uri, "python", "one = 1\n");
    let outline = json!({"textDocument": {"uri": uri}});
    for changes in [
        json!([{"range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "x"}]),
        json!([{"range": 7, "text": "x"}]),
        json!([{"text": null}]),
        json!({}),
    ] {
        let document = json!({"uri": uri, "version": 2});
        wire.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
        assert_eq!(wire.ask("textDocument/documentSymbol", outline.clone())["result"][0]["name"], "one");
    }
}

#[test]
fn a_document_out_of_step_says_so_until_it_is_replaced() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::in_folder(&folder);
    let uri = folder.uri("shop.py");
    wire.open(&uri, "python", "one = 1\ntwo = 2\n");
    let outline = json!({"textDocument": {"uri": uri}});
    let change = |version: i32, change: Value| json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]});
    let backwards = json!({"start": {"line": 1, "character": 0}, "end": {"line": 0, "character": 0}});
    wire.notify("textDocument/didChange", change(2, json!({"range": backwards, "text": "x"})));
    let reply = wire.ask("textDocument/documentSymbol", outline.clone());
    assert_eq!(reply["error"]["code"], REQUEST_FAILED);
    assert!(reply["error"]["message"].as_str().unwrap().contains("out of step"), "{reply}");
    wire.until(|f| f["method"] == "window/showMessage");
    wire.notify("textDocument/didChange", change(3, json!({"text": "three = 3\n"})));
    assert_eq!(wire.ask("textDocument/documentSymbol", outline)["result"][0]["name"], "three");
}

#[test]
fn a_feature_that_is_off_is_neither_offered_nor_answered() {
    let folder = Folder::new(SHOP);
    let mut wire = Wire::start();
    let result = wire.initialize(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "shop"}],
        "initializationOptions": {"features": {"hover": "off"}},
    }));
    assert_eq!(result["result"]["capabilities"].get("hoverProvider"), None);
    assert_eq!(result["result"]["capabilities"]["definitionProvider"], true);
    wire.ready();
    assert_eq!(wire.ask("textDocument/hover", at(&folder.uri("app.py"), 5, 11))["result"], Value::Null);
}

#[test]
fn edits_as_fast_as_they_come_do_not_fill_the_budget() {
    let folder = Folder::new(&[("big.py", "")]);
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": folder.uri(""), "name": "big"}],
        "initializationOptions": {"memory": {"limitMb": 64}},
    }));
    wire.ready();
    let uri = folder.uri("big.py");
    wire.open(&uri, "python", &"x = 1\n".repeat(20_000));
    let mut ids = Vec::new();
    for version in 2..400 {
        let start = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
        wire.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": start, "text": "#"}]}),
        );
        let place = json!({"line": 7, "character": 0});
        ids.push(wire.request(
            "textDocument/documentHighlight",
            json!({"textDocument": {"uri": uri}, "position": place}),
        ));
        wire.notify("$/cancelRequest", json!({"id": ids.last()}));
    }
    for id in ids {
        wire.reply(&json!(id));
    }
    let memory = wire.ask("coppice/status", Value::Null)["result"]["memory"].clone();
    assert!(memory["highWaterBytes"].as_u64() <= memory["limitBytes"].as_u64(), "{memory}");
    let reply = wire.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
    assert!(reply["result"].is_array(), "the document is still there: {}", reply["error"]);
}

#[test]
fn a_folder_that_comes_back_as_it_was_is_not_asked_about_again() {
    let disk = Folder::new(&[
        ("w/shop.py", "def total(n):\n    return 3 * n\n"),
        ("w/app.py", "from shop import total\n\ntotal(1)\n"),
    ]);
    let refresh = json!({"refreshSupport": true});
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": disk.uri("w"), "name": "w"}],
        "capabilities": {
            "workspace": {"semanticTokens": refresh, "inlayHint": refresh, "codeLens": refresh},
            "textDocument": {"semanticTokens": {
                "requests": {"full": true}, "tokenTypes": ["function", "variable", "parameter"],
                "tokenModifiers": [], "formats": ["relative"],
            }},
        },
    }));
    let document = json!({"textDocument": {"uri": disk.uri("w/app.py")}});
    let mut used = at(&disk.uri("w/app.py"), 2, 0);
    used["context"] = json!({"includeDeclaration": true});
    let hints = json!({
        "textDocument": {"uri": disk.uri("w/app.py")},
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
    });
    // How often the client has been asked to ask again since that was last counted, by when it is told of that graph and has
    // been asked for as often as is due: which of the two comes first is left open.
    let asked = |wire: &mut Wire, generation: u64, due: usize| {
        wire.until(|frame| {
            let folder = &frame["params"]["folders"][0];
            frame["method"] == "coppice/statusChanged"
                && folder["generation"] == generation
                && folder["state"] == "loaded"
        });
        let is_asked = |frame: &Value| frame["method"].as_str().is_some_and(|m| m.ends_with("/refresh"));
        let come = wire.leftovers().iter().filter(|frame| is_asked(frame)).count();
        (come..due).for_each(|_| drop(wire.until(is_asked)));
        come.max(due)
    };
    assert_eq!(asked(&mut wire, 1, 3), 3);
    let tokens = |wire: &mut Wire| {
        let reply = wire.ask("textDocument/semanticTokens/full", document.clone());
        reply["result"]["data"].clone()
    };
    let before = tokens(&mut wire);
    assert!(before.as_array().is_some_and(|data| !data.is_empty()), "{before}");
    let command = |wire: &mut Wire| {
        let evict = json!({"command": "coppice.evict", "arguments": [disk.uri("w")]});
        assert_eq!(wire.ask("workspace/executeCommand", evict)["error"], Value::Null);
    };
    command(&mut wire);
    // As long as it takes, for one who is not asked to ask again.
    wire.ask("textDocument/references", used);
    assert_eq!(asked(&mut wire, 2, 0), 0);
    assert_eq!(tokens(&mut wire), before, "they are those of the folder");
    // A folder that says something else.
    disk.write("w/shop.py", "def total(n, more):\n    return 3 * n\n");
    let change = json!({"uri": disk.uri("w/shop.py"), "type": 2});
    wire.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    // None but these: what was asked for the folder's return would be among them, if not before.
    assert_eq!(asked(&mut wire, 3, 3), 3);
    // Whoever was turned away meanwhile is to come again.
    assert_eq!(wire.ask("coppice/test/hold", json!({"held": true}))["error"], Value::Null);
    let impatient = json!({"settings": {"coppice": {"request": {"waitMs": 200}}}});
    wire.notify("workspace/didChangeConfiguration", impatient);
    command(&mut wire);
    let turned_away = wire.ask("textDocument/inlayHint", hints);
    assert_eq!(turned_away["error"]["data"]["kind"], "workspace_not_loaded", "{turned_away}");
    assert_eq!(wire.ask("coppice/test/hold", json!({"held": false}))["error"], Value::Null);
    assert_eq!(asked(&mut wire, 4, 3), 3);
}

#[test]
fn what_a_folder_finds_is_looked_for_again_when_it_is_found_to_be_right() {
    let disk = Folder::new(&[("w/shop.py", "def total(n):\n    return 3 * n\n")]);
    let mut wire = Wire::initialized(json!({
        "workspaceFolders": [{"uri": disk.uri("w"), "name": "w"}],
    }));
    let moves = |wire: &mut Wire, from: &str, to: &str| {
        std::fs::rename(disk.path(from), disk.path(to)).unwrap();
        let change = json!({"uri": disk.uri("w"), "type": 2});
        wire.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    };
    let comes_to = |wire: &mut Wire, state: &str| {
        wire.until(|f| f["method"] == "coppice/statusChanged" && f["params"]["folders"][0]["state"] == state);
    };
    let uri = disk.uri("w/app.py");
    // What is told of a version.
    let told = |wire: &mut Wire, version: i32, wanted: fn(&Value) -> bool| {
        wire.until(|f| {
            let about = &f["params"];
            let is_of_it = f["method"] == "textDocument/publishDiagnostics" && about["uri"] == *uri;
            is_of_it && about["version"] == version && wanted(&about["diagnostics"])
        });
    };
    let unused: fn(&Value) -> bool = |told| told[0]["code"] == "unused-import";
    comes_to(&mut wire, "loaded");
    wire.open(&uri, "python", "import os\n");
    told(&mut wire, 1, unused);
    // The folder is away, and what is known of it too old to answer from.
    moves(&mut wire, "w", "elsewhere");
    comes_to(&mut wire, "failed");
    let settings = json!({"settings": {"coppice": {"stale": {"maxAgeHours": 1e-9}}}});
    wire.notify("workspace/didChangeConfiguration", settings);
    while wire.ready()["folders"][0]["ageMs"] == 0 {}
    let document = json!({"uri": uri, "version": 2});
    let changes = json!([{"text": "import sys\n"}]);
    wire.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    told(&mut wire, 2, |told| *told == json!([]));
    wire.leftovers();
    moves(&mut wire, "elsewhere", "w");
    comes_to(&mut wire, "loaded");
    told(&mut wire, 2, unused);
    assert_eq!(wire.ready()["folders"][0]["generation"], 1, "it is the same graph");
}
