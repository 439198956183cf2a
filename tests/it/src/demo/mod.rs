//! The demo: the main job on real input, narrated line by line, and checked. `scripts/demo` runs it.

mod money;
mod narrator;
mod report;
mod safety;
mod serve;
mod setup;

use crate::network::Network;
use crate::world::World;
use localnet::LocalNet;
use narrator::Narrator;
pub use narrator::grouped;
use purser_types::{Transfer, Wallet};
use report::{Report, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The demo while it runs.
pub struct Demo {
    world: World,
    narrator: Narrator,
    step: Step,
    wallet: Option<Wallet>,
    sent: Vec<Transfer>,
}

/// A step of the demo: what it is called, and what it does.
type Scene = (&'static str, fn(&mut Demo));

const SCENES: [Scene; 7] = [
    ("Deploy, and create a wallet", setup::deploy),
    ("Fund it, and read the balances through outcalls", setup::fund),
    ("Set a policy", setup::policy),
    ("An agent sends SOL and KAS within the policy", money::send),
    ("What the policy does not allow is denied, and explained", money::denied),
    ("Emergency mode", safety::emergency),
    ("Upgrade in place", safety::upgrade),
];

impl Demo {
    fn new() -> Self {
        let world = World::empty(Network::Local(Box::new(LocalNet::new())));
        Self { world, narrator: Narrator::new(), step: Step::default(), wallet: None, sent: Vec::new() }
    }

    /// The wallet that an earlier step created.
    fn wallet(&self) -> Wallet {
        self.wallet.clone().expect("an earlier step created the wallet")
    }

    fn say(&mut self, line: impl AsRef<str>) {
        self.narrator.say(line.as_ref());
    }

    /// Records and prints whether something is as expected.
    fn check(&mut self, what: impl Into<String>, ok: bool) {
        let what = what.into();
        self.narrator.check(&what, ok);
        self.step.record(what, ok);
    }

    fn play(&mut self, number: usize, (name, scene): Scene) -> Step {
        self.narrator.heading(number, SCENES.len(), name);
        self.step = Step::named(name);
        self.world.network.local().take_traces();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| scene(self))) {
            self.check(format!("the step runs to its end: {}", message(&*panic)), false);
        }
        self.step.measure(&self.world.network.local().take_traces());
        let step = std::mem::take(&mut self.step);
        self.narrator.cost(&step);
        step
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Plays every step, writes the report to `report` and returns whether everything was as expected. A step that fails ends the demo:
/// the later ones stand on it. With `serve` the network then keeps running until it is interrupted.
///
/// # Errors
/// When the report cannot be written or the server cannot start.
pub fn run(report: &Path, serve: bool) -> std::io::Result<bool> {
    let mut demo = Demo::new();
    let mut steps = Vec::new();
    for (index, scene) in SCENES.into_iter().enumerate() {
        steps.push(demo.play(index + 1, scene));
        if !steps.last().is_some_and(|step| step.ok) {
            break;
        }
    }
    let result = Report::new(steps, SCENES.len());
    result.write(report)?;
    demo.narrator.verdict(&result, report);
    if result.ok && serve {
        serve::until_interrupted(demo)?;
    }
    Ok(result.ok)
}
