//! Solana dev chain: Agave's JSON-RPC on loopback over LiteSVM.
//!
//! LiteSVM executes, and checks signatures, rent and fees; this module adds what makes a cluster: blocks, skipped slots, blockhashes
//! that expire, commitments, forks, and a node that can be told to misbehave ([`Fault`]).
//!
//! Time does not pass by itself. A sent transaction waits until [`SolanaDev::advance`] produces a block, lands in it as *processed*,
//! is *confirmed* one block later and *finalized* 32 blocks later. With [`SolanaDev::auto_advance`] each poll of `getBlockHeight` or
//! `getSignatureStatuses` produces a block first, so that a client who waits gets there.
//!
//! | file | holds |
//! |---|---|
//! | `bank` | the accounts after a block, execution, nonces |
//! | `chain` | blocks, blockhash age, commitments, what is pending, forks |
//! | `rpc`, `params`, `wire` | envelopes and errors, parameters, encodings |
//! | `methods`, `submit` | the methods: those that read, those that take a transaction |
//! | `faults`, `http` | misbehaviour, the server |

mod bank;
mod chain;
mod faults;
mod http;
mod methods;
mod params;
mod rpc;
mod submit;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use solana_address::Address;

pub use bank::RENT_LAMPORTS_PER_BYTE;
pub use faults::{DEVNET_GENESIS_HASH, Fault, FaultsHandle, HUGE_BODY_BYTES, Lie};

use chain::{Chain, Commitment};
use faults::Faults;
use http::Server;
use params::Params;
use wire::Encoding;

/// What the faucet behind `requestAirdrop` owns: 500 million SOL, in lamports.
const FAUCET_LAMPORTS: u64 = 500_000_000_000_000_000;

/// One node and the chain it sees.
struct Node {
    chain: Chain,
    faults: Faults,
    calls: Vec<String>,
    received: Vec<Vec<u8>>,
    auto_advance: bool,
}

impl Node {
    /// Records a call that has arrived, whatever becomes of it.
    fn note(&mut self, method: &str, params: &Params<'_>) {
        self.calls.push(method.to_owned());
        if method == "sendTransaction" {
            self.received.extend(sent_bytes(params));
        }
        if self.auto_advance && ["getBlockHeight", "getSignatureStatuses"].contains(&method) {
            self.chain.produce();
        }
    }
}

fn sent_bytes(params: &Params<'_>) -> Option<Vec<u8>> {
    let config = params.config(1).ok()?;
    let encoding = Encoding::of_transaction(config.encoding(), Encoding::Base58).ok()?;
    encoding.decode(params.string(0).ok()?).ok()
}

/// A running dev chain; dropping it stops its server.
pub struct SolanaDev {
    node: Arc<Mutex<Node>>,
    server: Server,
}

impl SolanaDev {
    /// Starts a chain of its own on a free loopback port.
    ///
    /// # Panics
    /// If no port can be bound.
    pub fn start() -> Self {
        let mut chain = Chain::new();
        chain.fund(&submit::faucet_address(), FAUCET_LAMPORTS);
        let node = Node { chain, faults: Faults::default(), calls: Vec::new(), received: Vec::new(), auto_advance: false };
        let node = Arc::new(Mutex::new(node));
        let served = node.clone();
        let server = Server::start(Arc::new(move |body| rpc::handle(&mut lock(&served), body)));
        Self { node, server }
    }

    /// Where the RPC is served, as `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The hash that names this cluster, in base58.
    pub fn genesis_hash(&self) -> String {
        Chain::genesis_hash().to_string()
    }

    /// Adds lamports to an account at once and at every commitment. No transaction, no time.
    ///
    /// # Panics
    /// If `address` is not an address, or its balance would exceed `u64`.
    pub fn airdrop(&self, address: &str, lamports: u64) {
        self.lock().chain.fund(&parse(address), lamports);
    }

    /// Processed balance in lamports; 0 if there is no such account.
    ///
    /// # Panics
    /// If `address` is not an address.
    pub fn balance(&self, address: &str) -> u64 {
        let node = self.lock();
        let tip = node.chain.block(Commitment::Processed, 0);
        node.chain.bank(tip).balance(&parse(address))
    }

    /// Lets `blocks` blocks pass; the first of them takes what has been sent.
    pub fn advance(&self, blocks: u64) {
        let mut node = self.lock();
        (0..blocks).for_each(|_| node.chain.produce());
    }

    /// Whether each call of `getBlockHeight` and `getSignatureStatuses` first lets a block pass. Off at the start.
    pub fn auto_advance(&self, on: bool) {
        self.lock().auto_advance = on;
    }

    /// Height of the newest (processed) block.
    pub fn block_height(&self) -> u64 {
        self.lock().chain.block(Commitment::Processed, 0).height
    }

    /// Slot of the newest (processed) block. Slots run ahead of heights, since some are skipped.
    pub fn slot(&self) -> u64 {
        self.lock().chain.block(Commitment::Processed, 0).slot
    }

    /// Orders misbehaviour.
    pub fn faults(&self) -> FaultsHandle {
        FaultsHandle { node: self.node.clone() }
    }

    /// The bytes of every `sendTransaction` that arrived, in order, repetitions and refused ones included.
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.lock().received.clone()
    }

    /// Signatures of the transactions in the chain's blocks, in order. A failed transaction is in a block too.
    pub fn landed(&self) -> Vec<String> {
        self.lock().chain.landed().iter().map(|landed| landed.tx.signatures[0].to_string()).collect()
    }

    /// The methods called so far, in order, those that met a fault included.
    pub fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Node> {
        lock(&self.node)
    }
}

/// A call that panicked has answered nobody; the chain is still good for the next one.
fn lock(node: &Mutex<Node>) -> MutexGuard<'_, Node> {
    node.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(address: &str) -> Address {
    address.parse().unwrap_or_else(|e| panic!("{address} is not a Solana address: {e}"))
}
