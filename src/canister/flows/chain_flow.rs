//! The steps that every chain has to offer, which [`registry`](super::registry) selects by a transfer's chain.

use super::balances::KeyBalance;
use super::context::TransferContext;
use super::error::FlowError;
use super::progress::Progress;
use super::providers::ProviderApi;
use crate::ports::Runtime;
use ic_stable_structures::Memory;
use purser_core::base::{Chain, Timestamp, TransferId, WalletId};
use purser_core::state::{Decided, State};
use purser_core::transfer::Transfer;
use purser_core::wallet::Wallet;

/// The flow of transfers on one chain.
///
/// The steps are called in the order of the statuses, each with the transfer as it is recorded. What must hold on every chain: bytes are
/// recorded before they are signed, and signed bytes before they are sent; an unclear answer is no failure; no second attempt is signed
/// before the first provably cannot land.
pub(super) trait ChainFlow {
    /// The interface of the chain's providers.
    type Api: ProviderApi;

    /// Whether the reason of an earlier run stands while the transfer only waits. So it is where not every run offers the bytes again.
    const KEEPS_REASON: bool;

    /// Reads the chain, builds the transaction of a reserved or expired transfer and records it.
    ///
    /// # Errors
    /// When the chain cannot be read, no transaction can be built, or the transfer may not go on.
    async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError>;

    /// Signs exactly the recorded bytes of a built transfer and records the result.
    ///
    /// # Errors
    /// When the record cannot be used, a signature fails, or the transfer may not go on.
    async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError>;

    /// Records the broadcast of a signed transfer, then sends the bytes.
    ///
    /// # Errors
    /// When the record cannot be used, or the call fails. The bytes may have arrived even then.
    async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError>;

    /// Asks the chain for the fate of a sent transfer, and sends the same bytes again while they may land.
    ///
    /// # Errors
    /// When a call fails, the record cannot be used, or the transfer has changed.
    async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError>;

    /// Reads the balances of a wallet's keys on the chain. The providers are asked in turn until one answers.
    ///
    /// # Errors
    /// The problem with a provider that gave no answer.
    async fn balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, String>;

    /// The part of the wallet that a run needs for itself, and until when.
    fn exclusion<M: Memory>(state: &State<M>, transfer: &Transfer) -> Exclusion;

    /// The decision about a transfer that the end of another one calls for, with its id.
    fn follow_up<M: Memory>(_state: &State<M>, _ended: &Transfer, _now: Timestamp) -> Option<(Decided, TransferId)> {
        None
    }
}

/// The part of a wallet on a chain that one run needs for itself, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// The whole wallet, until the broadcast. Its transfers go on in the order of the requests: they spend one another's change.
    UntilSent,
    /// One build slot of the wallet, until the transaction is built.
    UntilBuilt {
        /// The number of the slot.
        slot: u16,
    },
}

/// The subject of one run at a time: a wallet on a chain, or one of its build slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConcurrencyKey {
    /// The wallet.
    pub wallet: WalletId,
    /// The chain.
    pub chain: Chain,
    /// The part of the wallet, and until when it is needed.
    pub exclusion: Exclusion,
}

impl ConcurrencyKey {
    /// Whether both are of the same wallet on the same chain.
    ///
    /// There a transfer may wait for the end of another.
    pub fn spends_with(self, other: Self) -> bool {
        (self.wallet, self.chain) == (other.wallet, other.chain)
    }
}
