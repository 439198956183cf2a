//! The step of a transfer: everything that the schedule knows of its record.

use crate::jobs::locks::Lock;
use purser_core::base::{Amount, Chain};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::KeyKind;

/// The step of a transfer when its record was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferStep {
    /// The transfer's status.
    pub status: Status,
    /// The number of the transfer's attempt.
    pub attempt: u32,
    /// The lock that a run needs to take the transfer towards its chain.
    pub spending: Lock,
    /// Whether the transfer goes on in an emergency: it is a revocation, or is being revoked.
    pub in_emergency: bool,
    /// The paying key, and the most that the transfer takes from it.
    pub pays: (KeyKind, Amount),
}

impl TransferStep {
    /// The step of a transfer that builds in this slot of its wallet on Solana.
    pub fn of(transfer: &Transfer, build_slot: u16, in_emergency: bool) -> Self {
        let spending = match transfer.request.asset.chain() {
            Chain::Solana => Lock::Building(transfer.request.wallet, build_slot),
            chain => Lock::Spending(transfer.request.wallet, chain),
        };
        let pays = (transfer.request.source, transfer.request.reserved());
        Self { status: transfer.status, attempt: transfer.attempt, spending, in_emergency, pays }
    }

    /// Whether an emergency stops the transfer at this step.
    pub fn stops_in_emergency(self) -> bool {
        self.is_unsent() && !self.in_emergency
    }

    /// Whether a run needs the wallet for itself: until the broadcast on Kaspa, until the transaction is built on Solana.
    pub fn needs_wallet(self) -> bool {
        match self.spending {
            Lock::Building(..) => matches!(self.status, Status::Reserved | Status::Expired),
            _ => self.is_unsent(),
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

    /// Whether the wallet's transfers go on in the order of their requests: they spend one another's change. On Solana they do not.
    pub(super) fn keeps_order(self) -> bool {
        matches!(self.spending, Lock::Spending(..))
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
