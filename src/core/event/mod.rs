//! Everything that can happen. An event, once shipped, is frozen history: fields may be added as options, variants may be added,
//! nothing is renamed or removed.

mod subject;

pub use subject::Subject;

use crate::transfer::{Approval, BuiltTx, SignedTx, Status, Transfer, TransferRequest};
use crate::audit::{Archive, AuditSettings};
use crate::governance::config::Config;
use crate::governance::{Group, Proposal, ProposalOutcome, Rate};
use crate::policy::{Evaluation, Mode, ReasonCode, Reservations, ReservationsMoved, Rule, Scope};
use crate::base::{Amount, BlockIndex, Bytes, Chain, Hash, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::access::{Role, Session, SessionEnd};
use crate::governance::settings::Settings;
use crate::transfer::solana::SolanaEvent;
use crate::transfer::kaspa::InputSignature;
use crate::wallet::{RootKeys, Wallet, WalletChange};
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
    TransferDenied(Box<TransferDenied>),
    /// A request was allowed and its money reserved.
    TransferReserved(Box<TransferReserved>),
    /// The bytes to sign are recorded.
    TransferBuilt(TransferBuilt),
    /// The signed bytes are recorded.
    TransferSigned(TransferSigned),
    /// The signed bytes are about to leave the canister.
    TransferSubmitted(TransferTransition),
    /// The height after which the current attempt cannot land is known.
    TransferDeadlineSet(TransferDeadline),
    /// The transfer is final on its chain; the amount and the fee paid are posted, the rest is released.
    TransferConfirmed(TransferSettled),
    /// The transfer ended without moving the amount; the fee, if any, is posted.
    TransferFailed(TransferSettled),
    /// The transfer was ended before anything left the canister; the reservation is void.
    TransferCancelled(TransferTransition),
    /// The current attempt provably cannot land.
    TransferExpired(TransferTransition),
    /// The transfer is left alone until admins have looked.
    TransferQuarantined(TransferTransition),
    /// Somebody whose word counts agreed to a transfer.
    ApprovalGiven(ApprovalGiven),
    /// Every quorum is reached and every time lock over: the transfer is reserved like one that needed no approval.
    TransferApproved(TransferTransition),
    /// A transfer that waited for approval will not happen; the reservation is void.
    TransferRejected(TransferRejected),
    /// Denials of one agent that were not worth an entry each.
    DenialsAggregated(DenialsAggregated),
    /// An agent's circuit breaker opened.
    BreakerOpened(BreakerOpened),
    /// A chain's circuit breaker opened.
    ChainBreakerOpened(ChainBreakerOpened),
    /// A session began.
    SessionOpened(SessionOpened),
    /// A session ended.
    SessionClosed(SessionClosed),
    /// A group's members are these from now on; without members there is no such group.
    GroupSet(Group),
    /// An asset is worth this from now on.
    RateSet(Rate),
    /// The canister's settings are these from now on.
    SettingsChanged(Box<Settings>),
    /// A wallet changed beside its policy.
    WalletChanged(WalletChanged),
    /// A change waits for its quorum or its time lock.
    ProposalMade(Box<Proposal>),
    /// Another admin agreed to it.
    ProposalApproved(ProposalApproved),
    /// It waits no more.
    ProposalClosed(ProposalClosed),
    /// Somebody's client was seen, by keyed hashes of what it said about itself.
    ClientSeen(ClientSeen),
    /// Something that only happens on Solana.
    Solana(SolanaEvent),
    // Audit: settings, checkpoints, retention, recovery.
    /// How long the log is kept and how large it may become.
    AuditConfigured(AuditSettings),
    /// What the state was, as recomputed from all tables.
    StateCheckpointed(StateCheckpoint),
    /// An auditor holds a copy of the log up to a block.
    ArchiveConfirmed(Archive),
    /// The oldest blocks, of which a copy is confirmed, were given up.
    LogPruned(LogPruned),
    // Kaspa.
    /// Some inputs of the transaction that is being signed have their signatures; others are still to be asked for.
    TransferInputsSigned(TransferInputsSigned),
    /// The bytes of a transaction that is to replace a submitted one are recorded. It spends the same inputs.
    TransferReplacementBuilt(TransferBuilt),
    /// The replacement is signed and about to leave the canister; the one before it may still land instead.
    TransferReplacementSigned(TransferSigned),
    /// A transaction that was replaced landed after all, instead of its replacement.
    TransferSupersededLanded(TransferSupersededLanded),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// Whose role.
    pub principal: Principal,
    /// Which.
    pub role: Role,
}

