//! Deciding: pure functions from the state, a command and its caller to events or a refusal.

mod admin;
mod approvals;
mod audit;
mod batch;
mod changes;
mod client_side;
mod clients;
mod governance;
mod health;
mod kaspa;
mod lifecycle;
mod past;
mod powers;
mod queue;
mod rejection;
mod sessions;
mod solana;
mod steps;
mod transfer;
mod wallets;

pub use governance::Change;
pub use queue::{MAX_RECHECKED_TRANSFERS, Recheck};
pub use sessions::NewSession;

pub use batch::{BatchItem, BatchOutcome, BatchRequest, ItemOutcome};

use super::{Refusal, State};
use crate::access::Role;
use crate::base::WalletId;
use crate::event::Event;
use candid::Principal;
use ic_stable_structures::Memory;

/// Events that were decided and wait to be committed. Only `decide_*` can make one, so whatever is committed was decided.
#[derive(Debug)]
#[must_use = "nothing happens until it is committed"]
pub struct Decided {
    pub(super) actor: Option<Principal>,
    pub(super) events: Vec<Event>,
}

impl Decided {
    /// Decided on a caller's word.
    fn by(caller: Principal, event: Event) -> Self {
        Self { actor: Some(caller), events: vec![event] }
    }

    /// Decided by the canister itself.
    fn by_canister(event: Event) -> Self {
        Self { actor: None, events: vec![event] }
    }

    /// Notes the slot in which the transfer that is settled landed, as a quorum of providers said.
    pub fn in_slot(mut self, slot: u64) -> Self {
        for event in &mut self.events {
            if let Event::TransferConfirmed(settled) | Event::TransferFailed(settled) = event {
                settled.slot = Some(slot);
            }
        }
        self
    }
}

impl<M: Memory> State<M> {
    fn require(&self, caller: Principal, role: Role) -> Result<(), Refusal> {
        authenticated(caller)?;
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

    fn require_wallet(&self, wallet: WalletId) -> Result<(), Refusal> {
        if self.tables.has_wallet(wallet) { Ok(()) } else { Err(not_found("wallet", wallet)) }
    }
}

fn authenticated(caller: Principal) -> Result<(), Refusal> {
    if caller == Principal::anonymous() { Err(Refusal::Anonymous) } else { Ok(()) }
}

fn not_found(what: &'static str, id: impl ToString) -> Refusal {
    Refusal::NotFound { what, id: id.to_string() }
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Refusal {
    Refusal::InvalidArgument { field, problem: problem.into() }
}
