//! Random schedules on a chain with three providers, of which one lies.
//!
//! All are behind at times, each by its own amount. In every schedule nothing is paid twice, no second payment is signed while the first may
//! land, and no money is released that may still move.

mod answers;
mod ports;
mod schedules;

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use purser_core::base::BlockIndex;
use purser_core::state::{BatchItem, BatchRequest};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const AMOUNT: u64 = 50_000_000;
const SYSTEM: &str = "11111111111111111111111111111111";
/// Blocks between the tip and the newest finalized one.
const FINALITY: u64 = 32;
/// The further lag of the second provider's older nodes, in blocks: longer than a blockhash lives.
const LAG: u64 = 300;
/// The highest lag of a provider, in blocks: more than ten times the life of a blockhash.
const MAX_LAG: u64 = 2_000;
const URLS: [&str; 3] = ["https://liar.test", "https://laggard.test", "https://good.test"];

/// The behaviour of the providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Providers {
    /// The first one lies half the time, and some nodes at the second one's address lag more than others. All fall behind and recover.
    Mixed,
    /// All are honest. The first one is up to date at first and often silent once it has given a blockhash. The other two are behind, and
    /// stay so for long.
    Behind,
}

/// The random choices of a schedule: its bytes one after another, and from the start again.
struct Choices {
    bytes: Vec<u8>,
    next: usize,
}

impl Choices {
    fn below(&mut self, n: u64) -> u64 {
        let byte = self.bytes[self.next % self.bytes.len()];
        // Another byte of the same schedule each time round.
        self.next += 1;
        let mixed = Sha256::digest([&[byte][..], &self.next.to_be_bytes()].concat());
        u64::from_be_bytes(*mixed.first_chunk().expect("32 bytes")) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// The kind of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Single,
    /// Three payments of SOL.
    Many,
    /// Three payments of a token.
    Tokens,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Single, Self::Many, Self::Tokens];
    const MEMOS: [Option<&str>; 3] = [Some("first"), None, Some("third")];

    /// Requests the transfer.
    fn request(self, world: &World) -> TransferId {
        let asset = match self {
            Self::Single => return world.request(Asset::Sol, AMOUNT, KeyKind::Solana),
            Self::Many => Asset::Sol,
            Self::Tokens => TOKEN,
        };
        let to = Destination::new(purser_core::base::Chain::Solana, sol_recipient());
        let item = |(n, memo): (u64, Option<&str>)| BatchItem {
            params: memo.map(with_memo),
            ..BatchItem::new(to.clone(), Amount::new(self.amount() + n))
        };
        let request = BatchRequest {
            wallet: WALLET,
            asset,
            source: KeyKind::Solana,
            items: (0..).zip(Self::MEMOS).map(item).collect(),
            max_fee: Amount::new(5_000),
            fee_named: true,
            params: Params::new(to.chain),
            idempotency_key: "many".into(),
            reason: None,
            session: None,
            created_at: None,
        };
        let (decided, outcome) = world.state.borrow().decide_batch(agent(), &request, world.time()).expect("it is answered");
        world.put(decided.expect("it is new"));
        let [id] = outcome.transfers[..] else { panic!("one transfer: {outcome:?}") };
        id
    }

    /// The amount of the first payment. Each other one is larger by one.
    fn amount(self) -> u64 {
        if self == Self::Tokens { 100 } else { AMOUNT / 3 }
    }

    /// The one operation that may be signed.
    fn operation(self) -> sol::Operation {
        let to = sol::Address::from_bytes(sol_recipient());
        let lamports = |lamports| sol::PaymentKind::Lamports { to, lamports: Amount::new(lamports) };
        if self == Self::Single {
            return sol::Operation::Pay(vec![sol::Payment { kind: lamports(AMOUNT), memo: None }]);
        }
        let tokens = |amount| {
            sol::PaymentKind::Tokens(sol::TokenPayment {
                program: sol::TokenProgram::Classic,
                mint: mint_address(),
                destination: token_account(&to, sol::TokenProgram::Classic),
                create_for: None,
                amount: Amount::new(amount),
                decimals: 6,
            })
        };
        let payment = |(n, memo): (u64, Option<&str>)| sol::Payment {
            kind: if self == Self::Tokens { tokens(self.amount() + n) } else { lamports(self.amount() + n) },
            memo: memo.map(str::to_owned),
        };
        sol::Operation::Pay((0..).zip(Self::MEMOS).map(payment).collect())
    }
}

