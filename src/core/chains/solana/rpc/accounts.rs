//! Accounts as nodes show them, and their reduction to the requested views.

use super::view::DATA_BYTES;
use super::{AccountView, Failure, NonceState, Reading, TokenBalance, View};
use crate::base::Amount;
use crate::chains::solana::account::{ACCOUNT_TYPE_OFFSET, Account, AccountKind};
use crate::chains::solana::token::{Holding, RawToken, read_head};
use crate::chains::solana::{Address, Blockhash, NONCE_BYTES, known};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::num::NonZeroU64;

/// The first eight bytes of an initialised nonce account: the current version, and the state, four bytes each.
const NONCE_TAG: [u8; 8] = [1, 0, 0, 0, 1, 0, 0, 0];

/// An account as `getMultipleAccounts` shows it.
///
/// Its rent epoch is not read: it exceeds a signed integer of 64 bits.
#[derive(Deserialize)]
pub(super) struct RawAccount {
    data: (String, String),
    executable: bool,
    lamports: u64,
    owner: Address,
    space: u64,
}

/// A token account as `getTokenAccountsByOwner` lists it.
#[derive(Deserialize)]
pub(super) struct RawListed {
    pubkey: Address,
    account: RawAccount,
}

impl RawAccount {
    fn data(&self) -> Result<Vec<u8>, Failure> {
        if self.data.1 != "base64" {
            return Err(Failure::Malformed);
        }
        STANDARD.decode(&self.data.0).map_err(|_| Failure::Malformed)
    }

    /// Reduces the account to a view; `from_start` says whether the slice from the start of the data was asked for, or byte 165
    /// alone.
    fn seen(&self, view: View, from_start: bool) -> Result<AccountView, Failure> {
        let data = self.data()?;
        let whole = data.len() as u64 == self.space;
        // A node may ignore the slice that was asked for and send all the data. Any other length is not an answer to the request:
        // the slice is full unless the data is shorter, and the single byte is missing where the data ends before it.
        if !whole && data.len() != if from_start { DATA_BYTES } else { data.len().min(1) } {
            return Err(Failure::Malformed);
        }
        let raw = RawToken { owner: &self.owner, space: self.space, data: &data };
        Ok(match view {
            View::Account { lamports } => {
                // All the data, and a slice from the start, have the account type at its own offset; the single byte is the account
                // type.
                let at = if whole || from_start { ACCOUNT_TYPE_OFFSET } else { 0 };
                let kind = AccountKind::classify(&self.owner, self.executable, self.space, data.get(at).copied());
                AccountView::Account(Account { lamports: Amount::new(lamports.of(self.lamports)), kind })
            }
            View::Mint => raw.mint().map_or_else(AccountView::Refused, AccountView::Mint),
            View::Holding { amount } => {
                raw.holding().map_or_else(AccountView::Refused, |holding| AccountView::Holding(bounded(holding, amount)))
            }
            View::Nonce => self.nonce(&data).unwrap_or(AccountView::NoNonce),
        })
    }

    fn nonce(&self, data: &[u8]) -> Option<AccountView> {
        if self.owner != known::SYSTEM_PROGRAM || self.space != NONCE_BYTES {
            return None;
        }
        let rest = data.strip_prefix(&NONCE_TAG)?;
        let authority = Address::from_bytes(*rest.first_chunk()?);
        let value = Blockhash::from_bytes(*rest.get(32..)?.first_chunk()?);
        Some(AccountView::Nonce { authority, value })
    }
}

fn bounded(holding: Holding, amount: Reading) -> Holding {
    Holding { amount: Amount::new(amount.of(holding.amount.get())), ..holding }
}

/// Reduces accounts that were read together to one view each.
///
/// # Errors
/// [`Failure::Malformed`] when the number of accounts is not that of the views or an account's data is not as asked for;
/// [`Failure::BEHIND`] when the node has not reached the demanded slot, that is `fresh` is false.
pub(super) fn read(found: Vec<Option<RawAccount>>, views: &[View], fresh: bool) -> Result<Vec<AccountView>, Failure> {
    if found.len() != views.len() {
        return Err(Failure::Malformed);
    }
    if !fresh {
        return Err(Failure::BEHIND);
    }
    let from_start = views.iter().any(|view| view.needs_data());
    let one = |(raw, view): (&Option<RawAccount>, &View)| {
        raw.as_ref().map_or(Ok(AccountView::Missing), |raw| raw.seen(*view, from_start))
    };
    found.iter().zip(views).map(one).collect()
}

/// Compares a nonce account with a known value; `slot` is the node's, `None` when the node is behind the demanded slot.
///
/// # Errors
/// [`Failure::BEHIND`] without a slot; [`Failure::Malformed`] when the account's data does not decode or is cut.
pub(super) fn nonce_state(
    found: Option<RawAccount>,
    value: &Blockhash,
    slot: Option<u64>,
    step: NonZeroU64,
) -> Result<NonceState, Failure> {
    let slot = slot.ok_or(Failure::BEHIND)?;
    Ok(match found.map(|raw| raw.seen(View::Nonce, true)).transpose()? {
        Some(AccountView::Nonce { value: now, .. }) if now == *value => NonceState::Unchanged,
        Some(AccountView::Nonce { .. }) => {
            NonceState::Changed { by_slot: slot.checked_next_multiple_of(step.get()).unwrap_or(u64::MAX) }
        }
        _ => NonceState::NoNonce,
    })
}

/// Reduces a list of token accounts to balances, sorted by account; the nodes' own order differs from node to node.
pub(super) fn balances(found: Vec<RawListed>) -> Result<Vec<TokenBalance>, Failure> {
    let one = |raw: &RawListed| {
        let data = raw.account.data()?;
        let (mint, amount, frozen) = read_head(&data).ok_or(Failure::Malformed)?;
        Ok(TokenBalance { account: raw.pubkey, mint, amount, frozen })
    };
    let mut list: Vec<_> = found.iter().map(one).collect::<Result<_, _>>()?;
    list.sort_unstable();
    Ok(list)
}
