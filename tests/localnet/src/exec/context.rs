//! The inputs of a canister's function, and its effects.

use candid::Principal;

use crate::ic::Reject;

/// The entry point through which a function of a canister runs. Each value is one bit, so that a rule can name several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPoint(u16);

impl EntryPoint {
    /// `canister_init`, `canister_post_upgrade`.
    pub const INIT: Self = Self(1);
    /// `canister_pre_upgrade`.
    pub const PRE_UPGRADE: Self = Self(1 << 1);
    /// An update method.
    pub const UPDATE: Self = Self(1 << 2);
    /// A query method called as an update.
    pub const REPLICATED_QUERY: Self = Self(1 << 3);
    /// A query method called as a query.
    pub const QUERY: Self = Self(1 << 4);
    /// A reply callback.
    pub const REPLY: Self = Self(1 << 5);
    /// A reject callback.
    pub const REJECT: Self = Self(1 << 6);
    /// A cleanup callback.
    pub const CLEANUP: Self = Self(1 << 7);
    /// `canister_inspect_message`.
    pub const INSPECT: Self = Self(1 << 8);
    /// `canister_global_timer`.
    pub const TIMER: Self = Self(1 << 9);
    /// The module's start function.
    pub const START: Self = Self(1 << 10);
    /// An HTTPS outcall's transform.
    pub const TRANSFORM: Self = Self(1 << 11);
    /// Every function but the start function.
    pub const ANY: Self = Self(((1 << 10) - 1) | (1 << 11));

    /// The union of two sets of entry points.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set contains this entry point.
    pub const fn is_in(self, set: Self) -> bool {
        self.0 & set.0 != 0
    }
}

/// The instruction limit of a message, from the interface specification.
pub fn instruction_limit(entry: EntryPoint) -> u64 {
    const B: u64 = 1_000_000_000;
    if entry.is_in(EntryPoint::INIT.or(EntryPoint::PRE_UPGRADE).or(EntryPoint::START)) {
        300 * B
    } else if entry == EntryPoint::INSPECT {
        200_000_000
    } else if entry.is_in(EntryPoint::QUERY.or(EntryPoint::TRANSFORM)) {
        5 * B
    } else {
        40 * B
    }
}

/// The data about the network and the canister that the system API gives.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The canister's own id.
    pub canister: Principal,
    /// The canister's controllers.
    pub controllers: Vec<Principal>,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// Counts changes of code, settings and state.
    pub version: u64,
    /// 1 running, 2 stopping, 3 stopped.
    pub status: u32,
    /// Number of replicas of the subnet.
    pub replicas: u32,
    /// PublicKey key that certificates are checked against, DER.
    pub root_key: Vec<u8>,
    /// The subnet's id.
    pub subnet: Principal,
    /// The canister's environment variables.
    pub variables: Vec<(String, String)>,
}

/// A call that a canister makes.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// The callee.
    pub callee: Principal,
    /// Name of the method.
    pub method: String,
    /// The argument.
    pub arg: Vec<u8>,
    /// Cycles attached.
    pub cycles: u128,
    /// Seconds to wait for an answer; `None` waits without bound.
    pub timeout_s: Option<u32>,
    /// Table index and environment of the reply callback.
    pub reply: (u32, u32),
    /// Table index and environment of the reject callback.
    pub reject: (u32, u32),
    /// Table index and environment of the cleanup callback.
    pub cleanup: Option<(u32, u32)>,
    /// Cycles set aside for transmission and for the answer's execution.
    pub prepaid: u128,
}

/// A running message: its inputs, and its effects, which apply only if it does not trap.
#[derive(Clone, Debug)]
pub struct Context {
    /// The entry point.
    pub entry: EntryPoint,
    /// Data about the network and the canister.
    pub env: Environment,
    /// The caller.
    pub caller: Principal,
    /// Name of the method, for `canister_inspect_message`.
    pub method: String,
    /// The argument, or the reply that a reply callback receives.
    pub arg: Vec<u8>,
    /// The reject that a reject callback receives.
    pub reject: Option<Reject>,
    /// Deadline of the call being answered; 0 if there is none.
    pub deadline_ns: u64,
    /// Certificate on the canister's certified data, in queries.
    pub data_certificate: Option<Vec<u8>>,
    /// Whether a response may (still) be given.
    pub may_respond: bool,
    /// Cycles of the call being answered that are not accepted yet.
    pub cycles_available: u128,
    /// Cycles that came back with the answer a callback receives.
    pub cycles_refunded: u128,
    /// Instructions of the earlier messages of the same call.
    pub earlier_instructions: u64,

    /// The canister's cycles, now.
    pub balance: u128,
    /// Cycles accepted in this message.
    pub cycles_accepted: u128,
    /// Reply data gathered so far.
    pub reply: Vec<u8>,
    /// The response given.
    pub response: Option<Result<Vec<u8>, Reject>>,
    /// Calls made.
    pub calls: Vec<OutgoingCall>,
    /// The call under construction.
    pub call: Option<OutgoingCall>,
    /// New certified data.
    pub certified_data: Option<Vec<u8>>,
    /// Instructions used when certified data was last set.
    pub certified_at: Option<u64>,
    /// The global timer; 0 is off.
    pub global_timer_ns: u64,
    /// Whether `canister_inspect_message` accepted.
    pub accepted: bool,
    /// Lines printed; kept even if the message traps.
    pub prints: Vec<String>,
}

impl Context {
    /// A context without argument, caller's rights or effects.
    pub fn new(entry: EntryPoint, env: Environment, caller: Principal) -> Self {
        Self {
            entry,
            env,
            caller,
            method: String::new(),
            arg: Vec::new(),
            reject: None,
            deadline_ns: 0,
            data_certificate: None,
            may_respond: false,
            cycles_available: 0,
            cycles_refunded: 0,
            earlier_instructions: 0,
            balance: 0,
            cycles_accepted: 0,
            reply: Vec::new(),
            response: None,
            calls: Vec::new(),
            call: None,
            certified_data: None,
            certified_at: None,
            global_timer_ns: 0,
            accepted: false,
            prints: Vec::new(),
        }
    }
}
