//! The server as a process: whatever comes in, it answers what can be answered, and it ends when it should.

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod support;
use support::{PATIENCE, Wire, frame};

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const INTERNAL_ERROR: i64 = -32603;
const NOT_INITIALIZED: i64 = -32002;
const CANCELLED: i64 = -32800;
const REQUEST_FAILED: i64 = -32803;

/// How soon the server has to be gone.
const GONE: Duration = Duration::from_secs(2);
/// A busy machine may hold up any one process for longer than that, but not one after the other.
const ENDINGS_MAX: usize = 5;
/// How much memory bad input may cost.
const GROWTH_MAX: u64 = 16 << 20;

fn wire() -> Wire {
    Wire::initialized(json!({}))
}

fn code(reply: &Value) -> i64 {
    reply["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {reply}"))
}

/// Makes servers end, each of which has to do so with that code, and one of them in time.
fn ends(expected: i32, mut end: impl FnMut() -> Wire) {
    let mut took = Vec::new();
    while took.len() < ENDINGS_MAX {
        let wire = end();
        let since = Instant::now();
        assert_eq!(wire.ends_within(PATIENCE), Some(expected));
        took.push(since.elapsed());
        if took.last() < Some(&GONE) {
            return;
        }
    }
    panic!("no server was gone within {GONE:?}: {took:?}");
}

fn lives(wire: &mut Wire) {
    assert_eq!(wire.ask("coppice/test/quick", Value::Null)["result"], "quick");
}

