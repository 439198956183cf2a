//! The interface of a network, as the suite uses it: localnet by default, PocketIC where one is available.

use std::fmt;
use std::time::Duration;

use candid::Principal;

/// A call's failure as the Internet Computer reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Reject code of the interface specification: 1 SYS_FATAL, 2 SYS_TRANSIENT, 3 DESTINATION_INVALID, 4 CANISTER_REJECT,
    /// 5 CANISTER_ERROR, 6 SYS_UNKNOWN.
    pub code: u32,
    /// Human-readable reason.
    pub message: String,
}

impl Reject {
    /// Reject code of an unrecoverable system error.
    pub const SYS_FATAL: u32 = 1;
    /// Reject code of a system error that may go away.
    pub const SYS_TRANSIENT: u32 = 2;
    /// Reject code of a destination that does not exist.
    pub const DESTINATION_INVALID: u32 = 3;
    /// Reject code of an explicit reject by the callee.
    pub const CANISTER_REJECT: u32 = 4;
    /// Reject code of a callee that trapped or broke its contract.
    pub const CANISTER_ERROR: u32 = 5;
    /// Reject code of a call whose outcome is unknown.
    pub const SYS_UNKNOWN: u32 = 6;

    /// A reject with this code and message.
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with code {}: {}", self.code, self.message)
    }
}

impl std::error::Error for Reject {}

/// Identifies a submitted update call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub Vec<u8>);

/// A network with canisters on it.
pub trait Ic {
    /// Creates an empty, running canister that holds `cycles`.
    fn create_canister(&mut self, controllers: &[Principal], cycles: u128) -> Principal;

    /// Installs code on an empty canister and runs its `canister_init`.
    ///
    /// # Errors
    /// `sender` is not a controller, the module is not acceptable, or `canister_init` trapped; the canister is then unchanged.
    fn install(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject>;

    /// Replaces the code, keeping stable memory: `canister_pre_upgrade`, then `canister_post_upgrade` of the new module.
    ///
    /// # Errors
    /// As [`Ic::install`]; a trap in either hook leaves the old code and state in place.
    fn upgrade(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject>;

    /// Stops the canister once the calls it has open are answered.
    ///
    /// # Errors
    /// `sender` is not a controller, or the open calls were not answered in time (the canister then keeps stopping).
    fn stop(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject>;

    /// Starts a stopped canister again.
    ///
    /// # Errors
    /// `sender` is not a controller.
    fn start(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject>;

    /// Submits an update call.
    ///
    /// # Errors
    /// The canister does not exist, does not run, or its `canister_inspect_message` refuses the call.
    fn submit(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<MessageId, Reject>;

    /// Runs one round: due timers, queued messages, and answers of the management canister.
    fn tick(&mut self);

    /// The call's outcome, if it is answered. No round passes.
    fn poll(&mut self, id: &MessageId) -> Option<Result<Vec<u8>, Reject>>;

    /// Ticks until the call is answered, for a bounded number of rounds.
    ///
    /// # Errors
    /// The call was rejected, or was still unanswered (`SYS_UNKNOWN`) when the rounds ran out.
    fn await_call(&mut self, id: MessageId) -> Result<Vec<u8>, Reject>;

    /// Submits an update call and awaits its answer: [`Ic::submit`] and [`Ic::await_call`].
    ///
    /// # Errors
    /// Those of the two.
    fn update(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        let id = self.submit(canister, sender, method, arg)?;
        self.await_call(id)
    }

    /// Performs a non-replicated query, which sees the latest state and a data certificate, and changes nothing.
    ///
    /// # Errors
    /// The canister does not exist, does not run, or rejected or trapped.
    fn query(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject>;

    /// Nanoseconds since 1970 as canisters see them.
    fn time_ns(&self) -> u64;

    /// Moves the clock forward. Timers that become due run in the next rounds.
    fn advance_time(&mut self, by: Duration);

    /// Cycles the canister holds.
    fn cycle_balance(&mut self, canister: Principal) -> u128;

    /// Adds cycles to the canister.
    fn add_cycles(&mut self, canister: Principal, amount: u128);

    /// PublicKey key, in DER, that certificates are checked against.
    fn root_key(&self) -> Vec<u8>;
}
