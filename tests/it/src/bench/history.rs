//! A long history, built natively: blocks are written as the canister would have written them and replayed into a state by the
//! domain crate. The state's memory becomes the canister's stable memory. Calling the canister 600,000 times would take hours and
//! give the same bytes.

use crate::test_env::{Actor, TestEnv};
use crate::values::core;
use candid::{Nat, Principal};
use ic_stable_structures::VectorMemory;
use purser_core::audit::Block;
use purser_core::base::codec::{NameHashes, decode_value, encode_value};
use purser_core::base::{Amount, Asset, Bytes, Chain, DAY_NS, Destination, Hash, Timestamp, TransferId, WalletId};
use purser_core::chains::registry::{Built, Params};
use purser_core::chains::solana::transfer::SolanaBuilt;
use purser_core::event::{Event, TransferBuilt, TransferConfirmed, TransferReserved, TransferSigned, TransferTransition};
use purser_core::policy::{CounterKey, Decision, Evaluation, Reservation, Reservations, ReservedPart, Scope};
use purser_core::state::State;
use purser_core::transfer::{BuiltTx, SignedTx, TransferRequest};
use purser_core::wallet::{KeyKind, Signing, Wallet};
use purser_types::BlockRange;
use std::time::Duration;

const LAMPORTS: u64 = 1_000;
const FEE: u64 = 5_000;
const MONTH_NS: u64 = 30 * DAY_NS;

/// Adds `size` wallets with one finished transfer each.
pub fn add_wallets(env: &mut TestEnv, size: u64) {
    let mut chain = LogBuilder::of(env);
    for n in 0..size {
        let wallet = WalletId::new(n);
        chain.append(Event::WalletCreated(chain.wallet(wallet)));
        chain.pay(wallet, n);
    }
    chain.install_in(env);
}

/// Adds `size` finished transfers of one wallet, spread over a month, so that its counters have the most buckets.
pub fn add_transfers(env: &mut TestEnv, wallet: u64, size: u64) {
    let mut chain = LogBuilder::of(env);
    for n in 0..size {
        chain.at = chain.at.saturating_add(MONTH_NS / size);
        chain.pay(WalletId::new(wallet), n + 1);
    }
    chain.install_in(env);
    env.network.ic().advance_time(Duration::from_nanos(MONTH_NS));
}

struct LogBuilder {
    blocks: Vec<Vec<u8>>,
    tip: Hash,
    names: NameHashes,
    at: Timestamp,
    memory: VectorMemory,
}

impl LogBuilder {
    /// The log of a new canister: its installation and its keys.
    fn of(env: &mut TestEnv) -> Self {
        let range = BlockRange { start: Nat::from(0u8), length: Nat::from(100u8) };
        let page = env.as_actor(Actor::Admin).icrc3_get_blocks(&[range]);
        assert_eq!(page.log_length, Nat::from(page.blocks.len()), "a new canister has a short log");
        let blocks: Vec<Vec<u8>> = page.blocks.iter().map(|block| encode_value(&core(&block.block))).collect();
        let last = decode_value(blocks.last().expect("the installation is logged")).expect("a block reads back");
        let tip = last.hash();
        let at = Block::from_value(last).expect("a block reads back").at;
        Self { blocks, tip, names: NameHashes::default(), at, memory: VectorMemory::default() }
    }

    fn append(&mut self, event: Event) {
        let block = Block { parent: Some(self.tip), at: self.at, actor: Some(Actor::Admin.principal()), event };
        let (bytes, hash) = block.to_bytes(&mut self.names);
        self.tip = hash;
        self.blocks.push(bytes);
    }

    /// Appends a transfer from its request to its end.
    fn pay(&mut self, wallet: WalletId, n: u64) {
        let id = TransferId::new(n);
        let agent = Actor::Agent.principal();
        let request = request(wallet, id);
        let fee = request.max_fee;
        let evaluation = Evaluation { decision: Decision::Allow, policy_version: 1, findings: vec![], approvals: vec![] };
        let reserved = Amount::new(LAMPORTS + FEE);
        let scopes = [Scope::User(owner(wallet)), Scope::Wallet(wallet), Scope::Agent { wallet, agent }];
        let hold = |scope| Reservation {
            key: Bytes::new(CounterKey::units(scope, Asset::Sol).key()),
            part: ReservedPart::AmountAndFee,
            amount: reserved,
        };
        let reservations = Reservations(scopes.map(hold).into());
        let reserved =
            TransferReserved { id, agent, request, reserved, evaluation, reservations, approval: None, simulated: false };
        self.append(Event::TransferReserved(Box::new(reserved)));
        let built =
            BuiltTx { unsigned: Bytes::new([n.to_be_bytes(); 20].concat()), fee, details: Built::Solana(SolanaBuilt::default()) };
        self.append(Event::TransferBuilt(TransferBuilt { id, built }));
        let signed = SignedTx { signed: Bytes::new([8; 215]), txid: format!("{n:064}") };
        self.append(Event::TransferSigned(TransferSigned { id, signed }));
        self.append(Event::TransferSubmitted(TransferTransition { id, note: None }));
        self.append(Event::TransferConfirmed(TransferConfirmed { id, fee_paid: fee, note: None, landed_in: None }));
    }

    /// Replays the history and installs its memory in the canister.
    fn install_in(self, env: &mut TestEnv) {
        let state = State::replay(self.memory.clone(), &self.blocks, self.tip).expect("the history is a chain");
        assert_eq!(state.log_len(), self.blocks.len() as u64);
        drop(state);
        let bytes = self.memory.borrow().clone();
        let canister = env.canister;
        env.network.local().set_stable_memory(canister, &bytes);
        env.upgrade(None).expect("the history is accepted");
        let report = env.as_actor(Actor::Admin).verify_integrity(None, None);
        assert!(report.valid, "{report:?}");
    }

    fn wallet(&self, id: WalletId) -> Wallet {
        let mut key = [2; 33];
        key[1..9].copy_from_slice(&id.get().to_be_bytes());
        Wallet {
            id,
            label: format!("wallet {id}"),
            created_by: Actor::Admin.principal(),
            created_at: self.at,
            solana_key: Bytes::new(&key[1..]),
            kaspa_schnorr_key: Bytes::new(key),
            kaspa_ecdsa_key: Bytes::new(key),
            owner: Some(owner(id)),
            parent: None,
            signing: Signing::Threshold,
            deactivated: false,
            primary: true,
        }
    }
}

/// The owner of a wallet. Each wallet has its own, because the wallets of one owner are limited.
fn owner(wallet: WalletId) -> Principal {
    Principal::self_authenticating(wallet.get().to_be_bytes())
}

fn request(wallet: WalletId, id: TransferId) -> TransferRequest {
    TransferRequest {
        wallet,
        asset: Asset::Sol,
        to: Destination::new(Chain::Solana, [9; 32]),
        amount: Amount::new(LAMPORTS),
        max_fee: Amount::new(FEE),
        fee_named: false,
        source: KeyKind::Solana,
        idempotency_key: format!("history-{id}"),
        reason: None,
        session: None,
        created_at: None,
        params: Params::new(Chain::Solana),
        batch: None,
    }
}
