//! The build of a transaction, from the reservation to the bytes that are to be signed.

use super::payment::{fee_policy, key, limits, network, payments};
use super::questions::{Listed, MAX_UTXOS, questions, too_many};
use super::record::check;
use super::{quote, refused_coins};
use crate::flows::context::{MONEY_OF_OTHERS, TransferContext};
use crate::flows::error::FlowError;
use crate::metrics;
use crate::ports::Runtime;
use futures::future::join;
use purser_core::base::{Amount, Asset, Bytes, amount_text};
use purser_core::chains::kaspa::select::{self, ConsolidationInputs, Limits, Obstacle, Payment, SelectError};
use purser_core::chains::kaspa::transfer::{Consolidation, KaspaBuilt, NamedCoin};
use purser_core::chains::kaspa::{Address, FLOOR_SOMPI_PER_GRAM, Outpoint, Output, Plan, ScriptPublicKey, Utxo};
use purser_core::chains::registry::Built;
use purser_core::policy::ReasonCode;
use purser_core::transfer::BuiltTx;
use std::collections::BTreeSet;

/// The highest fee rate, in sompi per gram, at which a consolidation is built. Above it the network is not quiet, and it waits.
const QUIET_FEERATE: u64 = 2 * FLOOR_SOMPI_PER_GRAM;

/// Reads the chain, selects coins that no other transfer spends, builds the transaction and records it, which locks its inputs.
///
/// # Errors
/// When the chain cannot be read, the coins do not allow the transfer, or it may not go on.
pub(super) async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    // A transfer that ends during the reads may leave its change out of the list. So the others are noted before them.
    let others_before = !context.others_in_flight().is_empty();
    let plan = match context.transfer.request.consolidation() {
        Some(consolidation) => plan_consolidation(context, consolidation).await?,
        None => plan_payment(context, others_before).await?,
    };
    let built = to_record(context, &plan)?;
    context.commit(|state| state.decide_built(context.transfer.id, built))
}

/// The state of the chain and the paying key, read before any coin is selected.
struct ChainView {
    address: Address,
    own: ScriptPublicKey,
    /// A lower bound of the virtual DAA score.
    score: u64,
    /// Sompi per gram.
    feerate: u64,
}

async fn read_chain<R: Runtime>(context: &TransferContext<'_, R>) -> Result<ChainView, FlowError> {
    let (key, questions) = (key(context)?, questions(context));
    let (score, feerate) = join(questions.daa_score(), questions.feerate(context.transfer.request.kaspa_speed())).await;
    Ok(ChainView { address: key.address(network(context)), own: key.script_public_key(), score: score?, feerate })
}

/// The coins that must not be spent: inputs of transfers under way, and of those that ended lately.
///
/// A server may not know yet that the latter are spent. Read in the very message that commits the plan, so that no other transfer can take the same coins between.
fn locked<R: Runtime>(context: &TransferContext<'_, R>) -> Result<BTreeSet<Outpoint>, FlowError> {
    let now = context.rt.now();
    let (locked, spent) =
        context.rt.read(|state| (state.locked_outpoints(context.wallet.id), state.recently_spent(context.wallet.id, now)));
    let mut locked: BTreeSet<Outpoint> = locked.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect();
    // An expired attempt keeps its coins locked until the next one is recorded, which may spend them.
    for own in refused_coins::of_last_attempt(context)? {
        locked.remove(&own);
    }
    locked.extend(spent.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)));
    Ok(locked)
}

/// A payment that is to be planned from coins still unknown.
struct PaymentInputs {
    view: ChainView,
    first: Output,
    more: Vec<Output>,
    limits: Limits,
}

impl PaymentInputs {
    /// Selects coins that are neither locked nor left out.
    fn plan(&self, utxos: &[Utxo], locked: &BTreeSet<Outpoint>, without: &BTreeSet<Outpoint>) -> Result<Plan, SelectError> {
        let Output { amount, script } = &self.first;
        select::plan(&Payment {
            utxos,
            reserved: &locked.union(without).copied().collect(),
            virtual_daa_score: self.view.score,
            recipient: script,
            amount: *amount,
            more: &self.more,
            change: &self.view.own,
            limits: self.limits,
        })
    }
}

