//! The chain: coins, mempool, scores, acceptance and reorganisation. The mempool's admission is in `admission`.

use std::collections::HashMap;

use kaspa_addresses::{Address, Prefix};
use kaspa_consensus_core::{
    config::params::Params,
    mass::MassCalculator,
    network::{NetworkId, NetworkType},
    subnets::{SUBNETWORK_ID_COINBASE, SUBNETWORK_ID_NATIVE},
    tx::{ScriptPublicKey, Transaction, TransactionId, TransactionOutpoint, TransactionOutput, UtxoEntry},
};
use kaspa_txscript::{SigCacheKey, caches::Cache, pay_to_address_script};
use sha2::{Digest, Sha256};

/// The scores of a new chain. They are large, so that they need more than 32 bits together with a factor, and different, so that
/// confusing them is detected.
const FIRST_DAA_SCORE: u64 = 500_000_000;
const FIRST_BLUE_SCORE: u64 = 495_000_000;
/// Time of DAA score 0, in milliseconds; a block follows every 100 ms.
const GENESIS_MS: u64 = 1_700_000_000_000;
const BLOCK_MS: u64 = 100;
/// The age, in DAA scores, of a faucet's coin. It is past coinbase maturity (1000) and past every wallet's own (100).
const FAUCET_AGE: u64 = 1_000;
/// The number of DAA scores (120 s) for which a node remembers accepted transactions.
const ACCEPTED_MEMORY: u64 = 1_200;

/// The feerate of a network without load, in sompi per gram.
const DEFAULT_FEERATE: u64 = 100;

/// An output that exists or existed, so that the set can also be shown as it was.
pub(super) struct Coin {
    /// The entry as the node would report it.
    pub entry: UtxoEntry,
    /// DAA score at which the coin appeared in the set.
    created: u64,
    /// DAA score at which it left the set.
    spent: Option<u64>,
    /// Whether the REST API says that it is bound to a covenant, if it is. The servers of today do not.
    pub shows_covenant: bool,
}

/// A transaction that was admitted, with what admission computed.
#[derive(Clone)]
pub(super) struct Admitted {
    /// The transaction, storage mass committed.
    pub tx: Transaction,
    /// Inputs minus outputs, sompi.
    pub fee: u64,
    /// Compute mass, grams.
    pub compute_mass: u64,
    /// The largest of its masses, grams; fee over this is its feerate.
    pub mass: u64,
}

/// The acceptance of a transaction.
#[derive(Clone)]
pub(super) struct Acceptance {
    /// Hash of the accepting chain block.
    pub block: String,
    /// The block's blue score.
    pub blue: u64,
    /// The block's DAA score.
    pub daa: u64,
}

/// The indexer's record of a transaction that was in a block at least once.
pub(super) struct Record {
    /// The transaction.
    pub admitted: Admitted,
    /// Every block that held it; grows when a reorganisation has it mined again.
    pub blocks: Vec<String>,
    /// DAA score of the first of them.
    pub mined: u64,
    /// `None` while a reorganisation has undone its acceptance.
    pub acceptance: Option<Acceptance>,
}

/// A point of the chain's history from which a node answers.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Virtual DAA score.
    pub daa: u64,
    /// Blue score of the sink.
    pub blue: u64,
}

/// The state of the chain.
pub(super) struct Chain {
    pub network: NetworkId,
    pub params: Params,
    pub calculator: MassCalculator,
    pub signatures: Cache<SigCacheKey, bool>,
    pub coins: HashMap<TransactionOutpoint, Coin>,
    /// Parents precede their children.
    pub mempool: Vec<Admitted>,
    pub orphans: Vec<Transaction>,
    pub records: HashMap<TransactionId, Record>,
    /// The feerates of the fee estimate for priority, normal and low, in sompi per gram.
    pub feerates: [u64; 3],
    /// Submitted transactions in order of acceptance.
    accepted: Vec<TransactionId>,
    now: View,
    /// Reorganisations so far; part of every later block's hash.
    fork: u64,
    funded: u64,
}