/// The accounts of a token by their addresses: the mint, and the two token accounts of the old program.
fn token_accounts(payer: &sol::Address) -> BTreeMap<String, Value> {
    let owned = |data: &[u8]| {
        let mut account = shown(10_000_000_000, data);
        account["owner"] = json!(sol::TokenProgram::Classic.address());
        account
    };
    let mut accounts = BTreeMap::from([(mint_address().to_string(), owned(&tokens::mint(None)))]);
    for owner in [*payer, sol::Address::from_bytes(sol_recipient())] {
        let held = owned(&tokens::holding(owner.as_bytes(), 1_000, 1));
        accounts.insert(token_account(&owner, sol::TokenProgram::Classic).to_string(), held);
        accounts.insert(token_account(&owner, sol::TokenProgram::Token2022).to_string(), Value::Null);
    }
    accounts
}

fn mint_address() -> sol::Address {
    sol::Address::from_bytes([9; 32])
}

fn token_account(owner: &sol::Address, program: sol::TokenProgram) -> sol::Address {
    sol::derived::token_account(owner, &mint_address(), program).expect("one of 256 is off the curve")
}

struct Landed {
    txid: String,
    height: u64,
    pays: bool,
}

fn pays(tx: &sol::SignedTx) -> bool {
    matches!(tx.plan().operation, sol::Operation::Pay(_))
}

/// The chain as a transfer sees it.
struct Chain {
    tip: u64,
    /// The transactions that were sent. Each may land in any block that still takes it.
    pool: Vec<sol::SignedTx>,
    landed: Vec<Landed>,
    /// The heights of the blockhashes that were handed out.
    hashes: BTreeMap<[u8; 32], u64>,
    /// The values of the nonce account, each with the block that set it.
    nonce: Vec<(u64, [u8; 32])>,
}

fn hash(tag: &str, height: u64) -> [u8; 32] {
    Sha256::digest(format!("{tag} {height}")).into()
}

impl Chain {
    fn nonce_at(&self, height: u64) -> [u8; 32] {
        self.nonce.iter().rev().find(|(set, _)| *set <= height).expect("the first is old").1
    }

    fn may_land(&self, tx: &sol::SignedTx) -> bool {
        let known = self.landed.iter().any(|landed| landed.txid == tx.txid().to_string());
        !known && self.takes(&tx.plan().recent_hash)
    }

    /// Whether a block could take a transaction with this hash now.
    fn takes(&self, recent_hash: &sol::RecentHash) -> bool {
        match recent_hash {
            sol::RecentHash::Blockhash(found) => self.hashes.get(found.as_bytes()).is_some_and(|height| self.tip <= height + 150),
            sol::RecentHash::Nonce { value, .. } => value.as_bytes() == &self.nonce_at(self.tip),
        }
    }

    fn alive(&self) -> usize {
        self.pool.iter().filter(|tx| self.may_land(tx)).count()
    }

    fn produce(&mut self, choices: &mut Choices) {
        self.tip += 1;
        for tx in self.pool.clone() {
            if self.may_land(&tx) && choices.one_in(50) {
                self.landed.push(Landed { txid: tx.txid().to_string(), height: self.tip, pays: pays(&tx) });
                if matches!(tx.plan().recent_hash, sol::RecentHash::Nonce { .. }) || !pays(&tx) {
                    self.nonce.push((self.tip, hash("nonce", self.tip)));
                }
            }
        }
    }
}

struct Net {
    world: World,
    chain: RefCell<Chain>,
    choices: RefCell<Choices>,
    nonce_account: sol::Address,
    tokens: BTreeMap<String, Value>,
    /// The one operation that may be signed.
    operation: sol::Operation,
    providers: Providers,
    /// The present lag of each provider, in blocks.
    lags: [Cell<u64>; 3],
    /// The messages of the payments that were given to be signed.
    signed: RefCell<Vec<Vec<u8>>>,
}

impl Net {
    fn new(bytes: Vec<u8>, on_nonce: bool, kind: Kind, providers: Providers) -> Self {
        let mut config = config(1);
        config.chains.solana.providers = URLS.map(String::from).to_vec();
        config.chains.solana.quorum = Some(2);
        let world = World::configured(config);
        let wallet = world.wallet();
        let payer = sol::Address::from_bytes(wallet.solana_key[..].try_into().expect("32 bytes"));
        let chain =
            Chain { tip: 5_000, pool: Vec::new(), landed: Vec::new(), hashes: BTreeMap::new(), nonce: vec![(0, hash("nonce", 0))] };
        let net = Self {
            world,
            chain: RefCell::new(chain),
            choices: RefCell::new(Choices { bytes, next: 0 }),
            nonce_account: sol::derived::nonce_account(&payer, 0),
            tokens: if kind == Kind::Tokens { token_accounts(&payer) } else { BTreeMap::new() },
            operation: kind.operation(),
            providers,
            lags: Default::default(),
            signed: RefCell::default(),
        };
        if providers == Providers::Behind {
            net.lags[1..].iter().for_each(|lag| lag.set(200 + net.choices.borrow_mut().below(MAX_LAG - 200)));
        }
        if on_nonce {
            net.create_nonce();
        }
        net
    }

