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
//! | `nonce_changes` | used nonces that a node has shown before |
//! | `preflight` | the simulation, and the priority fee |
//! | `intent` | the request, and whether a message says exactly that |
//! | `sign`, `send` | the signature, and the broadcast |
//! | `follow` | from the broadcast to the end |
//! | `status`, `lifetime`, `evidence` | reads of the chain about a sent transaction |
//! | `proof` | the proof that a transaction can never land |
//! | `failure` | the end of a transaction that failed on chain |
//! | `providers` | JSON-RPC for the provider engine, and the nodes' positions |
//! | `charge` | the fee and rent that the chain charged |
//! | `record` | the recorded transaction |
//! | `balances` | the balance of a wallet's address, and its tokens |

mod accounts;
mod balances;
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
mod nonce_changes;
mod payment;
mod preflight;
mod proof;
mod providers;
mod record;
mod revocation;
mod send;
mod sign;
mod status;
mod tokens;

pub use balances::{TokenHolding, token_balances};
pub use providers::transform;

use super::balances::KeyBalance;
use super::chain_flow::{ChainFlow, Exclusion};
use super::context::TransferContext;
use super::error::FlowError;
use super::progress::Progress;
use crate::ports::Runtime;
use ic_stable_structures::Memory;
use purser_core::chains::solana::rpc::Failure;
use purser_core::state::State;
use purser_core::transfer::Transfer;
use purser_core::wallet::Wallet;

/// The flow of transfers on Solana.
pub(super) struct Solana;

impl ChainFlow for Solana {
    type Api = providers::Rpc;

    const KEEPS_REASON: bool = false;

    async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
        build::build(context).await
    }

    async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
        sign::sign(context).await
    }

    async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
        send::submit(context).await.map(|()| Progress::Waiting)
    }

    async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
        follow::follow(context).await
    }

    async fn balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, String> {
        balances::balances(rt, wallet).await
    }

    fn exclusion<M: Memory>(state: &State<M>, transfer: &Transfer) -> Exclusion {
        Exclusion::UntilBuilt { slot: state.build_slot(transfer) }
    }
}

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        Self::Transient(format!("Solana: {failure}"))
    }
}
