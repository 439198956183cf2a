//! The REST API (kaspa-rest-server) that carries payments: what is sent, and what is kept of each answer.
//!
//! Replicas of the canister ask independently, a few milliseconds apart, and must agree to the byte. Each answer is therefore
//! reduced by [`canonicalise`] to a small *canonical body* before it is compared: `{"ok":…}` or `{"failed":…}`. What moves from
//! call to call (the server's random order, tips, times, estimates) is dropped, scores that move are kept as lower bounds, and
//! whatever is younger than a cutoff that the request carries is left out.
//!
//! ```text
//! Request ── method(), path(), body() ──► server ──► (status, body)
//!    └────── transform_context() ────────────────► canonicalise(context, status, body) ──► parse_*(canonical body)
//! ```
//!
//! Everything after the answer is total: any bytes give a value or a [`Failure`], never a panic.
//!
//! In which order to ask: [`Request::Dag`] first, whose lower bound is the cutoff for [`Request::Utxos`]; and
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
