//! The flow of a transfer on Kaspa, from the reservation to its end.
//!
//! Up to the broadcast there are one signature per input and four outcalls: the network's score, its fee rate, the wallet's outputs, the
//! broadcast. All but the last are put to a quorum of servers.
//!
//! A Kaspa transaction never expires. The same bytes are offered until they are accepted, or until an operator has them replaced by bytes
//! that spend the same inputs, of which only one can land. A transaction that no block can contain ends. One that a node keeps refusing
//! for another reason goes into quarantine.
//!
//! | file | subject |
//! |---|---|
//! | `api` | the REST API, for the provider engine |
//! | `questions` | the questions to several servers, and their answers put together |
//! | `payment` | the key, the outputs and the limits that follow from wallet and request |
//! | `record` | recorded transactions, compared with the request |
//! | `build` | the reads, the selection of coins, the transaction to sign |
//! | `sign` | one signature per input, several at a time, none twice |
//! | `follow` | broadcast, confirmation, replacement |
//! | `outcome` | the meaning of a node's answer to a broadcast |
//! | `dead` | the end of transactions that no block can contain |
//! | `refused_coins` | coins that nodes refused together, and the choice of others |
//! | `quote` | the cost of a transfer, from the chain or from the last read |
//! | `balances` | the balances of a wallet's addresses |

mod api;
mod balances;
mod build;
mod dead;
mod follow;
mod outcome;
mod payment;
mod questions;
mod quote;
mod record;
mod refused_coins;
mod sign;

pub use api::transform;
pub use quote::{Quote, QuoteBasis, QuoteError, quote, quote_from_cache};

use super::balances::KeyBalance;
use super::chain_flow::{ChainFlow, Exclusion};
use super::context::TransferContext;
use super::error::{AnswerCause, FlowError, UnusableAnswer};
use super::progress::Progress;
use crate::ports::Runtime;
use ic_stable_structures::Memory;
use purser_core::base::{Chain, Timestamp, TransferId};
use purser_core::chains::kaspa::rest::Failure;
use purser_core::state::{Decided, State};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::Wallet;

/// The flow of transfers on Kaspa.
pub(super) struct Kaspa;

impl ChainFlow for Kaspa {
    type Api = api::Rest;

    const KEEPS_REASON: bool = true;

    async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
        build::build(context).await
    }

    async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
        sign::sign(context).await
    }

    async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
        follow::submit(context).await
    }

    async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
        follow::follow(context).await
    }

    async fn balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, String> {
        balances::balances(rt, wallet).await
    }

    fn exclusion<M: Memory>(_state: &State<M>, _transfer: &Transfer) -> Exclusion {
        Exclusion::UntilSent
    }

    /// A consolidation of the paying key's coins after a payment, where the operator has set that.
    fn follow_up<M: Memory>(state: &State<M>, ended: &Transfer, now: Timestamp) -> Option<(Decided, TransferId)> {
        let (wallet, source) = (ended.request.wallet, ended.request.source);
        let coins = quote::coins_seen(wallet, source).filter(|_| ended.status == Status::Confirmed)?;
        state.decide_auto_consolidation(wallet, source, coins, now)
    }
}

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        let cause = match failure {
            Failure::RateLimited => AnswerCause::RateLimited,
            Failure::Http { status } => AnswerCause::Status(status),
            Failure::WrongNetwork => AnswerCause::WrongNetwork,
            Failure::TooLarge | Failure::NotJson | Failure::Malformed | Failure::Inconsistent | Failure::Context => {
                AnswerCause::Other
            }
        };
        Self::Unusable(UnusableAnswer { chain: Chain::Kaspa, cause, problem: failure.to_string() })
    }
}
