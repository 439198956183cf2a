//! What becomes of a wallet beside its policy: whose it is, what stands above it, whether it takes new transfers.

use super::queue::{MAX_RECHECKED_TRANSFERS, ProposedChange, RecheckOutcome};
use super::{invalid, not_found};
use crate::base::{Bytes, Timestamp, TransferId, WalletId};
use crate::chains::{kaspa, solana as sol};
use crate::event::{Event, WalletChanged};
use crate::policy::Scope;
use crate::state::{MAX_ANCESTORS, Refusal, State};
use crate::transfer::Transfer;
use crate::wallet::{KeyKind, ParentChange, Wallet, WalletChange};
use candid::Principal;
use ic_stable_structures::Memory;

/// The public keys of a new wallet; empty where it has none.
#[derive(Debug)]
pub(super) struct WalletKeys {
    pub solana_key: Bytes,
    pub kaspa_schnorr_key: Bytes,
    pub kaspa_ecdsa_key: Bytes,
}

impl<M: Memory> State<M> {
    /// What happens when a wallet is changed now.
    ///
    /// # Errors
    /// When there is no such wallet, it is so already, the owner has enough active wallets, the parent cannot be one, or too many transfers
    /// are under way that would have to be counted elsewhere.
    pub(super) fn wallet_change_events(&self, id: WalletId, change: &WalletChange, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let wallet = self.tables.wallet(id).ok_or_else(|| not_found("wallet", id))?;
        let (follow_up, outcome) = match change {
            WalletChange::Activate => (self.activation(&wallet)?, RecheckOutcome::default()),
            WalletChange::Deactivate => (self.deactivation(&wallet)?, RecheckOutcome::default()),
            WalletChange::MakePrimary => (check_primary(&wallet)?, RecheckOutcome::default()),
            WalletChange::Owner(owner) => self.change_owner(&wallet, owner, now)?,
            WalletChange::Parent(ParentChange { parent }) => (Vec::new(), self.change_parent(&wallet, *parent, now)?),
        };
        let RecheckOutcome { ended, moved } = outcome;
        let changed = Event::WalletChanged(WalletChanged { holds: moved, ..WalletChanged::new(id, change.clone()) });
        Ok([vec![changed], follow_up, ended].concat())
    }

    fn activation(&self, wallet: &Wallet) -> Result<Vec<Event>, Refusal> {
        if !wallet.deactivated {
            return Err(Refusal::AlreadySo { what: "the wallet is active" });
        }
        self.check_owner(&wallet.owner())?;
        Ok(self.make_primary_if_none(&wallet.owner(), wallet.id))
    }

    /// Sessions end with the wallet, and so does what has not left; another one of its owner's stands first.
    fn deactivation(&self, wallet: &Wallet) -> Result<Vec<Event>, Refusal> {
        if wallet.deactivated {
            return Err(Refusal::AlreadySo { what: "the wallet is deactivated" });
        }
        Ok([self.session_ends(wallet.id, None), self.deactivation_ends(wallet.id), self.next_primary(wallet)].concat())
    }

    /// The new owner's policy binds what is under way too. Wallets below are bound by their own owners'.
    fn change_owner(&self, wallet: &Wallet, owner: &Principal, now: Timestamp) -> Result<(Vec<Event>, RecheckOutcome), Refusal> {
        if wallet.owner() == *owner {
            return Err(Refusal::AlreadySo { what: "the wallet is this principal's" });
        }
        let first = if wallet.deactivated {
            require_not_anonymous(owner)?;
            Vec::new()
        } else {
            self.check_owner(owner)?;
            self.make_primary_if_none(owner, wallet.id)
        };
        let changed = Wallet { owner: Some(*owner), ..wallet.clone() };
        let ids = self.quarantined_of(wallet.id);
        self.check_moved(ids.len())?;
        let affected = self.active_transfers_of(wallet.id).into_iter().chain(self.transfers_of(ids)).collect();
        let outcome = self.recheck_affected(affected, ProposedChange::Wallet(&changed), now)?;
        Ok(([self.next_primary(wallet), first].concat(), outcome))
    }

    /// The policies of the new parent, and of those above it, bind what is under way in the wallet and in those below it.
    fn change_parent(&self, wallet: &Wallet, parent: Option<WalletId>, now: Timestamp) -> Result<RecheckOutcome, Refusal> {
        if wallet.parent == parent {
            return Err(Refusal::AlreadySo { what: "the wallet has this parent" });
        }
        if let Some(parent) = parent {
            self.check_parent(Some(wallet.id), parent)?;
        }
        let scope = Scope::Wallet(wallet.id);
        let quarantined = self.quarantined_within(wallet.id);
        self.check_moved(self.active_within(|scopes| scopes.contains(&scope)).len() + quarantined.len())?;
        let changed = Wallet { parent, ..wallet.clone() };
        let affected = self.active_transfers_within(scope).into_iter().chain(self.transfers_of(quarantined)).collect();
        self.recheck_affected(affected, ProposedChange::Wallet(&changed), now)
    }

    fn transfers_of(&self, ids: Vec<TransferId>) -> impl Iterator<Item = Transfer> {
        ids.into_iter().filter_map(|id| self.tables.transfer(id))
    }

    /// Whether so many transfers can be judged again and counted elsewhere by one change.
    fn check_moved(&self, transfers: usize) -> Result<(), Refusal> {
        let (max, current) = (MAX_RECHECKED_TRANSFERS as u64, transfers as u64);
        if current > max {
            return Err(Refusal::LimitReached { what: "transfers under way in the wallet and below it", max, current });
        }
        Ok(())
    }

