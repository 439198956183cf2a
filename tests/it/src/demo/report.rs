//! `target/demo-report.json`.

use localnet::MessageTrace;
use serde::Serialize;
use std::path::Path;

/// Everything the demo did.
#[derive(Serialize)]
pub struct Report {
    /// Whether every step ran and everything was as expected.
    pub ok: bool,
    /// How many steps there should be; fewer ran when one failed.
    pub expected_steps: usize,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Default, Serialize)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// Whether everything in it was as expected.
    pub ok: bool,
    /// What was checked.
    pub checked: Vec<Check>,
    /// Wasm instructions of all the canister's messages in it.
    pub instructions: u64,
    /// Cycles the canister paid in it.
    pub cycles: u128,
    /// HTTPS outcalls.
    pub outcalls: usize,
    /// Threshold signatures.
    pub signatures: usize,
}

/// One thing that was checked.
#[derive(Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// Whether it was so.
    pub ok: bool,
}

impl Step {
    /// A step in which nothing was checked yet. It becomes ok with its first check, because a step without one shows nothing.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Records a check.
    pub fn record(&mut self, what: String, ok: bool) {
        self.ok = ok && (self.ok || self.checked.is_empty());
        self.checked.push(Check { what, ok });
    }

    /// Adds what the canister's messages used.
    pub fn measure(&mut self, traces: &[MessageTrace]) {
        for trace in traces {
            self.instructions += trace.instructions;
            self.cycles += trace.cycles + trace.mgmt_calls.iter().map(|call| call.cycles).sum::<u128>();
            self.outcalls += trace.mgmt_calls.iter().filter(|call| call.method == "http_request").count();
            self.signatures += trace.mgmt_calls.iter().filter(|call| call.method.starts_with("sign_with_")).count();
        }
    }
}

impl Report {
    /// Judges the steps.
    pub fn new(steps: Vec<Step>, expected_steps: usize) -> Self {
        Self { ok: steps.len() == expected_steps && steps.iter().all(|step| step.ok), expected_steps, steps }
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(self)?)
    }
}
