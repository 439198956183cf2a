//! Traces: the effects and costs of each executed message.

use candid::Principal;

/// The kind of an executed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `canister_init`.
    Install,
    /// `canister_pre_upgrade` and `canister_post_upgrade`.
    Upgrade,
    /// `canister_inspect_message`.
    Inspect,
    /// The first message of an update call.
    Update,
    /// A query.
    Query,
    /// `canister_global_timer`.
    Timer,
    /// A reply or reject callback.
    Callback,
    /// A cleanup callback.
    Cleanup,
    /// An HTTPS outcall's transform, once per replica.
    Transform,
}

/// A call to the management canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MgmtCall {
    /// Name of the method.
    pub method: String,
    /// Cycles charged; 0 until it is answered.
    pub cycles: u128,
    /// Size of the Candid argument.
    pub request_bytes: usize,
    /// Size of the Candid answer; 0 until it is answered, or if it is rejected.
    pub response_bytes: usize,
}

/// One executed message.
#[derive(Clone, Debug)]
pub struct MessageTrace {
    /// The canister.
    pub canister: Principal,
    /// The kind of the message.
    pub kind: MessageKind,
    /// The method called; of a callback, the method whose call it continues.
    pub method: String,
    /// Instructions: wasmtime fuel (one per operator) plus the system API's charges.
    pub instructions: u64,
    /// Instructions used when certified data was last set, if it was.
    pub certified_at: Option<u64>,
    /// Cycles the canister paid for executing the message and for sending its calls; 0 for queries.
    pub cycles: u128,
    /// Calls to the management canister it made.
    pub mgmt_calls: Vec<MgmtCall>,
    /// The trap's message, if it trapped.
    pub trapped: Option<String>,
    /// Lines printed with `debug_print`.
    pub prints: Vec<String>,
}
