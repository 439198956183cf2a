//! Bytes that can never land, and what becomes of their transfer.
//!
//! Bytes were signed and have left the canister; before anything else is signed for the same payment, or its money is free, it must be
//! impossible that they land. A Kaspa transaction does not expire, so only two things make it impossible: one of its coins is spent
//! otherwise, or consensus forbids the bytes. The second is what this module establishes, and it takes all of this:
//!
//! * The reason is one of consensus ([`Rejection::is_permanent`](purser_core::chains::kaspa::rest::Rejection::is_permanent)). A refusal that
//!   is only a node's policy (a fee, a standard form, a mass under a block's limit) proves nothing, because a miner with another policy
//!   may hold the bytes by now: it is left to people with the money held, as before.
//! * Every configured provider that has a word about the transaction gives such a reason, in an answer on which the replicas agree, and
//!   at least as many as must agree do. One word to the contrary is enough to go on.
//! * No transaction of the transfer is accepted, and whatever it replaced is just as dead: that may still land in its place.
//!
//! What is signed next may then spend any coins. The coins that nodes refused together are not spent together again, with the amounts that
//! they were said to have: which one of them is at fault nobody says.

use super::follow::{describe, superseded};
use super::{client, recorded};
use crate::flows::{FlowError, Progress, TransferContext, unreadable};
use crate::ports::Runtime;
use purser_core::base::{Amount, TransferId, WalletId};
use purser_core::chains::kaspa::rest::{Rejection, SubmitOutcome};
use purser_core::chains::kaspa::select::SelectError;
use purser_core::chains::kaspa::{Outpoint, Plan, Transaction, UnsignedTx, Utxo};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For how many wallets, and how often for each, it is remembered what was refused. Losing it costs one more refusal.
const MAX_WALLETS: usize = 64;
const MAX_PER_WALLET: usize = 32;
/// How many choices of coins are looked at for one payment.
const MAX_CHOICES: usize = 16;

/// Coins that were refused together, by whom they were spent.
type Refused = (TransferId, [u8; 32]);

