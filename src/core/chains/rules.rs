//! Rules of a chain, as the rest of the domain asks for them.

use crate::base::{Amount, Asset};

/// The purpose of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The transfer pays recipients.
    Payment,
    /// The transfer makes one coin of several coins of the wallet, which pays nobody.
    Consolidation,
    /// The transfer is an operation of the canister on an account that it needs on the chain.
    Operation,
    /// The transfer is an operation that keeps the signed bytes of another transfer from landing.
    Revocation,
}

impl Purpose {
    /// Whether the transfer is an operation of the canister, for which no policy is evaluated.
    pub const fn is_operation(self) -> bool {
        matches!(self, Self::Operation | Self::Revocation)
    }
}

/// An error in the parameters of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamsError {
    /// The name of the parameter.
    pub field: &'static str,
    /// The problem and what would be right, for people.
    pub problem: String,
}

/// A payment, as far as it takes room in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentSize<'a> {
    /// The amount in base units of the asset.
    pub amount: Amount,
    /// The memo.
    pub memo: Option<&'a str>,
}

/// The rules of a chain that follow from its protocol.
pub trait ChainRules {
    /// Returns the minimum balance of the native asset in a new canister's settings, in base units.
    fn default_min_balance(&self) -> Amount;

    /// Returns the least fee of a transfer, in base units of the native asset.
    fn least_fee(&self) -> Amount;

    /// Divides payments, in their order, into runs for one transaction each, and returns the lengths.
    fn pack(&self, asset: Asset, payments: &[PaymentSize<'_>]) -> Vec<usize>;

    /// Returns the most of these payments that one transaction could make, whichever of them are chosen.
    fn largest_run(&self, asset: Asset, payments: &[PaymentSize<'_>]) -> usize;
}
