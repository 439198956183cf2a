//! Dividing many payments among as few transactions as a packet and the chain's other limits allow.

use crate::primitives::Asset;

/// As many transfers of SOL to different recipients fill a packet, with a nonce and a priority.
pub const MAX_SOL_PAYMENTS: usize = 19;
/// Eight payments that create token accounts would still fit a packet. But a transaction may run 64 instructions, those that programs
/// call among them, and creating an account calls up to six where somebody has sent lamports to its address before.
pub const MAX_TOKEN_PAYMENTS: usize = 7;

/// How many payments one transaction makes at most.
pub const fn max_payments(asset: Asset) -> usize {
    match asset {
        Asset::Spl { .. } => MAX_TOKEN_PAYMENTS,
        Asset::Sol | Asset::Kas => MAX_SOL_PAYMENTS,
    }
}

/// Divides so many payments, in their order, into runs that one transaction makes each. Returns the lengths of the runs.
pub fn pack(payments: usize, asset: Asset) -> Vec<usize> {
    let most = max_payments(asset);
    (0..payments).step_by(most).map(|start| most.min(payments - start)).collect()
}

#[cfg(test)]
mod tests;
