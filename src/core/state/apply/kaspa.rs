//! Effects of events about Kaspa transfers: signatures by input, replacements.

use crate::base::{Timestamp, TransferId};
use crate::event::{TransferBuilt, TransferInputsSigned, TransferSigned, TransferSupersededLanded};
use crate::state::State;
use crate::transfer::kaspa::{KaspaProgress, Superseded};
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    pub(super) fn apply_inputs_signed(&mut self, signed: &TransferInputsSigned, at: Timestamp) {
        self.update_progress(signed.id, at, |progress, _| {
            progress.signatures.extend(signed.signatures.iter().cloned());
            progress.signatures.sort_by_key(|signature| signature.input);
        });
    }

    pub(super) fn apply_replacement_built(&mut self, built: &TransferBuilt, at: Timestamp) {
        self.tables.set_transfer_of_message(&built.built.unsigned, built.id);
        self.update_progress(built.id, at, |progress, transfer| {
            assert!(transfer.status == Status::Submitted, "BUG: only what was submitted is replaced");
            progress.signatures.clear();
            progress.replacement = Some(built.built.clone());
        });
    }

    pub(super) fn apply_replacement_signed(&mut self, signed: &TransferSigned, at: Timestamp) {
        self.update_progress(signed.id, at, |progress, transfer| {
            let replacement = progress.replacement.take().expect("BUG: no replacement was built");
            let (built, before) = (transfer.built.replace(replacement), transfer.signed.replace(signed.signed.clone()));
            let (Some(built), Some(before)) = (built, before) else { panic!("BUG: nothing was submitted that could be replaced") };
            progress.superseded.push(Superseded { built, signed: before });
            progress.signatures.clear();
            transfer.attempt = transfer.attempt.saturating_add(1);
        });
    }

    /// Exchanges the landed transaction with the current one, which then counts as superseded.
    pub(super) fn apply_superseded_landed(&mut self, landed: &TransferSupersededLanded, at: Timestamp) {
        self.update_progress(landed.id, at, |progress, transfer| {
            let found = progress.superseded.iter_mut().find(|other| other.signed.txid == landed.txid);
            let found = found.expect("BUG: no such transaction was replaced");
            let (Some(built), Some(signed)) = (&mut transfer.built, &mut transfer.signed) else {
                panic!("BUG: what replaced it is missing");
            };
            std::mem::swap(&mut found.built, built);
            std::mem::swap(&mut found.signed, signed);
        });
    }

    fn update_progress(&mut self, id: TransferId, at: Timestamp, change: impl FnOnce(&mut KaspaProgress, &mut Transfer)) {
        let mut transfer = self.existing_transfer(id);
        let mut progress = transfer.kaspa.take().unwrap_or_default();
        change(&mut progress, &mut transfer);
        transfer.kaspa = Some(progress);
        transfer.updated_at = at;
        self.tables.set_transfer(&transfer);
    }
}
