//! Decisions about metadata that clients report. Addresses and fingerprints enter the state as hashes under a secret key only.

use super::require_authenticated;
use crate::base::{Bytes, WalletId};
use crate::event::{ClientSeen, Event};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use candid::Principal;
use hmac::{Hmac, Mac};
use ic_stable_structures::Memory;
use sha2::Sha256;

/// The longest network address or device fingerprint, in bytes.
const MAX_CLIENT_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// Decides the report of a principal with a power about its client.
    ///
    /// # Errors
    /// When the caller has no power, an argument is too long, the wallet does not exist, or the key of the hashes is not stored yet.
    pub fn decide_client_seen(
        &self,
        caller: Principal,
        success: bool,
        wallet: Option<WalletId>,
        address: Option<&str>,
        device: Option<&str>,
    ) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
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
        Ok(Decided::by_caller(caller, Event::ClientSeen(seen)))
    }
}
