//! Limits on the number of transfers under way.

use crate::base::WalletId;
use crate::governance::settings::Settings;
use crate::policy::Evaluation;
use crate::state::{MAX_ACTIVE_TRANSFERS_PER_WALLET, Refusal, State};
use crate::transfer::Transfer;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Refuses `more` transfers when too many would be under way, or wait for approval.
    ///
    /// The transfers in `expired` end with the same decision, so they do not count.
    pub(super) fn check_transfer_limits(
        &self,
        agent: Principal,
        wallet: WalletId,
        more: u64,
        evaluation: &Evaluation,
        expired: &[Transfer],
        settings: &Settings,
    ) -> Result<(), Refusal> {
        self.check_active_limit(wallet, more, expired.len())?;
        if evaluation.approvals.is_empty() {
            return Ok(());
        }
        let max = u64::from(settings.max_pending_per_agent);
        let ends = |transfer: &Transfer| expired.iter().any(|expired| expired.id == transfer.id);
        let pending = self.pending_approvals(Some(wallet));
        let current = pending.iter().filter(|transfer| transfer.agent == agent && !ends(transfer)).count() as u64;
        if current.saturating_add(more) <= max {
            return Ok(());
        }
        Err(Refusal::LimitReached { what: "transfers of the agent that wait for approval", max, current })
    }

    /// Refuses `more` transfers of a wallet when too many would be under way. Of the current ones, `ending` end with the same decision.
    pub(in crate::state) fn check_active_limit(&self, wallet: WalletId, more: u64, ending: usize) -> Result<(), Refusal> {
        let max = MAX_ACTIVE_TRANSFERS_PER_WALLET;
        let scanned = max as usize + ending;
        let active = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).take(scanned).count();
        let current = active.saturating_sub(ending) as u64;
        if current + more <= max {
            Ok(())
        } else {
            Err(Refusal::LimitReached { what: "transfers of the wallet under way", max, current })
        }
    }
}
