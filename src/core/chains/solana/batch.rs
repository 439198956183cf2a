//! Dividing many payments among as few transactions as a packet and the chain's other limits allow.
//!
//! Each payment is counted at its worst: every recipient differs, each needs a token account, and the transaction stands on a nonce and
//! offers a priority. What a transaction turns out to be is never larger.

use super::plan::MAX_TRANSACTION_BYTES;
use crate::base::Asset;

/// A transaction may run so many instructions, those that programs call among them.
const MAX_INSTRUCTIONS: usize = 64;
/// An address in the list of those that the message names.
const ADDRESS: usize = 32;

/// Divides payments with these memos, in their order, into runs that one transaction makes each. Returns the lengths of the runs.
///
/// A payment that would not even fit alone has a run of its own; a memo of that length is refused before.
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

/// The most of these payments that one transaction could make if it were free to choose among them.
pub fn largest_run(memos: &[Option<&str>], asset: Asset) -> usize {
    let mut memos = memos.to_vec();
    // No other choice of as many is smaller than the shortest ones.
    memos.sort_by_key(|memo| memo.map_or(0, str::len));
    pack(&memos, asset).first().copied().unwrap_or_default()
}

/// What a transaction takes of what is limited.
#[derive(Clone, Copy)]
struct Load {
    /// On the wire, with its signature.
    bytes: usize,
    instructions: usize,
    names_memo_program: bool,
}

impl Load {
    /// What there is beside the payments: signature, header and blockhash; payer, system program, and for the nonce its account and a
    /// sysvar; the budget's program; and the three instructions. For tokens also source, mint and two programs.
    const fn of_none(asset: Asset) -> Self {
        let coin = 1 + 64 + 3 + 1 + 32 + 1 + 5 * ADDRESS + 10 + 8 + 12;
        let bytes = match asset {
            Asset::Spl { .. } => coin + 4 * ADDRESS,
            Asset::Sol | Asset::Kas => coin,
        };
        Self { bytes, instructions: 3, names_memo_program: false }
    }

    /// With one more payment.
    fn and(self, memo: Option<&str>, asset: Asset) -> Self {
        let (bytes, instructions) = match asset {
            // Recipient and its token account; creating that, which calls up to six where somebody has sent lamports to its address
            // before; and the transfer.
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
