//! Quotes: the cost of a transfer.
//!
//! A quote by an update is computed with the coins and the fee rate of the moment, exactly as the transfer itself would be built. A query
//! makes no calls: its quote rests on the coins that were last read, or else on the smallest transaction that could make the payment. Coins
//! are kept on the heap, for a few keys, and no transfer is built from them.

use super::payment::{limits, paying_key, payments};
use super::questions::{MAX_UTXOS, Questions, too_many};
use crate::flows::error::{AnswerCause, FlowError};
use crate::ports::Runtime;
use futures::future::join;
use ic_stable_structures::Memory;
use purser_core::base::{Amount, Timestamp, WalletId};
use purser_core::chains::kaspa::select::{self, Payment, SelectError};
use purser_core::chains::kaspa::transfer::FeeSpeed;
use purser_core::chains::kaspa::{Masses, Outpoint, Output, Plan, Transaction, TxId, UnsignedTx, Utxo, WalletKey, fee};
use purser_core::state::State;
use purser_core::transfer::TransferRequest;
use purser_core::wallet::{KeyKind, Wallet};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The most keys whose coins are kept.
const MAX_VIEWS: usize = 16;
/// The number of times that the servers are asked for one quote.
const ATTEMPTS: usize = 3;

thread_local! {
    static VIEWS: RefCell<BTreeMap<(WalletId, KeyKind), View>> = const { RefCell::new(BTreeMap::new()) };
    static FEERATES: RefCell<BTreeMap<FeeSpeed, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// The coins of a key at their last read.
#[derive(Clone)]
struct View {
    /// The virtual DAA score at which the coins' maturity is judged.
    score: u64,
    utxos: Vec<Utxo>,
    observed_at: Timestamp,
    /// Whether some coins cannot be spent yet.
    waits: bool,
}

/// The data that a quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteBasis {
    /// The wallet's coins as they were read at this time.
    Coins(Timestamp),
    /// The smallest transaction that could make the payment. One with more inputs costs more.
    SmallestTransaction,
}

/// The cost of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The fee in sompi, including small change that goes to the miner.
    pub fee: Amount,
    /// The fee rate in sompi per gram.
    pub feerate: u64,
    /// The number of coins that the transfer spends. Each takes a signature.
    pub inputs: usize,
    /// The change that returns to the wallet, in sompi.
    pub change: Amount,
    /// The part of the fee that is change too small for an output, in sompi.
    pub dust: Amount,
    /// The masses of the transaction, in grams.
    pub masses: Masses,
    /// The data that the quote rests on.
    pub basis: QuoteBasis,
    /// Whether the transfer waits for some of its coins first.
    pub waits: bool,
}

/// The reason for a missing quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteError {
    /// The coins do not allow the payment.
    Coins(SelectError),
    /// No server gave a usable answer.
    Provider {
        /// The problem with the server that was asked last.
        problem: String,
        /// The HTTP status of its answer, if that was the problem.
        status_code: Option<u16>,
    },
    /// The payment cannot be made from any coins.
    Impossible(String),
    /// The paying key cannot be used.
    Key(String),
    /// A server is of another network than the one that the canister was installed for.
    WrongNetwork(String),
    /// The canister's own records cannot be used.
    Internal(String),
}

impl From<FlowError> for QuoteError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(_, problem) | FlowError::Deferred(problem) => Self::Impossible(problem),
            FlowError::NeedsOperator(_, problem) => Self::Internal(problem),
            FlowError::Unusable(answer) if answer.cause == AnswerCause::WrongNetwork => Self::WrongNetwork(answer.problem),
            FlowError::Transient(problem) | FlowError::RateLimited(problem) => Self::Provider { problem, status_code: None },
            FlowError::Unusable(answer) => Self::Provider { status_code: status_code(answer.cause), problem: answer.problem },
            FlowError::Changed | FlowError::Blocked(_) | FlowError::Waiting(_) => {
                Self::Provider { problem: "the wallet is busy".to_owned(), status_code: None }
            }
        }
    }
}

fn quoted_key(wallet: &Wallet, source: KeyKind) -> Result<WalletKey, QuoteError> {
    paying_key(wallet, source).map_err(|error| match QuoteError::from(error) {
        QuoteError::Provider { problem, .. } | QuoteError::Impossible(problem) => QuoteError::Key(problem),
        other => other,
    })
}

fn status_code(cause: AnswerCause) -> Option<u16> {
    match cause {
        AnswerCause::Status(status) => Some(status),
        AnswerCause::RateLimited => Some(429),
        AnswerCause::WrongNetwork | AnswerCause::Other => None,
    }
}

