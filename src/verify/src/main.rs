//! The executable `purser-verify`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    // A clock before 1970, or after 2554, fits no certificate.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let outcome = purser_verify::command::run(std::env::args().skip(1).collect(), u64::try_from(now).unwrap_or(u64::MAX));
    print!("{}", outcome.output);
    eprint!("{}", outcome.failure);
    ExitCode::from(outcome.status)
}