impl Chain {
    /// An empty chain of this network; a testnet is testnet-10.
    pub fn new(network: NetworkType) -> Self {
        let network = match network {
            NetworkType::Testnet => NetworkId::with_suffix(network, 10),
            other => NetworkId::new(other),
        };
        let params = Params::from(network);
        Self {
            network,
            calculator: MassCalculator::new_with_consensus_params(&params),
            params,
            signatures: Cache::new(1_000),
            coins: HashMap::new(),
            mempool: Vec::new(),
            orphans: Vec::new(),
            records: HashMap::new(),
            feerates: [DEFAULT_FEERATE; 3],
            accepted: Vec::new(),
            now: View { daa: FIRST_DAA_SCORE, blue: FIRST_BLUE_SCORE },
            fork: 0,
            funded: 0,
        }
    }

    /// The address prefix of the network.
    pub fn prefix(&self) -> Prefix {
        Prefix::from(self.network)
    }

    /// The present view.
    pub fn now(&self) -> View {
        self.now
    }

    /// The view of a node that stopped at `daa`, or the present view if that score is not reached.
    pub fn view_at(&self, daa: u64) -> View {
        let behind = self.now.daa.saturating_sub(daa);
        View { daa: self.now.daa - behind, blue: self.now.blue.saturating_sub(behind) }
    }

    /// The chain's own clock: no wall time enters.
    pub fn time_ms(daa: u64) -> u64 {
        GENESIS_MS + daa * BLOCK_MS
    }

    /// Hash of the chain block with this blue score on the present fork.
    pub fn block_hash(&self, blue: u64) -> String {
        hex::encode(
            Sha256::new()
                .chain_update(b"dev block")
                .chain_update(self.fork.to_le_bytes())
                .chain_update(blue.to_le_bytes())
                .finalize(),
        )
    }

    /// Lets `blocks` empty blocks pass.
    pub fn advance(&mut self, blocks: u64) {
        self.now.daa += blocks;
        self.now.blue += blocks;
    }

    /// Mines `blocks` blocks; the first of them accepts the mempool.
    pub fn mine(&mut self, blocks: u64) {
        if blocks == 0 {
            return;
        }
        self.advance(1);
        for admitted in std::mem::take(&mut self.mempool) {
            self.accept(admitted);
        }
        self.advance(blocks - 1);
        self.retry_orphans();
    }

    fn accept(&mut self, admitted: Admitted) {
        let id = admitted.tx.id();
        for input in &admitted.tx.inputs {
            let coin =
                self.coins.get_mut(&input.previous_outpoint).expect("BUG: a mempool transaction spends a coin that is not there");
            coin.spent = Some(self.now.daa);
        }
        self.create_coins(&admitted.tx, self.now.daa);
        self.accepted.push(id);
        let block = self.block_hash(self.now.blue);
        let acceptance = Acceptance { block: block.clone(), blue: self.now.blue, daa: self.now.daa };
        let record =
            self.records.entry(id).or_insert(Record { admitted, blocks: Vec::new(), mined: acceptance.daa, acceptance: None });
        record.blocks.push(block);
        record.acceptance = Some(acceptance);
    }

    fn create_coins(&mut self, tx: &Transaction, block_daa_score: u64) {
        for (index, output) in (0u32..).zip(&tx.outputs) {
            let entry = UtxoEntry::new(output.value, output.script_public_key.clone(), block_daa_score, tx.is_coinbase(), None);
            self.coins.insert(
                TransactionOutpoint::new(tx.id(), index),
                Coin { entry, created: self.now.daa, spent: None, shows_covenant: false },
            );
        }
    }

    /// Binds the first output of a transaction to a covenant.
    pub fn bind_to_covenant(&mut self, id: TransactionId, shown: bool) {
        let coin = self.coins.get_mut(&TransactionOutpoint::new(id, 0)).expect("BUG: a coin that was not made is bound");
        coin.entry.covenant_id = Some(kaspa_consensus_core::Hash::from_bytes(id.as_bytes()));
        coin.shows_covenant = shown;
    }

    /// The covenant of a coin as far as the REST API shows it.
    pub fn shown_covenant(&self, outpoint: &TransactionOutpoint) -> Option<String> {
        let coin = self.coins.get(outpoint).filter(|coin| coin.shows_covenant)?;
        coin.entry.covenant_id.map(|id| id.to_string())
    }

