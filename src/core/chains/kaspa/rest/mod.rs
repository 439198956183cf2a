//! The REST API of kaspa-rest-server: requests, and the part of each answer that is kept.
//!
//! Replicas of the canister ask independently, a few milliseconds apart, and must agree to the byte. Each answer is therefore
//! reduced by [`canonicalise`] to a small *canonical body* before it is compared: `{"ok":…}` or `{"failed":…}`. Parts that change
//! from call to call (the server's random order, tips, times) are dropped, scores are rounded down to lower bounds and fee rates
//! up, and outputs and acceptances above a cutoff in the request are left out.
//!
//! ```text
//! Request ── method(), path(), body() ──► server ──► (status, body)
//!    └────── transform_context() ────────────────► canonicalise(context, status, body) ──► parse_*(canonical body)
//! ```
//!
//! Any bytes of an answer give a value or a [`Failure`], never a panic.
//!
//! The order of requests: [`Request::Dag`] first, whose lower bound is the cutoff for [`Request::Utxos`]; and
//! [`Request::BlueScore`] first, whose lower bound gives the cutoff for [`Request::Acceptance`] (see [`settled_blue_score`]).

mod failure;
mod grid;
mod outcome;
mod refusal;
mod request;
mod response;
mod submit;
mod transform;

pub use failure::Failure;
pub use grid::Grid;
pub use outcome::{Rejection, SubmitOutcome};
pub use request::{AddressBatch, DEFAULT_SCORE_STEP, MAX_ADDRESSES, MAX_TRANSACTION_IDS, Method, Request, TxIdBatch};
pub use response::{
    Acceptance, failure_of, parse_acceptance, parse_balance, parse_blue_score, parse_bound, parse_count, parse_dag, parse_feerate,
    parse_submit, parse_transaction, parse_utxos, settled_blue_score,
};
pub use transform::{FeeBucket, MAX_BODY_BYTES, canonicalise};

#[cfg(test)]
mod tests;
