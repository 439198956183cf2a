//! Tables of Kaspa: the coins that transfers under way spend.

use crate::base::{Bytes, TransferId, WalletId};
use crate::state::tables::ids::LOCKED_OUTPOINTS;
use crate::state::tracked::{Map, Recount, TableOpener};
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// The length of an outpoint: a 32-byte transaction id and a 4-byte little-endian index.
pub const OUTPOINT_BYTES: usize = 36;

/// The tables of Kaspa.
pub struct KaspaTables<M: Memory> {
    /// The outpoints that a transfer under way spends, from (wallet, outpoint) to transfer.
    locked_outpoints: Map<(u64, [u8; OUTPOINT_BYTES]), u64, M>,
}

impl<M: Memory> KaspaTables<M> {
    /// Opens the tables in their memories.
    pub fn open(open: &TableOpener<'_, M>) -> Self {
        Self { locked_outpoints: open.map(LOCKED_OUTPOINTS) }
    }

    /// Returns the tables that the digest covers, in the order of their ids.
    pub fn digested(&self) -> [&dyn Recount; 1] {
        [&self.locked_outpoints]
    }

    /// Returns the outpoints that a wallet's transfers under way spend.
    pub(in crate::state) fn locked_outpoints(&self, wallet: WalletId) -> BTreeSet<Bytes> {
        let range = (wallet.get(), [0; OUTPOINT_BYTES])..=(wallet.get(), [0xff; OUTPOINT_BYTES]);
        self.locked_outpoints.keys_range(range).map(|(_, outpoint)| Bytes::new(outpoint)).collect()
    }

    pub(in crate::state) fn lock(&mut self, wallet: WalletId, inputs: &[Bytes], transfer: TransferId) {
        for outpoint in outpoints(inputs) {
            let previous = self.locked_outpoints.insert((wallet.get(), outpoint), transfer.get());
            assert!(previous.is_none(), "BUG: an outpoint is spent by two transfers");
        }
    }

    pub(in crate::state) fn unlock(&mut self, wallet: WalletId, inputs: &[Bytes]) {
        for outpoint in outpoints(inputs) {
            self.locked_outpoints.remove(&(wallet.get(), outpoint));
        }
    }
}

fn outpoints(inputs: &[Bytes]) -> impl Iterator<Item = [u8; OUTPOINT_BYTES]> {
    inputs.iter().filter_map(|input| input[..].try_into().ok())
}
