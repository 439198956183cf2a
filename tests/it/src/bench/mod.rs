//! The cost of each step of a transfer, with a short and with a long history. `scripts/bench` runs the measurements.

mod history;
mod kaspa;
mod measure;
mod table;
mod throughput;

use crate::wasm;
use measure::Measurement;
use serde::Serialize;
use std::path::Path;
pub use table::TargetResult;
pub use throughput::{POOLS, Throughput, measure_queue};

/// The numbers of wallets and finished transfers before the measurement. Each transfer has six entries in the log.
pub const HISTORIES: [u64; 3] = [1, 1_000, 166_667];
/// The numbers of transfers of one wallet within a month before the measured decision.
const BUSY: [u64; 3] = [10, 1_000, 10_000];
/// The limit of instructions for a decision with its reservation and its log entries. Reading the arguments and certifying the tip
/// are included; the reply, most of which is Candid's type table, is not. The first target was 3 million; every scope of a request
/// has its own counters since.
const MAX_DECISION_INSTRUCTIONS: u64 = 5_000_000;
/// The limit of outcalls up to submission. Solana's includes a simulation, Kaspa's a fee estimate.
const MAX_OUTCALLS: [(&str, usize); 2] = [("Sol", 4), ("Kas", 4)];
/// The limit of instructions per message in the largest Kaspa transfer. The Internet Computer allows 40 billion.
const MAX_MESSAGE_INSTRUCTIONS: u64 = 10_000_000_000;
/// The number of queued payments when throughput is measured.
const QUEUED: u64 = 100;
/// The limit of signatures of a transfer with one input.
const MAX_SIGNATURES: usize = 1;
/// The limit of a step's cost with a million entries, in per cent of the cost with one entry. The search trees are deeper, but no
/// step visits all of them.
const MAX_GROWTH_PERCENT: u64 = 150;

/// All measurements.
#[derive(Serialize)]
struct Results {
    wasm_bytes: usize,
    wasm_gzip_bytes: usize,
    /// The transfers of one wallet, and the instructions of the next decision.
    busy_wallet: Vec<(u64, u64)>,
    /// Queues of payments on Solana.
    throughput: Vec<Throughput>,
    histories: Vec<Measurement>,
    kaspa: Vec<kaspa::Case>,
    targets: Vec<TargetResult>,
}

/// Measures, prints the tables, writes the JSON and returns whether every target is met.
///
/// # Errors
/// When the results cannot be written.
pub fn run(path: &Path) -> std::io::Result<bool> {
    let mut results = measure_all(&HISTORIES, &BUSY, &POOLS);
    eprintln!("measuring Kaspa transfers of unusual size …");
    results.kaspa = kaspa::cases();
    results.targets.extend(kaspa_targets(&results.kaspa));
    table::print(&results.histories, &results.targets);
    table::print_throughput(&results.throughput);
    table::print_kaspa(&results.kaspa);
    let met = results.targets.iter().all(|target| target.met);
    std::fs::write(path, serde_json::to_vec_pretty(&results)?)?;
    println!("\nwritten to {}", path.display());
    Ok(met)
}

/// Measures the throughput of queued payments, and prints it.
pub fn run_throughput() {
    table::print_throughput(&queues(&POOLS));
}

fn queues(pools: &[u16]) -> Vec<Throughput> {
    let measure = |pool: &u16| {
        eprintln!("measuring {QUEUED} queued transfers with {pool} nonce accounts …");
        throughput::measure_queue(QUEUED, *pool)
    };
    pools.iter().map(measure).collect()
}

/// Measures every step in canisters with histories of these sizes, ascending.
fn measure_all(sizes: &[u64], busy: &[u64], pools: &[u16]) -> Results {
    let histories: Vec<Measurement> = sizes
        .iter()
        .map(|size| {
            eprintln!("measuring with {size} wallets and transfers …");
            measure::with_history(*size)
        })
        .collect();
    let (wasm_bytes, wasm_gzip_bytes) = (wasm::purser().len(), wasm::purser_compressed().len());
    let busy_wallet: Vec<(u64, u64)> = busy
        .iter()
        .map(|size| {
            eprintln!("measuring one wallet with {size} transfers …");
            (*size, measure::of_a_busy_wallet(*size))
        })
        .collect();
    let throughput = queues(pools);
    let mut targets = history_targets(&histories);
    targets.extend(busy_wallet_targets(&busy_wallet));
    Results { wasm_bytes, wasm_gzip_bytes, busy_wallet, throughput, histories, kaspa: Vec::new(), targets }
}

/// The targets that a canister with a short history misses; there should be none.
pub fn missed_when_new() -> Vec<TargetResult> {
    measure_all(&HISTORIES[..1], &[], &[]).targets.into_iter().filter(|target| !target.met).collect()
}

/// The targets that Kaspa transfers of unusual size miss; there should be none.
pub fn missed_by_kaspa() -> Vec<TargetResult> {
    let cases = kaspa::cases();
    table::print_kaspa(&cases);
    kaspa_targets(&cases).into_iter().filter(|target| !target.met).collect()
}

fn kaspa_targets(cases: &[kaspa::Case]) -> Vec<TargetResult> {
    let each = |case: &kaspa::Case| {
        let what = |of: &str| format!("Kaspa, {}: {of}", case.name);
        let costliest =
            TargetResult::at_most(what("instructions of the costliest message"), case.costliest_message, MAX_MESSAGE_INSTRUCTIONS);
        [costliest, TargetResult::at_most(what("signatures"), case.signatures as u64, case.inputs.into())]
    };
    cases.iter().flat_map(each).collect()
}

fn busy_wallet_targets(busy: &[(u64, u64)]) -> Vec<TargetResult> {
    let Some((fewest, least)) = busy.first() else { return Vec::new() };
    let what = |size: u64| format!("request Sol from a wallet with {size} instead of {fewest} transfers: instructions");
    let limit = least.saturating_mul(MAX_GROWTH_PERCENT) / 100;
    busy.iter().skip(1).map(|(size, instructions)| TargetResult::at_most(what(*size), *instructions, limit)).collect()
}

fn history_targets(histories: &[Measurement]) -> Vec<TargetResult> {
    let mut targets = Vec::new();
    for history in histories {
        for step in history.steps.iter().filter(|step| step.name.starts_with("request")) {
            let what = format!(
                "{} with {} transfers: instructions until it is decided, reserved, logged and certified",
                step.name, history.size
            );
            targets.push(TargetResult::at_most(what, step.until_certified, MAX_DECISION_INSTRUCTIONS));
        }
        for step in history.steps.iter().filter(|step| step.name.starts_with("drive to submission")) {
            let what = |of: &str| format!("{} with {} transfers: {of}", step.name, history.size);
            let most = MAX_OUTCALLS.iter().find(|(asset, _)| step.name.ends_with(asset)).map_or(0, |(_, most)| *most);
            targets.push(TargetResult::at_most(what("outcalls"), step.outcalls as u64, most as u64));
            targets.push(TargetResult::at_most(what("signatures"), step.signatures as u64, MAX_SIGNATURES as u64));
        }
    }
    if let [short, .., long] = histories {
        for (before, after) in short.steps.iter().zip(&long.steps).filter(|(before, _)| before.is_independent_of_history) {
            let limit = before.instructions.saturating_mul(MAX_GROWTH_PERCENT) / 100;
            let what = format!("{}: instructions with {} instead of {} transfers", before.name, long.size, short.size);
            targets.push(TargetResult::at_most(what, after.instructions, limit));
        }
    }
    targets
}
