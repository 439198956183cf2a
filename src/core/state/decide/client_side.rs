//! Decisions about client-side wallets, whose owners hold the keys.
//!
//! The canister never signs for them. It broadcasts only bytes with a signature that it verified, against the registered key, over exactly
//! the recorded bytes.

use super::require_authenticated;
use crate::base::{Amount, Bytes, Timestamp, TransferId};
use crate::event::{Event, TransferSigned};
use crate::policy::ReasonCode;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State, chains};
use crate::transfer::{SIGNING_WINDOW_NS, Status, Transfer};
use crate::wallet::Signing;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the messages that a client-side wallet's owner has to sign, and the end of the signing window.
    ///
    /// `None` when the transfer waits for no signature.
    pub fn signing_request(&self, transfer: &Transfer) -> Option<(Vec<Bytes>, Timestamp)> {
        let wallet = self.tables.wallet(transfer.request.wallet)?;
        let built =
            transfer.built.as_ref().filter(|_| transfer.status == Status::Built && wallet.signing == Signing::ClientSide)?;
        let rules = chains::rules::<M>(transfer.request.asset.chain());
        let messages = rules.signing_messages(&wallet, transfer.request.source, built)?;
        Some((messages, sign_until(transfer)))
    }

    /// Decides the end of a client-side transfer whose signing window is over; `None` while the owner may still sign.
    ///
    /// The transfer is never built again: the owner may have signed the bytes and sent them, and without the signature the canister cannot
    /// follow them.
    ///
    /// # Errors
    /// When the transfer does not wait for signatures.
    pub fn decide_signing_timeout(&self, id: TransferId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Built {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that waits for signatures" });
        }
        if self.monotonic_now(now) < sign_until(&transfer) {
            return Ok(None);
        }
        self.decide_failed(id, Amount::ZERO, ReasonCode::SignatureTimeout, "its owner did not sign it in time").map(Some)
    }

    /// Decides the signatures of a client-side transfer, which its wallet's owner or its agent hands in.
    ///
    /// # Errors
    /// When the caller is neither, the canister signs for the wallet, the transfer does not wait for signatures, its signing window is
    /// over, an emergency is on, or a signature is not one of the registered key over exactly the messages.
    pub fn decide_client_signatures(
        &self,
        caller: Principal,
        id: TransferId,
        signatures: &[impl AsRef<[u8]>],
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let wallet = self.tables.wallet(transfer.request.wallet).ok_or_else(|| not_found("wallet", transfer.request.wallet))?;
        let is_requester = transfer.agent == caller && self.is_agent(wallet.id, &caller);
        if caller != wallet.owner() && !is_requester {
            return Err(Refusal::Unauthorized { needs: "the wallet's owner or the agent who asked for the transfer" });
        }
        if wallet.signing != Signing::ClientSide {
            return Err(invalid("transfer_id", "the canister signs for this wallet"));
        }
        let built = transfer.built.as_ref().filter(|_| transfer.status == Status::Built);
        let built = built.ok_or(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that waits for signatures" })?;
        if self.monotonic_now(now) >= sign_until(&transfer) {
            return Err(Refusal::WrongStatus {
                status: transfer.status,
                needs: "signatures within ten minutes; ask for a new transfer",
            });
        }
        if self.is_simulated(&transfer) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that is not only tried out" });
        }
        if !self.may_progress(id) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "the emergency to end" });
        }
        let signatures: Vec<&[u8]> = signatures.iter().map(AsRef::as_ref).collect();
        let rules = chains::rules::<M>(transfer.request.asset.chain());
        let signed =
            rules.attach(&wallet, transfer.request.source, built, &signatures).map_err(|problem| invalid("signatures", problem))?;
        Ok(Decided::by_caller(caller, Event::TransferSigned(TransferSigned { id, signed })))
    }
}

/// Returns the end of the signing window of a built transfer.
fn sign_until(transfer: &Transfer) -> Timestamp {
    transfer.updated_at.saturating_add(SIGNING_WINDOW_NS)
}
