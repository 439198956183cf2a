//! What the events say.

use crate::access::{Session, SessionEnd};
use crate::base::{Amount, BlockIndex, Bytes, Chain, Hash, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::governance::ProposalOutcome;
use crate::governance::config::Config;
use crate::policy::{Evaluation, Mode, ReasonCode, Reservations, ReservationsMoved, Rule, Scope};
use crate::transfer::kaspa::InputSignature;
use crate::transfer::{Approval, BuiltTx, SignedTx, Status, Transfer, TransferRequest};
use crate::wallet::WalletChange;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// See [`super::Event::Upgraded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgraded {
    /// The version of the new module.
    pub version: String,
    /// The configuration from now on, when the upgrade changed it.
    pub config: Option<Box<Config>>,
}

/// See [`super::Event::PolicySet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySet {
    /// Whose.
    pub scope: Scope,
    /// Counts up from 1.
    pub version: u64,
    /// For people.
    pub name: Option<String>,
    /// All rules from now on; none removes the policy.
    pub rules: Vec<Rule>,
    /// What counts against its new limits of what was spent before, when something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Box<PastSpending>>,
}

/// What was spent before a limit was set and counts against it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSpending {
    /// What recipients who now have a limit over time of their own have received within its window.
    pub received: Vec<Received>,
    /// What transfers that have not ended hold against the new limits from now on.
    pub held: Vec<ReservedSince>,
}

/// What one counter counts from now on as posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The counter's stored key.
    pub key: Bytes,
    /// Oldest first.
    pub posted: Vec<Posted>,
}

/// What was posted at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// When.
    pub at: Timestamp,
    /// In the counter's measure.
    pub amount: Amount,
}

/// What a transfer holds beside what it held already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedSince {
    /// Which transfer.
    pub transfer: TransferId,
    /// What.
    pub holds: Reservations,
}

/// See [`super::Event::ModeChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeChanged {
    /// From now on.
    pub mode: Mode,
    /// Why.
    pub reason: String,
}

/// See [`super::Event::TransferDenied`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDenied {
    /// Who asked.
    pub agent: Principal,
    /// What was asked.
    pub request: TransferRequest,
    /// What every rule found.
    pub evaluation: Evaluation,
}

/// See [`super::Event::TransferReserved`].
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
    /// The counters that hold it.
    #[serde(default)]
    pub holds: Reservations,
    /// Who has to agree first, when somebody has to.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// Whether it is only simulated, and nothing is held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl TransferReserved {
    /// The transfer as it starts, when this happens `at` a time.
    pub fn transfer(&self, at: Timestamp) -> Transfer {
        Transfer {
            id: self.id,
            agent: self.agent,
            request: self.request.clone(),
            policy_version: self.evaluation.policy_version,
            status: if self.approval.is_some() { Status::AwaitingApproval } else { Status::Reserved },
            reserved: self.reserved,
            attempt: 0,
            created_at: at,
            updated_at: at,
            built: None,
            signed: None,
            deadline_height: None,
            fee_paid: None,
            note: None,
            holds: self.holds.clone(),
            approval: self.approval.clone(),
            code: None,
            solana: None,
            simulated: self.simulated,
            kaspa: None,
        }
    }
}

/// See [`super::Event::TransferBuilt`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBuilt {
    /// Which transfer.
    pub id: TransferId,
    /// What is to be signed.
    pub built: BuiltTx,
}

/// See [`super::Event::TransferSigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSigned {
    /// Which transfer.
    pub id: TransferId,
    /// What may be broadcast.
    pub signed: SignedTx,
}

/// A transition that carries nothing but, at times, a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferTransition {
    /// Which transfer.
    pub id: TransferId,
    /// Why, when there is something to say.
    pub note: Option<String>,
}

/// See [`super::Event::TransferDeadlineSet`].
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
    /// Why it ended without moving the amount, for programs.
    #[serde(default)]
    pub code: Option<ReasonCode>,
    /// On Solana, the slot in which the transaction landed, when a quorum of providers said so.
    #[serde(default)]
    pub slot: Option<u64>,
}

