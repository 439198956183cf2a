//! The printed form of what was measured.

use super::measure::Measurement;
use crate::demo::grouped;
use serde::Serialize;

/// One target.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// What was measured.
    pub what: String,
    /// What came out.
    pub measured: u64,
    /// What it may be.
    pub at_most: u64,
    /// Whether it is.
    pub met: bool,
}

impl Verdict {
    /// Compares.
    pub fn at_most(what: String, measured: u64, at_most: u64) -> Self {
        Self { what, measured, at_most, met: measured <= at_most }
    }
}

/// Prints steps as rows, and per history the figures of a step.
pub fn print(histories: &[Measurement], verdicts: &[Verdict]) {
    println!(
        "{:<34} {:>9} {:>15} {:>15} {:>17} {:>6} {:>9} {:>10}",
        "step", "history", "instructions", "until certified", "cycles", "calls", "outcalls", "signatures"
    );
    let steps = histories.first().map_or(0, |history| history.steps.len());
    for index in 0..steps {
        for history in histories {
            let step = &history.steps[index];
            println!(
                "{:<34} {:>9} {:>15} {:>15} {:>17} {:>6} {:>9} {:>10}",
                step.name,
                grouped(history.size.into()),
                grouped(step.instructions.into()),
                grouped(step.until_certified.into()),
                grouped(step.cycles),
                step.management_calls,
                step.outcalls,
                step.signatures
            );
        }
    }
    println!();
    for verdict in verdicts {
        let mark = if verdict.met { "ok  " } else { "OVER" };
        println!("{mark} {}: {} of at most {}", verdict.what, grouped(verdict.measured.into()), grouped(verdict.at_most.into()));
    }
}
