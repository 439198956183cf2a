//! The network: one subnet with its canisters, its clock and its key.

use std::collections::{BTreeMap, VecDeque};

use candid::Principal;
use rand::rngs::StdRng;

use super::state::{CallContext, Callback, Canister, ManagementRequest, QueuedMessage, Status};
use crate::certificate::RootKey;
use crate::exec::Runtime;
use crate::faults::Faults;
use crate::ic::{MessageId, Reject};
use crate::mgmt::cycles::Prices;
use crate::mgmt::http::Client;
use crate::trace::MessageTrace;

/// The scheduler of the management canister's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheduler {
    /// Every call is answered in the next round.
    #[default]
    Auto,
    /// The test answers each call with [`LocalNet::pending`] and [`LocalNet::deliver`].
    Manual,
}

/// A network with one subnet.
pub struct LocalNet {
    pub(super) runtime: &'static Runtime,
    pub(super) key: RootKey,
    pub(super) client: Client,
    pub(super) rng: StdRng,
    pub(super) replicas: u32,
    pub(super) time_ns: u64,
    pub(super) scheduler: Scheduler,
    pub(super) canisters: BTreeMap<Principal, Canister>,
    pub(super) queue: VecDeque<QueuedMessage>,
    pub(super) contexts: BTreeMap<u64, CallContext>,
    pub(super) callbacks: BTreeMap<u64, Callback>,
    /// Unanswered calls to the management canister, oldest first.
    pub(super) requests: BTreeMap<u64, ManagementRequest>,
    /// Outcomes of ingress messages; `None` while they are processed.
    pub(super) answers: BTreeMap<MessageId, Option<Result<Vec<u8>, Reject>>>,
    pub(super) faults: Faults,
    pub(super) traces: Vec<MessageTrace>,
    /// Number of traces handed out, i.e. the index of `traces[0]` among all.
    pub(super) traces_taken: usize,
    pub(super) next_id: u64,
}

impl LocalNet {
    /// The injected faults.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Number of reply and reject callbacks this canister has run, traps included.
    pub fn callbacks_run(&self, canister: Principal) -> u64 {
        self.canisters.get(&canister).map_or(0, |canister| canister.callbacks_run)
    }

    /// The traces of the messages executed since the last call.
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

    pub(super) fn prices(&self) -> Prices {
        Prices::new(self.replicas)
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn running(&self, id: Principal) -> Result<&Canister, Reject> {
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
}
