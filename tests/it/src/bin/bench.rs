//! `scripts/bench`: the cost of a transfer with a short and a long history. `scripts/bench throughput` measures queues of payments
//! on Solana only.

use purser_it::{bench, wasm};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("throughput") {
        bench::run_throughput();
        return ExitCode::SUCCESS;
    }
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
