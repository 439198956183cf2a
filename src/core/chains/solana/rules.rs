//! Solana's answers to what the rest of the domain asks of a chain.

use super::batch;
use super::plan::LAMPORTS_PER_SIGNATURE;
use crate::base::{Amount, Asset};
use crate::chains::rules::{ChainRules, PaymentSize};

/// The default minimum balance of SOL, in lamports: 0.05 SOL, the base fees of 10,000 signatures.
pub const DEFAULT_MIN_BALANCE_LAMPORTS: u64 = 50_000_000;

/// The rules of Solana.
#[derive(Clone, Copy, Debug)]
pub struct SolanaRules;

impl ChainRules for SolanaRules {
    fn default_min_balance(&self) -> Amount {
        Amount::new(DEFAULT_MIN_BALANCE_LAMPORTS)
    }

    fn least_fee(&self) -> Amount {
        Amount::new(LAMPORTS_PER_SIGNATURE)
    }

    fn pack(&self, asset: Asset, payments: &[PaymentSize<'_>]) -> Vec<usize> {
        batch::pack(&memos(payments), asset)
    }

    fn largest_run(&self, asset: Asset, payments: &[PaymentSize<'_>]) -> usize {
        batch::largest_run(&memos(payments), asset)
    }
}

fn memos<'a>(payments: &[PaymentSize<'a>]) -> Vec<Option<&'a str>> {
    payments.iter().map(|payment| payment.memo).collect()
}
