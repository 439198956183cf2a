//! Handwritten modules for features that compiled Rust does not use: globals, the start function, the table.

use candid::Principal;
use localnet::{Ic, LocalNet, Reject};

use crate::{CYCLES, controller, user};

/// A module with a counter in a global. The start function sets it to 40; `bump` adds 1; `bump_trap` adds 1, grows the memory and
/// traps; `get` replies with the global and the memory's size, one byte each.
const COUNTER: &str = r#"(module
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (memory 1)
    (global $n (mut i32) (i32.const 0))
    (start $start)
    (func $start (global.set $n (i32.add (global.get $n) (i32.const 40))))
    (func $add (global.set $n (i32.add (global.get $n) (i32.const 1))))
    (func (export "canister_update bump") (call $add) (call $reply))
    (func (export "canister_update bump_trap")
        (call $add)
        (drop (memory.grow (i32.const 3)))
        unreachable)
    (func (export "canister_query get")
        (i32.store8 (i32.const 0) (global.get $n))
        (i32.store8 (i32.const 1) (memory.size))
        (call $append (i32.const 0) (i32.const 2))
        (call $reply)))"#;

fn install(net: &mut LocalNet, module: &str) -> Result<Principal, Reject> {
    let id = net.create_canister(&[controller()], CYCLES);
    net.install(id, controller(), &wat::parse_str(module).unwrap(), vec![])?;
    Ok(id)
}

#[test]
fn should_roll_back_globals_and_memory_size_and_run_start_once() {
    let mut net = LocalNet::new();
    let id = install(&mut net, COUNTER).unwrap();
    let get = |net: &mut LocalNet| net.query(id, user(), "get", vec![]).unwrap();
    assert_eq!(get(&mut net), [40, 1]);
    net.update(id, user(), "bump", vec![]).unwrap();
    assert_eq!(get(&mut net), [41, 1]);
    for _ in 0..3 {
        assert_eq!(net.update(id, user(), "bump_trap", vec![]).unwrap_err().code, Reject::CANISTER_ERROR);
        assert_eq!(get(&mut net), [41, 1]);
    }
    net.update(id, user(), "bump", vec![]).unwrap();
    assert_eq!(get(&mut net), [42, 1]);

    net.upgrade(id, controller(), &wat::parse_str(COUNTER).unwrap(), vec![]).unwrap();
    assert_eq!(get(&mut net), [40, 1]);
}

#[test]
fn should_refuse_modules_whose_effects_it_could_not_roll_back() {
    let module = r#"(module
        (table 1 funcref)
        (func (export "canister_update clear") (table.set (i32.const 0) (ref.null func))))"#;
    let reject = install(&mut LocalNet::new(), module).unwrap_err();
    assert!(reject.message.contains("table.set is not supported"), "{}", reject.message);
}

#[test]
fn should_refuse_system_calls_where_the_specification_does() {
    let calls = [
        ("call_new", "(param i32 i32 i32 i32 i32 i32 i32 i32)", format!("(call $f {})", "(i32.const 0)".repeat(8))),
        ("msg_reject_code", "(result i32)", "(drop (call $f))".to_string()),
        ("accept_message", "", "(call $f)".to_string()),
    ];
    for (name, signature, body) in calls {
        let import = format!(r#"(import "ic0" "{name}" (func $f {signature}))"#);
        let module = format!(r#"(module {import} (memory 1) (func (export "canister_query q") {body}))"#);
        let mut net = LocalNet::new();
        let id = install(&mut net, &module).unwrap();
        let reject = net.query(id, user(), "q", vec![]).unwrap_err();
        assert_eq!(reject.code, Reject::CANISTER_ERROR, "{name}");
        assert!(reject.message.contains(&format!("\"ic0_{name}\" cannot be executed")), "{}", reject.message);
    }
}
