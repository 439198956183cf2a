//! The printed tables of the measurements.

use super::kaspa::Case;
use super::measure::Measurement;
use super::throughput::Throughput;
use crate::demo::grouped;
use serde::Serialize;

/// The result of one target.
#[derive(Debug, Serialize)]
pub struct TargetResult {
    /// The name of the measurement.
    pub what: String,
    /// The measured value.
    pub measured: u64,
    /// The limit.
    pub at_most: u64,
    /// Whether the limit is kept.
    pub met: bool,
}

impl TargetResult {
    /// Compares a measured value with its limit.
    pub fn at_most(what: String, measured: u64, at_most: u64) -> Self {
        Self { what, measured, at_most, met: measured <= at_most }
    }
}

/// Prints steps as rows, and per history the figures of a step.
pub fn print(histories: &[Measurement], targets: &[TargetResult]) {
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
    for target in targets {
        let mark = if target.met { "ok  " } else { "OVER" };
        println!("{mark} {}: {} of at most {}", target.what, grouped(target.measured.into()), grouped(target.at_most.into()));
    }
}

/// Prints the throughput of queues as rows.
pub fn print_throughput(queues: &[Throughput]) {
    println!(
        "\n{:<34} {:>9} {:>9} {:>10} {:>9} {:>9} {:>19}",
        "queued payments on Solana", "transfers", "rounds", "signatures", "outcalls", "attempts", "cycles per transfer"
    );
    for queue in queues {
        let pool = match queue.pool {
            0 => "recent blockhashes".to_owned(),
            pool => format!("nonce accounts: {pool}"),
        };
        println!(
            "{pool:<34} {:>9} {:>9} {:>10} {:>9} {:>9} {:>19}",
            queue.transfers,
            grouped(queue.rounds.into()),
            queue.signatures,
            queue.outcalls,
            queue.attempts,
            grouped(queue.cycles_per_transfer)
        );
    }
}

/// Prints the costs of the unusual Kaspa transfers.
pub fn print_kaspa(cases: &[Case]) {
    println!(
        "\n{:<16} {:>15} {:>15} {:>10} {:>9} {:>13} {:>19}",
        "Kaspa transfer", "instructions", "costliest message", "signatures", "outcalls", "answer bytes", "cycles"
    );
    for case in cases {
        println!(
            "{:<16} {:>15} {:>15} {:>10} {:>9} {:>13} {:>19}",
            case.name,
            grouped(case.instructions.into()),
            grouped(case.costliest_message.into()),
            case.signatures,
            case.outcalls,
            grouped(case.answer_bytes as u128),
            grouped(case.cycles)
        );
    }
}
