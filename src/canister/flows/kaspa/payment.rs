//! The parts of a transaction that follow from the wallet and the request: key, outputs and limits.

use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::Destination;
use purser_core::chains::kaspa::config::KaspaConfig;
use purser_core::chains::kaspa::fee::COST_OF_AN_INPUT;
use purser_core::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use purser_core::chains::kaspa::script::ScriptForm;
use purser_core::chains::kaspa::select::Limits;
use purser_core::chains::kaspa::transfer::{FeeSpeed, MAX_KASPA_INPUTS};
use purser_core::chains::kaspa::{Address, FeePolicy, KeyKind as Scheme, Network, Output, ScriptPublicKey, WalletKey};
use purser_core::policy::ReasonCode;
use purser_core::transfer::TransferRequest;
use purser_core::wallet::{KeyKind, Wallet};

/// The configured network.
pub(super) fn network<R: Runtime>(context: &TransferContext<'_, R>) -> Network {
    context.rt.read(|state| state.config().chains.kaspa.network)
}

/// The key that pays a transfer, and that its change returns to.
///
/// # Errors
/// As [`paying_key`].
pub(super) fn key<R: Runtime>(context: &TransferContext<'_, R>) -> Result<WalletKey, FlowError> {
    paying_key(&context.wallet, context.transfer.request.source)
}

/// The key of a wallet that pays from this source.
///
/// # Errors
/// When the source is a Solana key, or the wallet's key is not usable.
pub(super) fn paying_key(wallet: &Wallet, source: KeyKind) -> Result<WalletKey, FlowError> {
    let key = match source {
        KeyKind::KaspaSchnorr => WalletKey::new(Scheme::Schnorr, &wallet.kaspa_schnorr_key),
        KeyKind::KaspaEcdsa => WalletKey::new(Scheme::Ecdsa, &wallet.kaspa_ecdsa_key),
        KeyKind::Solana => return Err(FlowError::unbuildable("KAS cannot be paid from a Solana key")),
    };
    key.map_err(|error| FlowError::Transient(error.to_string()))
}

/// The outputs that a request pays, in its order: the first, and the others.
///
/// # Errors
/// When there are none, or a recipient could never spend its output.
pub(super) fn payments(request: &TransferRequest, network: Network) -> Result<(Output, Vec<Output>), FlowError> {
    let outputs: Result<Vec<Output>, FlowError> =
        request.payments().into_iter().map(|(to, amount)| Ok(Output { amount, script: script(to, network)? })).collect();
    let mut outputs = outputs?.into_iter();
    let first = outputs.next().ok_or_else(|| FlowError::unbuildable("nobody is to be paid"))?;
    Ok((first, outputs.collect()))
}

/// The script of a decoded destination, from its version byte and payload.
fn script(to: &Destination, network: Network) -> Result<ScriptPublicKey, FlowError> {
    let form = match to.payload.split_first() {
        Some((0, key)) => key.try_into().ok().map(ScriptForm::PubKey),
        Some((1, key)) => key.try_into().ok().map(ScriptForm::PubKeyEcdsa),
        Some((8, hash)) => hash.try_into().ok().map(ScriptForm::ScriptHash),
        _ => None,
    };
    let script = form.map(ScriptPublicKey::pay_to);
    let payable = script.filter(|script| Address::from_script(network, script).is_some());
    payable.ok_or_else(|| {
        FlowError::Refused(
            ReasonCode::RecipientNotPayable,
            "the recipient is no address that could ever spend the payment".to_owned(),
        )
    })
}

/// The fee policy of a request at a fee rate in sompi per gram.
pub(super) fn fee_policy(config: &KaspaConfig, feerate: u64, request: &TransferRequest) -> FeePolicy {
    let hurried = request.kaspa_speed() == FeeSpeed::Priority;
    FeePolicy { feerate, max_feerate: config.max_feerate(), max_fee: request.max_fee, hurried }
}

/// The limits of a request for the selection of coins at a fee rate in sompi per gram.
pub(super) fn limits(config: &KaspaConfig, feerate: u64, request: &TransferRequest) -> Limits {
    Limits {
        fee: fee_policy(config, feerate, request),
        max_inputs: MAX_KASPA_INPUTS as usize,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
        max_dust_to_fee: COST_OF_AN_INPUT,
    }
}
