//! Division of many payments among as few transactions as the size and instruction limits allow.
//!
//! Each payment is counted at its largest: every recipient differs, each needs a token account, and the transaction uses a nonce
//! and offers a priority fee. The transaction that is built is never larger.

use super::plan::MAX_TRANSACTION_BYTES;
use crate::base::Asset;

/// The most instructions that one transaction may run, those that programs call among them.
const MAX_INSTRUCTIONS: usize = 64;
/// The bytes of an address in the list of accounts that the message names.
const ADDRESS: usize = 32;

/// Divides payments with these memos, in their order, into runs that one transaction makes each.
///
/// Returns the lengths of the runs. A payment that would not fit even alone gets a run of its own; a memo of that length is refused
/// earlier.
pub fn pack(memos: &[Option<&str>], asset: Asset) -> Vec<usize> {
    let (mut runs, mut load) = (Vec::new(), Load::of_none(asset));
    for memo in memos {
        let more = load.and(*memo, asset);
        match runs.last_mut() {
            Some(run) if more.fits() => {
                *run += 1;
                load = more;
            }
            _ => {
                runs.push(1);
                load = Load::of_none(asset).and(*memo, asset);
            }
        }
    }
    runs
}

/// Returns how many of these payments one transaction could make at most, whichever of them are chosen.
pub fn largest_run(memos: &[Option<&str>], asset: Asset) -> usize {
    let mut memos = memos.to_vec();
    // No other choice of as many is smaller than the shortest ones.
    memos.sort_by_key(|memo| memo.map_or(0, str::len));
    pack(&memos, asset).first().copied().unwrap_or_default()
}

/// The part of the limits that a transaction uses.
#[derive(Clone, Copy)]
struct Load {
    /// The size on the wire in bytes, with the signature.
    bytes: usize,
    /// The instructions that run, those that programs call among them.
    instructions: usize,
    /// Whether a memo already added the memo program's address to the list of accounts.
    names_memo_program: bool,
}

impl Load {
    /// Returns the load of everything beside the payments.
    ///
    /// That is signature, header and blockhash; payer, system program, the nonce's account and sysvar, and the compute budget
    /// program; and the three instructions that advance the nonce and set limit and price. For tokens also source, mint and two
    /// programs.
    const fn of_none(asset: Asset) -> Self {
        // In the order of the wire: count and bytes of the signature, header, count of addresses, blockhash, count of instructions,
        // the addresses, then the instructions (10, 8 and 12 bytes), each with program, indices of its accounts and data.
        let coin = 1 + 64 + 3 + 1 + 32 + 1 + 5 * ADDRESS + 10 + 8 + 12;
        let bytes = match asset {
            Asset::Spl { .. } => coin + 4 * ADDRESS,
            Asset::Sol | Asset::Kas => coin,
        };
        Self { bytes, instructions: 3, names_memo_program: false }
    }

    /// Returns the load with one more payment.
    fn and(self, memo: Option<&str>, asset: Asset) -> Self {
        let (bytes, instructions) = match asset {
            // Recipient and its token account; creating that (10 bytes), which calls up to six instructions where lamports were
            // sent to its address before; and the transfer (17 bytes).
            Asset::Spl { .. } => (2 * ADDRESS + 10 + 17, 1 + 6 + 1),
            Asset::Sol | Asset::Kas => (ADDRESS + 17, 1),
        };
        let paid = Self { bytes: self.bytes + bytes, instructions: self.instructions + instructions, ..self };
        let Some(memo) = memo else { return paid };
        let program = if self.names_memo_program { 0 } else { ADDRESS };
        // From 128 on a length takes two bytes.
        let length = if memo.len() < 128 { 1 } else { 2 };
        Self {
            bytes: paid.bytes + program + 3 + length + memo.len(),
            instructions: paid.instructions + 1,
            names_memo_program: true,
        }
    }

    const fn fits(self) -> bool {
        self.bytes <= MAX_TRANSACTION_BYTES && self.instructions <= MAX_INSTRUCTIONS
    }
}

#[cfg(test)]
mod tests;
