//! Public keys of new wallets: derived from the root keys, or registered by the owner.

use crate::base::{Bytes, WalletId};
use crate::chains::{kaspa, solana};
use crate::state::refusal::invalid;
use crate::state::{Refusal, State};
use crate::wallet::{KeyKind, RootKey, derivation_path};
use ic_stable_structures::Memory;

/// The public keys of a new wallet; a key that it does not have is empty.
#[derive(Debug)]
pub(super) struct WalletKeys {
    pub solana_key: Bytes,
    pub kaspa_schnorr_key: Bytes,
    pub kaspa_ecdsa_key: Bytes,
}

impl<M: Memory> State<M> {
    /// Derives the threshold public keys of a wallet.
    pub(super) fn derived_keys(&self, id: WalletId) -> Result<WalletKeys, Refusal> {
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

    /// Checks the public keys that an owner registers.
    ///
    /// No two wallets share a key, so that an address belongs to one wallet.
    pub(super) fn registered_keys(&self, solana: Option<Bytes>, kaspa: Option<Bytes>) -> Result<WalletKeys, Refusal> {
        if solana.is_none() && kaspa.is_none() {
            return Err(invalid("signing.ClientSide", "at least one key is needed"));
        }
        if let Some(key) = &solana {
            self.check_solana_key(key)?;
        }
        let solana_key = solana.unwrap_or_default();
        let Some(kaspa) = kaspa else {
            return Ok(WalletKeys { solana_key, kaspa_schnorr_key: Bytes::default(), kaspa_ecdsa_key: Bytes::default() });
        };
        // An x-only key stands for the one of its two points whose y coordinate is even.
        let sec1 = if kaspa.len() == 32 { Bytes::new([&[2], &kaspa[..]].concat()) } else { kaspa.clone() };
        kaspa::WalletKey::new(kaspa::KeyKind::Schnorr, &sec1)
            .map_err(|error| invalid("kaspa_key", format!("no secp256k1 key of 33 bytes (compressed) or 32 (x-only): {error}")))?;
        // Both points have the same Schnorr address.
        if [2, 3].iter().any(|tag| self.tables.wallet_of_key(&[&[*tag], &sec1[1..]].concat()).is_some()) {
            return Err(key_taken());
        }
        let kaspa_ecdsa_key = if kaspa.len() == 32 { Bytes::default() } else { sec1.clone() };
        Ok(WalletKeys { solana_key, kaspa_schnorr_key: sec1, kaspa_ecdsa_key })
    }

    fn check_solana_key(&self, key: &Bytes) -> Result<(), Refusal> {
        let key = <[u8; 32]>::try_from(&key[..]).map_err(|_| invalid("solana_key", "32 bytes are needed"))?;
        if !solana::keys::is_usable(&solana::Address::from_bytes(key)) {
            return Err(invalid("solana_key", "not the canonical form of an Ed25519 key of prime order"));
        }
        if self.tables.wallet_of_key(&key).is_some() { Err(key_taken()) } else { Ok(()) }
    }
}

fn key_taken() -> Refusal {
    Refusal::AlreadySo { what: "another wallet has this key" }
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
