//! Consolidations, replacements and quotes, which only Kaspa has, and the counters of the canister.

use super::access;
use super::requests::{answer, commit_decision, find, note_refusal};
use crate::flows::kaspa::{Quote, QuoteBasis, QuoteError, quote, quote_from_cache, transform};
use crate::ports::ic::Ic;
use crate::store::{self, Store};
use crate::{jobs, metrics};
use ic_cdk::api::msg_caller;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use purser_core::base::{Amount, Asset, Bytes, Chain, Timestamp, TransferId, WalletId};
use purser_core::chains::kaspa::transfer::KaspaBuilt;
use purser_core::chains::kaspa::{KeyKind as Scheme, UnsignedTx, WalletKey, replace};
use purser_core::chains::tx::BuiltTx;
use purser_core::state::Refusal;
use purser_core::transfer::{Outcome, TransferRequest};
use purser_core::wallet::KeyKind;
use purser_types::convert::kaspa::coins_error;
use purser_types::{
    Asset as ApiAsset, ConsolidateArgs, Error, FeeQuote, KaspaKey, ReplaceArgs, Transfer, TransferAnswer, TransferArgs, Wallet,
};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn consolidate_kaspa(args: ConsolidateArgs) -> Result<TransferAnswer, Error> {
    let (caller, paying) = (msg_caller(), WalletId::new(args.wallet_id));
    let (decided, outcome) = store::read(|state| -> Result<_, Error> {
        let wallet = access::require_wallet_operator(state, caller, paying)?;
        let config = state.config();
        let wallet = Wallet::new(wallet, &config.chains);
        let own = match args.kaspa_key.unwrap_or(KaspaKey::Schnorr) {
            KaspaKey::Schnorr => wallet.kaspa_schnorr_address(),
            KaspaKey::Ecdsa => wallet.kaspa_ecdsa_address(),
        };
        let request = args.into_request(own, config)?;
        Ok(state.decide_consolidation(caller, request, store::now())?)
    })
    .inspect_err(note_refusal)?;
    commit_decision(paying, caller, decided, outcome.denied());
    if let Outcome::Accepted { transfer, .. } = &outcome {
        jobs::wake(*transfer);
    }
    answer(outcome)
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn replace_kaspa_transfer(args: ReplaceArgs) -> Result<Transfer, Error> {
    let id = TransferId::new(args.transfer_id);
    access::require_authenticated(msg_caller())?;
    let decided = store::read(|state| -> Result<_, Error> {
        let built = replacement(state, id, args.fee.map(Amount::new))?;
        Ok(state.decide_replacement(msg_caller(), id, built)?)
    })
    .inspect_err(note_refusal)?;
    store::commit(decided);
    jobs::wake(id);
    store::read(|state| find(state, id))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
async fn quote_kaspa_transfer(args: TransferArgs) -> Result<FeeQuote, Error> {
    let (wallet, request) = store::read(|state| readable(state, args)).inspect_err(note_refusal)?;
    let quote = jobs::read_alone(wallet.id, quote(&Ic, &wallet, &request)).await.ok_or(Refusal::LimitReached {
        what: "questions about the wallet under way",
        max: 1,
        current: 1,
    })?;
    quote.map(fee_quote).map_err(|error| quote_error(error, request.amount))
}

#[ic_cdk::query]
fn get_metrics() -> Result<Vec<(String, u64)>, Error> {
    store::read(|state| access::require_admin(state, msg_caller()))?;
    Ok(metrics::all())
}

/// Reduces the answer of an outcall. Pure and open: a stranger who calls it learns nothing and changes nothing.
#[ic_cdk::query]
fn transform_kaspa(args: TransformArgs) -> HttpRequestResult {
    transform(args)
}

/// Returns the quote of a KAS transfer from the last answers of the providers; `None` for other assets.
pub(super) fn cached_quote(state: &Store, request: &TransferRequest, now: Timestamp) -> Option<FeeQuote> {
    let wallet = state.wallet(request.wallet).filter(|_| request.asset == Asset::Kas)?;
    quote_from_cache(state, now, &wallet, request).ok().map(fee_quote)
}

/// Returns a quote as the answer shows it.
fn fee_quote(quote: Quote) -> FeeQuote {
    FeeQuote {
        fee: quote.fee.get(),
        units: Asset::Kas.into(),
        feerate: quote.feerate,
        inputs: quote.inputs as u32,
        change: quote.change.get(),
        dust: quote.dust.get(),
        compute_mass: quote.masses.compute,
        storage_mass: quote.masses.storage,
        observed_at: match quote.basis {
            QuoteBasis::Coins(at) => Some(at.nanos()),
            QuoteBasis::SmallestTransaction => None,
        },
        waits: quote.waits,
    }
}

/// Returns the reason why a transfer of `required` has no quote.
fn quote_error(error: QuoteError, required: Amount) -> Error {
    match error {
        QuoteError::Coins(error) => coins_error(error, required),
        QuoteError::Provider { problem, status_code } => Error::provider(Chain::Kaspa, status_code, &problem),
        QuoteError::WrongNetwork(problem) => Error::provider(Chain::Kaspa, None, &problem),
        QuoteError::Impossible(problem) => Error::unbuildable(&problem),
        QuoteError::Key(problem) => Error::unbuildable(&format!("the key that would pay cannot be used: {problem}")),
        QuoteError::Internal(problem) => Error::internal(&problem),
    }
}

fn readable(state: &Store, args: TransferArgs) -> Result<(purser_core::wallet::Wallet, TransferRequest), Error> {
    let id = WalletId::new(args.wallet_id);
    access::require_agent(state, msg_caller(), id)?;
    if args.asset != ApiAsset::Kas {
        let problem = "only KAS fees depend on the coins at hand; a SOL transfer costs its signature";
        return Err(Error::invalid("asset", problem));
    }
    let request = args.into_request(state.config())?;
    let wallet = state.wallet(id).ok_or_else(|| Refusal::NotFound { what: "wallet", id: id.to_string() })?;
    Ok((wallet, request))
}

/// Returns the transaction of a transfer with a higher fee; twice the present one when `fee` is absent.
///
/// # Errors
/// When there is no such transfer, nothing is built, or the fee cannot be taken out of the change.
fn replacement(state: &Store, id: TransferId, fee: Option<Amount>) -> Result<BuiltTx<KaspaBuilt>, Error> {
    let unknown = || Refusal::NotFound { what: "transfer", id: id.to_string() };
    let transfer = state.transfer(id).ok_or_else(unknown)?;
    let wallet = state.wallet(transfer.request.wallet).ok_or_else(unknown)?;
    let key = match transfer.request.source {
        KeyKind::KaspaSchnorr => WalletKey::new(Scheme::Schnorr, &wallet.kaspa_schnorr_key),
        KeyKind::KaspaEcdsa => WalletKey::new(Scheme::Ecdsa, &wallet.kaspa_ecdsa_key),
        KeyKind::Solana => return Err(Error::invalid("transfer_id", "only KAS transactions are replaced")),
    };
    let key = key.map_err(|error| Error::unbuildable(&format!("the key that would pay cannot be used: {error}")))?;
    let built = transfer.built.as_ref().ok_or_else(|| Error::unbuildable("nothing is built that could be replaced"))?;
    let unsigned = UnsignedTx::from_bytes(&built.unsigned).map_err(|error| Error::internal(&error.to_string()))?;
    let payments = transfer.request.payments().len();
    let replaced = replace::with_fee(&unsigned, payments, &key.script_public_key(), fee);
    let (replaced, fee) = replaced.map_err(|error| Error::unbuildable(&error.to_string()))?;
    replaced.digests(&key).map_err(|error| Error::unbuildable(&format!("what is to be signed cannot be computed: {error}")))?;
    let bytes = replaced.to_bytes().map_err(|error| Error::unbuildable(&format!("the transaction cannot be encoded: {error}")))?;
    Ok(BuiltTx { unsigned: Bytes::new(bytes), fee, details: KaspaBuilt { inputs: transfer.kaspa_inputs().to_vec() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_no_provider_answered_keeps_the_status() {
        let silent = QuoteError::Provider { problem: "nothing".into(), status_code: Some(503) };
        let error = quote_error(silent, Amount::ZERO);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("PROVIDER_UNAVAILABLE", "no Kaspa provider gave a usable answer (HTTP 503): nothing")
        );
    }
}
