//! Coins that nodes refused together, and the choice of others.
//!
//! A refusal does not say which of a transaction's coins is at fault. So coins that were refused together, with the amounts that the
//! servers had listed, are not spent together again.

use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use purser_core::base::{Amount, TransferId, WalletId};
use purser_core::chains::kaspa::select::SelectError;
use purser_core::chains::kaspa::{Outpoint, Plan, UnsignedTx, Utxo};
use purser_core::policy::ReasonCode;
use purser_core::transfer::Status;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most wallets whose refusals are kept. Losing one costs one more refusal.
const MAX_WALLETS: usize = 64;
/// The most refusals that are kept of one wallet.
const MAX_PER_WALLET: usize = 32;
/// The most choices of coins that are examined for one payment.
const MAX_CHOICES: usize = 16;

/// A refusal: the transfer that spent the coins, and their fingerprint.
type Refused = (TransferId, [u8; 32]);

thread_local! {
    static REFUSED: RefCell<BTreeMap<WalletId, VecDeque<Refused>>> = const { RefCell::new(BTreeMap::new()) };
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

/// Records that nodes refused coins which a transfer spent together.
pub(super) fn record(wallet: WalletId, transfer: TransferId, coins: &[Utxo]) {
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

/// Whether these coins were refused together when this transfer spent them; `None` stands for any transfer of the wallet.
pub(super) fn is_refused(wallet: WalletId, transfer: Option<TransferId>, coins: &[Utxo]) -> bool {
    let (of, print) = (|by: TransferId| transfer.is_none_or(|transfer| transfer == by), fingerprint(coins));
    REFUSED.with_borrow(|all| all.get(&wallet).is_some_and(|refused| refused.iter().any(|(by, coins)| of(*by) && *coins == print)))
}

/// The first plan whose coins were not refused together; `Ok(None)` when there are plans and all were refused.
///
/// `plan` selects without the coins given. The search leaves out one coin more of each refused plan at a time.
///
/// # Errors
/// When the selection finds no plan at all.
pub(super) fn avoiding(
    plan: impl Fn(&BTreeSet<Outpoint>) -> Result<Plan, SelectError>,
    is_refused: impl Fn(&[Utxo]) -> bool,
) -> Result<Option<Plan>, SelectError> {
    let first = plan(&BTreeSet::new())?;
    let mut open = VecDeque::from([(BTreeSet::new(), first)]);
    let mut examined = 1;
    while let Some((without, found)) = open.pop_front() {
        if !is_refused(&found.inputs) {
            return Ok(Some(found));
        }
        let mut coins: Vec<&Utxo> = found.inputs.iter().collect();
        coins.sort_by_key(|coin| std::cmp::Reverse((coin.amount, coin.outpoint)));
        for coin in coins {
            if examined == MAX_CHOICES {
                break;
            }
            examined += 1;
            let mut more = without.clone();
            more.insert(coin.outpoint);
            if let Ok(other) = plan(&more) {
                open.push_back((more, other));
            }
        }
    }
    Ok(None)
}

/// The error for a transfer that finds no coins except refused ones.
pub(super) fn no_other_coins<R>(context: &TransferContext<'_, R>) -> FlowError {
    let refused = context.transfer.note.as_deref().unwrap_or("nodes refuse what was signed");
    FlowError::Refused(ReasonCode::TransactionInvalid, format!("{refused}; no other coins of the wallet allow it"))
}

/// The coins of a transfer's last attempt, if that is over. They are free for the next one.
///
/// # Errors
/// When the recorded transaction cannot be read.
pub(super) fn of_last_attempt<R>(context: &TransferContext<'_, R>) -> Result<Vec<Outpoint>, FlowError> {
    if context.transfer.status != Status::Expired {
        return Ok(Vec::new());
    }
    let built = context.transfer.built.as_ref();
    let built = built.map(|built| UnsignedTx::from_bytes(&built.unsigned)).transpose().map_err(FlowError::unreadable)?;
    Ok(built.iter().flat_map(UnsignedTx::outpoints).collect())
}
