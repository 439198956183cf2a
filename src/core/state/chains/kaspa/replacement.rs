//! Decisions about signatures by input, and about transactions that replace one another.

use crate::access::Role;
use crate::base::{Asset, TransferId, amount_text};
use crate::chains::kaspa::transfer::{InputSignature, KaspaBuilt, KaspaEvent, MAX_REPLACEMENTS};
use crate::chains::registry::ChainEvent;
use crate::chains::tx::{BuiltTx, SignedTx};
use crate::event::Event;
use crate::state::decide::require_authenticated;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Status, Transfer};
use crate::wallet::Signing;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Whether the replacement of a submitted transaction may be signed and sent.
    pub fn may_replace(&self, id: TransferId) -> bool {
        let is_pending = |transfer: &Transfer| transfer.progress.kaspa().is_some_and(|progress| progress.replacement.is_some());
        let is_submitted = |transfer: &Transfer| transfer.status == Status::Submitted;
        let may_replace = |transfer: Transfer| is_submitted(&transfer) && is_pending(&transfer) && !self.is_simulated(&transfer);
        !self.mode().is_emergency() && self.tables.transfer(id).is_some_and(may_replace)
    }

    /// Decides to record signatures of some inputs, so that they are not requested again.
    ///
    /// The last signature is recorded by [`State::decide_signed`] or [`State::decide_replacement_signed`] only. The log is public, and all
    /// signatures of a transaction together are the transaction, which everybody could send.
    ///
    /// # Errors
    /// When no transaction is being signed, an input does not exist or is signed already, or no input would be left.
    pub fn decide_inputs_signed(&self, id: TransferId, signatures: Vec<InputSignature>) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let progress = transfer.progress.kaspa().cloned().unwrap_or_default();
        let signing = match (transfer.status, &progress.replacement) {
            (Status::Built, _) => Some(transfer.kaspa_inputs()),
            (Status::Submitted, Some(replacement)) => Some(&replacement.details.inputs[..]),
            _ => None,
        };
        let signing =
            signing.ok_or(Refusal::WrongStatus { status: transfer.status, needs: "a transaction that is being signed" })?;
        let mut inputs: Vec<u32> = progress.signatures.iter().chain(&signatures).map(|signature| signature.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        let expected = progress.signatures.len() + signatures.len();
        let exist = inputs.iter().all(|input| (*input as usize) < signing.len());
        if !exist || inputs.len() != expected || inputs.len() >= signing.len() || signatures.is_empty() {
            return Err(invalid("signatures", "one for each of some inputs that have none yet, and not for all"));
        }
        Ok(Decided::by_canister(event(KaspaEvent::InputsSigned { id, signatures })))
    }

    /// Decides the command of a transfer's agent or an admin to replace the submitted transaction.
    ///
    /// The replacement pays a higher fee.
    ///
    /// The higher fee is within the fee cap, which is reserved from the request on. The caller of this function must have built the
    /// replacement with the same payments. Only one of the two can land because both spend the same inputs, which are compared here.
    ///
    /// # Errors
    /// When the caller may not, the log is full, the wallet is client-side, an emergency is on, transfers are only simulated, no transaction is
    /// submitted, a replacement is being signed, there were too many, or inputs or fee are not right.
    pub fn decide_replacement(&self, caller: Principal, id: TransferId, built: BuiltTx<KaspaBuilt>) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        self.require_log_capacity()?;
        let is_requester = transfer.agent == caller && self.is_agent(transfer.request.wallet, &caller);
        if !is_requester && !self.tables.roles(&caller).has(Role::Admin) {
            return Err(Refusal::Unauthorized { needs: "the agent who asked for the transfer, or an Admin" });
        }
        let wallet = self.tables.wallet(transfer.request.wallet);
        if wallet.is_none_or(|wallet| wallet.signing != Signing::Threshold) {
            return Err(invalid(
                "transfer_id",
                "the wallet's owner signs, and would have to be asked again; ask for a new transfer",
            ));
        }
        if self.mode().is_emergency() {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "the emergency to end" });
        }
        if self.is_simulated(&transfer) {
            return Err(Refusal::AlreadySo { what: "transfers on this chain are only simulated; an upgrade can make them live" });
        }
        check_replacement(&transfer, &built)?;
        Ok(Decided::by_caller(caller, event(KaspaEvent::ReplacementBuilt { id, built })))
    }

    /// Decides to record a signed replacement before it leaves the canister.
    ///
    /// # Errors
    /// When no replacement is being signed, or an emergency is on.
    pub fn decide_replacement_signed(&self, id: TransferId, signed: SignedTx) -> Result<Decided, Refusal> {
        if !self.may_replace(id) {
            let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a replacement to be signed, and no emergency" });
        }
        Ok(Decided::by_canister(event(KaspaEvent::ReplacementSigned { id, signed })))
    }

    /// Decides to record that a superseded transaction landed instead of its replacement.
    ///
    /// # Errors
    /// When the transfer is not submitted, or has no such superseded transaction.
    pub fn decide_superseded_landed(&self, id: TransferId, txid: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let known =
            transfer.progress.kaspa().into_iter().flat_map(|progress| &progress.superseded).any(|other| other.signed.txid == txid);
        if transfer.status != Status::Submitted || !known {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transaction that was replaced" });
        }
        Ok(Decided::by_canister(event(KaspaEvent::SupersededLanded { id, txid })))
    }
}

const fn event(event: KaspaEvent) -> Event {
    Event::Chain(ChainEvent::Kaspa(event))
}

/// Checks a replacement against the submitted transaction and the fee cap.
fn check_replacement(transfer: &Transfer, built: &BuiltTx<KaspaBuilt>) -> Result<(), Refusal> {
    let progress = transfer.progress.kaspa().cloned().unwrap_or_default();
    let before = transfer.built.as_ref().filter(|_| transfer.status == Status::Submitted && progress.replacement.is_none());
    let before = before.ok_or(Refusal::WrongStatus {
        status: transfer.status,
        needs: "a submitted transaction that is not being replaced already",
    })?;
    if progress.superseded.len() >= MAX_REPLACEMENTS {
        let (what, max) = ("replacements of one transaction", MAX_REPLACEMENTS as u64);
        return Err(Refusal::LimitReached { what, max, current: max });
    }
    if built.details.inputs.is_empty() || built.details.inputs != transfer.kaspa_inputs() {
        return Err(invalid("inputs", "a replacement spends what the transaction before it spends"));
    }
    if built.fee <= before.fee || built.fee > transfer.request.max_fee {
        let [paid, reserved] = [before.fee, transfer.request.max_fee].map(|fee| amount_text(Asset::Kas, fee));
        let problem = format!("more than the {paid} that were paid and at most the {reserved} that are reserved");
        return Err(invalid("fee", problem));
    }
    Ok(())
}
