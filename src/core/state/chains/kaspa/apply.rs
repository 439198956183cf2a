//! Effects of events that only Kaspa has: signatures by input, replacements.

use crate::base::{Timestamp, TransferId};
use crate::chains::kaspa::transfer::{InputSignature, KaspaBuilt, KaspaEvent, KaspaProgress, Superseded};
use crate::chains::registry::{Built, Progress};
use crate::chains::tx::{BuiltTx, SignedTx};
use crate::state::State;
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Applies an event of Kaspa.
    pub(in crate::state) fn apply_kaspa(&mut self, event: &KaspaEvent, at: Timestamp) {
        match event {
            KaspaEvent::InputsSigned { id, signatures } => self.apply_inputs_signed(*id, signatures, at),
            KaspaEvent::ReplacementBuilt { id, built } => self.apply_replacement_built(*id, built, at),
            KaspaEvent::ReplacementSigned { id, signed } => self.apply_replacement_signed(*id, signed, at),
            KaspaEvent::SupersededLanded { id, txid } => self.apply_superseded_landed(*id, txid, at),
        }
    }

    fn apply_inputs_signed(&mut self, id: TransferId, signatures: &[InputSignature], at: Timestamp) {
        self.update_progress(id, at, |progress, _| {
            progress.signatures.extend(signatures.iter().cloned());
            progress.signatures.sort_by_key(|signature| signature.input);
        });
    }

    fn apply_replacement_built(&mut self, id: TransferId, built: &BuiltTx<KaspaBuilt>, at: Timestamp) {
        self.tables.set_transfer_of_message(&built.unsigned, id);
        self.update_progress(id, at, |progress, transfer| {
            assert!(transfer.status == Status::Submitted, "BUG: only what was submitted is replaced");
            progress.signatures.clear();
            progress.replacement = Some(built.clone());
        });
    }

    fn apply_replacement_signed(&mut self, id: TransferId, signed: &SignedTx, at: Timestamp) {
        self.update_progress(id, at, |progress, transfer| {
            let replacement = progress.replacement.take().expect("BUG: no replacement was built");
            let before = superseded(transfer);
            transfer.built = Some(replacement.map_details(Built::Kaspa));
            transfer.signed = Some(signed.clone());
            progress.superseded.push(before);
            progress.signatures.clear();
            transfer.attempt = transfer.attempt.saturating_add(1);
        });
    }

    /// Exchanges the landed transaction with the current one, which then counts as superseded.
    fn apply_superseded_landed(&mut self, id: TransferId, txid: &str, at: Timestamp) {
        self.update_progress(id, at, |progress, transfer| {
            let found = progress.superseded.iter_mut().find(|other| other.signed.txid == txid);
            let landed = std::mem::replace(found.expect("BUG: no such transaction was replaced"), superseded(transfer));
            transfer.built = Some(landed.built.map_details(Built::Kaspa));
            transfer.signed = Some(landed.signed);
        });
    }

    fn update_progress(&mut self, id: TransferId, at: Timestamp, change: impl FnOnce(&mut KaspaProgress, &mut Transfer)) {
        let mut transfer = self.existing_transfer(id);
        let mut progress = transfer.progress.kaspa().expect("BUG: an event of another chain").clone();
        change(&mut progress, &mut transfer);
        transfer.progress = Progress::Kaspa(progress);
        transfer.updated_at = at;
        self.tables.set_transfer(&transfer);
    }
}

/// Takes the submitted transaction of a transfer, which another one replaces.
fn superseded(transfer: &mut Transfer) -> Superseded {
    let (Some(built), Some(signed)) = (transfer.built.take(), transfer.signed.take()) else {
        panic!("BUG: nothing was submitted that could be replaced");
    };
    let kaspa = |details| match details {
        Built::Kaspa(built) => built,
        _ => panic!("BUG: a transaction of another chain"),
    };
    Superseded { built: built.map_details(kaspa), signed }
}
