//! From the reservation to the bytes that are to be signed.

use super::agree::Listed;
use super::{check, client, dead, fee_policy, key, limits, network, payments, quote};
use crate::flows::reserve::insufficient;
use crate::flows::{FlowError, MONEY_OF_OTHERS, TransferContext};
use crate::metrics;
use crate::ports::Runtime;
use futures::future::join;
use purser_core::base::{Amount, Bytes};
use purser_core::chains::kaspa::select::{self, ConsolidationInputs, Payment, SelectError};
use purser_core::chains::kaspa::{Address, FLOOR_SOMPI_PER_GRAM, Outpoint, Output, Plan, ScriptPublicKey, Utxo};
use purser_core::transfer::BuiltTx;
use purser_core::transfer::kaspa::{Consolidation, NamedCoin};
use std::collections::BTreeSet;

/// Up to this fee rate, in sompi per gram, the network is quiet enough to consolidate; above it a consolidation waits.
const QUIET_FEERATE: u64 = 2 * FLOOR_SOMPI_PER_GRAM;

/// Reads the chain, selects coins that nothing else spends, builds the transaction and records it, which locks its inputs.
pub async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    // One that ends during the reading may leave its change out of what is read.
    let others_before = !context.others_in_flight().is_empty();
    let terms = context.transfer.request.kaspa.as_ref().and_then(|terms| terms.consolidation.as_ref());
    let plan = match terms {
        Some(terms) => plan_consolidation(context, terms).await?,
        None => pay(context, others_before).await?,
    };
    let built = record(context, &plan)?;
    context.commit(|state| state.decide_built(context.transfer.id, built))
}

/// What was read of the chain before anything is selected.
struct ChainView {
    address: Address,
    own: ScriptPublicKey,
    score: u64,
    feerate: u64,
}

async fn read_chain<R: Runtime>(context: &TransferContext<'_, R>) -> Result<ChainView, FlowError> {
    let (key, client) = (key(context)?, client(context));
    let (score, feerate) = join(client.daa_score(), client.feerate(context.transfer.request.speed())).await;
    Ok(ChainView { address: key.address(network(context)), own: key.script_public_key(), score: score?, feerate })
}

/// What must not be spent: the inputs of transfers under way, and those of transfers that ended so lately that a provider may not have
/// heard of it. Read in the very message that commits the plan, so that no other transfer can take the same coins between.
fn taken<R: Runtime>(context: &TransferContext<'_, R>) -> Result<BTreeSet<Outpoint>, FlowError> {
    let now = context.rt.now();
    let (locked, spent) =
        context.rt.read(|state| (state.locked_outpoints(context.wallet.id), state.recently_spent(context.wallet.id, now)));
    let mut taken: BTreeSet<Outpoint> = locked.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect();
    // An attempt that is over holds its coins until there is another one.
    for own in dead::of_last_attempt(context)? {
        taken.remove(&own);
    }
    taken.extend(spent.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)));
    Ok(taken)
}

async fn pay<R: Runtime>(context: &TransferContext<'_, R>, others_before: bool) -> Result<Plan, FlowError> {
    let (first, more) = payments(&context.transfer.request, network(context))?;
    let ChainView { address, own, score, feerate } = read_chain(context).await?;
    let config = context.rt.read(|state| state.config().kaspa.clone());
    let limits = limits(&config, feerate, &context.transfer.request);
    let plan = |utxos: &[Utxo], taken: &BTreeSet<Outpoint>, without: &BTreeSet<Outpoint>| {
        let Output { amount, script } = &first;
        let payment = Payment {
            utxos,
            reserved: &taken.union(without).copied().collect(),
            virtual_daa_score: score,
            recipient: script,
            amount: *amount,
            more: &more,
            change: &own,
            limits,
        };
        select::plan(&payment)
    };
    let before = taken(context)?;
    let open = |utxos: &[Utxo]| plan(utxos, &before, &BTreeSet::new()).is_err();
    let Listed { coins: utxos, bound } = client(context).listed(address, score, open).await?;
    metrics::coins_listed(utxos.len());
    quote::remember(context.rt, context.wallet.id, context.transfer.request.source, score, &utxos);
    context.recheck()?;
    let taken = taken(context)?;
    // What this transfer has tried in vain is never tried again, and what others have only where there is nothing else.
    let avoiding =
        |by| dead::avoiding(|without| plan(&utxos, &taken, without), |coins| dead::is_refused(context.wallet.id, by, coins));
    let found = match avoiding(None) {
        Ok(None) => avoiding(Some(context.transfer.id)),
        other => other,
    };
    match found {
        Ok(Some(plan)) => {
            let cost = plan.fee.checked_add(context.transfer.request.amount).unwrap_or(Amount::MAX);
            match context.keeps_minimum(free(&utxos, &taken), cost) {
                Ok(()) => Ok(plan),
                // The change of a transfer under way may make up for it.
                Err(_) if others_before || !context.others_in_flight().is_empty() => Err(FlowError::blocked(MONEY_OF_OTHERS)),
                Err(short) => Err(short),
            }
        }
        Err(SelectError::InvalidUtxos) => Err(FlowError::Transient(SelectError::InvalidUtxos.to_string())),
        // Coins that other transfers hold, and the change that these will return, may be enough a little later.
        Ok(None) | Err(_) if others_before || !context.others_in_flight().is_empty() => Err(FlowError::blocked(MONEY_OF_OTHERS)),
        Ok(None) => Err(dead::no_other_coins(context)),
        Err(error) => Err(explain_selection_failure(context, address, &utxos, bound, &error).await?),
    }
}

