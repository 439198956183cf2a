//! Requests and transfers.

use super::batch::Payment;
use super::kaspa::FeeSpeed;
use super::policy::{ApprovalDemand, Evaluation, ReasonCode};
use super::solana::{SolanaDetails, SolanaTerms};
use super::wallet::{Asset, KaspaKey};
use super::{Error, address, at_most};
use candid::{CandidType, Principal};
use purser_core::base::{Amount, Chain, SessionId, Timestamp, WalletId};
use purser_core::chains::kaspa;
use purser_core::governance::config::Config;
use purser_core::transfer::kaspa::KaspaTransferParams;
use purser_core::transfer::{self as domain, MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use purser_core::wallet::KeyKind;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What an agent asks for.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TransferArgs {
    /// The wallet that pays.
    pub wallet_id: u64,
    /// What is sent.
    pub asset: Asset,
    /// The recipient's address.
    pub to: String,
    /// What the recipient receives, in base units.
    pub amount: u64,
    /// The most this transfer may pay in fees; the configured cap when absent.
    pub max_fee: Option<u64>,
    /// KAS only: which key pays; Schnorr when absent.
    pub kaspa_key: Option<KaspaKey>,
    /// KAS only: which of the network's fee rates is paid; normal when absent.
    pub fee_speed: Option<FeeSpeed>,
    /// The caller's own name for this payment.
    pub idempotency_key: String,
    /// For the log and for people.
    pub reason: Option<String>,
    /// The session it is asked for in.
    pub session_id: Option<u64>,
    /// When the caller made the request, in nanoseconds since the epoch.
    pub created_at: Option<u64>,
    /// Solana only: memo, vaults.
    pub solana: Option<SolanaTerms>,
}

/// How an admin ends a quarantine, after a look at the chain.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ResolveQuarantineArgs {
    /// Which transfer.
    pub transfer_id: u64,
    /// Whether the amount moved.
    pub landed: bool,
    /// The fee that was paid, in base units.
    pub fee_paid: u64,
    /// What was seen.
    pub note: String,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Status {
    /// Allowed; amount and worst-case fee are held.
    Reserved,
    /// The bytes to sign are recorded.
    Built,
    /// The signed bytes are recorded; nothing has left the canister.
    Signed,
    /// The signed bytes may have reached the chain.
    Submitted,
    /// The last attempt provably cannot land; a new one is built from here.
    Expired,
    /// Landed and final.
    Confirmed,
    /// Ended without moving the amount.
    Failed,
    /// Ended before anything left the canister.
    Cancelled,
    /// Waits for an admin.
    Quarantined,
    /// Waits for people; its money is held.
    AwaitingApproval,
    /// People said no, or nobody decided in time.
    Rejected,
}

/// A transfer that was allowed at least once; amounts in base units, times in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Transfer {
    /// Never reused.
    pub id: u64,
    /// The wallet that pays.
    pub wallet_id: u64,
    /// Who asked.
    pub agent: Principal,
    /// What is sent.
    pub asset: Asset,
    /// The recipient's address.
    pub to: String,
    /// What the recipient receives.
    pub amount: u64,
    /// The most it may pay in fees.
    pub max_fee: u64,
    /// KAS only: which key pays.
    pub kaspa_key: Option<KaspaKey>,
    /// The agent's own name for it.
    pub idempotency_key: String,
    /// Why.
    pub reason: Option<String>,
    /// The version of the policy that allowed it.
    pub policy_version: u64,
    /// Where it stands.
    pub status: Status,
    /// Held against the limits; 0 once final.
    pub reserved: u64,
    /// How many transactions were built for it.
    pub attempt: u32,
    /// When it was reserved.
    pub created_at: u64,
    /// When it last changed.
    pub updated_at: u64,
    /// The current attempt's transaction id, once signed.
    pub txid: Option<String>,
    /// Solana: the block height after which the current attempt cannot land.
    pub deadline_height: Option<u64>,
    /// The fee that was paid, once known.
    pub fee_paid: Option<u64>,
    /// Why it ended as it did, or why it waits.
    pub note: Option<String>,
    /// KAS only: details.
    pub kaspa: Option<KaspaDetails>,
    /// The session it was asked for in.
    pub session_id: Option<u64>,
    /// Why it ended without moving money, for programs.
    pub code: Option<ReasonCode>,
    /// Who has to agree, and who has.
    pub approval: Option<Approval>,
    /// What the owner of a client-side wallet has to sign. Only where one transfer is asked for, not in lists.
    pub to_sign: Option<ToSign>,
    /// Solana only: memo, nonce, rent.
    pub solana: Option<SolanaDetails>,
}

