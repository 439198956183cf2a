//! Decisions about client-side wallets, whose owners hold the keys.
//!
//! The canister never signs for them. It broadcasts only bytes with a signature that it verified, against the registered key, over exactly
//! the recorded bytes.

use super::require_authenticated;
use crate::base::{Amount, Bytes, Timestamp, TransferId};
use crate::chains::{kaspa, solana};
use crate::event::{Event, TransferSigned};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{BuiltTx, SIGNING_WINDOW_NS, SignedTx, Status, Transfer};
use crate::wallet::{KeyKind, Signing, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the messages that a client-side wallet's owner has to sign, and the end of the signing window.
    ///
    /// `None` when the transfer waits for no signature. On Solana it is the whole message; on Kaspa the digests of the inputs, in order.
    pub fn signing_request(&self, transfer: &Transfer) -> Option<(Vec<Bytes>, Timestamp)> {
        let wallet = self.tables.wallet(transfer.request.wallet)?;
        let built =
            transfer.built.as_ref().filter(|_| transfer.status == Status::Built && wallet.signing == Signing::ClientSide)?;
        let messages = match transfer.request.source {
            KeyKind::Solana => vec![built.unsigned.clone()],
            source => {
                let (unsigned, key) = (kaspa::UnsignedTx::from_bytes(&built.unsigned).ok()?, kaspa_key(&wallet, source).ok()?);
                unsigned.digests(&key).ok()?.into_iter().map(Bytes::new).collect()
            }
        };
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
        self.decide_failed(id, Amount::ZERO, Some("its owner did not sign it in time".into())).map(Some)
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
        let signed = match transfer.request.source {
            KeyKind::Solana => sign_solana(&wallet, built, signatures),
            source => sign_kaspa(&wallet, source, built, signatures),
        };
        let signed = signed.map_err(|problem| invalid("signatures", problem))?;
        Ok(Decided::by_caller(caller, Event::TransferSigned(TransferSigned { id, signed })))
    }
}

/// Returns the end of the signing window of a built transfer.
fn sign_until(transfer: &Transfer) -> Timestamp {
    transfer.updated_at.saturating_add(SIGNING_WINDOW_NS)
}

fn sign_solana(wallet: &Wallet, built: &BuiltTx, signatures: &[impl AsRef<[u8]>]) -> Result<SignedTx, String> {
    let [signature] = signatures else {
        return Err(format!("{} signatures; one is needed", signatures.len()));
    };
    let signature = <[u8; 64]>::try_from(signature.as_ref()).map_err(|_| "a signature has 64 bytes".to_owned())?;
    let unsigned = solana::UnsignedTx::decode(&built.unsigned).map_err(|error| error.to_string())?;
    if unsigned.plan().payer.as_bytes()[..] != wallet.solana_key[..] {
        return Err("the recorded transaction is not the wallet's".to_owned());
    }
    let attached = unsigned.attach(solana::TxSignature::from_bytes(signature)).map_err(|error| error.to_string())?;
    Ok(SignedTx { signed: Bytes::new(attached.wire_bytes()), txid: attached.txid().to_string() })
}

fn sign_kaspa(wallet: &Wallet, source: KeyKind, built: &BuiltTx, signatures: &[impl AsRef<[u8]>]) -> Result<SignedTx, String> {
    let unsigned = kaspa::UnsignedTx::from_bytes(&built.unsigned).map_err(|error| error.to_string())?;
    let transaction = unsigned.attach(&kaspa_key(wallet, source)?, signatures).map_err(|error| error.to_string())?;
    let bytes = transaction.to_bytes().map_err(|error| error.to_string())?;
    Ok(SignedTx { signed: Bytes::new(bytes), txid: transaction.id().to_string() })
}

fn kaspa_key(wallet: &Wallet, source: KeyKind) -> Result<kaspa::WalletKey, String> {
    let scheme = match source {
        KeyKind::KaspaSchnorr => kaspa::KeyKind::Schnorr,
        KeyKind::KaspaEcdsa => kaspa::KeyKind::Ecdsa,
        KeyKind::Solana => return Err("no key of Kaspa's".to_owned()),
    };
    kaspa::WalletKey::new(scheme, wallet.key(source)).map_err(|error| error.to_string())
}
