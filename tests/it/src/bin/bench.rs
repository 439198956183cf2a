//! `scripts/bench`: what a transfer costs, with a short and a long history.

use purser_it::{bench, wasm};
use std::process::ExitCode;

fn main() -> ExitCode {
    match bench::run(&wasm::root().join("target/bench.json")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("bench: a target is missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