    /// The wallet that stands first among an owner's. Deactivated ones never do.
    pub(super) fn primary_wallet(&self, owner: &Principal) -> Option<Wallet> {
        self.wallets_of(owner).find(|wallet| wallet.primary)
    }

    /// Puts a wallet first when its owner has no other that stands there.
    fn make_primary_if_none(&self, owner: &Principal, id: WalletId) -> Vec<Event> {
        let none = self.primary_wallet(owner).is_none();
        none.then(|| changed(id, WalletChange::MakePrimary)).into_iter().collect()
    }

    /// Puts the oldest of the owner's other active wallets first when the one that goes stood there.
    fn next_primary(&self, gone: &Wallet) -> Vec<Event> {
        let owner = gone.owner();
        let mut others = self.wallets_of(&owner).filter(|other| other.id != gone.id && !other.deactivated);
        let next = if gone.primary { others.next() } else { None };
        next.map(|next| changed(next.id, WalletChange::MakePrimary)).into_iter().collect()
    }

    /// Whether a principal may have one more active wallet.
    pub(super) fn check_owner(&self, owner: &Principal) -> Result<(), Refusal> {
        require_not_anonymous(owner)?;
        let max = u64::from(self.settings().max_wallets_per_owner);
        let current = self.wallets_of(owner).filter(|wallet| !wallet.deactivated).count() as u64;
        if current < max { Ok(()) } else { Err(Refusal::WalletLimitReached { max, current }) }
    }

    /// Whether a wallet, with everything that stands below it, may stand below `parent`. A new wallet has no id yet.
    pub(super) fn check_parent(&self, child: Option<WalletId>, parent: WalletId) -> Result<(), Refusal> {
        if !self.tables.has_wallet(parent) {
            return Err(not_found("wallet", parent));
        }
        let above = self.ancestors(parent);
        if child.is_some_and(|child| child == parent || above.contains(&child)) {
            return Err(invalid("parent", "it stands below the wallet already; nothing can be above itself"));
        }
        let below = child.map_or(0, |child| self.height_below(child));
        if above.len() + 1 + below > MAX_ANCESTORS {
            return Err(invalid("parent", format!("at most {MAX_ANCESTORS} wallets may stand above a wallet")));
        }
        Ok(())
    }

    /// The wallets above a wallet, nearest first.
    fn ancestors(&self, id: WalletId) -> Vec<WalletId> {
        let parent = |id| self.tables.wallet(id).and_then(|wallet| wallet.parent);
        std::iter::successors(parent(id), |id| parent(*id)).take(MAX_ANCESTORS).collect()
    }

    /// How many generations stand below a wallet.
    fn height_below(&self, id: WalletId) -> usize {
        let distance = |wallet: Wallet| self.ancestors(wallet.id).iter().position(|above| *above == id);
        let with_parent = self.tables.wallets_after(0).filter(|wallet| wallet.parent.is_some());
        with_parent.filter_map(distance).map(|position| position + 1).max().unwrap_or(0)
    }

    /// The keys that an owner registers.
    pub(super) fn registered_keys(&self, solana: Option<Bytes>, kaspa: Option<Bytes>) -> Result<WalletKeys, Refusal> {
        if solana.is_none() && kaspa.is_none() {
            return Err(invalid("signing.ClientSide", "at least one key is needed"));
        }
        let taken = || Refusal::AlreadySo { what: "another wallet has this key" };
        if let Some(key) = &solana {
            let key = <[u8; 32]>::try_from(&key[..]).map_err(|_| invalid("solana_key", "32 bytes are needed"))?;
            if !sol::keys::is_usable(&sol::Address::from_bytes(key)) {
                return Err(invalid("solana_key", "not the canonical form of an Ed25519 key of prime order"));
            }
            if self.tables.wallet_of_key(&key).is_some() {
                return Err(taken());
            }
        }
        let solana_key = solana.unwrap_or_default();
        let Some(kaspa) = kaspa else {
            return Ok(WalletKeys { solana_key, kaspa_schnorr_key: Bytes::default(), kaspa_ecdsa_key: Bytes::default() });
        };
        // An x-only key stands for the one of its two points whose other coordinate is even.
        let sec1 = if kaspa.len() == 32 { Bytes::new([&[2], &kaspa[..]].concat()) } else { kaspa.clone() };
        kaspa::WalletKey::new(kaspa::KeyKind::Schnorr, &sec1)
            .map_err(|error| invalid("kaspa_key", format!("no secp256k1 key of 33 bytes (compressed) or 32 (x-only): {error}")))?;
        if [2, 3].iter().any(|tag| self.tables.wallet_of_key(&[&[*tag], &sec1[1..]].concat()).is_some()) {
            return Err(taken());
        }
        let kaspa_ecdsa_key = if kaspa.len() == 32 { Bytes::default() } else { sec1.clone() };
        Ok(WalletKeys { solana_key, kaspa_schnorr_key: sec1, kaspa_ecdsa_key })
    }

    /// Whether a wallet has the key that is to pay.
    pub(super) fn check_source(&self, id: WalletId, source: KeyKind) -> Result<(), Refusal> {
        let wallet = self.tables.wallet(id).ok_or_else(|| not_found("wallet", id))?;
        if wallet.key(source).is_empty() {
            return Err(invalid("asset", "the wallet's owner has registered no key that could pay it"));
        }
        Ok(())
    }
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
