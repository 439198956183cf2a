//! One KAS transfer, from the reservation to its end.
//!
//! Up to the broadcast there are one signature per input and four outcalls: the network's score, its fee rate, the wallet's outputs, the
//! broadcast. All but the last are put to as many providers as must agree.
//!
//! A Kaspa transaction never expires: the same bytes are offered until they are accepted, or until somebody has it replaced by one that
//! spends the same inputs, of which again only one can land. One that no block can contain is given up; one that a node keeps refusing
//! otherwise is left to people.
//!
//! | module | what it does |
//! |---|---|
//! | `agree` | asks several providers and puts their answers together |
//! | `build` | reads the chain, selects coins, records what is to be signed |
//! | `sign` | one signature per input, several at a time, none twice |
//! | `follow` | broadcasts, confirms, replaces |
//! | `dead` | ends what no block can contain, and has other coins tried |
//! | `quote` | what a transfer would cost, from the chain or from what was last seen of it |

mod agree;
mod build;
mod dead;
mod follow;
mod quote;
mod sign;

pub(super) use build::build;
pub(super) use follow::{follow, submit};
pub use quote::{Quote, QuoteBasis, QuoteError, coins_seen, quote, quote_from_cache};
pub(super) use sign::sign;

use super::{FlowError, TransferContext, unreadable};
use crate::ports::Runtime;
use agree::QuorumClient;
use purser_core::base::{Amount, Destination};
use purser_core::chains::kaspa::fee::COST_OF_AN_INPUT;
use purser_core::chains::kaspa::intent::{self, Intent};
use purser_core::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use purser_core::chains::kaspa::rest::Failure;
use purser_core::chains::kaspa::script::ScriptForm;
use purser_core::chains::kaspa::select::Limits;
use purser_core::chains::kaspa::{
    Address, FeePolicy, KeyKind as Scheme, Network, Output, ScriptPublicKey, Transaction, UnsignedTx, WalletKey,
};
use purser_core::governance::config::KaspaConfig;
use purser_core::transfer::kaspa::{FeeSpeed, MAX_KASPA_INPUTS};
use purser_core::transfer::{BuiltTx, SignedTx, TransferRequest};
use purser_core::wallet::{KeyKind, Wallet};

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        Self::UnusableAnswer(failure)
    }
}

fn client<'a, R: Runtime>(context: &TransferContext<'a, R>) -> QuorumClient<'a, R> {
    QuorumClient { rt: context.rt, provider_offset: context.provider_offset }
}

fn network<R: Runtime>(context: &TransferContext<'_, R>) -> Network {
    context.rt.read(|state| state.config().kaspa.network)
}

/// The key that pays, and that the change returns to.
fn key<R: Runtime>(context: &TransferContext<'_, R>) -> Result<WalletKey, FlowError> {
    paying_key(&context.wallet, context.transfer.request.source)
}

fn paying_key(wallet: &Wallet, source: KeyKind) -> Result<WalletKey, FlowError> {
    let key = match source {
        KeyKind::KaspaSchnorr => WalletKey::new(Scheme::Schnorr, &wallet.kaspa_schnorr_key),
        KeyKind::KaspaEcdsa => WalletKey::new(Scheme::Ecdsa, &wallet.kaspa_ecdsa_key),
        KeyKind::Solana => return Err(FlowError::Unbuildable("KAS cannot be paid from a Solana key".to_owned())),
    };
    key.map_err(|error| FlowError::Transient(error.to_string()))
}

/// What is paid to whom, in order; at least one output.
fn payments(request: &TransferRequest, network: Network) -> Result<(Output, Vec<Output>), FlowError> {
    let outputs: Result<Vec<Output>, FlowError> =
        request.payments().into_iter().map(|(to, amount)| Ok(Output { amount, script: script(to, network)? })).collect();
    let mut outputs = outputs?.into_iter();
    let first = outputs.next().ok_or_else(|| FlowError::Unbuildable("nobody is to be paid".to_owned()))?;
    Ok((first, outputs.collect()))
}

/// The script of a decoded destination: version byte and payload.
fn script(to: &Destination, network: Network) -> Result<ScriptPublicKey, FlowError> {
    let form = match to.payload.split_first() {
        Some((0, key)) => key.try_into().ok().map(ScriptForm::PubKey),
        Some((1, key)) => key.try_into().ok().map(ScriptForm::PubKeyEcdsa),
        Some((8, hash)) => hash.try_into().ok().map(ScriptForm::ScriptHash),
        _ => None,
    };
    let script = form.map(ScriptPublicKey::pay_to);
    let payable = script.filter(|script| Address::from_script(network, script).is_some());
    payable.ok_or_else(|| FlowError::Unbuildable("the recipient is no address that could ever spend the payment".to_owned()))
}

fn fee_policy(config: &KaspaConfig, feerate: u64, request: &TransferRequest) -> FeePolicy {
    let hurried = request.speed() == FeeSpeed::Priority;
    FeePolicy { feerate, max_feerate: config.max_feerate(), max_fee: request.max_fee, hurried }
}

fn limits(config: &KaspaConfig, feerate: u64, request: &TransferRequest) -> Limits {
    Limits {
        fee: fee_policy(config, feerate, request),
        max_inputs: MAX_KASPA_INPUTS as usize,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
        max_dust_to_fee: COST_OF_AN_INPUT,
    }
}

/// Compares a transaction with what was asked for and returns its fee.
fn check<R: Runtime>(context: &TransferContext<'_, R>, unsigned: &UnsignedTx) -> Result<Amount, String> {
    let (Ok(key), request) = (key(context), &context.transfer.request) else {
        return Err("the payer cannot be used".to_owned());
    };
    let own = key.script_public_key();
    let (first, more) = match request.is_consolidation() {
        true => (gathered(unsigned, &own)?, Vec::new()),
        false => payments(request, network(context)).map_err(|_| "a recipient cannot be used".to_owned())?,
    };
    let intent = Intent {
        spent: &unsigned.spent,
        recipient: &first.script,
        amount: first.amount,
        more: &more,
        change: &own,
        max_fee: request.max_fee,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
    };
    intent::check(&unsigned.transaction, &intent).map(|summary| summary.fee).map_err(|deviation| deviation.to_string())
}

/// What a consolidation pays: all but the fee to the key itself, in one output.
fn gathered(unsigned: &UnsignedTx, own: &ScriptPublicKey) -> Result<Output, String> {
    match &unsigned.transaction.outputs[..] {
        [only] if only.script == *own => Ok(only.clone()),
        _ => Err("a consolidation has one output, to the wallet itself".to_owned()),
    }
}

fn decode(built: Option<&BuiltTx>) -> Result<UnsignedTx, FlowError> {
    let built = built.ok_or_else(|| unreadable("there is none"))?;
    UnsignedTx::from_bytes(&built.unsigned).map_err(unreadable)
}

/// A recorded signed transaction, which must be the recorded unsigned one with signatures.
fn recorded(built: Option<&BuiltTx>, signed: Option<&SignedTx>) -> Result<Transaction, FlowError> {
    let signed = signed.ok_or_else(|| unreadable("there is none"))?;
    let unsigned = decode(built)?;
    let transaction = Transaction::from_bytes(&signed.signed).map_err(unreadable)?;
    let same = transaction.id() == unsigned.transaction.id() && transaction.id().to_string() == signed.txid;
    if same && transaction.is_signed() { Ok(transaction) } else { Err(unreadable("it is not the one that was signed")) }
}
