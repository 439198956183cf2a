//! The step of a transfer: everything that the schedule knows of its record.

use crate::flows::{ConcurrencyKey, Exclusion};
use purser_core::base::Amount;
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::KeyKind;

/// The step of a transfer when its record was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferStep {
    /// The transfer's status.
    pub status: Status,
    /// The number of the transfer's attempt.
    pub attempt: u32,
    /// The subject that a run needs for itself to take the transfer towards its chain.
    pub spending: ConcurrencyKey,
    /// Whether the transfer goes on in an emergency: it is a revocation, or is being revoked.
    pub in_emergency: bool,
    /// The paying key, and the most that the transfer takes from it.
    pub pays: (KeyKind, Amount),
}

impl TransferStep {
    /// The step of a transfer that needs this subject for itself.
    pub fn of(transfer: &Transfer, spending: ConcurrencyKey, in_emergency: bool) -> Self {
        let pays = (transfer.request.source, transfer.request.reserved());
        Self { status: transfer.status, attempt: transfer.attempt, spending, in_emergency, pays }
    }

    /// Whether an emergency stops the transfer at this step.
    pub fn stops_in_emergency(self) -> bool {
        self.is_unsent() && !self.in_emergency
    }

    /// Whether a run needs the wallet, or its build slot, for itself.
    pub fn needs_wallet(self) -> bool {
        match self.spending.exclusion {
            Exclusion::UntilBuilt { .. } => self.status.awaits_build(),
            Exclusion::UntilSent => self.is_unsent(),
        }
    }

    /// Whether the transaction is still to be broadcast.
    fn is_unsent(self) -> bool {
        matches!(self.status, Status::Reserved | Status::Expired | Status::Built | Status::Signed)
    }

    /// Whether the transaction is still to be signed.
    pub(super) fn is_unsigned(self) -> bool {
        self.is_unsent() && self.status != Status::Signed
    }

    /// Whether the wallet's transfers go on in the order of their requests.
    pub(super) fn keeps_order(self) -> bool {
        self.spending.exclusion == Exclusion::UntilSent
    }

    /// Whether a transaction is on its way to the chain. Its coins are locked, and its change is still to come.
    pub(super) fn is_under_way(self) -> bool {
        matches!(self.status, Status::Built | Status::Signed | Status::Submitted)
    }

    /// Whether the transfer may go into quarantine. Before a transaction is built there is nothing for an operator to decide.
    pub(super) fn may_be_quarantined(self) -> bool {
        matches!(self.status, Status::Built | Status::Signed | Status::Submitted)
    }
}