/// What only a KAS transfer has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaDetails {
    /// Which of the network's fee rates it pays.
    pub fee_speed: FeeSpeed,
    /// The fee of the present transaction, in sompi, once it is built.
    pub fee: Option<u64>,
    /// How many coins it spends, once it is built.
    pub inputs: Option<u32>,
    /// How many of them have their signatures.
    pub inputs_signed: u32,
    /// Everybody who is paid by a part of a batch.
    pub payments: Vec<Payment>,
    /// Whether it is a consolidation.
    pub consolidation: bool,
    /// The ids of transactions that were replaced; one of them may still land instead of `txid`, and then takes its place.
    pub superseded: Vec<String>,
}

/// What has to be signed outside the canister, in order.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ToSign {
    /// Ed25519: the whole message. BIP340 and ECDSA: the digest of each input.
    pub messages: Vec<ByteBuf>,
    /// After this the transfer ends unsigned, in nanoseconds since the epoch.
    pub until: u64,
}

/// A question to people, and their answers so far.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Approval {
    /// Every one has to be met.
    pub demands: Vec<ApprovalDemand>,
    /// What an approver says yes to: a hash over the transfer, its request, its policy and its expiry.
    pub intent_hash: ByteBuf,
    /// After this the answer is no, in nanoseconds since the epoch.
    pub expires_at: u64,
    /// Who said yes.
    pub approved_by: Vec<Principal>,
    /// When the money moves unless somebody objects, once the quorum is reached.
    pub ready_at: Option<u64>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TransferOutcome {
    /// Reserved; the canister drives it to its end.
    Accepted {
        /// The new transfer.
        transfer_id: u64,
        /// What every rule found.
        evaluation: Evaluation,
    },
    /// Held; people have to agree first.
    Pending {
        /// The new transfer.
        transfer: Box<Transfer>,
        /// What every rule found, and who has to agree.
        evaluation: Evaluation,
    },
    /// The same request was made before under the same key.
    Duplicate {
        /// The transfer that it made.
        transfer: Box<Transfer>,
    },
    /// Nothing is reserved.
    Denied {
        /// What every rule found.
        evaluation: Evaluation,
    },
}

impl TransferArgs {
    /// Reads the request and fills in what `config` says about absent fields.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn into_request(self, config: &Config) -> Result<TransferRequest, Error> {
        let Self {
            wallet_id,
            asset,
            to,
            amount,
            max_fee,
            kaspa_key,
            fee_speed,
            idempotency_key,
            reason,
            session_id,
            created_at,
            solana,
        } = self;
        at_most("idempotency_key", &idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES)?;
        at_most("reason", reason.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
        let (chain, configured_fee, source) = match asset {
            Asset::Kas => (Chain::Kaspa, config.kaspa.max_fee, kaspa_key.unwrap_or(KaspaKey::Schnorr).kind()),
            Asset::Sol | Asset::Spl { .. } if kaspa_key.is_some() => {
                return Err(Error::invalid("kaspa_key", "a wallet has one Solana key; leave this out for SOL"));
            }
            Asset::Sol if fee_speed.is_some() => {
                return Err(Error::invalid("fee_speed", "only KAS fees have speeds; leave this out for SOL"));
            }
            Asset::Sol => (Chain::Solana, config.solana.max_fee, KeyKind::Solana),
            Asset::Spl { .. } => (Chain::Solana, config.solana.max_token_fee(1), KeyKind::Solana),
        };
        Ok(TransferRequest {
            wallet: WalletId::new(wallet_id),
            asset: asset.try_into()?,
            to: address::parse(&to, chain, config.kaspa.network).map_err(|problem| Error::invalid("to", problem))?,
            amount: Amount::new(amount),
            max_fee: max_fee.map_or(configured_fee, Amount::new),
            fee_named: max_fee.is_some(),
            source,
            idempotency_key,
            reason,
            session: session_id.map(SessionId::new),
            created_at: created_at.map(Timestamp::from_nanos),
            solana: solana.map(Into::into),
            kaspa: fee_speed.map(|speed| KaspaTransferParams { speed: Some(speed.into()), ..KaspaTransferParams::default() }),
        })
    }
}

