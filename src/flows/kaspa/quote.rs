//! What a transfer would cost.
//!
//! Asked for in an update, it is reckoned with the coins and the fee rate of the moment, exactly as the transfer itself would be built.
//! A query asks nobody: it uses what was last seen, or else the smallest transaction that could make the payment. What was seen is kept
//! on the heap, for a few wallets, and is never what a transfer is built from.

use super::agree::Panel;
use super::{Halt, limits, paying_key, payments};
use crate::ports::Runtime;
use futures::future::join;
use ic_stable_structures::Memory;
use purser_core::chains::kaspa::rest::Failure;
use purser_core::chains::kaspa::select::{self, Payment, SelectError};
use purser_core::chains::kaspa::{Masses, Outpoint, Output, Plan, Transaction, TxId, Utxo, WalletKey, fee};
use purser_core::primitives::{Amount, Timestamp, WalletId};
use purser_core::state::State;
use purser_core::terms::FeeSpeed;
use purser_core::transfer::TransferRequest;
use purser_core::wallet::{KeyKind, Wallet};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// For how many keys coins are remembered.
const MAX_VIEWS: usize = 16;
/// How often providers are asked for one quote.
const ATTEMPTS: usize = 3;

thread_local! {
    static VIEWS: RefCell<BTreeMap<(WalletId, KeyKind), View>> = const { RefCell::new(BTreeMap::new()) };
    static FEERATES: RefCell<BTreeMap<FeeSpeed, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// The coins of a key as they were last seen.
#[derive(Clone)]
struct View {
    score: u64,
    utxos: Vec<Utxo>,
    observed_at: Timestamp,
}

/// What a quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Coins that were seen at this time.
    Coins(Timestamp),
    /// The smallest transaction that could make the payment: with more inputs it costs more.
    SmallestTransaction,
}

/// What a transfer would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// In sompi, small change that goes to the miner included.
    pub fee: Amount,
    /// In sompi per gram.
    pub feerate: u64,
    /// How many coins it spends; each takes a signature.
    pub inputs: usize,
    /// What returns to the wallet.
    pub change: Amount,
    /// What of the fee is change too small to be worth an output.
    pub dust: Amount,
    /// In grams.
    pub masses: Masses,
    /// What this rests on.
    pub basis: Basis,
}

/// Why there is no quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteError {
    /// The coins do not allow the payment.
    Coins(SelectError),
    /// No provider gave a usable answer.
    Provider {
        /// What the last one did wrong.
        problem: String,
        /// Its HTTP status, if that was it.
        status_code: Option<u16>,
    },
    /// The payment cannot be made from any coins.
    Impossible(String),
    /// The paying key cannot be used.
    Key(String),
    /// A provider is of another network than the canister was installed for.
    WrongNetwork(String),
    /// The canister's own records cannot be used.
    Internal(String),
}

impl From<Halt> for QuoteError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Hopeless(problem) | Halt::Refused(_, problem) | Halt::NotNow(problem) => Self::Impossible(problem),
            Halt::Stuck(problem) => Self::Internal(problem),
            Halt::Answer(failure @ Failure::WrongNetwork) => Self::WrongNetwork(failure.to_string()),
            Halt::Trouble(problem) | Halt::Rests(problem) => Self::Provider { problem, status_code: None },
            Halt::Answer(failure) => Self::Provider { problem: failure.to_string(), status_code: status_code(failure) },
            Halt::Changed | Halt::Held(_) | Halt::Waits(_) => {
                Self::Provider { problem: "the wallet is busy".to_owned(), status_code: None }
            }
        }
    }
}

fn quoted_key(wallet: &Wallet, source: KeyKind) -> Result<WalletKey, QuoteError> {
    paying_key(wallet, source).map_err(|halt| match QuoteError::from(halt) {
        QuoteError::Provider { problem, .. } | QuoteError::Impossible(problem) => QuoteError::Key(problem),
        other => other,
    })
}

fn status_code(failure: Failure) -> Option<u16> {
    match failure {
        Failure::Http { status } => Some(status),
        Failure::RateLimited => Some(429),
        _ => None,
    }
}

/// Notes the coins of a key.
pub(super) fn remember<R: Runtime>(rt: &R, wallet: WalletId, source: KeyKind, score: u64, utxos: &[Utxo]) {
    let view = View { score, utxos: utxos.to_vec(), observed_at: rt.now() };
    VIEWS.with_borrow_mut(|views| {
        views.insert((wallet, source), view);
        if views.len() > MAX_VIEWS
            && let Some(oldest) = views.iter().min_by_key(|(_, view)| view.observed_at).map(|(key, _)| *key)
        {
            views.remove(&oldest);
        }
    });
}

/// How many coins a key had when they were last listed, if that is remembered.
pub fn coins_seen(wallet: WalletId, source: KeyKind) -> Option<usize> {
    VIEWS.with_borrow(|views| views.get(&(wallet, source)).map(|view| view.utxos.len()))
}

