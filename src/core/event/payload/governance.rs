//! Payloads about proposals and wallets.

use crate::base::{ProposalId, Timestamp, WalletId};
use crate::governance::ProposalOutcome;
use crate::policy::ReservationsMoved;
use crate::wallet::WalletChange;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The payload of [`Event::WalletChanged`](crate::event::Event::WalletChanged).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletChanged {
    /// The wallet.
    pub wallet: WalletId,
    /// The change.
    pub change: WalletChange,
    /// The reservations of transfers under way that move to other scopes, because the wallet has other ancestors now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<ReservationsMoved>,
}

impl WalletChanged {
    /// Makes the payload of a change that moves no reservation.
    pub const fn new(wallet: WalletId, change: WalletChange) -> Self {
        Self { wallet, change, reservations: Vec::new() }
    }
}

/// The payload of [`Event::ProposalApproved`](crate::event::Event::ProposalApproved).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalApproved {
    /// The proposal.
    pub id: ProposalId,
    /// The admin who approved.
    pub admin: Principal,
    /// The end of the time lock, once the quorum is reached.
    pub ready_at: Option<Timestamp>,
}

/// The payload of [`Event::ProposalClosed`](crate::event::Event::ProposalClosed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalClosed {
    /// The proposal.
    pub id: ProposalId,
    /// The end of the proposal.
    pub outcome: ProposalOutcome,
    /// The reason of the end, for people.
    pub note: Option<String>,
}

/// The payload of [`Event::ProposalReady`](crate::event::Event::ProposalReady).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalReady {
    /// The proposal.
    pub id: ProposalId,
    /// The end of the time lock.
    pub ready_at: Timestamp,
}

/// The payload of [`Event::ProposalApprovalWithdrawn`](crate::event::Event::ProposalApprovalWithdrawn).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalApprovalWithdrawn {
    /// The proposal.
    pub id: ProposalId,
    /// The principal whose approval is void.
    pub admin: Principal,
}
