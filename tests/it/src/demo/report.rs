//! The report of the demo, `target/demo-report.json`.

use localnet::MessageTrace;
use serde::Serialize;
use std::path::Path;

/// The result of the whole demo.
#[derive(Serialize)]
pub struct Report {
    /// Whether every step ran and every check passed.
    pub ok: bool,
    /// The number of steps; fewer ran when one failed.
    pub expected_steps: usize,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// The result of one step.
#[derive(Default, Serialize)]
pub struct Step {
    /// The title of the step.
    pub name: String,
    /// Whether every check of the step passed.
    pub ok: bool,
    /// The checks, in order.
    pub checked: Vec<Check>,
    /// Wasm instructions of the canister's messages.
    pub instructions: u64,
    /// Cycles that the canister paid.
    pub cycles: u128,
    /// HTTPS outcalls.
    pub outcalls: usize,
    /// Threshold signatures.
    pub signatures: usize,
}

/// The result of one check.
#[derive(Serialize)]
pub struct Check {
    /// The expectation.
    pub what: String,
    /// Whether it held.
    pub ok: bool,
}

impl Step {
    /// A step without checks. It becomes ok with its first check, because a step without one proves nothing.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Records a check.
    pub fn record(&mut self, what: String, ok: bool) {
        self.ok = ok && (self.ok || self.checked.is_empty());
        self.checked.push(Check { what, ok });
    }

    /// Adds the resources that the canister's messages used.
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
    /// A report of these steps, which is ok when all expected steps are.
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