/// Keeps the coins of a key for later quotes.
pub(super) fn remember<R: Runtime>(rt: &R, wallet: WalletId, source: KeyKind, score: u64, utxos: &[Utxo]) {
    keep(wallet, source, View { score, utxos: utxos.to_vec(), observed_at: rt.now(), waits: false });
}

fn keep(wallet: WalletId, source: KeyKind, view: View) {
    VIEWS.with_borrow_mut(|views| {
        views.insert((wallet, source), view);
        if views.len() > MAX_VIEWS
            && let Some(oldest) = views.iter().min_by_key(|(_, view)| view.observed_at).map(|(key, _)| *key)
        {
            views.remove(&oldest);
        }
    });
}

/// The number of a key's coins at their last read, if that is kept.
pub(super) fn coins_seen(wallet: WalletId, source: KeyKind) -> Option<usize> {
    VIEWS.with_borrow(|views| views.get(&(wallet, source)).map(|view| view.utxos.len()))
}

/// Computes the cost of a transfer from the chain as it is now.
///
/// Servers that give no usable answer are asked again: replicas that ask a moment apart may disagree about a score that has just moved on.
///
/// # Errors
/// When no server answers, or the coins do not allow the payment.
pub async fn quote<R: Runtime>(rt: &R, wallet: &Wallet, request: &TransferRequest) -> Result<Quote, QuoteError> {
    let mut answer = quote_once(rt, wallet, request, 0).await;
    for provider_offset in 1..ATTEMPTS {
        if !matches!(answer, Err(QuoteError::Provider { .. })) {
            break;
        }
        answer = quote_once(rt, wallet, request, provider_offset).await;
    }
    answer
}

/// Reads the chain as the transfer itself would. Where the listed coins are too few, the transfer waits for coins that are younger, or are
/// the change of other transfers; so these are counted in.
async fn quote_once<R: Runtime>(
    rt: &R,
    wallet: &Wallet,
    request: &TransferRequest,
    provider_offset: usize,
) -> Result<Quote, QuoteError> {
    let network = rt.read(|state| state.config().chains.kaspa.network);
    let address = quoted_key(wallet, request.source)?.address(network);
    let questions = Questions::new(rt, provider_offset);
    let (score, feerate) = join(questions.daa_score(), questions.feerate(request.kaspa_speed())).await;
    let score = score?;
    let utxos = questions.utxos(address, score, |_| false).await?;
    FEERATES.with_borrow_mut(|rates| rates.insert(request.kaspa_speed(), feerate));
    let seen = View { score, utxos, observed_at: rt.now(), waits: false };
    let computed = |view: &View| rt.read(|state| quote_from_utxos(state, rt.now(), wallet, request, view, feerate));
    let first = computed(&seen);
    keep(wallet.id, request.source, seen);
    if !matches!(&first, Err(QuoteError::Coins(error)) if may_pass(error)) {
        return first;
    }
    let utxos = questions.utxos(address, u64::MAX, |_| false).await?;
    if utxos.is_empty() && questions.utxo_count(address).await? > u64::from(MAX_UTXOS) {
        return Err(too_many(None).into());
    }
    let young = View { score, utxos, observed_at: rt.now(), waits: true };
    let all = View { score: u64::MAX, utxos: with_expected_change(rt, wallet, request, &young.utxos), ..young.clone() };
    let second = computed(&young);
    let (view, answer) = match &second {
        Ok(_) => (young, second),
        Err(_) => match computed(&all) {
            Ok(quote) => (all, Ok(quote)),
            Err(_) => (View { waits: false, ..young }, second),
        },
    };
    keep(wallet.id, request.source, view);
    answer
}

/// Whether more coins could make the payment possible.
fn may_pass(error: &SelectError) -> bool {
    match error {
        SelectError::InsufficientFunds { .. } | SelectError::TooManyInputs { .. } | SelectError::Unbuildable { .. } => true,
        SelectError::ZeroAmount | SelectError::InvalidUtxos | SelectError::NothingToConsolidate { .. } => false,
    }
}