    /// Creates a coin of `sompi` for `script`, in a block of its own. A coinbase coin has its true age, any other is `FAUCET_AGE`
    /// old. Returns the transaction's id.
    pub fn fund(&mut self, script: ScriptPublicKey, sompi: u64, coinbase: bool) -> TransactionId {
        self.advance(1);
        self.funded += 1;
        let subnetwork = if coinbase { SUBNETWORK_ID_COINBASE } else { SUBNETWORK_ID_NATIVE };
        // The payload makes each funding transaction, and so its id, different from the others.
        let payload = self.funded.to_le_bytes().to_vec();
        let tx = Transaction::new(0, vec![], vec![TransactionOutput::new(sompi, script)], 0, subnetwork, 0, payload);
        let age = if coinbase { 0 } else { FAUCET_AGE };
        let (daa, blue) = (self.now.daa - age, self.now.blue - age);
        self.create_coins(&tx, daa);
        let (id, block) = (tx.id(), self.block_hash(blue));
        let admitted = Admitted { tx, fee: 0, compute_mass: 0, mass: 0 };
        let acceptance = Some(Acceptance { block: block.clone(), blue, daa });
        self.records.insert(id, Record { admitted, blocks: vec![block], mined: daa, acceptance });
        id
    }

    /// Replaces the last `depth` chain blocks by a longer chain of empty ones. The transactions that they accepted return to the
    /// mempool, as on a node whose DAG still holds them; funding is kept.
    pub fn reorg(&mut self, depth: u64) {
        let kept = self.now.blue.saturating_sub(depth);
        let undone: Vec<TransactionId> =
            self.accepted.iter().copied().filter(|id| self.acceptance(id).is_some_and(|at| at.blue > kept)).collect();
        self.accepted.retain(|id| !undone.contains(id));
        let mut pool: Vec<Admitted> = Vec::new();
        // Children first, so that a coin made and spent in the undone part is first restored and then removed.
        for id in undone.iter().rev() {
            let record = self.records.get_mut(id).expect("BUG: an accepted transaction has a record");
            record.acceptance = None;
            let admitted = record.admitted.clone();
            for index in 0..admitted.tx.outputs.len() as u32 {
                self.coins.remove(&TransactionOutpoint::new(*id, index));
            }
            for input in &admitted.tx.inputs {
                self.coins.get_mut(&input.previous_outpoint).expect("BUG: a spent coin is kept").spent = None;
            }
            pool.insert(0, admitted);
        }
        pool.append(&mut self.mempool);
        self.mempool = pool;
        self.fork += 1;
        self.advance(1);
    }

    /// Whether, and where, `id` is accepted.
    pub fn acceptance(&self, id: &TransactionId) -> Option<&Acceptance> {
        self.records.get(id)?.acceptance.as_ref()
    }

    /// Whether a node still remembers that `id` was accepted. Afterwards the node reports the transaction as an orphan.
    pub fn is_recently_accepted(&self, id: &TransactionId) -> bool {
        self.acceptance(id).is_some_and(|at| self.now.daa <= at.daa + ACCEPTED_MEMORY)
    }

    /// The ids of the accepted transactions, in order.
    pub fn accepted(&self) -> Vec<String> {
        self.accepted.iter().map(ToString::to_string).collect()
    }

    /// The unspent coin at `outpoint` in the accepted set.
    pub fn unspent(&self, outpoint: &TransactionOutpoint) -> Option<&UtxoEntry> {
        self.coins.get(outpoint).filter(|coin| coin.spent.is_none()).map(|coin| &coin.entry)
    }

    /// The coins of `script` at `view`, sorted by outpoint.
    pub fn coins_of(&self, script: &ScriptPublicKey, view: View) -> Vec<(TransactionOutpoint, UtxoEntry)> {
        let mut coins: Vec<_> = self
            .coins
            .iter()
            .filter(|(_, coin)| coin.entry.script_public_key == *script)
            .filter(|(_, coin)| coin.created <= view.daa && coin.spent.is_none_or(|spent| spent > view.daa))
            .map(|(outpoint, coin)| (*outpoint, coin.entry.clone()))
            .collect();
        coins.sort_by_key(|(outpoint, _)| (outpoint.transaction_id, outpoint.index));
        coins
    }

    /// The script that pays `address`, if it is an address of any Kaspa network.
    pub fn script_of(address: &str) -> Option<ScriptPublicKey> {
        Address::try_from(address).ok().map(|address| pay_to_address_script(&address))
    }
}
