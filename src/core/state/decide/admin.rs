//! How wallets come into being.

use super::wallets::WalletKeys;
use super::{Decided, invalid};
use crate::access::Role;
use crate::base::{Bytes, Timestamp, WalletId};
use crate::chains::{kaspa, solana};
use crate::event::Event;
use crate::state::{Refusal, State};
use crate::wallet::{KeyKind, MAX_LABEL_BYTES, NewKeys, NewWallet, RootKey, Signing, Wallet, derivation_path};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// An admin creates a wallet. Threshold keys are derived here and now from the root keys: no call, so no half-made wallet.
    ///
    /// # Errors
    /// When the caller is no admin, the label too long, the owner has enough wallets, the parent cannot be one, a registered key
    /// cannot be used, or the root keys are not known yet.
    pub fn decide_create_wallet(&self, caller: Principal, new: NewWallet, now: Timestamp) -> Result<(Decided, Wallet), Refusal> {
        self.require(caller, Role::Admin)?;
        let NewWallet { label, owner, parent, keys } = new;
        if label.len() > MAX_LABEL_BYTES {
            return Err(invalid("label", format!("at most {MAX_LABEL_BYTES} bytes")));
        }
        let owner = owner.unwrap_or(caller);
        self.check_owner(&owner)?;
        if let Some(parent) = parent {
            self.check_parent(None, parent)?;
        }
        let id = self.tables.head().next_wallet;
        let (signing, keys) = match keys {
            NewKeys::Threshold => (Signing::Threshold, self.derived_keys(id)?),
            NewKeys::ClientSide { solana, kaspa } => (Signing::ClientSide, self.registered_keys(solana, kaspa)?),
        };
        let WalletKeys { solana_key, kaspa_schnorr_key, kaspa_ecdsa_key } = keys;
        let wallet = Wallet {
            id,
            label,
            created_by: caller,
            created_at: now,
            solana_key,
            kaspa_schnorr_key,
            kaspa_ecdsa_key,
            owner: Some(owner),
            parent,
            signing,
            deactivated: false,
            primary: self.primary_wallet(&owner).is_none(),
        };
        Ok((Decided::by(caller, Event::WalletCreated(wallet.clone())), wallet))
    }

    fn derived_keys(&self, id: WalletId) -> Result<WalletKeys, Refusal> {
        let keys = self.tables.keys().ok_or(Refusal::KeysNotReady)?;
        let config = self.config();
        let path = |kind: KeyKind| derivation_path(kind, config.path_name(kind.chain()), id);
        let unusable = |error: String| invalid("root keys", format!("no wallet key can be derived: {error}"));
        let secp = |root: &RootKey, kind| derive_secp256k1(root, &path(kind)).map_err(unusable);
        Ok(WalletKeys {
            solana_key: derive_ed25519(&keys.ed25519, &path(KeyKind::Solana)).map_err(unusable)?,
            kaspa_schnorr_key: secp(&keys.schnorr, KeyKind::KaspaSchnorr)?,
            kaspa_ecdsa_key: secp(&keys.ecdsa, KeyKind::KaspaEcdsa)?,
        })
    }
}

fn derive_ed25519(root: &RootKey, path: &[Vec<u8>]) -> Result<Bytes, String> {
    let root = solana::keys::ExtendedKey {
        public_key: solana::Address::from_bytes(fixed(&root.public_key)?),
        chain_code: fixed(&root.chain_code)?,
    };
    let child = solana::keys::derive(&root, path).map_err(|error| error.to_string())?;
    Ok(Bytes::new(child.public_key.as_bytes().to_vec()))
}

fn derive_secp256k1(root: &RootKey, path: &[Vec<u8>]) -> Result<Bytes, String> {
    let root = kaspa::keys::ExtendedKey { public_key: fixed(&root.public_key)?, chain_code: fixed(&root.chain_code)? };
    let child = root.derive(path).map_err(|error| error.to_string())?;
    Ok(Bytes::new(child.public_key))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("{} bytes, {N} are needed", bytes.len()))
}
