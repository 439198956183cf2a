//! Decisions about wallets: activation, primary wallet, owner and parent.

use super::cancel::cancelled;
use super::recheck_change::{MAX_RECHECKED_TRANSFERS, ProposedChange, RecheckOutcome};
use super::rejection::rejected;
use crate::base::{Timestamp, TransferId, WalletId};
use crate::event::{Event, WalletChanged};
use crate::policy::{ReasonCode, Scope};
use crate::state::refusal::{invalid, not_found};
use crate::state::{MAX_ANCESTORS, Refusal, State};
use crate::transfer::{Status, Transfer};
use crate::wallet::{ParentChange, Wallet, WalletChange};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the events of a change of a wallet.
    ///
    /// # Errors
    /// When the wallet does not exist or is as demanded already, the owner has too many active wallets, the parent is not possible, or too
    /// many transfers under way would have to be checked again.
    pub(super) fn wallet_change_events(&self, id: WalletId, change: &WalletChange, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let wallet = self.tables.wallet(id).ok_or_else(|| not_found("wallet", id))?;
        let (follow_up, outcome) = match change {
            WalletChange::Activate => (self.activate(&wallet)?, RecheckOutcome::default()),
            WalletChange::Deactivate => (self.deactivate(&wallet)?, RecheckOutcome::default()),
            WalletChange::MakePrimary => (check_primary(&wallet)?, RecheckOutcome::default()),
            WalletChange::Owner(owner) => self.change_owner(&wallet, owner, now)?,
            WalletChange::Parent(ParentChange { parent }) => (Vec::new(), self.change_parent(&wallet, *parent, now)?),
        };
        let RecheckOutcome { ended, moved } = outcome;
        let changed = Event::WalletChanged(WalletChanged { reservations: moved, ..WalletChanged::new(id, change.clone()) });
        Ok([vec![changed], follow_up, ended].concat())
    }

    fn activate(&self, wallet: &Wallet) -> Result<Vec<Event>, Refusal> {
        if !wallet.deactivated {
            return Err(Refusal::AlreadySo { what: "the wallet is active" });
        }
        self.check_owner(&wallet.owner())?;
        Ok(self.make_primary_if_none(&wallet.owner(), wallet.id))
    }

    /// Returns the events that follow a deactivation: the end of sessions and transfers, and the next primary wallet.
    fn deactivate(&self, wallet: &Wallet) -> Result<Vec<Event>, Refusal> {
        if wallet.deactivated {
            return Err(Refusal::AlreadySo { what: "the wallet is deactivated" });
        }
        let sessions = self.session_end_events(wallet.id, None);
        Ok([sessions, self.transfer_ends_on_deactivation(wallet.id), self.next_primary(wallet)].concat())
    }

    /// Returns the end of the transfers of a deactivated wallet and of the wallets below it, unless their signed bytes could land.
    ///
    /// Revocations go on. Of the transfers of wallets below, at most [`MAX_RECHECKED_TRANSFERS`] end in one message; the others end when they
    /// are rechecked before they are built.
    fn transfer_ends_on_deactivation(&self, wallet: WalletId) -> Vec<Event> {
        let below = self.active_ids_where(|scopes| scopes.contains(&Scope::Wallet(wallet))).into_iter();
        let below = below.filter(|(paying, _)| *paying != wallet).take(MAX_RECHECKED_TRANSFERS);
        let below = below.filter_map(|(_, id)| self.tables.transfer(id));
        let end = |transfer: Transfer| {
            let own = transfer.request.wallet == wallet;
            let note = if own { "its wallet was deactivated" } else { "a wallet above its own was deactivated" };
            match transfer.status {
                Status::AwaitingApproval => Some(rejected(transfer.id, ReasonCode::WalletDraining, note)),
                status if status.may_become(Status::Cancelled) && !transfer.is_revocation() => {
                    Some(cancelled(transfer.id, ReasonCode::WalletDraining, note))
                }
                _ => None,
            }
        };
        self.active_transfers_of(wallet).into_iter().chain(below).filter_map(end).collect()
    }

    /// Returns the consequences of another owner, whose policy binds the transfers under way too.
    ///
    /// The wallets below are bound by the policies of their own owners.
    fn change_owner(&self, wallet: &Wallet, owner: &Principal, now: Timestamp) -> Result<(Vec<Event>, RecheckOutcome), Refusal> {
        if wallet.owner() == *owner {
            return Err(Refusal::AlreadySo { what: "the wallet is this principal's" });
        }
        let primary = if wallet.deactivated {
            require_not_anonymous(owner)?;
            Vec::new()
        } else {
            self.check_owner(owner)?;
            self.make_primary_if_none(owner, wallet.id)
        };
        let changed = Wallet { owner: Some(*owner), ..wallet.clone() };
        let quarantined = self.quarantined_of(wallet.id);
        check_moved(quarantined.len())?;
        let affected = self.active_transfers_of(wallet.id).into_iter().chain(self.transfers_with(quarantined)).collect();
        let outcome = self.recheck_affected(affected, ProposedChange::Wallet(&changed), now)?;
        Ok(([self.next_primary(wallet), primary].concat(), outcome))
    }

    /// Returns the consequences of another parent, whose policies bind the transfers under way in the wallet and below it.
    fn change_parent(&self, wallet: &Wallet, parent: Option<WalletId>, now: Timestamp) -> Result<RecheckOutcome, Refusal> {
        if wallet.parent == parent {
            return Err(Refusal::AlreadySo { what: "the wallet has this parent" });
        }
        if let Some(parent) = parent {
            self.check_parent(Some(wallet.id), parent)?;
        }
        let scope = Scope::Wallet(wallet.id);
        let quarantined = self.quarantined_in_and_below(wallet.id);
        check_moved(self.active_ids_where(|scopes| scopes.contains(&scope)).len() + quarantined.len())?;
        let changed = Wallet { parent, ..wallet.clone() };
        let affected = self.active_transfers_in(scope).into_iter().chain(self.transfers_with(quarantined)).collect();
        self.recheck_affected(affected, ProposedChange::Wallet(&changed), now)
    }

    fn transfers_with(&self, ids: Vec<TransferId>) -> impl Iterator<Item = Transfer> {
        ids.into_iter().filter_map(|id| self.tables.transfer(id))
    }

    /// Returns the event that makes a wallet primary when its owner has no primary wallet.
    fn make_primary_if_none(&self, owner: &Principal, id: WalletId) -> Vec<Event> {
        let none = self.primary_wallet(owner).is_none();
        none.then(|| changed(id, WalletChange::MakePrimary)).into_iter().collect()
    }

    /// Returns the event that makes the owner's oldest other active wallet primary when the primary one goes.
    fn next_primary(&self, gone: &Wallet) -> Vec<Event> {
        let owner = gone.owner();
        let mut others = self.wallets_of(&owner).filter(|other| other.id != gone.id && !other.deactivated);
        let next = if gone.primary { others.next() } else { None };
        next.map(|next| changed(next.id, WalletChange::MakePrimary)).into_iter().collect()
    }

    /// Refuses one more active wallet to an owner with too many.
    pub(super) fn check_owner(&self, owner: &Principal) -> Result<(), Refusal> {
        require_not_anonymous(owner)?;
        let max = u64::from(self.settings().max_wallets_per_owner);
        let current = self.wallets_of(owner).filter(|wallet| !wallet.deactivated).count() as u64;
        if current < max { Ok(()) } else { Err(Refusal::WalletLimitReached { max, current }) }
    }

    /// Refuses a parent under which a wallet, with the wallets below it, would stand in a circle or too deep.
    ///
    /// `child` is `None` for a new wallet.
    pub(super) fn check_parent(&self, child: Option<WalletId>, parent: WalletId) -> Result<(), Refusal> {
        if !self.tables.has_wallet(parent) {
            return Err(not_found("wallet", parent));
        }
        let above = self.ancestors(parent);
        if child.is_some_and(|child| child == parent || above.contains(&child)) {
            return Err(invalid("parent", "it stands below the wallet already; nothing can be above itself"));
        }
        let below = child.map_or(0, |child| self.generations_below(child));
        if above.len() + 1 + below > MAX_ANCESTORS {
            return Err(invalid("parent", format!("at most {MAX_ANCESTORS} wallets may stand above a wallet")));
        }
        Ok(())
    }

    /// Returns the number of generations below a wallet.
    fn generations_below(&self, id: WalletId) -> usize {
        let distance = |wallet: Wallet| self.ancestors(wallet.id).iter().position(|above| *above == id);
        let with_parent = self.tables.wallets_after(0).filter(|wallet| wallet.parent.is_some());
        with_parent.filter_map(distance).map(|position| position + 1).max().unwrap_or(0)
    }
}

/// Refuses a change for which too many transfers would have to be checked again and moved to other scopes.
fn check_moved(transfers: usize) -> Result<(), Refusal> {
    let (max, current) = (MAX_RECHECKED_TRANSFERS as u64, transfers as u64);
    if current > max {
        return Err(Refusal::LimitReached { what: "transfers under way in the wallet and below it", max, current });
    }
    Ok(())
}

fn check_primary(wallet: &Wallet) -> Result<Vec<Event>, Refusal> {
    match wallet {
        Wallet { primary: true, .. } => Err(Refusal::AlreadySo { what: "the wallet stands first" }),
        Wallet { deactivated: true, .. } => Err(invalid("wallet_id", "a deactivated wallet cannot stand first; activate it")),
        _ => Ok(Vec::new()),
    }
}

fn require_not_anonymous(owner: &Principal) -> Result<(), Refusal> {
    if *owner == Principal::anonymous() {
        return Err(invalid("owner", "the anonymous principal is everybody and can own no wallet"));
    }
    Ok(())
}

fn changed(wallet: WalletId, change: WalletChange) -> Event {
    Event::WalletChanged(WalletChanged::new(wallet, change))
}
