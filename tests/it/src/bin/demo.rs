//! `scripts/demo`: the demo. `--serve` keeps the network running afterwards.

use purser_it::{demo, wasm};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut serve = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--serve" => serve = true,
            other => {
                eprintln!("unknown argument {other}; the only one is --serve");
                return ExitCode::from(2);
            }
        }
    }
    match demo::run(&wasm::root().join("target/demo-report.json"), serve) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}
