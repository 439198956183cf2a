//! The network: one subnet, its canisters, and the messages between them.

mod lifecycle;
mod manage;
mod messages;
mod outbound;
mod snapshots;
mod state;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use candid::Principal;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

use crate::certificate::RootKey;
use crate::exec::Runtime;
use crate::exec::context::{Context, Entry};
use crate::faults::Faults;
use crate::ic::{Ic, MessageId, Reject};
use crate::mgmt::cycles::Prices;
use crate::mgmt::http::Client;
use crate::trace::{MessageKind, MessageTrace};
pub use outbound::Pending;
use outbound::Request;
pub use snapshots::Snapshot;
use state::{CallContext, Callback, Canister, Job, Origin, Status};

/// Rounds after which an unanswered call counts as lost.
const MAX_ROUNDS: usize = 500;
/// Messages executed in one round at most.
const MAX_MESSAGES: usize = 1_000;
/// Default start of time: 2026-01-01 00:00:00 UTC.
const GENESIS_NS: u64 = 1_767_225_600_000_000_000;
/// First canister id, as on local networks.
const FIRST_CANISTER: u64 = 0xffff_ffff_ffe0_0000;

/// Who decides when the management canister answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheduler {
    /// The next round.
    #[default]
    Auto,
    /// The test, with [`LocalNet::pending`] and [`LocalNet::deliver`].
    Manual,
}

/// Settings of a network to be.
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

    /// Who decides when the management canister answers.
    pub fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// The network.
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
            jobs: VecDeque::new(),
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

/// A network with one subnet.
pub struct LocalNet {
    runtime: &'static Runtime,
    key: RootKey,
    client: Client,
    rng: StdRng,
    replicas: u32,
    time_ns: u64,
    scheduler: Scheduler,
    canisters: BTreeMap<Principal, Canister>,
    jobs: VecDeque<Job>,
    contexts: BTreeMap<u64, CallContext>,
    callbacks: BTreeMap<u64, Callback>,
    /// Unanswered calls to the management canister, oldest first.
    requests: BTreeMap<u64, Request>,
    /// Outcomes of ingress messages; `None` while they are processed.
    answers: BTreeMap<MessageId, Option<Result<Vec<u8>, Reject>>>,
    faults: Faults,
    traces: Vec<MessageTrace>,
    /// Number of traces handed out, i.e. the index of `traces[0]` among all.
    traces_taken: usize,
    next_id: u64,
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

    /// The faults in force, to be changed.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Number of reply and reject callbacks this canister has run, traps included.
    pub fn callbacks_run(&self, canister: Principal) -> u64 {
        self.canisters.get(&canister).map_or(0, |canister| canister.callbacks_run)
    }

    /// What was executed since this was last called.
    pub fn take_traces(&mut self) -> Vec<MessageTrace> {
        self.traces_taken += self.traces.len();
        std::mem::take(&mut self.traces)
    }

    /// Sets an environment variable of the canister.
    pub fn set_variable(&mut self, canister: Principal, name: &str, value: &str) {
        if let Some(canister) = self.canisters.get_mut(&canister) {
            canister.variables.retain(|(known, _)| known != name);
            canister.variables.push((name.to_string(), value.to_string()));
        }
    }

    fn prices(&self) -> Prices {
        Prices::new(self.replicas)
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Whether another round would do anything at the present time.
    fn is_idle(&self) -> bool {
        let due = |canister: &Canister| {
            canister.status == Status::Running && canister.global_timer_ns != 0 && canister.global_timer_ns <= self.time_ns
        };
        let late = |callback: &Callback| callback.deadline_ns != 0 && callback.deadline_ns < self.time_ns;
        self.jobs.is_empty()
            && !self.requests.values().any(|request| self.is_free(request))
            && !self.canisters.values().any(due)
            && !self.callbacks.values().any(late)
    }

    /// Runs rounds until `done`, or until nothing more happens by itself.
    fn run_until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        for _ in 0..MAX_ROUNDS {
            if done(self) {
                return true;
            }
            if self.is_idle() {
                return false;
            }
            self.tick();
        }
        done(self)
    }

    fn running(&self, id: Principal) -> Result<&Canister, Reject> {
        let Some(canister) = self.canisters.get(&id) else {
            return Err(Reject::new(Reject::DESTINATION_INVALID, format!("Canister {id} not found")));
        };
        match canister.status {
            Status::Running if canister.instance.is_some() => Ok(canister),
            Status::Running => Err(Reject::new(Reject::CANISTER_ERROR, format!("Canister {id} contains no Wasm module"))),
            Status::Stopping => Err(Reject::new(Reject::CANISTER_ERROR, format!("Canister {id} is stopping"))),
            Status::Stopped => Err(Reject::new(Reject::CANISTER_ERROR, format!("Canister {id} is stopped"))),
        }
    }

