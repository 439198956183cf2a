//! Solana dev chain: Agave's JSON-RPC on loopback over LiteSVM.
//!
//! LiteSVM executes transactions and checks signatures, rent and fees. This module adds the cluster: blocks, skipped slots,
//! blockhashes that expire, commitments, forks, and nodes with ordered faults ([`Fault`]).
//!
//! Time does not pass by itself. A sent transaction waits until [`SolanaDev::advance`] produces a block, lands in it as *processed*,
//! is *confirmed* one block later and *finalized* 32 blocks later. With [`SolanaDev::auto_advance`] each poll of `getBlockHeight` or
//! `getSignatureStatuses` produces a block first, so that a client who waits gets there.
//!
//! | file | holds |
//! |---|---|
//! | `bank`, `tx_error` | the accounts after a block, execution, nonces, errors of the runtime |
//! | `chain` | blocks, blockhash age, commitments, pending transactions, forks |
//! | `node` | one node: the chain, its faults and the record of its calls |
//! | `rpc`, `error`, `params`, `view`, `reply`, `wire` | envelopes, errors, parameters, shared parts of answers, encodings |
//! | `methods`, `submit` | the methods that read, and those that take a transaction |
//! | `tokens` | the data of mints and token accounts |
//! | `faults`, `http` | ordered faults, the server |

mod bank;
mod chain;
mod error;
mod faults;
mod http;
mod methods;
mod node;
mod params;
mod reply;
mod rpc;
mod submit;
mod tokens;
mod tx_error;
mod view;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use solana_address::Address;

pub use bank::RENT_LAMPORTS_PER_BYTE;
pub use tokens::{Extension, Program};

pub use faults::{DEVNET_GENESIS_HASH, FalseAnswer, Fault, FaultsHandle, HUGE_BODY_BYTES};

use chain::{Chain, Commitment};
use http::Server;
use node::Node;

/// The funds of the faucet behind `requestAirdrop`: 500 million SOL, in lamports.
const FAUCET_LAMPORTS: u64 = 500_000_000_000_000_000;

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
        let node = Arc::new(Mutex::new(Node::new(chain)));
        let served = node.clone();
        let server = Server::start(Arc::new(move |target, body| rpc::serve(&mut lock(&served), target, body)));
        Self { node, server }
    }

    /// Starts another node of the same chain, with an address and faults of its own. Blocks and accounts are controlled through the
    /// first node.
    ///
    /// # Panics
    /// If no port can be bound.
    pub fn provider(&self) -> Self {
        let node = Arc::new(Mutex::new(Node::new(Chain::new())));
        let (first, served) = (self.node.clone(), node.clone());
        let server = Server::start(Arc::new(move |target, body| {
            let (mut first, mut second) = (lock(&first), lock(&served));
            let (first, second) = (&mut *first, &mut *second);
            std::mem::swap(&mut first.chain, &mut second.chain);
            std::mem::swap(&mut first.mints, &mut second.mints);
            let answer = rpc::serve(second, target, body);
            std::mem::swap(&mut first.chain, &mut second.chain);
            std::mem::swap(&mut first.mints, &mut second.mints);
            answer
        }));
        Self { node, server }
    }

    /// The URL of the RPC, as `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The hash that names this cluster, in base58.
    pub fn genesis_hash(&self) -> String {
        Chain::genesis_hash().to_string()
    }

    /// Adds lamports to an account at once and at every commitment, without a transaction.
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

    /// Produces `blocks` blocks; the first of them includes the submitted transactions.
    pub fn advance(&self, blocks: u64) {
        let mut node = self.lock();
        (0..blocks).for_each(|_| node.chain.produce());
    }

    /// Refuses every request whose target does not contain `key`.
    pub fn require_key(&self, key: &str) {
        self.lock().key = Some(key.to_owned());
    }

    /// Sets whether each call of `getBlockHeight` and `getSignatureStatuses` first produces a block; off at the start.
    pub fn auto_advance(&self, on: bool) {
        self.lock().auto_advance = on;
    }

    /// Creates the mint with this number and returns its address.
    pub fn mint(&self, number: u8, program: Program, decimals: u8, extensions: &[Extension]) -> String {
        let address = tokens::mint_address(number);
        let data = tokens::mint(decimals, program, extensions);
        let mut node = self.lock();
        node.chain.put(&address, program.address(), &data);
        node.mints.push((address, program.address()));
        address.to_string()
    }

    /// Gives `owner` an associated token account that holds `amount`.
    ///
    /// # Panics
    /// If an address is none, or the mint unknown.
    pub fn give_tokens(&self, mint: &str, owner: &str, amount: u64) {
        let (mint, owner) = (parse(mint), parse(owner));
        let mut node = self.lock();
        let (_, program) = *node.mints.iter().find(|(known, _)| *known == mint).expect("a mint of this chain");
        let tip = node.chain.block(Commitment::Processed, 0).clone();
        let takes_fee = node.chain.bank(&tip).account(&mint).is_some_and(|mint| tokens::takes_fee(&mint.data));
        let data = tokens::account(&mint, &owner, amount, program, takes_fee);
        node.chain.put(&tokens::associated(&owner, &mint, &program), program, &data);
    }

    /// The balance of `owner`'s associated token account, in base units; `None` if there is no such account.
    ///
    /// # Panics
    /// If an address is none, or the mint unknown.
    pub fn tokens(&self, mint: &str, owner: &str) -> Option<u64> {
        let (mint, owner) = (parse(mint), parse(owner));
        let node = self.lock();
        let (_, program) = *node.mints.iter().find(|(known, _)| *known == mint).expect("a mint of this chain");
        let tip = node.chain.block(Commitment::Processed, 0);
        let account = node.chain.bank(tip).account(&tokens::associated(&owner, &mint, &program))?;
        tokens::amount(&account.data)
    }

    /// Submits a signed transaction without the RPC.
    ///
    /// # Panics
    /// If the bytes are no transaction.
    pub fn send_raw(&self, wire: &[u8]) {
        let tx = wincode::deserialize_exact(wire).unwrap_or_else(|e| panic!("not a transaction: {e}"));
        self.lock().chain.submit(tx, wire.to_vec(), None);
    }

    /// Sets an account with arbitrary data.
    ///
    /// # Panics
    /// If an address is none.
    pub fn put_account(&self, address: &str, owner: &str, data: &[u8]) {
        self.lock().chain.put(&parse(address), parse(owner), data);
    }

    /// Sets whether transactions on a nonce are refused, as if durable nonces were disabled. A transaction that advances a nonce on
    /// a recent blockhash is accepted all the same.
    pub fn refuse_nonces(&self, on: bool) {
        self.lock().chain.refuse_nonces(on);
    }

    /// Height of the newest (processed) block.
    pub fn block_height(&self) -> u64 {
        self.lock().chain.block(Commitment::Processed, 0).height
    }

    /// Slot of the newest (processed) block. Slots run ahead of heights, since some are skipped.
    pub fn slot(&self) -> u64 {
        self.lock().chain.block(Commitment::Processed, 0).slot
    }

    /// The faults of this node.
    pub fn faults(&self) -> FaultsHandle {
        self.lock().faults.clone()
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

/// The chain stays usable after a call that panicked.
fn lock(node: &Mutex<Node>) -> MutexGuard<'_, Node> {
    node.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(address: &str) -> Address {
    address.parse().unwrap_or_else(|e| panic!("{address} is not a Solana address: {e}"))
}