/// Bytes that are no message, and the error that they get; nothing where it is silence.
fn malformed() -> Vec<(&'static str, Vec<u8>, Option<i64>)> {
    let body = |text: &str| frame(text.as_bytes());
    let raw = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty body", body(""), Some(PARSE_ERROR)),
        ("half of a body", body("{\"jsonrpc\": \"2.0\", \"id\": 9, \"meth"), Some(PARSE_ERROR)),
        ("no JSON", body("nonsense"), Some(PARSE_ERROR)),
        ("two values", body("{} {}"), Some(PARSE_ERROR)),
        ("no UTF-8", frame(b"{\"jsonrpc\":\"\xff\"}"), Some(PARSE_ERROR)),
        ("lone surrogate", body("\"\\ud800\""), Some(PARSE_ERROR)),
        ("raw line end in a string", body("\"a\nb\""), Some(PARSE_ERROR)),
        ("deep nesting", frame(&[b'['; 100_000]), Some(PARSE_ERROR)),
        ("a list", body("[]"), Some(INVALID_REQUEST)),
        ("a batch", body("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]"), Some(INVALID_REQUEST)),
        ("a number", body("7"), Some(INVALID_REQUEST)),
        ("null", body("null"), Some(INVALID_REQUEST)),
        ("an empty object", body("{}"), Some(INVALID_REQUEST)),
        ("no version", body("{\"method\":\"m\"}"), Some(INVALID_REQUEST)),
        ("another version", body("{\"jsonrpc\":\"1.0\",\"method\":\"m\"}"), Some(INVALID_REQUEST)),
        ("a method that is no string", body("{\"jsonrpc\":\"2.0\",\"method\":1}"), Some(INVALID_REQUEST)),
        ("id null", body("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}"), Some(INVALID_REQUEST)),
        ("id of a list", body("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}"), Some(INVALID_REQUEST)),
        ("doubled member", body("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2}"), Some(INVALID_REQUEST)),
        ("answer to nothing", body("{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":null}"), None),
        ("error to nothing", body("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":{\"code\":1}}"), None),
        ("unknown notification", body("{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"}"), None),
        ("unknown $/ notification", body("{\"jsonrpc\":\"2.0\",\"method\":\"$/no\",\"params\":{}}"), None),
        ("cancel of nothing", body("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\"}"), None),
        ("length of 0 and no body", raw("Content-Length: 0\r\n\r\n"), Some(PARSE_ERROR)),
        ("length too short", raw("Content-Length: 4\r\n\r\n{\"jsonrpc\":\"2.0\"}"), Some(PARSE_ERROR)),
        ("length too long", raw("Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\"}"), Some(PARSE_ERROR)),
        ("length of letters", raw("Content-Length: abc\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("negative length", raw("Content-Length: -2\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("no length", raw("Content-Type: x\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("two lengths", raw("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("10 GB", raw("Content-Length: 10000000000\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("beyond 64 bits", raw("Content-Length: 99999999999999999999999\r\n\r\n{}"), Some(PARSE_ERROR)),
        ("garbage between frames", raw("garbage\r\n"), Some(PARSE_ERROR)),
        ("a byte order mark", raw("\u{feff}"), Some(PARSE_ERROR)),
        ("an endless header", vec![b'X'; 100_000], Some(PARSE_ERROR)),
        ("a header of many lines", "X-A: b\r\n".repeat(2_000).into_bytes(), Some(PARSE_ERROR)),
        ("stray line ends", raw("\r\n\r\n\n\n"), None),
    ]
}

#[test]
fn malformed_frames_are_answered_and_survived() {
    let mut wire = wire();
    let before = wire.rss();
    for (what, bytes, expected) in malformed() {
        wire.raw(&bytes);
        lives(&mut wire);
        let errors: Vec<i64> = wire
            .leftovers()
            .iter()
            .filter(|f| f.get("method").is_none())
            .map(|f| {
                assert_eq!(f["id"], Value::Null, "after {what}: {f}");
                code(f)
            })
            .collect();
        assert_eq!(errors, Vec::from_iter(expected), "after {what}");
    }
    assert!(wire.rss() < before + GROWTH_MAX);
}

#[test]
fn an_announced_length_takes_no_memory() {
    let mut wire = wire();
    let before = wire.rss();
    for length in ["10737418240", "68157440", "9223372036854775808"] {
        wire.raw(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        for _ in 0..64 {
            wire.raw(&[b' '; 65_536]);
        }
        lives(&mut wire);
        assert_eq!(code(&wire.leftovers()[0]), PARSE_ERROR);
    }
    assert!(wire.rss() < before + GROWTH_MAX);
}

#[test]
fn many_small_values_take_no_gigabytes() {
    let mut wire = wire();
    let before = wire.rss();
    let mut body = b"{\"jsonrpc\":\"2.0\",\"id\":1000,\"method\":\"m\",\"params\":[[]".to_vec();
    body.extend(b",[]".repeat(10 << 20));
    body.extend(b"]}");
    wire.raw(&frame(&body));
    lives(&mut wire);
    assert_eq!(code(&wire.leftovers()[0]), INVALID_REQUEST);
    assert!(wire.rss() < before + GROWTH_MAX + body.len() as u64);
}

#[test]
fn frames_may_come_byte_by_byte_and_together() {
    let mut wire = wire();
    let quick = |id: i64| {
        frame(json!({"jsonrpc": "2.0", "id": id, "method": "coppice/test/quick"}).to_string().as_bytes())
    };
    for byte in quick(501) {
        wire.raw(&[byte]);
    }
    assert_eq!(wire.reply(&json!(501))["result"], "quick");
    wire.raw(&(510..520).flat_map(quick).collect::<Vec<u8>>());
    for id in 510..520 {
        assert_eq!(wire.reply(&json!(id))["result"], "quick");
    }
}

#[test]
fn ids_come_back_as_they_were_sent() {
    let mut wire = wire();
    for id in [json!(0), json!(-7), json!(9_007_199_254_740_993i64), json!(1.5), json!(""), json!("a\"ü\\\n")]
    {
        wire.send(&json!({"jsonrpc": "2.0", "id": id, "method": "coppice/test/quick"}));
        assert_eq!(wire.reply(&id)["result"], "quick");
        wire.send(&json!({"jsonrpc": "2.0", "id": id, "method": "coppice/test/slow", "params": {"milliseconds": 600_000}}));
        wire.notify("$/cancelRequest", json!({"id": id}));
        assert_eq!(code(&wire.reply(&id)), CANCELLED);
    }
}

#[test]
fn an_id_in_use_is_refused() {
    let mut wire = wire();
    let slow = json!({"jsonrpc": "2.0", "id": 700, "method": "coppice/test/slow", "params": {"milliseconds": 600_000}});
    wire.send(&slow);
    wire.send(&slow);
    assert_eq!(code(&wire.reply(&json!(700))), INVALID_REQUEST);
    wire.notify("$/cancelRequest", json!({"id": 700}));
    assert_eq!(code(&wire.reply(&json!(700))), CANCELLED);
}

#[test]
fn requests_that_make_no_sense_get_their_errors() {
    let mut wire = wire();
    for (method, params, expected) in [
        ("no/such", json!({}), METHOD_NOT_FOUND),
        ("$/no/such", json!({}), METHOD_NOT_FOUND),
        ("coppice/test/slow", Value::Null, INVALID_PARAMS),
        ("coppice/test/slow", json!({"milliseconds": "many"}), INVALID_PARAMS),
        ("coppice/test/slow", json!(["many"]), INVALID_PARAMS),
        ("initialize", json!({"capabilities": {}}), INVALID_REQUEST),
        ("initialized", json!({}), INVALID_REQUEST),
    ] {
        assert_eq!(code(&wire.ask(method, params)), expected, "{method}");
    }
    wire.notify("coppice/test/quick", json!({}));
    lives(&mut wire);
    assert!(wire.leftovers().is_empty());
}

#[test]
fn a_panic_costs_one_reply() {
    let mut wire = wire();
    for place in ["inline", "later", "pool"] {
        for _ in 0..3 {
            let reply = wire.ask("coppice/test/panic", json!({"place": place}));
            assert_eq!(code(&reply), INTERNAL_ERROR);
            assert!(reply["error"]["message"].as_str().unwrap().contains("asked to panic"), "{reply}");
            lives(&mut wire);
        }
    }
    wire.send(&json!({"jsonrpc": "2.0", "method": "coppice/test/panicNotification"}));
    lives(&mut wire);
    assert!(wire.leftovers().is_empty());
}

#[test]
fn a_quick_request_does_not_wait_behind_slow_ones() {
    let mut wire = wire();
    // They take longer than anything is waited for.
    let milliseconds = 10 * PATIENCE.as_millis() as u64;
    let slow: Vec<i64> =
        (0..8).map(|_| wire.request("coppice/test/slow", json!({ "milliseconds": milliseconds }))).collect();
    lives(&mut wire);
    assert!(wire.leftovers().is_empty(), "the slow ones are still at it");
    for id in &slow {
        wire.notify("$/cancelRequest", json!({"id": id}));
    }
    for id in slow {
        assert_eq!(code(&wire.reply(&json!(id))), CANCELLED);
    }
}

#[test]
fn a_thousand_cancels_get_one_reply_each() {
    let mut wire = wire();
    let mut ids = HashSet::new();
    for i in 0..1_000 {
        // Some are cancelled while they run, some while they wait, some after they are done.
        let milliseconds = [60_000, 0, 2][i % 3];
        let id = wire.request("coppice/test/slow", json!({ "milliseconds": milliseconds }));
        wire.notify("$/cancelRequest", json!({"id": id}));
        ids.insert(id);
    }
    for id in &ids {
        let reply = wire.reply(&json!(id));
        assert!(reply["result"] == "slow" || code(&reply) == CANCELLED, "{reply}");
        wire.notify("$/cancelRequest", json!({"id": id}));
    }
    lives(&mut wire);
    assert_eq!(wire.leftovers(), Vec::<Value>::new());
}

#[test]
fn requests_beyond_all_measure_are_refused_and_the_others_served() {
    let mut wire = wire();
    let ids: Vec<i64> =
        (0..10_000).map(|_| wire.request("coppice/test/slow", json!({"milliseconds": 600_000}))).collect();
    for id in &ids {
        wire.notify("$/cancelRequest", json!({"id": id}));
    }
    let codes: Vec<i64> = ids.iter().map(|id| code(&wire.reply(&json!(id)))).collect();
    assert!(codes.iter().all(|code| [CANCELLED, REQUEST_FAILED].contains(code)));
    assert!(codes.contains(&REQUEST_FAILED));
    lives(&mut wire);
}

#[test]
fn long_requests_are_taken_up_to_a_sum_and_any_one_alone() {
    let mut wire = wire();
    let long = |bytes: usize| json!({"milliseconds": 600_000, "rest": "x".repeat(bytes)});
    let alone = wire.request("coppice/test/slow", long(8 << 20));
    let refused = wire.request("coppice/test/slow", long(0));
    assert_eq!(code(&wire.reply(&json!(refused))), REQUEST_FAILED);
    wire.notify("$/cancelRequest", json!({"id": alone}));
    assert_eq!(code(&wire.reply(&json!(alone))), CANCELLED);
    let ids: Vec<i64> = (0..10).map(|_| wire.request("coppice/test/slow", long(1 << 20))).collect();
    for id in &ids {
        wire.notify("$/cancelRequest", json!({"id": id}));
    }
    let codes: Vec<i64> = ids.iter().map(|id| code(&wire.reply(&json!(id)))).collect();
    assert!(codes.iter().all(|code| [CANCELLED, REQUEST_FAILED].contains(code)), "{codes:?}");
    assert_eq!((codes[0], codes[9]), (CANCELLED, REQUEST_FAILED));
    lives(&mut wire);
}

#[test]
fn before_initialize_and_after_shutdown_little_is_taken() {
    let mut wire = Wire::start();
    assert_eq!(code(&wire.ask("coppice/test/quick", Value::Null)), NOT_INITIALIZED);
    assert_eq!(code(&wire.ask("shutdown", Value::Null)), NOT_INITIALIZED);
    assert_eq!(code(&wire.ask("initialize", json!({"capabilities": 7}))), INVALID_PARAMS);
    assert_eq!(
        wire.ask("initialize", json!({"capabilities": {}}))["result"]["serverInfo"]["name"],
        "coppice"
    );
    assert_eq!(wire.ask("shutdown", json!({}))["result"], Value::Null);
    assert_eq!(code(&wire.ask("coppice/test/quick", Value::Null)), INVALID_REQUEST);
    assert_eq!(code(&wire.ask("shutdown", Value::Null)), INVALID_REQUEST);
    wire.send(&json!({"jsonrpc": "2.0", "method": "exit"}));
    assert_eq!(wire.ends_within(PATIENCE), Some(0));
}

#[test]
fn exit_without_shutdown_is_a_failure() {
    for initialized in [false, true] {
        ends(1, || {
            let mut wire = if initialized { wire() } else { Wire::start() };
            wire.send(&json!({"jsonrpc": "2.0", "method": "exit"}));
            wire
        });
    }
}

/// A server with much to do.
fn busy() -> Wire {
    let mut wire = wire();
    for _ in 0..50 {
        wire.request("coppice/test/slow", json!({"milliseconds": 600_000}));
    }
    wire
}

#[test]
fn the_end_of_the_input_ends_the_server() {
    let cut_off = || {
        let mut wire = wire();
        wire.raw(b"Content-Length: 100\r\n\r\n{\"json");
        wire
    };
    for start in [&wire as &dyn Fn() -> Wire, &cut_off, &busy] {
        ends(1, || {
            let mut wire = start();
            wire.close_input();
            wire
        });
    }
}

#[test]
fn exit_does_not_wait_for_what_is_under_way() {
    ends(0, || {
        let mut wire = busy();
        assert_eq!(wire.ask("shutdown", Value::Null)["result"], Value::Null);
        wire.send(&json!({"jsonrpc": "2.0", "method": "exit"}));
        wire
    });
}

#[test]
#[cfg(unix)]
fn the_server_goes_with_the_process_that_it_was_started_for() {
    let mut parents = Vec::new();
    ends(1, || {
        let mut parent = Command::new("sleep").arg("1000").spawn().unwrap();
        let mut wire = Wire::initialized(json!({"processId": parent.id()}));
        lives(&mut wire);
        parent.kill().unwrap();
        // Not waited for yet: a dead process that still has its number is dead, too.
        parents.push(parent);
        wire
    });
    for mut parent in parents {
        parent.wait().unwrap();
    }
}

#[test]
fn a_parent_that_cannot_be_seen_is_not_missed() {
    let mut wire = Wire::initialized(json!({"processId": i32::MAX}));
    lives(&mut wire);
}
