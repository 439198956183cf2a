//! Balances of a wallet's two Kaspa addresses.

use super::api::Rest;
use crate::flows::balances::KeyBalance;
use crate::flows::providers::Providers;
use crate::ports::Runtime;
use futures::future::join_all;
use purser_core::base::Asset;
use purser_core::chains::kaspa::rest::{self, Request};
use purser_core::chains::kaspa::{Address, KeyKind as Scheme, WalletKey};
use purser_core::wallet::{KeyKind, Wallet};

/// Reads the accepted unspent outputs of both addresses, in sompi.
///
/// # Errors
/// The problem with a server that gave no answer.
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
    let amount = Providers::<R, Rest>::new(rt, 0).any(&request, rest::parse_balance).await.map_err(|error| error.to_string())?;
    Ok(KeyBalance { kind, address: address.to_string(), asset: Asset::Kas, amount, observed_at: rt.now() })
}
