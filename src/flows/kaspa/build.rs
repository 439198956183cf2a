//! From the reservation to the bytes that are to be signed.

use super::agree::Listed;
use super::{check, dead, fee_policy, key, limits, network, panel, payments, quote};
use crate::flows::reserve::insufficient;
use crate::flows::{Halt, MONEY_OF_OTHERS, Run};
use crate::metrics;
use crate::ports::Runtime;
use futures::future::join;
use purser_core::chains::kaspa::select::{self, Gathering, Payment, SelectError};
use purser_core::chains::kaspa::{Address, FLOOR_SOMPI_PER_GRAM, Outpoint, Output, Plan, ScriptPublicKey, Utxo};
use purser_core::primitives::{Amount, Bytes};
use purser_core::terms::{Consolidation, NamedCoin};
use purser_core::transfer::BuiltTx;
use std::collections::BTreeSet;

/// Up to this fee rate, in sompi per gram, the network is quiet enough to consolidate; above it a consolidation waits.
const QUIET_FEERATE: u64 = 2 * FLOOR_SOMPI_PER_GRAM;

/// Reads the chain, selects coins that nothing else spends, builds the transaction and records it, which locks its inputs.
pub async fn build<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    // One that ends during the reading may leave its change out of what is read.
    let others_before = !run.others_in_flight().is_empty();
    let terms = run.transfer.request.kaspa.as_ref().and_then(|terms| terms.consolidation.as_ref());
    let plan = match terms {
        Some(terms) => gather(run, terms).await?,
        None => pay(run, others_before).await?,
    };
    let built = record(run, &plan)?;
    run.commit(|state| state.decide_built(run.transfer.id, built))
}

/// What was read of the chain before anything is selected.
struct Sight {
    address: Address,
    own: ScriptPublicKey,
    score: u64,
    feerate: u64,
}

async fn look<R: Runtime>(run: &Run<'_, R>) -> Result<Sight, Halt> {
    let (key, panel) = (key(run)?, panel(run));
    let (score, feerate) = join(panel.daa_score(), panel.feerate(run.transfer.request.speed())).await;
    Ok(Sight { address: key.address(network(run)), own: key.script_public_key(), score: score?, feerate })
}

/// What must not be spent: the inputs of transfers under way, and those of transfers that ended so lately that a provider may not have
/// heard of it. Read in the very message that commits the plan, so that no other transfer can take the same coins between.
fn taken<R: Runtime>(run: &Run<'_, R>) -> Result<BTreeSet<Outpoint>, Halt> {
    let now = run.rt.now();
    let (locked, spent) = run.rt.read(|state| (state.locked_outpoints(run.wallet.id), state.lately_spent(run.wallet.id, now)));
    let mut taken: BTreeSet<Outpoint> = locked.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect();
    // An attempt that is over holds its coins until there is another one.
    for own in dead::of_last_attempt(run)? {
        taken.remove(&own);
    }
    taken.extend(spent.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)));
    Ok(taken)
}

async fn pay<R: Runtime>(run: &Run<'_, R>, others_before: bool) -> Result<Plan, Halt> {
    let (first, more) = payments(&run.transfer.request, network(run))?;
    let Sight { address, own, score, feerate } = look(run).await?;
    let config = run.rt.read(|state| state.config().kaspa);
    let limits = limits(&config, feerate, &run.transfer.request);
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
    let before = taken(run)?;
    let open = |utxos: &[Utxo]| plan(utxos, &before, &BTreeSet::new()).is_err();
    let Listed { coins: utxos, bound } = panel(run).listed(address, score, open).await?;
    metrics::coins_listed(utxos.len());
    quote::remember(run.rt, run.wallet.id, run.transfer.request.source, score, &utxos);
    run.recheck()?;
    let taken = taken(run)?;
    // What this transfer has tried in vain is never tried again, and what others have only where there is nothing else.
    let avoiding = |by| dead::avoiding(|without| plan(&utxos, &taken, without), |coins| dead::is_refused(run.wallet.id, by, coins));
    let found = match avoiding(None) {
        Ok(None) => avoiding(Some(run.transfer.id)),
        other => other,
    };
    match found {
        Ok(Some(plan)) => {
            let cost = plan.fee.checked_add(run.transfer.request.amount).unwrap_or(Amount::MAX);
            match run.keeps_minimum(free(&utxos, &taken), cost) {
                Ok(()) => Ok(plan),
                // The change of a transfer under way may make up for it.
                Err(_) if others_before || !run.others_in_flight().is_empty() => Err(Halt::held(MONEY_OF_OTHERS)),
                Err(short) => Err(short),
            }
        }
        Err(SelectError::InvalidUtxos) => Err(Halt::Trouble(SelectError::InvalidUtxos.to_string())),
        // Coins that other transfers hold, and the change that these will return, may be enough a little later.
        Ok(None) | Err(_) if others_before || !run.others_in_flight().is_empty() => Err(Halt::held(MONEY_OF_OTHERS)),
        Ok(None) => Err(dead::no_other_coins(run)),
        Err(error) => Err(unplannable(run, address, &utxos, bound, &error).await?),
    }
}