thread_local! {
    static REFUSED: RefCell<BTreeMap<WalletId, VecDeque<Refused>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Ends the present attempt if no block may ever contain it, or any that it replaced: other coins are tried, unless these are not at
/// fault. `None` when that is not certain.
pub(super) async fn end_of<R: Runtime>(
    context: &TransferContext<'_, R>,
    present: &Transaction,
) -> Result<Option<Progress>, FlowError> {
    let before = superseded(context).iter().map(|other| recorded(Some(&other.built), Some(&other.signed)));
    let mut why = None;
    for transaction in [Ok(present.clone())].into_iter().chain(before) {
        let transaction = transaction?;
        match verdict(context, &transaction).await {
            Verdict::Forever(reason, said) => why = why.or(Some((reason, said))),
            // A node has it after all, or once more: it is followed.
            Verdict::Taken => return Ok(Some(Progress::Waiting)),
            Verdict::Open => return Ok(None),
        }
        if client(context).is_known_accepted(transaction.id()).await? {
            return Ok(Some(Progress::Waiting));
        }
    }
    context.unchanged()?;
    let Some((reason, said)) = why else { return Ok(None) };
    let (id, note) = (context.transfer.id, format!("no block can contain the transaction that was signed: {said}"));
    if !reason.is_caused_by_inputs() {
        context.commit(|state| state.decide_failed(id, Amount::ZERO, Some(note)))?;
        return Ok(Some(Progress::Ended));
    }
    let spent = super::decode(context.transfer.built.as_ref())?.spent;
    remember(context.wallet.id, id, &spent);
    context.commit(|state| state.decide_expired(id, Some(note)))?;
    Ok(Some(Progress::Again))
}

/// What all providers together say of a transaction.
enum Verdict {
    /// No block may contain it.
    Forever(Rejection, String),
    /// A node has it.
    Taken,
    /// Neither is certain.
    Open,
}

async fn verdict<R: Runtime>(context: &TransferContext<'_, R>, transaction: &Transaction) -> Verdict {
    let words: Vec<SubmitOutcome> = client(context).offer_everywhere(transaction).await.into_iter().flatten().collect();
    if words.contains(&SubmitOutcome::Accepted) {
        return Verdict::Taken;
    }
    let config = context.rt.read(|state| state.config().kaspa.clone());
    // One of several is never enough, even where one would be for other questions.
    let needed = config.agreement().max(config.providers.len().min(2));
    let forever = |word: &SubmitOutcome| match word {
        SubmitOutcome::Rejected { reason, .. } if reason.is_permanent() => Some((*reason, describe(word))),
        _ => None,
    };
    let reasons: Option<Vec<_>> = words.iter().map(forever).collect();
    match reasons.filter(|reasons| reasons.len() >= needed).and_then(|reasons| reasons.into_iter().next()) {
        Some((reason, said)) => Verdict::Forever(reason, said),
        None => Verdict::Open,
    }
}

fn fingerprint(coins: &[Utxo]) -> [u8; 32] {
    let coins: BTreeSet<(Outpoint, Amount)> = coins.iter().map(|coin| (coin.outpoint, coin.amount)).collect();
    let mut hasher = Sha256::new();
    for (outpoint, amount) in coins {
        hasher.update(outpoint.to_bytes());
        hasher.update(amount.get().to_le_bytes());
    }
    hasher.finalize().into()
}

fn remember(wallet: WalletId, transfer: TransferId, coins: &[Utxo]) {
    REFUSED.with_borrow_mut(|all| {
        if all.len() >= MAX_WALLETS && !all.contains_key(&wallet) {
            all.pop_first();
        }
        let refused = all.entry(wallet).or_default();
        refused.push_back((transfer, fingerprint(coins)));
        if refused.len() > MAX_PER_WALLET {
            refused.pop_front();
        }
    });
}

/// Whether these coins were refused together when this transfer spent them, or when any of the wallet did.
pub(super) fn is_refused(wallet: WalletId, transfer: Option<TransferId>, coins: &[Utxo]) -> bool {
    let (of, print) = (|by: TransferId| transfer.is_none_or(|transfer| transfer == by), fingerprint(coins));
    REFUSED.with_borrow(|all| all.get(&wallet).is_some_and(|refused| refused.iter().any(|(by, coins)| of(*by) && *coins == print)))
}

/// The plan that does not spend together what was refused together; the coins given are left out of it.
///
/// # Errors
/// What selection says; `Ok(None)` when there are plans and all of them were refused.
pub(super) fn avoiding(
    plan: impl Fn(&BTreeSet<Outpoint>) -> Result<Plan, SelectError>,
    is_refused: impl Fn(&[Utxo]) -> bool,
) -> Result<Option<Plan>, SelectError> {
    let first = plan(&BTreeSet::new())?;
    let mut open = VecDeque::from([(BTreeSet::new(), first)]);
    let mut looked_at = 1;
    while let Some((without, found)) = open.pop_front() {
        if !is_refused(&found.inputs) {
            return Ok(Some(found));
        }
        let mut coins: Vec<&Utxo> = found.inputs.iter().collect();
        coins.sort_by_key(|coin| std::cmp::Reverse((coin.amount, coin.outpoint)));
        for coin in coins {
            if looked_at == MAX_CHOICES {
                break;
            }
            looked_at += 1;
            let mut more = without.clone();
            more.insert(coin.outpoint);
            if let Ok(other) = plan(&more) {
                open.push_back((more, other));
            }
        }
    }
    Ok(None)
}

/// What a transfer says that finds no coins but those refused.
pub(super) fn no_other_coins<R>(context: &TransferContext<'_, R>) -> FlowError {
    let refused = context.transfer.note.as_deref().unwrap_or("nodes refuse what was signed");
    FlowError::Unbuildable(format!("{refused}; no other coins of the wallet allow it"))
}

/// The coins that the attempt which is over had taken, which are free for the next one.
pub(super) fn of_last_attempt<R>(context: &TransferContext<'_, R>) -> Result<Vec<Outpoint>, FlowError> {
    if context.transfer.status != purser_core::transfer::Status::Expired {
        return Ok(Vec::new());
    }
    let built =
        context.transfer.built.as_ref().map(|built| UnsignedTx::from_bytes(&built.unsigned)).transpose().map_err(unreadable)?;
    Ok(built.iter().flat_map(UnsignedTx::outpoints).collect())
}
