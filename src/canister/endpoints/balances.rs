//! The balances of a wallet, as the providers report them now. The method awaits and decides nothing.

use super::access;
use crate::flows::Observed;
use crate::jobs::RefreshError;
use crate::{jobs, store};
use purser_core::base::WalletId;
use purser_core::state::Refusal;
use purser_types::{Balance, Balances, Error};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
async fn refresh_balances(wallet_id: u64) -> Result<Balances, Error> {
    let wallet = WalletId::new(wallet_id);
    let wallet = store::read(|state| access::require_wallet_operator(state, ic_cdk::api::msg_caller(), wallet))?;
    let balances = jobs::refresh_balances(&wallet).await?;
    Ok(Balances { sol: balance(balances.sol), kas_schnorr: balance(balances.kas_schnorr), kas_ecdsa: balance(balances.kas_ecdsa) })
}

impl From<RefreshError> for Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Provider(error) => Self::provider(error.chain, &error.problem),
            RefreshError::Busy => Refusal::LimitReached {
                what: "refreshes of the wallet's balances at a time, also of those that failed",
                max: 1,
                current: 1,
            }
            .into(),
        }
    }
}

fn balance(observed: Observed) -> Balance {
    Balance { amount: observed.amount.get(), observed_at: observed.observed_at.nanos() }
}