/// What the source has, less what other transfers spend.
fn free(utxos: &[Utxo], taken: &BTreeSet<Outpoint>) -> Amount {
    let free = utxos.iter().filter(|utxo| !taken.contains(&utxo.outpoint));
    Amount::checked_sum(free.map(|utxo| utxo.amount)).unwrap_or(Amount::MAX)
}

async fn gather<R: Runtime>(run: &Run<'_, R>, terms: &Consolidation) -> Result<Plan, Halt> {
    let Sight { address, own, score, feerate } = look(run).await?;
    if feerate > QUIET_FEERATE {
        let problem = format!("a fee rate of {feerate} sompi per gram is asked; a consolidation waits for {QUIET_FEERATE}");
        return Err(Halt::NotNow(problem));
    }
    let utxos = match &terms.coins {
        Some(coins) => coins.iter().map(|coin| named(coin, &own)).collect::<Option<Vec<Utxo>>>().ok_or_else(unnamed)?,
        None => {
            let utxos = panel(run).utxos(address, score, |_| false).await?;
            quote::remember(run.rt, run.wallet.id, run.transfer.request.source, score, &utxos);
            utxos
        }
    };
    run.recheck()?;
    let config = run.rt.read(|state| state.config().kaspa);
    let gathering = Gathering {
        utxos: &utxos,
        reserved: &taken(run)?,
        virtual_daa_score: score,
        own: &own,
        max_inputs: usize::try_from(terms.max_inputs).unwrap_or(usize::MAX),
        fee: fee_policy(&config, feerate, &run.transfer.request),
    };
    match select::gather(&gathering) {
        Ok(plan) if dead::is_refused(run.wallet.id, Some(run.transfer.id), &plan.inputs) => Err(dead::no_other_coins(run)),
        Ok(plan) => Ok(plan),
        Err(SelectError::NothingToGather { .. }) if utxos.is_empty() => Err(unlisted(run, address).await?),
        Err(error) => Err(Halt::Hopeless(error.to_string())),
    }
}

/// A coin that somebody names. Its age is not known; an immature mining reward makes the node refuse the transaction until it is mature.
fn named(coin: &NamedCoin, own: &ScriptPublicKey) -> Option<Utxo> {
    let outpoint = Outpoint::from_bytes(&coin.outpoint)?;
    Some(Utxo { outpoint, amount: coin.amount, script: own.clone(), block_daa_score: 0, is_coinbase: false })
}

fn unnamed() -> Halt {
    Halt::Hopeless("a named coin is no outpoint".to_owned())
}

/// What to do about a payment that the listed coins do not allow. The list leaves out coins that are younger than the score, and all
/// of them when there are too many, but the balance counts every one: where it shows more, waiting may help. What is `bound` to covenants
/// is no help however long it is waited for.
async fn unplannable<R: Runtime>(
    run: &Run<'_, R>,
    address: Address,
    utxos: &[Utxo],
    bound: Amount,
    error: &SelectError,
) -> Result<Halt, Halt> {
    if utxos.is_empty()
        && let halt @ Halt::NotNow(_) = unlisted(run, address).await?
    {
        return Ok(halt);
    }
    let balance = panel(run).highest_balance(address).await?;
    let immature = match error {
        SelectError::InsufficientFunds { immature, .. } => *immature,
        _ => Amount::ZERO,
    };
    let listed = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount)).unwrap_or(Amount::MAX);
    let ready = listed.checked_sub(immature).unwrap_or(Amount::ZERO);
    if balance > ready.checked_add(bound).unwrap_or(Amount::MAX) {
        return Ok(Halt::held("the wallet's balance has coins that are too young or not listed yet; it waits for them"));
    }
    let problem = match bound.is_zero() {
        true => error.to_string(),
        false => format!("{error}; {bound} sompi more are in coins that are bound to covenants and are not spent"),
    };
    Ok(match error {
        SelectError::InsufficientFunds { .. } => insufficient(problem),
        _ => Halt::Hopeless(problem),
    })
}

/// An empty list is what a server gives for an address without outputs, and for one with more than 10,000.
async fn unlisted<R: Runtime>(run: &Run<'_, R>, address: Address) -> Result<Halt, Halt> {
    match panel(run).utxo_count(address).await? {
        count if count > u64::from(super::agree::MOST_UTXOS) => Ok(super::agree::too_many(Some(count))),
        _ => Ok(Halt::Hopeless("the address has no unspent outputs".to_owned())),
    }
}

/// The plan as it is recorded, once it was read back and found to be what was asked for.
fn record<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<BuiltTx, Halt> {
    let unsigned = plan.unsigned();
    let bytes = unsigned.to_bytes().map_err(|error| Halt::Hopeless(error.to_string()))?;
    let fee = check(run, &unsigned).map_err(|error| Halt::Hopeless(format!("not built as intended: {error}")))?;
    let inputs = unsigned.outpoints().map(|outpoint| Bytes::new(outpoint.to_bytes())).collect();
    Ok(BuiltTx { unsigned: Bytes::new(bytes), fee, inputs, solana: None })
}