/// See [`super::Event::ApprovalGiven`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// Which transfer.
    pub id: TransferId,
    /// Who agreed.
    pub approver: Principal,
    /// When the money moves unless somebody objects, once every quorum is reached.
    pub ready_at: Option<Timestamp>,
}

/// See [`super::Event::TransferRejected`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRejected {
    /// Which transfer.
    pub id: TransferId,
    /// For programs.
    pub code: ReasonCode,
    /// For people.
    pub note: String,
}

/// See [`super::Event::DenialsAggregated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialsAggregated {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Whose requests.
    pub agent: Principal,
    /// How many.
    pub count: u64,
    /// Why the last of them was denied.
    pub code: ReasonCode,
    /// When the first of them came.
    pub since: Timestamp,
}

/// See [`super::Event::BreakerOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerOpened {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Whose.
    pub agent: Principal,
    /// Until when.
    pub until: Timestamp,
}

/// See [`super::Event::ChainBreakerOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBreakerOpened {
    /// Of which chain.
    pub chain: Chain,
    /// Until when.
    pub until: Timestamp,
    /// What went wrong last.
    pub note: String,
}

/// See [`super::Event::SessionOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The session as it begins.
    pub session: Session,
    /// Its limits, beside those of its agent and its wallet.
    pub rules: Vec<Rule>,
}

/// See [`super::Event::SessionClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClosed {
    /// Which.
    pub id: SessionId,
    /// How.
    pub end: SessionEnd,
}

/// See [`super::Event::WalletChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletChanged {
    /// Which.
    pub wallet: WalletId,
    /// How.
    pub change: WalletChange,
    /// What transfers under way hold elsewhere from now on, because other scopes stand above them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<ReservationsMoved>,
}

impl WalletChanged {
    /// A change that leaves every hold where it is.
    pub const fn new(wallet: WalletId, change: WalletChange) -> Self {
        Self { wallet, change, holds: Vec::new() }
    }
}

/// See [`super::Event::ProposalApproved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalApproved {
    /// Which.
    pub id: ProposalId,
    /// Who agreed.
    pub admin: Principal,
    /// When it may take effect, once the quorum is reached.
    pub ready_at: Option<Timestamp>,
}

/// See [`super::Event::ProposalClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalClosed {
    /// Which.
    pub id: ProposalId,
    /// How.
    pub closing: ProposalOutcome,
    /// Why, when there is something to say.
    pub note: Option<String>,
}

/// See [`super::Event::ClientSeen`]. Addresses and fingerprints are few enough to be guessed from a plain hash (trap T78), so they are hashed
/// with a key that only the canister has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSeen {
    /// Whose client.
    pub principal: Principal,
    /// Whether it was let in.
    pub success: bool,
    /// The wallet it came for.
    pub wallet: Option<WalletId>,
    /// HMAC-SHA256 of its network address.
    pub address_hmac: Option<Bytes>,
    /// HMAC-SHA256 of its device's fingerprint.
    pub device_hmac: Option<Bytes>,
}

/// See [`super::Event::StateCheckpointed`]. All of it is from just before this block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCheckpoint {
    /// The digest of the state.
    pub digest: Hash,
    /// How many records it was recomputed from.
    pub records: u64,
    /// How many wallets there are.
    pub wallets: u64,
    /// How many transfers there have been.
    pub transfers: u64,
    /// The version of the module that computed it.
    pub version: String,
}

/// See [`super::Event::LogPruned`]: what the rest of the log hangs on, and what the archive must end in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPruned {
    /// The first block that is kept.
    pub first: BlockIndex,
    /// The hash of the block before it, the last of the archive.
    pub hash: Hash,
    /// How many blocks were given up this time.
    pub entries: u64,
    /// The digest of the state just before.
    pub digest: Hash,
}

/// See [`super::Event::TransferInputsSigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferInputsSigned {
    /// Which transfer.
    pub id: TransferId,
    /// The signatures that came, verified.
    pub signatures: Vec<InputSignature>,
}

/// See [`super::Event::TransferSupersededLanded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSupersededLanded {
    /// Which transfer.
    pub id: TransferId,
    /// The transaction that landed.
    pub txid: String,
}
