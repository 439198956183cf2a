//! Requests as the domain reads them, and transfers as answers show them.

use super::address;
use crate::asset::Asset;
use crate::batch::Payment;
use crate::bounds::at_most;
use crate::error::Error;
use crate::kaspa::FeeSpeed;
use crate::solana::{SolanaDetails, SolanaTransferParams};
use crate::status::Status;
use crate::transfer::{Approval, KaspaDetails, Transfer, TransferArgs};
use crate::wallet::KaspaKey;
use purser_core::base::{Amount, Chain, SessionId, Timestamp, WalletId};
use purser_core::chains::kaspa;
use purser_core::chains::registry::Params;
use purser_core::governance::config::Config;
use purser_core::transfer::{self as domain, MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use purser_core::wallet::KeyKind;
use serde_bytes::ByteBuf;

impl TransferArgs {
    /// Reads the request; absent fields have the defaults of `config`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for the first field that cannot be read.
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
        let params = params(asset, fee_speed, solana)?;
        let (chain, configured_fee, source) = match asset {
            Asset::Kas => (Chain::Kaspa, config.kaspa.max_fee, kaspa_key.unwrap_or(KaspaKey::Schnorr).kind()),
            Asset::Sol | Asset::Spl { .. } if kaspa_key.is_some() => {
                return Err(Error::invalid("kaspa_key", "a wallet has one Solana key; leave this out for SOL"));
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
            params,
            batch: None,
        })
    }
}

/// Reads the parameters that only the asset's chain has, and refuses those of another chain.
fn params(asset: Asset, speed: Option<FeeSpeed>, solana: Option<SolanaTransferParams>) -> Result<Params, Error> {
    match (asset, solana) {
        (Asset::Kas, Some(params)) => {
            let field = if params.memo.is_none() { "allow_off_curve" } else { "memo" };
            Err(Error::invalid(field, "only a payment on Solana has one; leave this out for KAS"))
        }
        (Asset::Kas, None) => {
            Ok(Params::Kaspa(kaspa::transfer::TransferParams { speed: speed.map(Into::into), consolidation: None }))
        }
        (Asset::Sol | Asset::Spl { .. }, _) if speed.is_some() => {
            Err(Error::invalid("fee_speed", "only KAS fees have speeds; leave this out for SOL and tokens"))
        }
        (Asset::Sol | Asset::Spl { .. }, params) => Ok(Params::Solana(params.map(Into::into).unwrap_or_default())),
    }
}

impl Transfer {
    /// Returns a transfer of the domain with Kaspa addresses of `network`.
    pub fn new(transfer: domain::Transfer, network: kaspa::Network) -> Self {
        let is_solana = transfer.request.asset.chain() == Chain::Solana;
        let solana = is_solana.then(|| SolanaDetails::new(&transfer, network));
        let kaspa = KaspaDetails::of(&transfer, network);
        let (deadline_height, request) = (transfer.deadline_height(), transfer.request);
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
            status: Status::from(transfer.status).into(),
            reserved: if transfer.status.is_terminal() { 0 } else { transfer.reserved.get() },
            attempt: transfer.attempt,
            created_at: transfer.created_at.nanos(),
            updated_at: transfer.updated_at.nanos(),
            txid: transfer.signed.map(|signed| signed.txid),
            deadline_height,
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

impl From<domain::Approval> for Approval {
    fn from(approval: domain::Approval) -> Self {
        Self {
            demands: approval.demands.into_iter().map(Into::into).collect(),
            intent_hash: ByteBuf::from(approval.intent.0),
            expires_at: approval.expires_at.nanos(),
            approved_by: approval.approved_by.into_iter().collect(),
            ready_at: approval.ready_at.map(Timestamp::nanos),
        }
    }
}

impl KaspaDetails {
    fn of(transfer: &domain::Transfer, network: kaspa::Network) -> Option<Self> {
        let (request, progress) = (&transfer.request, transfer.progress.kaspa());
        if request.asset.chain() != Chain::Kaspa {
            return None;
        }
        let inputs = transfer.built.as_ref().map(|_| transfer.kaspa_inputs().len() as u32);
        let whole = transfer.signed.is_some() && progress.is_none_or(|progress| progress.replacement.is_none());
        let partly = progress.map_or(0, |progress| progress.signatures.len() as u32);
        Some(Self {
            fee_speed: FeeSpeed::from(request.kaspa_speed()).into(),
            fee: transfer.built.as_ref().map(|built| built.fee.get()),
            inputs,
            inputs_signed: if whole { inputs.unwrap_or_default() } else { partly },
            payments: Payment::of_batch(request, network),
            consolidation: request.is_consolidation(),
            superseded: progress
                .into_iter()
                .flat_map(|progress| &progress.superseded)
                .map(|other| other.signed.txid.clone())
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

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
}
