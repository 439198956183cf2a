//! The demo while it runs: its network, its output and the record of the current step.

use super::console::Console;
use super::report::Step;
use crate::network::Network;
use crate::test_env::TestEnv;
use localnet::LocalNet;
use purser_types::{Transfer, Wallet};

/// The demo while it runs.
pub struct Demo {
    /// The network with the canister and both chains.
    pub env: TestEnv,
    /// Standard output.
    pub console: Console,
    /// The record of the current step.
    pub step: Step,
    /// The wallet that the first step creates.
    pub wallet: Option<Wallet>,
    /// The confirmed payments, in order.
    pub sent: Vec<Transfer>,
}

impl Demo {
    /// A demo on a network whose canister has no code yet.
    pub fn new() -> Self {
        let env = TestEnv::empty(Network::Local(Box::new(LocalNet::new())));
        Self { env, console: Console::new(), step: Step::default(), wallet: None, sent: Vec::new() }
    }

    /// The wallet that an earlier step created.
    ///
    /// # Panics
    /// When no step has created one.
    pub fn wallet(&self) -> Wallet {
        self.wallet.clone().expect("an earlier step created the wallet")
    }

    /// Prints a line.
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.console.line(line.as_ref());
    }

    /// Records and prints whether an expectation holds.
    pub fn check(&mut self, what: impl Into<String>, ok: bool) {
        let what = what.into();
        self.console.check(&what, ok);
        self.step.record(what, ok);
    }
}
