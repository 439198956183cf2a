//! The data of the network: canisters, open calls, and queued messages.

use candid::Principal;
use ic_management_canister_types::{Change, ChangeDetails, ChangeOrigin, CreationRecord, FromUserRecord};

use crate::exec::Instance;
use crate::faults::{CallKind, Effect};
use crate::ic::{MessageId, Reject};

/// The status of a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The canister takes calls.
    Running,
    /// The canister only finishes its open calls.
    Stopping,
    /// The canister takes no calls.
    Stopped,
}

impl Status {
    /// The system API's number.
    pub fn number(self) -> u32 {
        match self {
            Self::Running => 1,
            Self::Stopping => 2,
            Self::Stopped => 3,
        }
    }
}

/// A canister.
pub struct Canister {
    pub controllers: Vec<Principal>,
    pub status: Status,
    pub cycles: u128,
    pub instance: Option<Instance>,
    pub module_hash: Option<[u8; 32]>,
    pub certified_data: Vec<u8>,
    /// 0 is off.
    pub global_timer_ns: u64,
    pub version: u64,
    pub variables: Vec<(String, String)>,
    pub callbacks_run: u64,
    /// The canister's history: creation and snapshots only, because no test reads more.
    pub history: Vec<Change>,
}

impl Canister {
    /// A running canister without code.
    pub fn new(controllers: Vec<Principal>, cycles: u128, now_ns: u64) -> Self {
        let creator = controllers.first().copied().unwrap_or(Principal::management_canister());
        let creation = CreationRecord { controllers: controllers.clone(), environment_variables_hash: None };
        let mut canister = Self {
            controllers,
            status: Status::Running,
            cycles,
            instance: None,
            module_hash: None,
            certified_data: Vec::new(),
            global_timer_ns: 0,
            version: 0,
            variables: Vec::new(),
            callbacks_run: 0,
            history: Vec::new(),
        };
        canister.note(creator, now_ns, ChangeDetails::Creation(creation));
        canister
    }

    /// Records a change by a user.
    pub fn note(&mut self, user_id: Principal, timestamp_nanos: u64, details: ChangeDetails) {
        let origin = ChangeOrigin::FromUser(FromUserRecord { user_id });
        self.history.push(Change { timestamp_nanos, canister_version: self.version, origin, details: Some(details) });
    }

    /// Whether there is a module that exports this function.
    pub fn exports(&self, name: &str) -> bool {
        self.instance.as_ref().is_some_and(|instance| instance.exports(name))
    }
}

/// The recipient of an answer.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A user.
    Ingress(MessageId),
    /// A canister, with this callback.
    Callback(u64),
    /// None: the message is a system task.
    System,
}

/// A call that a canister is working on.
pub struct CallContext {
    pub canister: Principal,
    pub origin: Origin,
    pub caller: Principal,
    pub method: String,
    /// 0 is none.
    pub deadline_ns: u64,
    pub answered: bool,
    /// Cycles attached and not accepted.
    pub cycles: u128,
    /// Calls it made that are not answered yet.
    pub outstanding: usize,
    /// Instructions its messages took so far.
    pub instructions: u64,
}

/// A call that a canister made and that is not answered yet.
pub struct Callback {
    pub context: u64,
    pub canister: Principal,
    /// Whether the management canister is called.
    pub management: bool,
    /// Table index and environment, as in the system API.
    pub reply: (u32, u32),
    pub reject: (u32, u32),
    pub cleanup: Option<(u32, u32)>,
    /// Cycles set aside for the answer.
    pub prepaid: u128,
    /// 0 is none.
    pub deadline_ns: u64,
}

/// An unanswered call to the management canister.
#[derive(Clone)]
pub struct ManagementRequest {
    pub canister: Principal,
    pub kind: CallKind,
    pub method: String,
    pub arg: Vec<u8>,
    pub cycles: u128,
    pub fault: Option<Effect>,
    /// Index of the trace and of the call in it.
    pub trace: (usize, usize),
}

/// A message to be executed.
pub enum QueuedMessage {
    /// A call of a method.
    Request {
        callee: Principal,
        origin: Origin,
        caller: Principal,
        method: String,
        arg: Vec<u8>,
        cycles: u128,
        /// 0 is none.
        deadline_ns: u64,
    },
    /// The answer to a call, with the cycles that come back.
    Answer { callback: u64, result: Result<Vec<u8>, Reject>, refund: u128 },
}