    /// Asks `canister_inspect_message`, if there is one.
    fn inspect(&mut self, id: Principal, sender: Principal, method: &str, arg: &[u8]) -> Result<(), Reject> {
        if !self.running(id)?.exports("canister_inspect_message") {
            return Ok(());
        }
        let mut context = Context::new(Entry::INSPECT, self.environment(id), sender);
        context.method = method.to_string();
        context.arg = arg.to_vec();
        let context = self.run_without_trace(id, "canister_inspect_message", MessageKind::Inspect, method, context)?;
        if context.accepted {
            return Ok(());
        }
        Err(Reject::new(Reject::CANISTER_REJECT, "Canister rejected the message"))
    }
}

impl Ic for LocalNet {
    fn create_canister(&mut self, controllers: &[Principal], cycles: u128) -> Principal {
        let index = FIRST_CANISTER + self.canisters.len() as u64;
        let id = Principal::from_slice(&[&index.to_be_bytes()[..], &[1, 1]].concat());
        self.canisters.insert(id, Canister::new(controllers.to_vec(), cycles, self.time_ns));
        id
    }

    fn install(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.install_code(canister, sender, wasm, arg)
    }

    fn upgrade(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.upgrade_code(canister, sender, wasm, arg)
    }

    fn stop(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.stop_canister(canister, sender)
    }

    fn start(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.controlled(canister, sender)?.status = Status::Running;
        Ok(())
    }

    fn submit(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<MessageId, Reject> {
        self.running(canister)?;
        self.inspect(canister, sender, method, &arg)?;
        let price = self.prices().ingress(method.len() + arg.len());
        let payer = self.canisters.get_mut(&canister).expect("it was found running");
        payer.cycles = payer.cycles.checked_sub(price).ok_or_else(|| {
            Reject::new(Reject::SYS_TRANSIENT, format!("Canister {canister} is out of cycles: {price} are needed"))
        })?;
        let id = MessageId(Sha256::digest(self.fresh_id().to_be_bytes()).to_vec());
        self.answers.insert(id.clone(), None);
        self.jobs.push_back(Job::Request {
            callee: canister,
            origin: Origin::Ingress(id.clone()),
            caller: sender,
            method: method.to_string(),
            arg,
            cycles: 0,
            deadline_ns: 0,
        });
        Ok(id)
    }

    fn tick(&mut self) {
        // Rounds have distinct times, as on the IC.
        self.time_ns += 1;
        self.expire_callbacks();
        let free: Vec<u64> = self.requests.iter().filter(|(_, request)| self.is_free(request)).map(|(id, _)| *id).collect();
        for id in free {
            self.answer_request(id);
        }
        self.run_timers();
        for _ in 0..MAX_MESSAGES {
            let Some(job) = self.jobs.pop_front() else { break };
            self.run_job(job);
        }
    }

    fn poll(&mut self, id: &MessageId) -> Option<Result<Vec<u8>, Reject>> {
        self.answers.get(id).cloned().flatten()
    }

    fn await_call(&mut self, id: MessageId) -> Result<Vec<u8>, Reject> {
        self.run_until(|net| net.answers.get(&id).is_none_or(Option::is_some));
        self.poll(&id).unwrap_or_else(|| Err(Reject::new(Reject::SYS_UNKNOWN, "localnet: the call is not answered by itself")))
    }

    fn query(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        let export = format!("canister_query {method}");
        if !self.running(canister)?.exports(&export) {
            return Err(messages::no_method(canister, "query", method));
        }
        let mut context = Context::new(Entry::QUERY, self.environment(canister), sender);
        context.arg = arg;
        context.may_respond = true;
        context.data_certificate = Some(self.certify(canister));
        self.run_without_trace(canister, &export, MessageKind::Query, method, context)?
            .response
            .unwrap_or_else(|| Err(messages::no_response(canister)))
    }

    fn time_ns(&self) -> u64 {
        self.time_ns
    }

    fn advance_time(&mut self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).expect("the network does not live for five centuries");
        self.time_ns += by;
    }

    fn cycle_balance(&mut self, canister: Principal) -> u128 {
        self.canisters.get(&canister).map_or(0, |canister| canister.cycles)
    }

    fn add_cycles(&mut self, canister: Principal, amount: u128) {
        if let Some(canister) = self.canisters.get_mut(&canister) {
            canister.cycles += amount;
        }
    }

    fn root_key(&self) -> Vec<u8> {
        self.key.der().to_vec()
    }
}