impl Transfer {
    /// A transfer as the interface shows it.
    pub fn new(transfer: domain::Transfer, network: kaspa::Network) -> Self {
        let is_solana = transfer.request.asset.chain() == Chain::Solana;
        let solana = is_solana.then(|| SolanaDetails::new(&transfer, network));
        let kaspa = KaspaDetails::of(&transfer, network);
        let request = transfer.request;
        Self {
            id: transfer.id.get(),
            wallet_id: request.wallet.get(),
            agent: transfer.agent,
            asset: request.asset.into(),
            to: address::text(&request.to, network),
            amount: request.amount.get(),
            max_fee: request.max_fee.get(),
            kaspa_key: KaspaKey::of(request.source),
            idempotency_key: request.idempotency_key,
            reason: request.reason,
            policy_version: transfer.policy_version,
            status: transfer.status.into(),
            reserved: if transfer.status.is_terminal() { 0 } else { transfer.reserved.get() },
            attempt: transfer.attempt,
            created_at: transfer.created_at.nanos(),
            updated_at: transfer.updated_at.nanos(),
            txid: transfer.signed.map(|signed| signed.txid),
            deadline_height: transfer.deadline_height,
            fee_paid: transfer.fee_paid.map(Amount::get),
            note: transfer.note,
            kaspa,
            session_id: request.session.map(SessionId::get),
            code: transfer.code.map(Into::into),
            approval: transfer.approval.map(Into::into),
            to_sign: None,
            solana,
        }
    }
}

impl From<purser_core::transfer::Approval> for Approval {
    fn from(approval: purser_core::transfer::Approval) -> Self {
        Self {
            demands: approval.demands.into_iter().map(Into::into).collect(),
            intent_hash: ByteBuf::from(approval.intent.0),
            expires_at: approval.expires_at.nanos(),
            approved_by: approval.approved_by.into_iter().collect(),
            ready_at: approval.ready_at.map(Timestamp::nanos),
        }
    }
}

impl Transfer {
    /// Everybody whom a part of a batch pays; nobody for other transfers.
    pub fn batch(&self) -> &[Payment] {
        let on_solana = self.solana.as_ref().map(|solana| &solana.payments[..]);
        self.kaspa.as_ref().map(|kaspa| &kaspa.payments[..]).or(on_solana).unwrap_or_default()
    }
}

impl KaspaDetails {
    fn of(transfer: &domain::Transfer, network: kaspa::Network) -> Option<Self> {
        let (request, progress) = (&transfer.request, transfer.kaspa.as_ref());
        if request.asset.chain() != Chain::Kaspa {
            return None;
        }
        let inputs = transfer.built.as_ref().map(|built| built.inputs.len() as u32);
        let whole = transfer.signed.is_some() && progress.is_none_or(|progress| progress.replacement.is_none());
        let partly = progress.map_or(0, |progress| progress.signatures.len() as u32);
        Some(Self {
            fee_speed: request.speed().into(),
            fee: transfer.built.as_ref().map(|built| built.fee.get()),
            inputs,
            inputs_signed: if whole { inputs.unwrap_or_default() } else { partly },
            payments: Payment::of_batch(request, network),
            consolidation: request.is_consolidation(),
            superseded: progress.iter().flat_map(|progress| &progress.superseded).map(|other| other.signed.txid.clone()).collect(),
        })
    }
}

