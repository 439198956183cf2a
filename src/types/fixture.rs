//! An installation argument and requests, for unit tests.

use crate::chain::Asset;
use crate::init::InitArgs;
use crate::kaspa_config::{KaspaInit, KaspaNetwork};
use crate::solana_config::{SolanaInit, SolanaNetwork};
use crate::transfer::TransferArgs;
use candid::Principal;
use purser_core::governance::config::Config;

/// The wallet that the requests name.
pub const WALLET_ID: u64 = 1;

/// Returns the only admin of [`init_args`].
pub fn admin() -> Principal {
    Principal::from_slice(&[1, 1])
}

/// Returns the only guardian of [`init_args`].
pub fn guardian() -> Principal {
    Principal::from_slice(&[2, 1])
}

/// Returns the argument of a local installation with one provider of each chain.
pub fn init_args() -> InitArgs {
    InitArgs {
        admins: vec![admin()],
        guardians: vec![guardian()],
        recovery: None,
        key_name: "test_key_1".into(),
        solana: SolanaInit {
            network: SolanaNetwork::Local,
            providers: vec!["http://127.0.0.1:8899".into()],
            max_fee: None,
            quorum: None,
            execution: None,
            max_unit_price: None,
            max_rent: None,
            genesis: None,
        },
        kaspa: KaspaInit {
            network: KaspaNetwork::Simnet,
            providers: vec!["http://127.0.0.1:8000".into()],
            max_fee: None,
            feerate: None,
            confirmations: None,
            max_feerate: None,
            quorum: None,
            execution: None,
            consolidate_above: None,
        },
        settings: None,
    }
}

/// Returns the configuration of [`init_args`].
pub fn config() -> Config {
    init_args().into_config(None)
}

/// Returns a request to pay an amount of SOL, in lamports, under an idempotency key.
pub fn sol(amount: u64, key: &str) -> TransferArgs {
    TransferArgs {
        wallet_id: WALLET_ID,
        asset: Asset::Sol,
        to: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin".into(),
        amount,
        max_fee: None,
        idempotency_key: key.into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

/// Returns a request to pay an amount of KAS, in sompi, under an idempotency key.
pub fn kas(amount: u64, key: &str) -> TransferArgs {
    let to = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn".into();
    TransferArgs { asset: Asset::Kas, to, ..sol(amount, key) }
}
