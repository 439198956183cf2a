//! The registry of the chains: the one place of the canister that selects code by a chain.
//!
//! Another chain is one folder beside `kaspa` and `solana` with its [`ChainFlow`], and one arm here.

use super::balances::{KeyBalance, ProviderError};
use super::chain_flow::{ChainFlow, ConcurrencyKey};
use super::context::TransferContext;
use super::error::FlowError;
use super::kaspa::Kaspa;
use super::progress::Progress;
use super::providers::{self, ProviderStatus};
use super::solana::Solana;
use crate::ports::Runtime;
use futures::future::join_all;
use ic_stable_structures::Memory;
use purser_core::base::{Chain, Timestamp, TransferId};
use purser_core::state::{Decided, State};
use purser_core::transfer::Transfer;
use purser_core::wallet::Wallet;

/// Evaluates an expression with the type of a chain's flow. The dispatch is static: no chain is a trait object.
macro_rules! on_chain {
    ($chain:expr, $Flow:ident => $value:expr) => {
        match $chain {
            Chain::Kaspa => {
                type $Flow = Kaspa;
                $value
            }
            Chain::Solana => {
                type $Flow = Solana;
                $value
            }
        }
    };
}

/// [`ChainFlow::KEEPS_REASON`] of a chain.
pub(super) fn keeps_reason(chain: Chain) -> bool {
    on_chain!(chain, Flow => Flow::KEEPS_REASON)
}

/// [`ChainFlow::build`] on the transfer's chain.
///
/// # Errors
/// As there.
pub(super) async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    on_chain!(context.chain(), Flow => Flow::build(context).await)
}

/// [`ChainFlow::sign`] on the transfer's chain.
///
/// # Errors
/// As there.
pub(super) async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    on_chain!(context.chain(), Flow => Flow::sign(context).await)
}

/// [`ChainFlow::submit`] on the transfer's chain.
///
/// # Errors
/// As there.
pub(super) async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    on_chain!(context.chain(), Flow => Flow::submit(context).await)
}

/// [`ChainFlow::follow`] on the transfer's chain.
///
/// # Errors
/// As there.
pub(super) async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    on_chain!(context.chain(), Flow => Flow::follow(context).await)
}

/// Reads the balances of a wallet's keys from all chains at once. A key that is not registered has no balance.
///
/// # Errors
/// When all providers of a chain failed.
pub async fn refresh<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, ProviderError> {
    let on = |chain: Chain| async move {
        let balances = on_chain!(chain, Flow => Flow::balances(rt, wallet).await);
        balances.map_err(|problem| ProviderError { chain, problem })
    };
    let balances = join_all(Chain::ALL.map(on)).await;
    Ok(balances.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

/// The providers of all chains with their health, chain by chain, in order of preference.
pub fn list_providers<M: Memory>(state: &State<M>) -> Vec<ProviderStatus> {
    Chain::ALL.map(|chain| on_chain!(chain, Flow => providers::list::<<Flow as ChainFlow>::Api>(state))).concat()
}

/// The subject that only one run at a time may work on while the transfer needs it.
pub fn concurrency_key<M: Memory>(state: &State<M>, transfer: &Transfer) -> ConcurrencyKey {
    let chain = transfer.request.asset.chain();
    let exclusion = on_chain!(chain, Flow => Flow::exclusion(state, transfer));
    ConcurrencyKey { wallet: transfer.request.wallet, chain, exclusion }
}

/// [`ChainFlow::follow_up`] of the ended transfer's chain.
pub fn follow_up<M: Memory>(state: &State<M>, ended: &Transfer, now: Timestamp) -> Option<(Decided, TransferId)> {
    on_chain!(ended.request.asset.chain(), Flow => Flow::follow_up(state, ended, now))
}
