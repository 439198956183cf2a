//! Several payments in one call.

use super::access;
use super::requests::{commit_decision, note_refusal};
use crate::store;
use crate::{jobs, metrics};
use ic_cdk::api::msg_caller;
use purser_core::base::{TransferId, WalletId};
use purser_core::state::ItemOutcome;
use purser_types::{BatchArgs, BatchOutcome, Error};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn batch_transfer(args: BatchArgs) -> Result<BatchOutcome, Error> {
    let (caller, wallet) = (msg_caller(), WalletId::new(args.wallet_id));
    let (decided, outcome) = store::read(|state| -> Result<_, Error> {
        access::require_agent(state, caller, wallet)?;
        let request = args.into_request(state.config())?;
        Ok(state.decide_batch(caller, &request, store::now())?)
    })
    .inspect_err(note_refusal)?;
    // A denial without an entry of its own is one for every payment, so the first says why.
    let denied = match outcome.items.first() {
        Some(ItemOutcome::Denied { evaluation }) => Some(evaluation),
        _ => None,
    };
    commit_decision(wallet, caller, decided, denied);
    outcome.transfers.iter().for_each(|id| jobs::wake(*id));
    let denied = |item: &&ItemOutcome| matches!(item, ItemOutcome::Denied { .. });
    outcome.items.iter().filter(denied).for_each(|_| metrics::denied());
    Ok(BatchOutcome {
        items: outcome.items.into_iter().map(Into::into).collect(),
        transfer_ids: outcome.transfers.into_iter().map(TransferId::get).collect(),
    })
}
