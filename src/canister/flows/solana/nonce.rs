//! The choice of a wallet's nonce account, and the claim that keeps two builds from using the same one.

use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::WalletId;
use purser_core::chains::solana::transfer::LifetimeChoice;
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    /// The nonce accounts of builds under way. Those of built transactions are in the durable state.
    static CLAIMED: RefCell<BTreeSet<(WalletId, u16)>> = const { RefCell::new(BTreeSet::new()) };
}

/// The nonce account that a payment is to use.
pub(super) struct ChosenNonce {
    /// The account's number within the wallet.
    pub index: u16,
    /// The claim on the account. A simulated transfer has none.
    pub claim: Option<Claim>,
}

/// The claim of one build on a nonce account. It ends when it is dropped, which also happens in the cleanup after a trap.
pub(super) struct Claim(WalletId, u16);

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

/// Chooses a free nonce account of the wallet for a payment. `None` stands for a recent blockhash.
///
/// # Errors
/// When all of the wallet's nonce accounts are in use: one becomes free when its transfer has ended.
pub(super) fn choose<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Option<ChosenNonce>, FlowError> {
    let wallet = context.wallet.id;
    let (nonces, settings) = context.rt.read(|state| (state.working_nonces(wallet), state.solana_settings(wallet)));
    if settings.lifetime == LifetimeChoice::Blockhash || nonces.is_empty() {
        return Ok(None);
    }
    let mut free = nonces.iter().filter(|(_, record)| record.holder.is_none()).map(|(index, _)| *index);
    if context.transfer.simulated {
        // A simulated transfer uses no nonce up, so that one in use does as well.
        let index = free.next().or_else(|| nonces.first().map(|(index, _)| *index));
        return Ok(index.map(|index| ChosenNonce { index, claim: None }));
    }
    let claimed = free.find_map(|index| Some(ChosenNonce { index, claim: Some(Claim::take(wallet, index)?) }));
    claimed.map(Some).ok_or_else(|| {
        FlowError::blocked(format!(
            "all nonce accounts of the wallet, {}, carry other transactions; it waits for one to be free",
            nonces.len()
        ))
    })
}

/// Records in the log that a recent blockhash is used in the place of a nonce account. A simulated transfer records nothing.
///
/// # Errors
/// When the transfer may not go on, or the account is in use.
pub(super) fn fall_back<R: Runtime>(context: &TransferContext<'_, R>, index: u16, reason: String) -> Result<(), FlowError> {
    context.recheck()?;
    if context.transfer.simulated {
        return Ok(());
    }
    context.commit(|state| state.decide_nonce_fallback(context.transfer.id, index, reason))
}
