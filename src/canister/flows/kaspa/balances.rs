//! Balances of a wallet's two Kaspa addresses.

use crate::flows::balances::KeyBalance;
use crate::flows::outcalls::{self, Replication};
use crate::ports::Runtime;
use futures::future::join_all;
use purser_core::base::{Amount, Asset};
use purser_core::chains::kaspa::rest::{self, Request};
use purser_core::chains::kaspa::{Address, KeyKind as Scheme, WalletKey};
use purser_core::wallet::{KeyKind, Wallet};

/// Reads the accepted unspent outputs of both addresses, in sompi.
///
/// # Errors
/// The problem with the server that was asked last.
pub(super) async fn balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, String> {
    let network = rt.read(|state| state.config().chains.kaspa.network);
    let keys = [(KeyKind::KaspaSchnorr, Scheme::Schnorr), (KeyKind::KaspaEcdsa, Scheme::Ecdsa)];
    let registered = keys.into_iter().filter(|(kind, _)| !wallet.key(*kind).is_empty());
    let balances = registered.map(|(kind, scheme)| async move {
        let key = WalletKey::new(scheme, wallet.key(kind)).map_err(|error| error.to_string())?;
        balance(rt, kind, key.address(network)).await
    });
    join_all(balances).await.into_iter().collect()
}

async fn balance<R: Runtime>(rt: &R, kind: KeyKind, address: Address) -> Result<KeyBalance, String> {
    let request = Request::Balance { address };
    let mut last = "no provider is configured".to_owned();
    for provider_offset in 0..rt.read(|state| state.config().chains.kaspa.providers.len()) {
        match amount(rt, provider_offset, &request).await {
            Ok(amount) => {
                return Ok(KeyBalance { kind, address: address.to_string(), asset: Asset::Kas, amount, observed_at: rt.now() });
            }
            Err(problem) => last = problem,
        }
    }
    Err(last)
}

async fn amount<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Result<Amount, String> {
    let body = outcalls::kaspa(rt, provider_offset, Replication::Replicated, request).await.map_err(|error| error.to_string())?;
    rest::parse_balance(&body).map_err(|failure| failure.to_string())
}