/// See [`Event::AgentAdded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentChange {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Which principal.
    pub agent: Principal,
}

/// See [`Event::PolicySet`].
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
    /// Who asked.
    pub agent: Principal,
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
pub struct TransferTransition {
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
    /// Why it ended without moving the amount, for programs.
    #[serde(default)]
    pub code: Option<ReasonCode>,
    /// On Solana, the slot in which the transaction landed, when a quorum of providers said so.
    #[serde(default)]
    pub slot: Option<u64>,
}

/// See [`Event::ApprovalGiven`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// Which transfer.
    pub id: TransferId,
    /// Who agreed.
    pub approver: Principal,
    /// When the money moves unless somebody objects, once every quorum is reached.
    pub ready_at: Option<Timestamp>,
}

/// See [`Event::TransferRejected`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRejected {
    /// Which transfer.
    pub id: TransferId,
    /// For programs.
    pub code: ReasonCode,
    /// For people.
    pub note: String,
}

/// See [`Event::DenialsAggregated`].
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

/// See [`Event::BreakerOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerOpened {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Whose.
    pub agent: Principal,
    /// Until when.
    pub until: Timestamp,
}

/// See [`Event::ChainBreakerOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBreakerOpened {
    /// Of which chain.
    pub chain: Chain,
    /// Until when.
    pub until: Timestamp,
    /// What went wrong last.
    pub note: String,
}

/// See [`Event::SessionOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The session as it begins.
    pub session: Session,
    /// Its limits, beside those of its agent and its wallet.
    pub rules: Vec<Rule>,
}

/// See [`Event::SessionClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClosed {
    /// Which.
    pub id: SessionId,
    /// How.
    pub end: SessionEnd,
}

/// See [`Event::WalletChanged`].
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

/// See [`Event::ProposalApproved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalApproved {
    /// Which.
    pub id: ProposalId,
    /// Who agreed.
    pub admin: Principal,
    /// When it may take effect, once the quorum is reached.
    pub ready_at: Option<Timestamp>,
}

/// See [`Event::ProposalClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalClosed {
    /// Which.
    pub id: ProposalId,
    /// How.
    pub closing: ProposalOutcome,
    /// Why, when there is something to say.
    pub note: Option<String>,
}

/// See [`Event::ClientSeen`]. Addresses and fingerprints are few enough to be guessed from a plain hash (trap T78), so they are hashed
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

/// See [`Event::StateCheckpointed`]. All of it is from just before this block.
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

/// See [`Event::LogPruned`]: what the rest of the log hangs on, and what the archive must end in.
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

/// See [`Event::TransferInputsSigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferInputsSigned {
    /// Which transfer.
    pub id: TransferId,
    /// The signatures that came, verified.
    pub signatures: Vec<InputSignature>,
}

/// See [`Event::TransferSupersededLanded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSupersededLanded {
    /// Which transfer.
    pub id: TransferId,
    /// The transaction that landed.
    pub txid: String,
}

impl Event {
    /// The name of every variant, as it appears in the log.
    pub const NAMES: [&'static str; 46] = [
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
        "approval_given",
        "transfer_approved",
        "transfer_rejected",
        "denials_aggregated",
        "breaker_opened",
        "chain_breaker_opened",
        "session_opened",
        "session_closed",
        "group_set",
        "rate_set",
        "settings_changed",
        "wallet_changed",
        "proposal_made",
        "proposal_approved",
        "proposal_closed",
        "client_seen",
        "solana",
        "audit_configured",
        "state_checkpointed",
        "archive_confirmed",
        "log_pruned",
        "transfer_inputs_signed",
        "transfer_replacement_built",
        "transfer_replacement_signed",
        "transfer_superseded_landed",
    ];
}
