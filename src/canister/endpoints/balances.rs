//! The balances of a wallet, as the providers report them now, and as they were last seen. Nothing here decides.

use super::access;
use crate::flows::KeyBalance;
use crate::jobs::RefreshError;
use crate::{jobs, store};
use purser_core::base::WalletId;
use purser_core::state::Refusal;
use purser_types::{Asset, Balance, Error};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
async fn refresh_balances(wallet_id: u64) -> Result<Vec<Balance>, Error> {
    let wallet = WalletId::new(wallet_id);
    let wallet = store::read(|state| access::require_wallet_operator(state, ic_cdk::api::msg_caller(), wallet))?;
    let balances = jobs::refresh_balances(&wallet).await?;
    Ok(balances.into_iter().map(balance).collect())
}

#[ic_cdk::query]
fn get_balances(wallet_id: u64) -> Result<Vec<Balance>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| access::require_wallet(state, wallet))?;
    Ok(jobs::last_balances(wallet).into_iter().map(balance).collect())
}

impl From<RefreshError> for Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Provider(error) => Self::provider(error.chain, None, &error.problem),
            RefreshError::Busy => Refusal::LimitReached {
                what: "refreshes of the wallet's balances at a time, also of those that failed",
                max: 1,
                current: 1,
            }
            .into(),
        }
    }
}

/// Returns an observed balance as the answer shows it.
fn balance(observed: KeyBalance) -> Balance {
    let KeyBalance { kind, address, asset, amount, observed_at } = observed;
    Balance {
        key: kind.as_str().to_owned(),
        address,
        asset: Asset::from(asset).into(),
        amount: amount.get(),
        units: asset.into(),
        observed_at: observed_at.nanos(),
    }
}
