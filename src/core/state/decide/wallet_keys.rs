//! Public keys of new wallets: derived from the root keys, or registered by the owner.

use crate::base::{Bytes, Chain, WalletId};
use crate::state::refusal::invalid;
use crate::state::{Refusal, State, chains};
use crate::wallet::{KeyKind, derivation_path};
use ic_stable_structures::Memory;

/// The public keys of a new wallet.
#[derive(Debug, Default)]
pub(super) struct WalletKeys(Vec<(KeyKind, Bytes)>);

impl WalletKeys {
    /// Returns the key of a kind; empty when the wallet has none.
    pub fn get(&self, kind: KeyKind) -> Bytes {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, key)| key.clone()).unwrap_or_default()
    }
}

impl<M: Memory> State<M> {
    /// Derives the threshold public keys of a wallet.
    pub(super) fn derived_keys(&self, id: WalletId) -> Result<WalletKeys, Refusal> {
        let roots = self.tables.keys().ok_or(Refusal::KeysNotReady)?;
        let config = self.config();
        let path = |kind: KeyKind| derivation_path(kind, config.path_name(kind.chain()), id);
        let unusable = |error: String| invalid("root keys", format!("no wallet key can be derived: {error}"));
        let mut keys = Vec::new();
        for chain in Chain::ALL {
            keys.extend(chains::rules::<M>(chain).derived_keys(&roots, &path).map_err(unusable)?);
        }
        Ok(WalletKeys(keys))
    }

    /// Checks the public keys that an owner registers, at most one for each chain.
    ///
    /// No two wallets share a key, so that an address belongs to one wallet.
    pub(super) fn registered_keys(&self, registered: &[(Chain, Bytes)]) -> Result<WalletKeys, Refusal> {
        if registered.is_empty() {
            return Err(invalid("signing.ClientSide", "at least one key is needed"));
        }
        let mut keys = Vec::new();
        for (chain, key) in registered {
            keys.extend(chains::rules::<M>(*chain).registered_keys(self, key)?);
        }
        Ok(WalletKeys(keys))
    }
}