/// The coins, with the change that built transactions of other transfers return to the same key.
fn with_expected_change<R: Runtime>(rt: &R, wallet: &Wallet, request: &TransferRequest, utxos: &[Utxo]) -> Vec<Utxo> {
    let Ok(own) = quoted_key(wallet, request.source).map(|key| key.script_public_key()) else { return utxos.to_vec() };
    let others = rt.read(|state| state.active_transfers_of(wallet.id));
    let others = others.into_iter().filter(|other| other.request.asset == request.asset).filter_map(|other| other.built);
    let mut listed: BTreeMap<Outpoint, Utxo> = utxos.iter().map(|utxo| (utxo.outpoint, utxo.clone())).collect();
    for built in others.filter_map(|built| UnsignedTx::from_bytes(&built.unsigned).ok()) {
        let transaction = built.transaction.id();
        for (output, index) in built.transaction.outputs.into_iter().zip(0..).filter(|(output, _)| output.script == own) {
            let outpoint = Outpoint { transaction, index };
            let change = Utxo { outpoint, amount: output.amount, script: own.clone(), block_daa_score: 0, is_coinbase: false };
            listed.entry(outpoint).or_insert(change);
        }
    }
    listed.into_values().collect()
}

/// Computes the cost of a transfer from the last read, without any call.
///
/// # Errors
/// When the coins of the last read do not allow the payment.
pub fn quote_from_cache<M: Memory>(
    state: &State<M>,
    now: Timestamp,
    wallet: &Wallet,
    request: &TransferRequest,
) -> Result<Quote, QuoteError> {
    let least = state.config().chains.kaspa.feerate;
    let feerate = FEERATES.with_borrow(|rates| rates.get(&request.kaspa_speed()).copied()).unwrap_or(least);
    match VIEWS.with_borrow(|views| views.get(&(wallet.id, request.source)).cloned()) {
        Some(view) => quote_from_utxos(state, now, wallet, request, &view, feerate),
        None => smallest(state, wallet, request, feerate),
    }
}

fn quote_from_utxos<M: Memory>(
    state: &State<M>,
    now: Timestamp,
    wallet: &Wallet,
    request: &TransferRequest,
    view: &View,
    feerate: u64,
) -> Result<Quote, QuoteError> {
    let config = &state.config().chains.kaspa;
    let own = quoted_key(wallet, request.source)?.script_public_key();
    let (Output { amount, script }, more) = payments(request, config.network)?;
    let mut locked = state.locked_outpoints(wallet.id);
    locked.extend(state.recently_spent(wallet.id, now));
    let payment = Payment {
        utxos: &view.utxos,
        reserved: &locked.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect::<BTreeSet<_>>(),
        virtual_daa_score: view.score,
        recipient: &script,
        amount,
        more: &more,
        change: &own,
        limits: limits(config, feerate, request),
    };
    let plan = select::plan(&payment).map_err(QuoteError::Coins)?;
    let due = payment.limits.fee.fee(&plan.masses).unwrap_or(plan.fee);
    Ok(of_plan(&plan, feerate, plan.fee.remaining_after(due), view))
}

fn of_plan(plan: &Plan, feerate: u64, dust: Amount, view: &View) -> Quote {
    let change = plan.change.as_ref().map_or(Amount::ZERO, |output| output.amount);
    let basis = QuoteBasis::Coins(view.observed_at);
    Quote { fee: plan.fee, feerate, inputs: plan.inputs.len(), change, dust, masses: plan.masses, basis, waits: view.waits }
}

/// The cost of the smallest transaction: one input, and change so large that its storage mass is negligible.
fn smallest<M: Memory>(state: &State<M>, wallet: &Wallet, request: &TransferRequest, feerate: u64) -> Result<Quote, QuoteError> {
    let config = &state.config().chains.kaspa;
    let own = quoted_key(wallet, request.source)?.script_public_key();
    let (first, more) = payments(request, config.network)?;
    let large = Output { amount: Amount::new(purser_core::chains::kaspa::tx::MAX_SOMPI), script: own.clone() };
    let outpoint = Outpoint { transaction: TxId([0; 32]), index: 0 };
    let spent = Utxo { outpoint, amount: large.amount, script: own, block_daa_score: 0, is_coinbase: false };
    let outputs = [first].into_iter().chain(more).chain([large]).collect();
    let transaction = Transaction::unsigned([outpoint], outputs);
    let masses = Masses::of(&transaction, &[spent]).map_err(|error| QuoteError::Impossible(error.to_string()))?;
    let fee = limits(config, feerate, request).fee.fee(&masses).unwrap_or(fee::floor(&masses));
    let (change, dust, basis) = (Amount::ZERO, Amount::ZERO, QuoteBasis::SmallestTransaction);
    Ok(Quote { fee, feerate, inputs: 1, change, dust, masses, basis, waits: false })
}
