//! The demo: a payment on each chain with real input, printed line by line, and checked. `scripts/demo` runs it.

mod console;
mod context;
mod payments;
mod report;
mod safety;
mod serve;
mod setup;

pub use console::grouped;
use context::Demo;
use report::{Report, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The title of a step, and the function that performs it.
type DemoStep = (&'static str, fn(&mut Demo));

const STEPS: [DemoStep; 7] = [
    ("Deploy, and create a wallet", setup::deploy),
    ("Fund it, and read the balances through outcalls", setup::fund),
    ("Set a policy", setup::policy),
    ("An agent sends SOL and KAS within the policy", payments::send),
    ("What the policy does not allow is denied, and explained", payments::denied),
    ("Emergency mode", safety::emergency),
    ("Upgrade in place", safety::upgrade),
];

fn run_step(demo: &mut Demo, number: usize, (title, step): DemoStep) -> Step {
    demo.console.heading(number, STEPS.len(), title);
    demo.step = Step::named(title);
    demo.env.network.local().take_traces();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| step(demo))) {
        demo.check(format!("the step runs to its end: {}", message(&*panic)), false);
    }
    demo.step.measure(&demo.env.network.local().take_traces());
    let step = std::mem::take(&mut demo.step);
    demo.console.cost(&step);
    step
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Runs every step, writes the report to `report` and returns whether every check passed. A failed step ends the demo, because the
/// later ones depend on it. With `serve` the network then runs until the process is interrupted.
///
/// # Errors
/// When the report cannot be written or the server cannot start.
pub fn run(report: &Path, serve: bool) -> std::io::Result<bool> {
    let mut demo = Demo::new();
    let mut steps = Vec::new();
    for (index, step) in STEPS.into_iter().enumerate() {
        steps.push(run_step(&mut demo, index + 1, step));
        if !steps.last().is_some_and(|step| step.ok) {
            break;
        }
    }
    let result = Report::new(steps, STEPS.len());
    result.write(report)?;
    demo.console.summary(&result, report);
    if result.ok && serve {
        serve::until_interrupted(demo)?;
    }
    Ok(result.ok)
}
