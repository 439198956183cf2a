//! The demo of `scripts/demo` and its report.

use purser_it::{demo, wasm};
use serde_json::Value;

#[test]
fn the_demo_runs_as_expected_and_reports_every_step() {
    let path = wasm::root().join("target/demo-report-of-the-suite.json");
    assert!(demo::run(&path, false).expect("the report is written"), "a step is not as expected; its output says which");
    let report: Value = serde_json::from_slice(&std::fs::read(&path).expect("the report is there")).expect("JSON");
    let steps = report["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 7);
    for step in steps {
        assert!(step["ok"] == true && !step["checked"].as_array().expect("checks").is_empty(), "{step}");
        assert!(step["instructions"].as_u64().expect("a number") > 0 && step["cycles"].as_u64().expect("a number") > 0, "{step}");
    }
    assert_eq!((&steps[3]["signatures"], steps[3]["outcalls"].as_u64().expect("a number") >= 6), (&Value::from(2), true));
}
