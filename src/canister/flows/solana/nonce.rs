//! Which nonce account a transfer reads, and that no two of them are built on the same one at a time.

use super::{NOTHING_TO_REVOKE, revocable};
use crate::flows::{FlowError, TransferContext};
use crate::ports::Runtime;
use purser_core::base::WalletId;
use purser_core::transfer::solana::{LifetimeChoice, NonceOperation};
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    /// The nonce accounts that transactions are being built on. What is built is in the durable state.
    static CLAIMED: RefCell<BTreeSet<(WalletId, u16)>> = const { RefCell::new(BTreeSet::new()) };
}

/// A nonce account to read.
pub(super) struct Nonce {
    /// Its number within the wallet.
    pub index: u16,
    /// Held until the transaction is recorded, when it is to stand on the account.
    _claim: Option<Claim>,
}

/// Keeps other builds from a nonce account until it is dropped, which also happens in the cleanup after a trap.
struct Claim(WalletId, u16);

impl Claim {
    fn take(wallet: WalletId, index: u16) -> Option<Self> {
        CLAIMED.with_borrow_mut(|claimed| claimed.insert((wallet, index))).then_some(Self(wallet, index))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMED.with_borrow_mut(|claimed| claimed.remove(&(self.0, self.1)));
    }
}

/// The nonce account to read: the one to create, the one to use up, or any free one of the wallet to stand on. `None` means a recent
/// blockhash.
///
/// # Errors
/// When all of the wallet's nonce accounts are taken: one becomes free when its transfer has ended.
pub(super) fn to_read<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Option<Nonce>, FlowError> {
    let unclaimed = |index| Some(Nonce { index, _claim: None });
    match context.transfer.request.nonce_operation() {
        Some(NonceOperation::Create { index }) => return Ok(unclaimed(index)),
        Some(NonceOperation::Revoke { transfer }) => {
            let index = revocable(context, transfer).and_then(|revoked| revoked.nonce_index());
            return index.map(unclaimed).ok_or_else(|| FlowError::Unbuildable(NOTHING_TO_REVOKE.to_owned()));
        }
        None => {}
    }
    let wallet = context.wallet.id;
    let (nonces, settings) = context.rt.read(|state| (state.working_nonces(wallet), state.solana_settings(wallet)));
    if settings.lifetime == LifetimeChoice::Blockhash || nonces.is_empty() {
        return Ok(None);
    }
    let free = nonces.iter().filter(|(_, record)| record.holder.is_none()).map(|(index, _)| *index);
    if context.transfer.simulated {
        // What is only simulated takes none, and so may look at one that is taken.
        return Ok(free.chain(nonces.first().map(|(index, _)| *index)).next().and_then(unclaimed));
    }
    let claimed = free.filter_map(|index| Some(Nonce { index, _claim: Some(Claim::take(wallet, index)?) })).next();
    claimed.map(Some).ok_or_else(|| {
        FlowError::blocked(format!(
            "all nonce accounts of the wallet, {}, carry other transactions; it waits for one to be free",
            nonces.len()
        ))
    })
}
