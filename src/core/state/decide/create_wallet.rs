//! Decisions about new wallets.

use crate::access::Role;
use crate::base::text::check_name;
use crate::base::{Bytes, Chain, Timestamp};
use crate::event::Event;
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use crate::wallet::{KeyKind, MAX_LABEL_BYTES, NewKeys, NewWallet, Signing, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides an admin's command to create a wallet.
    ///
    /// Threshold keys are derived from the root keys by computation alone. Without a call, no wallet can be left half made.
    ///
    /// # Errors
    /// When the caller is no admin, the label is too long, the owner has too many wallets, the parent is not possible, a registered key
    /// cannot be used, or the root keys are not fetched yet.
    pub fn decide_create_wallet(&self, caller: Principal, new: NewWallet, now: Timestamp) -> Result<(Decided, Wallet), Refusal> {
        self.require_role(caller, Role::Admin)?;
        let NewWallet { label, owner, parent, keys } = new;
        check_name(&label, MAX_LABEL_BYTES).map_err(|problem| invalid("label", problem))?;
        let owner = owner.unwrap_or(caller);
        self.check_owner(&owner)?;
        if let Some(parent) = parent {
            self.check_parent(None, parent)?;
        }
        let id = self.tables.head().next_wallet;
        let (signing, keys) = match keys {
            NewKeys::Threshold => (Signing::Threshold, self.derived_keys(id)?),
            NewKeys::ClientSide { solana, kaspa } => {
                let named = [(Chain::Solana, solana), (Chain::Kaspa, kaspa)].into_iter();
                let named: Vec<(Chain, Bytes)> = named.filter_map(|(chain, key)| Some((chain, key?))).collect();
                (Signing::ClientSide, self.registered_keys(&named)?)
            }
        };
        let wallet = Wallet {
            id,
            label,
            created_by: caller,
            created_at: now,
            solana_key: keys.get(KeyKind::Solana),
            kaspa_schnorr_key: keys.get(KeyKind::KaspaSchnorr),
            kaspa_ecdsa_key: keys.get(KeyKind::KaspaEcdsa),
            owner: Some(owner),
            parent,
            signing,
            deactivated: false,
            primary: self.primary_wallet(&owner).is_none(),
        };
        Ok((Decided::by_caller(caller, Event::WalletCreated(wallet.clone())), wallet))
    }
}
