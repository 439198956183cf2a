//! Decisions: pure functions from the state, a command and its caller to events or a refusal.

mod access;
mod approvals;
mod audit;
mod batch;
mod breakers;
mod cancel;
mod changes;
mod client_metadata;
mod client_side;
mod create_wallet;
mod lifecycle;
mod limits;
mod monitoring;
mod proposals;
mod recheck;
mod recheck_change;
mod rejection;
pub(super) mod request_checks;
mod requirement;
mod sessions;
mod spending_history;
mod standing;
mod steps;
mod transfer;
mod wallet_keys;
mod wallets;

pub use batch::{BatchItem, BatchOutcome, BatchRequest, ItemOutcome};
pub use proposals::ChangeOutcome;
pub use recheck::Recheck;
pub use recheck_change::MAX_RECHECKED_TRANSFERS;
pub use sessions::NewSession;

use super::refusal::not_found;
use super::{Refusal, State};
use crate::access::Role;
use crate::base::WalletId;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Refuses a caller without a role.
    pub(super) fn require_role(&self, caller: Principal, role: Role) -> Result<(), Refusal> {
        require_authenticated(caller)?;
        if self.tables.roles(&caller).has(role) {
            return Ok(());
        }
        Err(Refusal::Unauthorized {
            needs: match role {
                Role::Admin => "an Admin",
                Role::Guardian => "a Guardian",
                Role::Approver => "an Approver",
                Role::Auditor => "an Auditor",
                Role::Viewer => "a Viewer",
            },
        })
    }

    /// Refuses a wallet that does not exist.
    pub(super) fn require_wallet(&self, wallet: WalletId) -> Result<(), Refusal> {
        if self.tables.has_wallet(wallet) { Ok(()) } else { Err(not_found("wallet", wallet)) }
    }
}

/// Refuses the anonymous principal.
pub(super) fn require_authenticated(caller: Principal) -> Result<(), Refusal> {
    if caller == Principal::anonymous() { Err(Refusal::Anonymous) } else { Ok(()) }
}