/// What the source has, less what other transfers spend.
fn free(utxos: &[Utxo], taken: &BTreeSet<Outpoint>) -> Amount {
    let free = utxos.iter().filter(|utxo| !taken.contains(&utxo.outpoint));
    Amount::checked_sum(free.map(|utxo| utxo.amount)).unwrap_or(Amount::MAX)
}

async fn plan_consolidation<R: Runtime>(context: &TransferContext<'_, R>, terms: &Consolidation) -> Result<Plan, FlowError> {
    let ChainView { address, own, score, feerate } = read_chain(context).await?;
    if feerate > QUIET_FEERATE {
        let problem = format!("a fee rate of {feerate} sompi per gram is asked; a consolidation waits for {QUIET_FEERATE}");
        return Err(FlowError::Deferred(problem));
    }
    let utxos = match &terms.coins {
        Some(coins) => coins.iter().map(|coin| named(coin, &own)).collect::<Option<Vec<Utxo>>>().ok_or_else(unnamed)?,
        None => {
            let utxos = client(context).utxos(address, score, |_| false).await?;
            quote::remember(context.rt, context.wallet.id, context.transfer.request.source, score, &utxos);
            utxos
        }
    };
    context.recheck()?;
    let config = context.rt.read(|state| state.config().kaspa.clone());
    let inputs = ConsolidationInputs {
        utxos: &utxos,
        reserved: &taken(context)?,
        virtual_daa_score: score,
        own: &own,
        max_inputs: usize::try_from(terms.max_inputs).unwrap_or(usize::MAX),
        fee: fee_policy(&config, feerate, &context.transfer.request),
    };
    match select::select_for_consolidation(&inputs) {
        Ok(plan) if dead::is_refused(context.wallet.id, Some(context.transfer.id), &plan.inputs) => {
            Err(dead::no_other_coins(context))
        }
        Ok(plan) => Ok(plan),
        Err(SelectError::NothingToConsolidate { .. }) if utxos.is_empty() => Err(unlisted(context, address).await?),
        Err(error) => Err(FlowError::Unbuildable(error.to_string())),
    }
}

/// A coin that somebody names. Its age is not known; an immature mining reward makes the node refuse the transaction until it is mature.
fn named(coin: &NamedCoin, own: &ScriptPublicKey) -> Option<Utxo> {
    let outpoint = Outpoint::from_bytes(&coin.outpoint)?;
    Some(Utxo { outpoint, amount: coin.amount, script: own.clone(), block_daa_score: 0, is_coinbase: false })
}

fn unnamed() -> FlowError {
    FlowError::Unbuildable("a named coin is no outpoint".to_owned())
}

/// What to do about a payment that the listed coins do not allow. The list leaves out coins that are younger than the score, and all
/// of them when there are too many, but the balance counts every one: where it shows more, waiting may help. What is `bound` to covenants
/// is no help however long it is waited for.
async fn explain_selection_failure<R: Runtime>(
    context: &TransferContext<'_, R>,
    address: Address,
    utxos: &[Utxo],
    bound: Amount,
    error: &SelectError,
) -> Result<FlowError, FlowError> {
    if utxos.is_empty()
        && let error @ FlowError::Deferred(_) = unlisted(context, address).await?
    {
        return Ok(error);
    }
    let balance = client(context).highest_balance(address).await?;
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
        false => format!("{error}; {bound} sompi more are in coins that are bound to covenants and are not spent"),
    };
    Ok(match error {
        SelectError::InsufficientFunds { .. } => insufficient(problem),
        _ => FlowError::Unbuildable(problem),
    })
}

/// An empty list is what a server gives for an address without outputs, and for one with more than 10,000.
async fn unlisted<R: Runtime>(context: &TransferContext<'_, R>, address: Address) -> Result<FlowError, FlowError> {
    match client(context).utxo_count(address).await? {
        count if count > u64::from(super::agree::MOST_UTXOS) => Ok(super::agree::too_many(Some(count))),
        _ => Ok(FlowError::Unbuildable("the address has no unspent outputs".to_owned())),
    }
}

/// The plan as it is recorded, once it was read back and found to be what was asked for.
fn record<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<BuiltTx, FlowError> {
    let unsigned = plan.unsigned();
    let bytes = unsigned.to_bytes().map_err(|error| FlowError::Unbuildable(error.to_string()))?;
    let fee = check(context, &unsigned).map_err(|error| FlowError::Unbuildable(format!("not built as intended: {error}")))?;
    let inputs = unsigned.outpoints().map(|outpoint| Bytes::new(outpoint.to_bytes())).collect();
    Ok(BuiltTx { unsigned: Bytes::new(bytes), fee, inputs, solana: None })
}
