//! A Kaspa dev chain on loopback: the public REST API over a UTXO set. rusty-kaspa's own script engine and mass calculator check
//! every submitted transaction, under its consensus limits and relay policy (v2.1, after Toccata).
//!
//! No wall clock is used. Blocks are mined by [`KaspaDev::mine`]. In addition, 0 to 2 empty blocks pass after every call, as on a
//! network that makes ten a second, and coins are listed in another order each time. Both come from a fixed seed, so one sequence
//! of calls always meets the same chain.
//!
//! * `chain`: coins, mempool, scores, acceptance, reorganisation
//! * `admission`, `refusal`: admission to the mempool, and refusals in the node's words
//! * `wire`, `rest`: the REST API's decoding, endpoints and shapes
//! * `fault`: ordered faults
//! * `server`, `state`: HTTP, and the state that all servers of one chain share

mod admission;
mod chain;
mod fault;
mod refusal;
mod rest;
mod server;
mod state;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard};

pub use kaspa_consensus_core::network::NetworkType;
use kaspa_consensus_core::tx::ScriptPublicKey;
use serde_json::Value;

use chain::Chain;
pub use fault::{Endpoint, FalseAnswer, Fault, FaultsHandle};
use server::RunningServer;
use state::State;

/// A running dev chain. Dropping it stops its threads.
pub struct KaspaDev {
    // Declared first: the server's threads end before the state they use.
    server: RunningServer,
    state: Arc<Mutex<State>>,
    faults: FaultsHandle,
}

impl KaspaDev {
    /// Starts an empty chain of this network (a testnet is testnet-10) on a free port.
    pub fn start(network: NetworkType) -> Self {
        let faults = FaultsHandle::default();
        let state = Arc::new(Mutex::new(State::new(network)));
        Self { server: RunningServer::start(&state, &faults), state, faults }
    }

    /// Base URL of the REST API, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Starts another server of the same chain, with faults of its own.
    pub fn provider(&self) -> Provider {
        let faults = FaultsHandle::default();
        Provider { server: RunningServer::start(&self.state, &faults), faults }
    }

    /// Sets what the fee estimate suggests, in sompi per gram.
    pub fn set_feerates(&self, priority: u64, normal: u64, low: u64) {
        self.state().chain.feerates = [priority, normal, low];
    }

    /// Gives `address` a coin of `sompi` that was accepted 1000 blocks ago. Returns the funding transaction's id.
    ///
    /// # Panics
    /// If `address` is not one of this network.
    pub fn faucet(&self, address: &str, sompi: u64) -> String {
        self.fund(address, sompi, false)
    }

    /// Gives `address` a coinbase coin of `sompi`, spendable after 1000 blocks. Returns the coinbase transaction's id.
    ///
    /// # Panics
    /// If `address` is not one of this network.
    pub fn coinbase(&self, address: &str, sompi: u64) -> String {
        self.fund(address, sompi, true)
    }

    /// Gives `address` a coin like [`KaspaDev::faucet`], but bound to a covenant, so that a node counts two units of storage for
    /// it. With `shown` the list of coins says so, which today's servers do not.
    ///
    /// # Panics
    /// If `address` is not one of this network.
    pub fn covenant_coin(&self, address: &str, sompi: u64, shown: bool) -> String {
        let id = self.fund(address, sompi, false);
        self.state().chain.bind_to_covenant(id.parse().expect("BUG: an id that is none"), shown);
        id
    }

    fn fund(&self, address: &str, sompi: u64, coinbase: bool) -> String {
        let mut state = self.state();
        assert!(address.starts_with(&format!("{}:", state.chain.prefix())), "{address} is an address of another network");
        state.chain.fund(script_of(address), sompi, coinbase).to_string()
    }

    /// Sum of the accepted coins of `address`, in sompi, coinbase coins of any age included.
    pub fn balance(&self, address: &str) -> u64 {
        let state = self.state();
        state.chain.coins_of(&script_of(address), state.chain.now()).iter().map(|(_, entry)| entry.amount).sum()
    }

    /// Number of accepted coins of `address`.
    pub fn utxo_count(&self, address: &str) -> usize {
        let state = self.state();
        state.chain.coins_of(&script_of(address), state.chain.now()).len()
    }

    /// Mines `blocks` blocks, of which the first accepts the whole mempool. Both scores rise by `blocks`.
    pub fn mine(&self, blocks: u64) {
        self.state().chain.mine(blocks);
    }

    /// Sets whether a block is mined after every call.
    pub fn auto_mine(&self, on: bool) {
        self.state().auto_mine = on;
    }

    /// Blue score of the sink, as the next call will see it.
    pub fn blue_score(&self) -> u64 {
        self.state().chain.now().blue
    }

    /// Virtual DAA score, as the next call will see it.
    pub fn virtual_daa_score(&self) -> u64 {
        self.state().chain.now().daa
    }

    /// Replaces the last `depth` chain blocks by a longer empty branch. Their transactions return to the mempool; funding is kept.
    pub fn reorg(&self, depth: u64) {
        self.state().chain.reorg(depth);
    }

    /// Empties the mempool, as a node's restart does.
    pub fn clear_mempool(&self) {
        let mut state = self.state();
        state.chain.mempool.clear();
        state.chain.orphans.clear();
    }

    /// Ids of the transactions in the mempool, parents before children.
    pub fn mempool(&self) -> Vec<String> {
        self.state().chain.mempool.iter().map(|admitted| admitted.tx.id().to_string()).collect()
    }

    /// The faults of the first server.
    pub fn faults(&self) -> FaultsHandle {
        self.faults.clone()
    }

    /// The JSON bodies posted to `/transactions`, refused ones included.
    pub fn received(&self) -> Vec<Value> {
        self.state().received.clone()
    }

    /// Ids of the submitted transactions that are accepted now, in order of acceptance.
    pub fn accepted(&self) -> Vec<String> {
        self.state().chain.accepted()
    }

    /// Every call so far as "METHOD path", faulted ones included.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("BUG: a thread panicked while it held the chain")
    }
}

fn script_of(address: &str) -> ScriptPublicKey {
    Chain::script_of(address).unwrap_or_else(|| panic!("{address} is not a Kaspa address"))
}

/// A further server of a dev chain. Dropping it stops its threads.
pub struct Provider {
    server: RunningServer,
    faults: FaultsHandle,
}

impl Provider {
    /// Base URL of its REST API, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The faults of this server.
    pub fn faults(&self) -> FaultsHandle {
        self.faults.clone()
    }
}
