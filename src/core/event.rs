//! Everything that can happen. An event, once shipped, is frozen history: fields may be added as options, variants may be added,
//! nothing is renamed or removed.

use crate::config::Config;
use crate::mode::Mode;
use crate::policy::{Evaluation, Rule};
use crate::primitives::{Amount, Timestamp, TransferId, WalletId};
use crate::roles::Role;
use crate::transfer::{BuiltTx, SignedTx, Status, Transfer, TransferRequest};
use crate::wallet::{RootKeys, Wallet};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// One thing that happened. [`crate::state::State::commit`] applies it and appends it to the log in the same message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The canister was installed.
    Initialised(Box<Config>),
    /// A new module took over this state.
    Upgraded(Upgraded),
    /// The canister's root public keys became known.
    KeysRegistered(RootKeys),
    /// A role was given.
    RoleGranted(RoleChange),
    /// A role was taken.
    RoleRevoked(RoleChange),
    /// An agent may ask for transfers from a wallet.
    AgentAdded(AgentChange),
    /// An agent may no longer.
    AgentRemoved(AgentChange),
    /// A wallet came into being.
    WalletCreated(Wallet),
    /// A wallet's policy was replaced.
    PolicySet(PolicySet),
    /// The mode changed.
    ModeChanged(ModeChanged),
    /// A request was refused; nothing was reserved.
    TransferDenied(TransferDenied),
    /// A request was allowed and its money reserved.
    TransferReserved(Box<TransferReserved>),
    /// The bytes to sign are recorded.
    TransferBuilt(TransferBuilt),
    /// The signed bytes are recorded.
    TransferSigned(TransferSigned),
    /// The signed bytes are about to leave the canister.
    TransferSubmitted(TransferStep),
    /// The height after which the current attempt cannot land is known.
    TransferDeadlineSet(TransferDeadline),
    /// The transfer is final on its chain; the amount and the fee paid are posted, the rest is released.
    TransferConfirmed(TransferSettled),
    /// The transfer ended without moving the amount; the fee, if any, is posted.
    TransferFailed(TransferSettled),
    /// The transfer was ended before anything left the canister; the reservation is void.
    TransferCancelled(TransferStep),
    /// The current attempt provably cannot land.
    TransferExpired(TransferStep),
    /// The transfer is left alone until admins have looked.
    TransferQuarantined(TransferStep),
}

/// See [`Event::Upgraded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgraded {
    /// The version of the new module.
    pub version: String,
    /// The configuration from now on, when the upgrade changed it.
    pub config: Option<Box<Config>>,
}

/// See [`Event::RoleGranted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// Whose role.
    pub principal: Principal,
    /// Which.
    pub role: Role,
}

/// See [`Event::AgentAdded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentChange {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Which principal.
    pub agent: Principal,
}

/// See [`Event::PolicySet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySet {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Counts up from 1.
    pub version: u64,
    /// All rules from now on.
    pub rules: Vec<Rule>,
}

/// See [`Event::ModeChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeChanged {
    /// From now on.
    pub mode: Mode,
    /// Why.
    pub reason: String,
}

/// See [`Event::TransferDenied`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDenied {
    /// What was asked.
    pub request: TransferRequest,
    /// What every rule found.
    pub evaluation: Evaluation,
}

/// See [`Event::TransferReserved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReserved {
    /// The new transfer.
    pub id: TransferId,
    /// Who asked.
    pub agent: Principal,
    /// What was asked.
    pub request: TransferRequest,
    /// What is held against the limits.
    pub reserved: Amount,
    /// What every rule found, and under which version of the policy.
    pub evaluation: Evaluation,
}

impl TransferReserved {
    /// The transfer as it starts, when this happens `at` a time.
    pub fn transfer(&self, at: Timestamp) -> Transfer {
        Transfer {
            id: self.id,
            agent: self.agent,
            request: self.request.clone(),
            policy_version: self.evaluation.policy_version,
            status: Status::Reserved,
            reserved: self.reserved,
            attempt: 0,
            created_at: at,
            updated_at: at,
            built: None,
            signed: None,
            deadline_height: None,
            fee_paid: None,
            note: None,
        }
    }
}

/// See [`Event::TransferBuilt`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBuilt {
    /// Which transfer.
    pub id: TransferId,
    /// What is to be signed.
    pub built: BuiltTx,
}

/// See [`Event::TransferSigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSigned {
    /// Which transfer.
    pub id: TransferId,
    /// What may be broadcast.
    pub signed: SignedTx,
}

/// A transition that carries nothing but, at times, a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferStep {
    /// Which transfer.
    pub id: TransferId,
    /// Why, when there is something to say.
    pub note: Option<String>,
}

/// See [`Event::TransferDeadlineSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDeadline {
    /// Which transfer.
    pub id: TransferId,
    /// Finalized block height after which the current attempt is dead.
    pub height: u64,
}

/// The end of a transfer that reached its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSettled {
    /// Which transfer.
    pub id: TransferId,
    /// The fee that was paid, in base units.
    pub fee_paid: Amount,
    /// What the chain said, when there is something to say.
    pub note: Option<String>,
}

impl Event {
    /// The name of every variant, as it appears in the log.
    pub const NAMES: [&'static str; 21] = [
        "initialised",
        "upgraded",
        "keys_registered",
        "role_granted",
        "role_revoked",
        "agent_added",
        "agent_removed",
        "wallet_created",
        "policy_set",
        "mode_changed",
        "transfer_denied",
        "transfer_reserved",
        "transfer_built",
        "transfer_signed",
        "transfer_submitted",
        "transfer_deadline_set",
        "transfer_confirmed",
        "transfer_failed",
        "transfer_cancelled",
        "transfer_expired",
        "transfer_quarantined",
    ];
}