async fn plan_payment<R: Runtime>(context: &TransferContext<'_, R>, others_before: bool) -> Result<Plan, FlowError> {
    let (first, more) = payments(&context.transfer.request, network(context))?;
    let view = read_chain(context).await?;
    let (address, score) = (view.address, view.score);
    let config = context.rt.read(|state| state.config().chains.kaspa.clone());
    let limits = limits(&config, view.feerate, &context.transfer.request);
    let inputs = PaymentInputs { view, first, more, limits };
    let before = locked(context)?;
    let open = |utxos: &[Utxo]| inputs.plan(utxos, &before, &BTreeSet::new()).is_err();
    let Listed { coins: utxos, bound } = questions(context).listed(address, score, open).await?;
    metrics::coins_listed(context.chain(), utxos.len());
    quote::remember(context.rt, context.wallet.id, context.transfer.request.source, score, &utxos);
    context.recheck()?;
    let locked = locked(context)?;
    // Others may have begun or ended during the reads. Coins that they hold, and the change that they return, may be enough later.
    let others = || others_before || !context.others_in_flight().is_empty();
    match select_coins(context, &inputs, &utxos, &locked) {
        Ok(Some(plan)) => {
            let cost = plan.fee.checked_add(context.transfer.request.amount).unwrap_or(Amount::MAX);
            match context.keeps_minimum(unlocked(&utxos, &locked), cost) {
                Err(_) if others() => Err(FlowError::blocked(MONEY_OF_OTHERS)),
                checked => checked.map(|()| plan),
            }
        }
        Err(SelectError::InvalidUtxos) => Err(FlowError::Transient(SelectError::InvalidUtxos.to_string())),
        Ok(None) | Err(_) if others() => Err(FlowError::blocked(MONEY_OF_OTHERS)),
        Ok(None) => Err(refused_coins::no_other_coins(context)),
        Err(error) => Err(explain_selection_failure(context, address, &utxos, bound, &error).await?),
    }
}

/// Selects coins that were not refused together. `Ok(None)` when only refused ones would do.
///
/// Coins that this transfer has tried in vain are never tried again, and those of other transfers only where there are no others.
fn select_coins<R: Runtime>(
    context: &TransferContext<'_, R>,
    inputs: &PaymentInputs,
    utxos: &[Utxo],
    locked: &BTreeSet<Outpoint>,
) -> Result<Option<Plan>, SelectError> {
    let avoiding = |by| {
        let is_refused = |coins: &[Utxo]| refused_coins::is_refused(context.wallet.id, by, coins);
        refused_coins::avoiding(|without| inputs.plan(utxos, locked, without), is_refused)
    };
    match avoiding(None) {
        Ok(None) => avoiding(Some(context.transfer.id)),
        other => other,
    }
}

/// The amount in coins that other transfers do not spend, in sompi.
fn unlocked(utxos: &[Utxo], locked: &BTreeSet<Outpoint>) -> Amount {
    let free = utxos.iter().filter(|utxo| !locked.contains(&utxo.outpoint));
    Amount::checked_sum(free.map(|utxo| utxo.amount)).unwrap_or(Amount::MAX)
}

async fn plan_consolidation<R: Runtime>(context: &TransferContext<'_, R>, terms: &Consolidation) -> Result<Plan, FlowError> {
    let ChainView { address, own, score, feerate } = read_chain(context).await?;
    if feerate > QUIET_FEERATE {
        let problem = format!("a fee rate of {feerate} sompi per gram is asked; a consolidation waits for {QUIET_FEERATE}");
        return Err(FlowError::Deferred(problem));
    }
    let utxos = match &terms.coins {
        Some(coins) => coins.iter().map(|coin| named(coin, &own)).collect::<Option<Vec<Utxo>>>().ok_or_else(not_an_outpoint)?,
        None => {
            let utxos = questions(context).utxos(address, score, |_| false).await?;
            quote::remember(context.rt, context.wallet.id, context.transfer.request.source, score, &utxos);
            utxos
        }
    };
    context.recheck()?;
    let config = context.rt.read(|state| state.config().chains.kaspa.clone());
    let inputs = ConsolidationInputs {
        utxos: &utxos,
        reserved: &locked(context)?,
        virtual_daa_score: score,
        own: &own,
        max_inputs: usize::try_from(terms.max_inputs).unwrap_or(usize::MAX),
        fee: fee_policy(&config, feerate, &context.transfer.request),
    };
    match select::select_for_consolidation(&inputs) {
        Ok(plan) if refused_coins::is_refused(context.wallet.id, Some(context.transfer.id), &plan.inputs) => {
            Err(refused_coins::no_other_coins(context))
        }
        Ok(plan) => Ok(plan),
        Err(SelectError::NothingToConsolidate { .. }) if utxos.is_empty() => Err(explain_empty_list(context, address).await?),
        Err(error) => Err(selection_refused(&error, error.to_string())),
    }
}

