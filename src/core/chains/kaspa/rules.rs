//! Kaspa's answers to what the rest of the domain asks of a chain.

use super::batch;
use super::fee::MINIMUM_TRANSFER_FEE;
use crate::base::{Amount, Asset};
use crate::chains::rules::{ChainRules, PaymentSize};

/// The rules of Kaspa.
#[derive(Clone, Copy, Debug)]
pub struct KaspaRules;

impl ChainRules for KaspaRules {
    fn default_min_balance(&self) -> Amount {
        Amount::ZERO
    }

    fn least_fee(&self) -> Amount {
        Amount::new(MINIMUM_TRANSFER_FEE)
    }

    fn pack(&self, _: Asset, payments: &[PaymentSize<'_>]) -> Vec<usize> {
        let amounts: Vec<Amount> = payments.iter().map(|payment| payment.amount).collect();
        batch::pack(&amounts, batch::MAX_OUTPUTS)
    }

    fn largest_run(&self, _: Asset, payments: &[PaymentSize<'_>]) -> usize {
        payments.len().min(batch::MAX_OUTPUTS)
    }
}
