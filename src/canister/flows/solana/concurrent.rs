//! The wallet's other transfers on Solana that may move the same money.

use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Chain};
use purser_core::transfer::{Status, Transfer};

/// The transfers whose money has to be there beside this one's.
///
/// None for a revocation: it pays a fee and no recipient, and a transfer that waits for money may itself be the one to be revoked.
///
/// Otherwise those under way and, where several transactions are built at a time, those that wait to be built. The transfer that has waited
/// longest leaves the latter out: when there is not enough for all, it goes first and they wait for it.
pub(super) fn concurrent_transfers<R: Runtime>(context: &TransferContext<'_, R>) -> Vec<Transfer> {
    if context.transfer.is_revocation() {
        return Vec::new();
    }
    let id = context.transfer.id;
    let (build_slots, mut others) =
        context.rt.read(|state| (state.build_slots(context.wallet.id), state.active_transfers_of(context.wallet.id)));
    others
        .retain(|other| other.id != id && other.request.asset.chain() == Chain::Solana && other.status != Status::AwaitingApproval);
    let waits = |other: &Transfer| other.status.awaits_build();
    if build_slots == 1 || others.iter().all(|other| !waits(other) || other.id > id) {
        others.retain(|other| !waits(other));
    }
    others
}

/// The amount of the token that this transfer and the concurrent ones move, in base units.
///
/// # Errors
/// When the sum overflows.
pub(super) fn tokens_needed<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Amount, FlowError> {
    let asset = context.transfer.request.asset;
    let others = concurrent_transfers(context).into_iter().filter(|other| other.request.asset == asset);
    let all = Amount::checked_sum(others.map(|other| other.request.amount).chain([context.transfer.request.amount]));
    all.ok_or_else(|| FlowError::unbuildable("the amounts overflow"))
}