    /// The wallet's nonce account 0, as if its creation had just landed.
    fn create_nonce(&self) {
        let world = &self.world;
        let (decided, ids) = world.state.borrow().decide_nonce_pool(admin(), WALLET, 1, world.time()).expect("an admin");
        world.put(decided);
        let id = ids[0];
        let built = purser_core::transfer::BuiltTx {
            unsigned: Bytes::new([1]),
            fee: Amount::new(5_000),
            details: Built::Solana(SolanaBuilt::default()),
        };
        let decided = world.state.borrow().decide_built(id, built).expect("it was reserved");
        world.put(decided);
        let signed = purser_core::transfer::SignedTx { signed: Bytes::new([1]), txid: "creation".into() };
        let decided = world.state.borrow().decide_signed(id, signed).expect("it was built");
        world.put(decided);
        let decided = world.state.borrow().decide_submitted(id).expect("it was signed");
        world.put(decided);
        let decided = world.state.borrow().decide_confirmed(id, Amount::ZERO, None).expect("it was submitted");
        world.put(decided);
    }

    fn pass(&self, blocks: u64) {
        for _ in 0..blocks {
            self.chain.borrow_mut().produce(&mut self.choices.borrow_mut());
        }
        self.world.now.set(self.world.now.get() + blocks * SECOND_NS / 5);
    }

    /// A provider may fall behind, further or less far, or recover. One that answered for a block may not know it any more.
    fn drift(&self, one_in: u64) {
        let one_in = if self.providers == Providers::Behind { one_in * 5 } else { one_in };
        let mut choices = self.choices.borrow_mut();
        for lag in &self.lags {
            if choices.one_in(one_in) {
                let behind = [0, 0, 60, 400, MAX_LAG][choices.below(5) as usize];
                lag.set(if behind == 0 { 0 } else { choices.below(behind) });
            }
        }
    }

    /// Checks that no payment is signed while another one has landed or may land. Any reader of the log may send it.
    fn check_signing(&self, message: &[u8]) {
        let Ok(plan) = sol::describe_message(message) else { panic!("what is signed reads as a plan") };
        if !matches!(plan.operation, sol::Operation::Pay(_)) || self.signed.borrow().iter().any(|signed| signed == message) {
            return;
        }
        let chain = self.chain.borrow();
        assert!(!chain.landed.iter().any(|landed| landed.pays), "a payment is signed though one has landed");
        for signed in self.signed.borrow().iter() {
            let earlier = sol::describe_message(signed).expect("it was signed");
            assert!(!chain.takes(&earlier.recent_hash), "a payment is signed while another one may land");
        }
        self.signed.borrow_mut().push(message.to_vec());
    }

    fn drive(&self, id: TransferId, provider_offset: usize) -> Progress {
        let mut flow = pin!(drive(self, id, provider_offset));
        match flow.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(progress) => progress,
            Poll::Pending => panic!("everything answers at once"),
        }
    }

    /// Checks that at most one payment has landed, and that the record of the transfer agrees with the chain.
    fn check(&self, id: TransferId, what: &str) {
        let state = self.world.state.borrow();
        let transfer = state.transfer(id).expect("it exists");
        let chain = self.chain.borrow();
        let log = |event: &str| {
            (0..state.log_len())
                .filter(|at| {
                    let block = state.block(BlockIndex::new(*at)).expect("it is there");
                    block.get("btype").and_then(|name| name.as_text()) == Some(event)
                })
                .count()
        };
        let paid: Vec<&Landed> = chain.landed.iter().filter(|landed| landed.pays).collect();
        assert!(paid.len() <= 1, "{what}: paid {} times; {} attempts", paid.len(), transfer.attempt);
        let current = transfer.signed.as_ref().map(|signed| signed.txid.as_str());
        if let Some(landed) = paid.first() {
            assert_eq!(Some(landed.txid.as_str()), current, "{what}: what landed is the attempt that is still followed");
            let open = matches!(transfer.status, Status::Submitted | Status::Confirmed | Status::Quarantined);
            assert!(open, "{what}: its money was released: {:?}", transfer.status);
        }
        if transfer.status == Status::Confirmed {
            assert_eq!(paid.len(), 1, "{what}: confirmed without having landed; expired {}", log("purser.transfer_expired"));
        }
        drop(chain);
        if matches!(transfer.status, Status::Expired | Status::Reserved | Status::Cancelled | Status::Failed) {
            let chain = self.chain.borrow();
            let alive = chain.pool.iter().filter(|tx| pays(tx) && chain.may_land(tx)).count();
            assert_eq!(alive, 0, "{what}: given up while it may land ({:?})", transfer.status);
        }
    }
}

fn shown(lamports: u64, data: &[u8]) -> Value {
    json!({
        "data": [STANDARD.encode(data), "base64"], "executable": false, "lamports": lamports, "owner": SYSTEM, "rentEpoch": 0,
        "space": data.len(),
    })
}
