//! The JSON-RPC requests that carry transfers, and the reduction of their answers.
//!
//! Replicas of the canister ask independently, a few milliseconds apart, and must agree to the byte. Each answer is therefore
//! reduced by [`canonicalise`] to a small *canonical body* before it is compared: `{"ok":…}` or `{"failed":…}`. Values that differ
//! from call to call (slots, confirmations, versions, key order) are dropped, and numbers that change are kept as lower bounds.
//!
//! ```text
//! Request ── body() ──────────────► provider ──► (status, body)
//!    └────── transform_context() ─────────────► canonicalise(context, status, body) ──► parse_*(canonical body)
//! ```
//!
//! [`canonicalise`] and the parsers are total: any bytes give a value or a [`Failure`], never a panic.

mod accounts;
pub mod canister;
mod context;
mod failure;
mod reading;
mod request;
mod response;
mod transform;
mod view;

pub use canister::CanisterCall;
pub use failure::{Failure, RpcErrorClass};
pub use reading::Reading;
pub use request::{Commitment, MAX_SIGNATURES_PER_LOOKUP, Request, SignatureBatch};
pub use response::{
    AccountView, Charge, EpochInfo, LatestBlockhash, NonceState, SendOutcome, Simulation, TokenBalance, failure_of, parse_accounts,
    parse_amount, parse_charge, parse_epoch, parse_hash, parse_latest_blockhash, parse_nonce, parse_send, parse_simulation,
    parse_statuses, parse_token_balances, parse_u64, verdict,
};
pub use transform::canonicalise;
pub use view::{View, Wanted};

#[cfg(test)]
mod tests;
