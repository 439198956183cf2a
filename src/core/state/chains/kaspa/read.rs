//! Queries about the coins of Kaspa wallets.

use crate::base::{Bytes, HOUR_NS, Timestamp, WalletId};
use crate::state::State;
use crate::state::read::RECENT_TRANSFERS;
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// Returns the outpoints that a wallet's transfers under way spend: 32-byte transaction id and 4-byte little-endian index.
    pub fn locked_outpoints(&self, wallet: WalletId) -> BTreeSet<Bytes> {
        self.tables.chains.kaspa.locked_outpoints(wallet)
    }

    /// Returns the outpoints that a wallet's confirmed Kaspa transfers spent within the last hour, among its newest 50 transfers.
    ///
    /// A provider that lags behind may still list them as unspent.
    pub fn recently_spent(&self, wallet: WalletId, now: Timestamp) -> Vec<Bytes> {
        let landed = |transfer: &Transfer| transfer.status == Status::Confirmed && now.nanos_since(transfer.updated_at) < HOUR_NS;
        let transfers = self.transfers(wallet, None, RECENT_TRANSFERS);
        transfers.iter().filter(|transfer| landed(transfer)).flat_map(|transfer| transfer.kaspa_inputs().to_vec()).collect()
    }
}
