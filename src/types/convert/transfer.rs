//! Requests as the domain reads them, and transfers as answers show them.

use super::address;
use crate::batch::Payment;
use crate::bounds::at_most;
use crate::chain::Asset;
use crate::chain::{TransferDetails, TransferParams};
use crate::error::Error;
use crate::status::Status;
use crate::transfer::{Approval, Transfer, TransferArgs, TransferFilter};
use purser_core::base::{self, Amount, SessionId, Timestamp, WalletId};
use purser_core::chains::configs::ChainConfigs;
use purser_core::governance::config::Config;
use purser_core::state;
use purser_core::transfer::{self as domain, MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use serde_bytes::ByteBuf;

impl TransferArgs {
    /// Reads the request; absent fields have the defaults of `config`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for the first field that cannot be read.
    pub fn into_request(self, config: &Config) -> Result<TransferRequest, Error> {
        let Self { wallet_id, asset, to, amount, max_fee, idempotency_key, reason, session_id, created_at, params } = self;
        at_most("idempotency_key", &idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES)?;
        at_most("reason", reason.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
        let asset: base::Asset = asset.try_into()?;
        let (source, params) = TransferParams::read(params, asset.chain())?;
        Ok(TransferRequest {
            wallet: WalletId::new(wallet_id),
            asset,
            to: address::parse(&to, asset.chain(), &config.chains).map_err(|problem| Error::invalid("to", problem))?,
            amount: Amount::new(amount),
            max_fee: max_fee.map_or(config.fee_cap(asset), Amount::new),
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

impl Transfer {
    /// Returns a transfer of the domain with addresses of the configured networks.
    pub fn new(transfer: domain::Transfer, chains: &ChainConfigs) -> Self {
        let details = TransferDetails::of(&transfer);
        let payments = Payment::of_batch(&transfer.request, chains);
        let request = transfer.request;
        Self {
            id: transfer.id.get(),
            wallet_id: request.wallet.get(),
            agent: transfer.agent,
            asset: Asset::from(request.asset).into(),
            to: address::text(&request.to, chains),
            amount: request.amount.get(),
            max_fee: request.max_fee.get(),
            units: request.asset.into(),
            fee_units: request.asset.native_asset().into(),
            idempotency_key: request.idempotency_key,
            reason: request.reason,
            policy_version: transfer.policy_version,
            status: Status::from(transfer.status).into(),
            reserved: if transfer.status.is_terminal() { 0 } else { transfer.reserved.get() },
            attempt: transfer.attempt,
            created_at: transfer.created_at.nanos(),
            updated_at: transfer.updated_at.nanos(),
            txid: transfer.signed.map(|signed| signed.txid),
            fee_paid: transfer.fee_paid.map(Amount::get),
            note: transfer.note,
            details: Some(details),
            payments,
            simulated: transfer.simulated,
            session_id: request.session.map(SessionId::get),
            code: transfer.code.map(|code| code.as_str().into()),
            reason_code: transfer.code.map(Into::into),
            approval: transfer.approval.map(Into::into),
            to_sign: None,
        }
    }
}

impl From<TransferFilter> for state::TransferFilter {
    fn from(filter: TransferFilter) -> Self {
        let TransferFilter { wallet_id, agent, status } = filter;
        Self { wallet: WalletId::new(wallet_id), agent, status: status.map(Into::into) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::kaspa::{KaspaKey, KaspaTransferParams};
    use crate::mint::MintText;
    use crate::solana::SolanaTransferParams;
    use purser_core::base::Chain;
    use purser_core::wallet::KeyKind;

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
            params: Some(TransferParams::Kaspa(KaspaTransferParams { key: Some(KaspaKey::Ecdsa), fee_speed: None })),
            reason: Some("rent".into()),
            ..fixture::kas(5, "k")
        };
        let request = args.into_request(&fixture::config()).expect("readable");
        assert_eq!((request.max_fee, request.fee_named, request.source), (Amount::new(250_000), true, KeyKind::KaspaEcdsa));
        assert_eq!((request.idempotency_key.as_str(), request.reason.as_deref()), ("k", Some("rent")));
    }

    #[test]
    fn parameters_of_another_chain_are_refused() {
        let kaspa = TransferParams::Kaspa(KaspaTransferParams { key: Some(KaspaKey::Schnorr), fee_speed: None });
        let solana = TransferParams::Solana(SolanaTransferParams::default());
        let token = Asset::Spl { mint: MintText::new("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v") };
        for asset in [Asset::Sol, token] {
            let args = TransferArgs { asset, params: Some(kaspa.clone()), ..fixture::sol(5, "k") };
            assert!(refused(args).starts_with("params: these are parameters of Kaspa; the asset is on Solana"));
        }
        let args = TransferArgs { params: Some(solana), ..fixture::kas(5, "k") };
        assert!(refused(args).starts_with("params: these are parameters of Solana; the asset is on Kaspa"));
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