impl From<domain::Status> for Status {
    fn from(status: domain::Status) -> Self {
        match status {
            domain::Status::Reserved => Self::Reserved,
            domain::Status::Built => Self::Built,
            domain::Status::Signed => Self::Signed,
            domain::Status::Submitted => Self::Submitted,
            domain::Status::Expired => Self::Expired,
            domain::Status::Confirmed => Self::Confirmed,
            domain::Status::Failed => Self::Failed,
            domain::Status::Cancelled => Self::Cancelled,
            domain::Status::Quarantined => Self::Quarantined,
            domain::Status::AwaitingApproval => Self::AwaitingApproval,
            domain::Status::Rejected => Self::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture;

    fn refused(args: TransferArgs) -> String {
        args.into_request(&fixture::config()).expect_err("refused").message
    }

    #[test]
    fn absent_fields_mean_the_configured_fee_and_the_schnorr_key() {
        let config = fixture::config();
        let kas = fixture::kas(5, "k").into_request(&config).expect("readable");
        assert_eq!((kas.max_fee, kas.fee_named, kas.source), (Amount::new(5_000_000), false, KeyKind::KaspaSchnorr));
        let sol = fixture::sol(5, "k").into_request(&config).expect("readable");
        assert_eq!((sol.max_fee, sol.source), (Amount::new(10_000), KeyKind::Solana));
        assert_eq!((sol.wallet, sol.amount, sol.to.chain), (WalletId::new(1), Amount::new(5), Chain::Solana));
    }

    #[test]
    fn named_fields_are_kept() {
        let args = TransferArgs {
            max_fee: Some(250_000),
            kaspa_key: Some(KaspaKey::Ecdsa),
            reason: Some("rent".into()),
            ..fixture::kas(5, "k")
        };
        let request = args.into_request(&fixture::config()).expect("readable");
        assert_eq!((request.max_fee, request.fee_named, request.source), (Amount::new(250_000), true, KeyKind::KaspaEcdsa));
        assert_eq!((request.idempotency_key.as_str(), request.reason.as_deref()), ("k", Some("rent")));
    }

    #[test]
    fn a_kaspa_key_is_refused_for_sol() {
        let args = TransferArgs { kaspa_key: Some(KaspaKey::Schnorr), ..fixture::sol(5, "k") };
        assert_eq!(refused(args), "kaspa_key: a wallet has one Solana key; leave this out for SOL");
    }

    #[test]
    fn oversized_fields_are_refused_by_name_before_anything_is_decoded() {
        let nowhere = TransferArgs { to: "?".into(), ..fixture::sol(5, "k") };
        let long_key = TransferArgs { idempotency_key: "k".repeat(65), ..nowhere.clone() };
        assert_eq!(refused(long_key), "idempotency_key: 65 bytes; at most 64 bytes");
        let long_reason = TransferArgs { reason: Some("r".repeat(1_000_000)), ..nowhere };
        assert_eq!(refused(long_reason), "reason: 1000000 bytes; at most 1024 bytes");
        let long_address = TransferArgs { to: "t".repeat(1_000_000), ..fixture::sol(5, "k") };
        assert_eq!(refused(long_address), "to: 1000000 bytes are too long for an address");
    }

    #[test]
    fn sol_is_not_sent_to_a_kaspa_address() {
        let args = TransferArgs { to: fixture::kas(1, "k").to, ..fixture::sol(5, "k") };
        assert!(refused(args).ends_with("this is a Kaspa address, not a Solana one"));
    }

    #[test]
    fn every_status_keeps_its_name() {
        use domain::Status::*;
        for status in
            [Reserved, Built, Signed, Submitted, Expired, Confirmed, Failed, Cancelled, Quarantined, AwaitingApproval, Rejected]
        {
            assert_eq!(format!("{:?}", Status::from(status)), format!("{status:?}"));
        }
    }
}