/// A coin that the request names. Its age is not known; the node refuses an immature mining reward until it is mature.
fn named(coin: &NamedCoin, own: &ScriptPublicKey) -> Option<Utxo> {
    let outpoint = Outpoint::from_bytes(&coin.outpoint)?;
    Some(Utxo { outpoint, amount: coin.amount, script: own.clone(), block_daa_score: 0, is_coinbase: false })
}

fn not_an_outpoint() -> FlowError {
    FlowError::unbuildable("a named coin is no outpoint")
}

/// The error for a payment that the listed coins do not allow.
///
/// The list leaves out coins that are younger than the score, and all of them when there are too many, but the balance counts every coin.
/// Where the balance is higher, waiting may help. The amount `bound` to covenants never becomes spendable.
async fn explain_selection_failure<R: Runtime>(
    context: &TransferContext<'_, R>,
    address: Address,
    utxos: &[Utxo],
    bound: Amount,
    error: &SelectError,
) -> Result<FlowError, FlowError> {
    if utxos.is_empty()
        && let error @ FlowError::Deferred(_) = explain_empty_list(context, address).await?
    {
        return Ok(error);
    }
    let balance = questions(context).highest_balance(address).await?;
    let immature = match error {
        SelectError::InsufficientFunds { immature, .. } => *immature,
        _ => Amount::ZERO,
    };
    let listed = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount)).unwrap_or(Amount::MAX);
    let ready = listed.checked_sub(immature).unwrap_or(Amount::ZERO);
    if balance > ready.checked_add(bound).unwrap_or(Amount::MAX) {
        return Ok(FlowError::blocked("the wallet's balance has coins that are too young or not listed yet; it waits for them"));
    }
    let problem = match bound.is_zero() {
        true => error.to_string(),
        false => {
            format!("{error}; {} more are in coins that are bound to covenants and are not spent", amount_text(Asset::Kas, bound))
        }
    };
    Ok(selection_refused(error, problem))
}

/// The end of a transfer that the wallet's coins do not allow.
fn selection_refused(error: &SelectError, problem: String) -> FlowError {
    match error {
        SelectError::InsufficientFunds { .. } => FlowError::insufficient(problem),
        SelectError::Unbuildable { obstacle: Obstacle::Fee(_), .. } => FlowError::Refused(ReasonCode::FeeCapExceeded, problem),
        SelectError::Unbuildable { .. } | SelectError::TooManyInputs { .. } => {
            FlowError::Refused(ReasonCode::AmountNotPayable, problem)
        }
        SelectError::ZeroAmount | SelectError::InvalidUtxos | SelectError::NothingToConsolidate { .. } => {
            FlowError::unbuildable(problem)
        }
    }
}

/// The error for an empty list. Servers give it for an address without outputs, and for one with more than 10,000.
async fn explain_empty_list<R: Runtime>(context: &TransferContext<'_, R>, address: Address) -> Result<FlowError, FlowError> {
    match questions(context).utxo_count(address).await? {
        count if count > u64::from(MAX_UTXOS) => Ok(too_many(Some(count))),
        _ => Ok(FlowError::insufficient("the address has no unspent outputs".to_owned())),
    }
}

/// The plan in the form of its record, after its transaction was compared with the request.
fn to_record<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<BuiltTx, FlowError> {
    let unsigned = plan.unsigned();
    let bytes = unsigned.to_bytes().map_err(FlowError::unbuildable)?;
    let fee = check(context, &unsigned).map_err(|error| FlowError::unbuildable(format!("not built as intended: {error}")))?;
    let inputs = unsigned.outpoints().map(|outpoint| Bytes::new(outpoint.to_bytes())).collect();
    Ok(BuiltTx { unsigned: Bytes::new(bytes), fee, details: Built::Kaspa(KaspaBuilt { inputs }) })
}
