//! What clients say about themselves. Addresses and fingerprints only ever enter the state hashed under a key that the log does not hold.

use super::{Decided, authenticated, invalid, not_found};
use crate::base::{Bytes, WalletId};
use crate::event::{ClientSeen, Event};
use crate::state::{Refusal, State};
use candid::Principal;
use hmac::{Hmac, Mac};
use ic_stable_structures::Memory;
use sha2::Sha256;

/// The longest network address or device fingerprint, in bytes.
const MAX_CLIENT_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// Somebody with a power says what client it uses.
    ///
    /// # Errors
    /// When the caller has no power, an argument is too long, the wallet unknown, or the key for the hashes not drawn yet.
    pub fn decide_client_seen(
        &self,
        caller: Principal,
        success: bool,
        wallet: Option<WalletId>,
        address: Option<&str>,
        device: Option<&str>,
    ) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        if !self.has_power(&caller) {
            return Err(Refusal::Unauthorized { needs: "a role, an agent or an owner of a wallet" });
        }
        for (field, text) in [("address", address), ("device", device)] {
            if text.is_some_and(|text| text.len() > MAX_CLIENT_BYTES) {
                return Err(invalid(field, format!("at most {MAX_CLIENT_BYTES} bytes")));
            }
        }
        if let Some(wallet) = wallet.filter(|wallet| !self.tables.has_wallet(*wallet)) {
            return Err(not_found("wallet", wallet));
        }
        let key = self.tables.client_key().ok_or(Refusal::KeysNotReady)?;
        let hash = |purpose: &str, text: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(&key).expect("BUG: HMAC takes keys of any length");
            let mac = mac.chain_update(purpose.as_bytes()).chain_update(text.as_bytes());
            Bytes::new(mac.finalize().into_bytes().to_vec())
        };
        let seen = ClientSeen {
            principal: caller,
            success,
            wallet,
            address_hmac: address.map(|text| hash("address:", text)),
            device_hmac: device.map(|text| hash("device:", text)),
        };
        Ok(Decided::by(caller, Event::ClientSeen(seen)))
    }

    /// Whether a principal holds a role, or is an agent or an owner of a wallet. Nobody else can command anything.
    pub fn has_power(&self, principal: &Principal) -> bool {
        !self.tables.roles(principal).0.is_empty() || self.is_agent_of_any(principal) || self.wallets_of(principal).next().is_some()
    }
}
