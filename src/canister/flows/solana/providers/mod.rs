//! Solana providers: which are asked, how many must agree, and the health of each.
//!
//! A question about money goes to as many providers as the configured quorum, and an answer counts when that many give it. Before its first
//! question a provider is asked once for its genesis hash, and the answer is logged: one that serves another chain is never believed.
//! Health lives on the heap: losing it costs no more than an early question.
//!
//! The SOL RPC canister is one provider among others for the requests that it can answer, and is asked no others.
//!
//! | file | subject |
//! |---|---|
//! | `health` | answers, failures and back-off of each provider |
//! | `ask` | the order of the providers, and the answer of one |
//! | `quorum` | the answers of several |
//! | `nonce_changes` | used nonces that a node has shown before |

mod ask;
mod health;
mod nonce_changes;
mod quorum;

pub(in crate::flows) use ask::{answer_of, ask, ask_another, ask_first, ask_next, ask_node, ask_up_to_date, epoch_request, nodes};
pub use health::{Health, health};
pub(super) use health::{record_bad_blockhash, record_good_blockhash};
pub(super) use nonce_changes::{nonce_changed_by, nonce_unchanged};
pub(in crate::flows) use quorum::{agreed, agreed_by_two, min_slot, positions};