/// Asks the chain what a transfer would cost now, once more when providers give no usable answer: replicas that ask a moment apart may
/// disagree about a score that has just moved on.
///
/// # Errors
/// When no provider answers, or the coins do not allow the payment.
pub async fn quote<R: Runtime>(rt: &R, wallet: &Wallet, request: &TransferRequest) -> Result<Quote, QuoteError> {
    let mut answer = quote_once(rt, wallet, request, 0).await;
    for turn in 1..ATTEMPTS {
        if !matches!(answer, Err(QuoteError::Provider { .. })) {
            break;
        }
        answer = quote_once(rt, wallet, request, turn).await;
    }
    answer
}

async fn quote_once<R: Runtime>(rt: &R, wallet: &Wallet, request: &TransferRequest, turn: usize) -> Result<Quote, QuoteError> {
    let network = rt.read(|state| state.config().kaspa.network);
    let address = quoted_key(wallet, request.source)?.address(network);
    let panel = Panel { rt, turn };
    let (score, feerate) = join(panel.rough_daa_score(), panel.feerate(request.speed())).await;
    let score = score?;
    let utxos = panel.utxos(address, score, |_| false).await?;
    remember(rt, wallet.id, request.source, score, &utxos);
    FEERATES.with_borrow_mut(|rates| rates.insert(request.speed(), feerate));
    let view = View { score, utxos, observed_at: rt.now() };
    let now = rt.now();
    rt.read(|state| reckon(state, now, wallet, request, &view, feerate))
}

/// What a transfer would cost, from what was last seen. Asks nobody.
///
/// # Errors
/// When the coins that were seen do not allow the payment.
pub fn recall<M: Memory>(
    state: &State<M>,
    now: Timestamp,
    wallet: &Wallet,
    request: &TransferRequest,
) -> Result<Quote, QuoteError> {
    let least = state.config().kaspa.feerate;
    let feerate = FEERATES.with_borrow(|rates| rates.get(&request.speed()).copied()).unwrap_or(least);
    match VIEWS.with_borrow(|views| views.get(&(wallet.id, request.source)).cloned()) {
        Some(view) => reckon(state, now, wallet, request, &view, feerate),
        None => smallest(state, wallet, request, feerate),
    }
}

fn reckon<M: Memory>(
    state: &State<M>,
    now: Timestamp,
    wallet: &Wallet,
    request: &TransferRequest,
    view: &View,
    feerate: u64,
) -> Result<Quote, QuoteError> {
    let config = state.config().kaspa;
    let own = quoted_key(wallet, request.source)?.script_public_key();
    let (Output { amount, script }, more) = payments(request, config.network)?;
    let mut taken = state.locked_outpoints(wallet.id);
    taken.extend(state.lately_spent(wallet.id, now));
    let payment = Payment {
        utxos: &view.utxos,
        reserved: &taken.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect::<BTreeSet<_>>(),
        virtual_daa_score: view.score,
        recipient: &script,
        amount,
        more: &more,
        change: &own,
        limits: limits(&config, feerate, request),
    };
    let plan = select::plan(&payment).map_err(QuoteError::Coins)?;
    let due = payment.limits.fee.fee(&plan.masses).unwrap_or(plan.fee);
    Ok(of_plan(&plan, feerate, plan.fee.remaining_after(due), Basis::Coins(view.observed_at)))
}

fn of_plan(plan: &Plan, feerate: u64, dust: Amount, basis: Basis) -> Quote {
    let change = plan.change.as_ref().map_or(Amount::ZERO, |output| output.amount);
    Quote { fee: plan.fee, feerate, inputs: plan.inputs.len(), change, dust, masses: plan.masses, basis }
}

/// One input, and change that weighs nothing.
fn smallest<M: Memory>(state: &State<M>, wallet: &Wallet, request: &TransferRequest, feerate: u64) -> Result<Quote, QuoteError> {
    let config = state.config().kaspa;
    let own = quoted_key(wallet, request.source)?.script_public_key();
    let (first, more) = payments(request, config.network)?;
    let large = Output { amount: Amount::new(purser_core::chains::kaspa::tx::MAX_SOMPI), script: own.clone() };
    let outpoint = Outpoint { transaction: TxId([0; 32]), index: 0 };
    let spent = Utxo { outpoint, amount: large.amount, script: own, block_daa_score: 0, is_coinbase: false };
    let outputs = [first].into_iter().chain(more).chain([large]).collect();
    let transaction = Transaction::unsigned([outpoint], outputs);
    let masses = Masses::of(&transaction, &[spent]).map_err(|error| QuoteError::Impossible(error.to_string()))?;
    let fee = limits(&config, feerate, request).fee.fee(&masses).unwrap_or(fee::floor(&masses));
    Ok(Quote { fee, feerate, inputs: 1, change: Amount::ZERO, dust: Amount::ZERO, masses, basis: Basis::SmallestTransaction })
}
