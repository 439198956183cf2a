//! The flow of a transfer on Solana, from the reservation to its end.
//!
//! Up to the broadcast there are one signature and four outcalls: the accounts, a simulation, a blockhash, the broadcast. A transaction on a
//! durable nonce needs no blockhash. A payment that leaves either side close to the rent-exempt minimum takes two reads more, a token
//! account that has to be created one, and a priority fee one.
//!
//! | file | subject |
//! |---|---|
//! | `build` | from the reads to the recorded message |
//! | `payment`, `creation`, `revocation` | the draft of each operation: a payment, the creation of a nonce account, a revocation |
//! | `draft` | a transaction that is checked, but has no blockhash and no priority fee yet |
//! | `accounts`, `funds`, `tokens` | the accounts of a transfer, and whether they allow it |
//! | `concurrent` | the wallet's other transfers that may move the same money |
//! | `nonce`, `blockhash` | what bounds the transaction's life |
//! | `preflight` | the simulation, and the priority fee |
//! | `intent` | the request, and whether a message says exactly that |
//! | `sign`, `send` | the signature, and the broadcast |
//! | `follow` | from the broadcast to the end |
//! | `status`, `lifetime`, `evidence` | reads of the chain about a sent transaction |
//! | `proof` | the proof that a transaction can never land |
//! | `failure` | the end of a transaction that failed on chain |
//! | `providers` | which providers are asked, and how many must agree |
//! | `charge` | the fee and rent that the chain charged |
//! | `record` | the recorded transaction |

mod accounts;
mod blockhash;
mod build;
mod charge;
mod concurrent;
mod creation;
mod draft;
mod evidence;
mod failure;
mod follow;
mod funds;
mod intent;
mod lifetime;
mod nonce;
mod payment;
mod preflight;
mod proof;
pub(super) mod providers;
mod record;
mod revocation;
mod send;
mod sign;
mod status;
mod tokens;

pub(super) use build::build;
pub(super) use follow::follow;
pub(super) use send::submit;
pub(super) use sign::sign;

use super::error::FlowError;
use purser_core::chains::solana::rpc::Failure;

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        Self::Transient(format!("Solana: {failure}"))
    }
}
