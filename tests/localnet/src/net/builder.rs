//! Settings of a new network.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::network::{LocalNet, Scheduler};
use crate::certificate::RootKey;
use crate::exec::Runtime;
use crate::faults::Faults;
use crate::mgmt::http::Client;

/// Default start of time: 2026-01-01 00:00:00 UTC.
const GENESIS_NS: u64 = 1_767_225_600_000_000_000;

/// The settings of a new network.
#[derive(Clone, Debug)]
pub struct Builder {
    replicas: u32,
    seed: u64,
    start_ns: u64,
    http_timeout: Duration,
    scheduler: Scheduler,
}

impl Builder {
    /// Number of replicas, 13 by default; each performs every outcall, and prices scale with it.
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Seed of the network's randomness (`raw_rand`, signature nonces).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Time of the first round, in nanoseconds since 1970.
    pub fn start_ns(mut self, start_ns: u64) -> Self {
        self.start_ns = start_ns;
        self
    }

    /// Real time after which an outcall's server counts as not answering; 5 seconds by default.
    pub fn http_timeout(mut self, timeout: Duration) -> Self {
        self.http_timeout = timeout;
        self
    }

    /// The scheduler of the management canister's answers; [`Scheduler::Auto`] by default.
    pub fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// Builds the network.
    ///
    /// # Panics
    /// The host cannot run WebAssembly.
    pub fn build(self) -> LocalNet {
        LocalNet {
            runtime: Runtime::shared(),
            key: RootKey::new(),
            client: Client::new(self.http_timeout),
            rng: StdRng::seed_from_u64(self.seed),
            replicas: self.replicas,
            time_ns: self.start_ns,
            scheduler: self.scheduler,
            canisters: BTreeMap::new(),
            queue: VecDeque::new(),
            contexts: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            requests: BTreeMap::new(),
            answers: BTreeMap::new(),
            faults: Faults::default(),
            traces: Vec::new(),
            traces_taken: 0,
            next_id: 0,
        }
    }
}

impl Default for LocalNet {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalNet {
    /// A network of 13 replicas without faults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A network with settings.
    pub fn builder() -> Builder {
        Builder { replicas: 13, seed: 1, start_ns: GENESIS_NS, http_timeout: Duration::from_secs(5), scheduler: Scheduler::Auto }
    }
}
