//! Transactions of wallets whose keys their owners hold. The canister never signs for them; what it lets out bears a signature that was
//! verified against the registered key over exactly the recorded bytes.

use super::{Decided, authenticated, invalid, not_found};
use crate::base::{Amount, Bytes, Timestamp, TransferId};
use crate::chains::{kaspa, solana};
use crate::event::{Event, TransferSigned};
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, SIGN_WITHIN_NS, SignedTx, Status, Transfer};
use crate::wallet::{KeyKind, Signing, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// What the owner of a client-side wallet has to sign for a transfer that waits for it, in order: Solana's whole message, or the
    /// digest of each of Kaspa's inputs; and until when.
    pub fn to_sign(&self, transfer: &Transfer) -> Option<(Vec<Bytes>, Timestamp)> {
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

    /// The end of a client-side transfer that nobody signed in time; `None` while its owner may still sign. It is never built again:
    /// the owner holds the bytes and may have signed them, and without the signature the canister cannot know what became of them.
    ///
    /// # Errors
    /// When it does not wait for signatures.
    pub fn decide_unsigned(&self, id: TransferId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Built {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that waits for signatures" });
        }
        if self.monotonic_now(now) < sign_until(&transfer) {
            return Ok(None);
        }
        self.decide_failed(id, Amount::ZERO, Some("its owner did not sign it in time".into())).map(Some)
    }

    /// The owner of a client-side wallet, or the agent who asked, hands in the signatures of a transfer; it goes on from there like any
    /// other.
    ///
    /// # Errors
    /// When the caller may not, the transfer does not wait for signatures, an emergency is on, or a signature is not the registered
    /// key's over exactly what is to be signed.
    pub fn decide_client_signatures(
        &self,
        caller: Principal,
        id: TransferId,
        signatures: &[impl AsRef<[u8]>],
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let wallet = self.tables.wallet(transfer.request.wallet).ok_or_else(|| not_found("wallet", transfer.request.wallet))?;
        let is_its_agent = transfer.agent == caller && self.is_agent(wallet.id, &caller);
        if caller != wallet.owner() && !is_its_agent {
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
        Ok(Decided::by(caller, Event::TransferSigned(TransferSigned { id, signed })))
    }
}

/// Until when a built transfer is waited for.
fn sign_until(transfer: &Transfer) -> Timestamp {
    transfer.updated_at.saturating_add(SIGN_WITHIN_NS)
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
