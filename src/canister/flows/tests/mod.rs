//! Tests of the flows in a scripted world: each call must be the next one of the script.

mod balances;
mod batches;
mod client_side;
mod failures;
mod kaspa;
mod lagging;
mod minimum_balance;
mod nonces;
mod providers;
mod random;
mod rechecks;
mod revocations;
mod sol_rpc;
mod solana;
mod tokens;
mod transform;
mod waiting;

use super::{Progress, drive};
use crate::ports::{CallError, CanisterCall, Clock, HttpOutcall, Outcall, ProviderCanister, Signer, SigningKey, StateStore};
use candid::Principal;
use ic_cdk_management_canister::{HttpHeader, HttpRequestResult, TransformArgs};
use ic_stable_structures::VectorMemory;
use purser_core::access::LabelledAgent;
use purser_core::base::{Amount, Asset, Bytes, Chain, DAY_NS, Destination, SECOND_NS, Timestamp, TransferId, WalletId};
use purser_core::chains::registry::{Built, Params, PaymentParams};
use purser_core::chains::solana::transfer::SolanaBuilt;
use purser_core::chains::{kaspa as kas, solana as sol};
use purser_core::governance::config::Config;
use purser_core::governance::settings::{MinBalance, Settings};
use purser_core::governance::{Action, PolicyChange};
use purser_core::policy::{AllowEntry, ReasonCode, Rule, Scope, Window};
use purser_core::state::{Decided, State};
use purser_core::transfer::{Outcome, Status, Transfer, TransferRequest};
use purser_core::wallet::{KeyKind, NewWallet, RootKey, RootKeys, Wallet};
use purser_types::fixture::{admin, init_args};
use purser_types::{InitArgs, KaspaInit, SolanaInit};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const WALLET: WalletId = WalletId::new(1);
/// A token that the policy allows.
const TOKEN: Asset = Asset::Spl { mint: purser_core::base::Mint([9; 32]) };
/// The genesis hash that both Solana providers serve.
const GENESIS: [u8; 32] = [77; 32];
const ED25519_CHAIN_CODE: [u8; 32] = [8; 32];
const SECP256K1_CHAIN_CODE: [u8; 32] = [7; 32];

fn sol_rpc() -> Principal {
    Principal::from_slice(&[9, 1])
}

fn agent() -> Principal {
    Principal::from_slice(&[3, 1])
}

fn ed25519_root() -> ic_ed25519::PrivateKey {
    ic_ed25519::PrivateKey::deserialize_raw_32(&[42; 32])
}

fn secp256k1_root() -> ic_secp256k1::PrivateKey {
    ic_secp256k1::PrivateKey::deserialize_sec1(&[43; 32]).unwrap()
}

fn sol_recipient() -> [u8; 32] {
    ic_ed25519::PrivateKey::deserialize_raw_32(&[5; 32]).public_key().serialize_raw()
}

/// The recipient of KAS: version byte and x-only key.
fn kas_recipient() -> Vec<u8> {
    let key = ic_secp256k1::PrivateKey::deserialize_sec1(&[6; 32]).unwrap();
    [vec![0], key.public_key().serialize_bip340()].concat()
}

/// The answer of a provider: HTTP status and body, or none.
type Answer = Result<(u16, String), CallError>;
type Reply = Box<dyn FnOnce(&World) -> Answer>;

enum Step {
    /// An outcall whose URL and body contain the text, replicated or not.
    Http { contains: &'static str, replicated: bool, reply: Reply },
    /// A call of the SOL RPC canister, answered in Candid.
    Canister { method: &'static str, reply: Result<Vec<u8>, CallError> },
    /// A signature by the key of this kind. The hook runs before the answer arrives.
    Sign { kind: KeyKind, during: Box<dyn FnOnce(&World)> },
    /// A signature that is made, but whose answer is lost.
    SignLost,
    /// An answer that is no signature of what was asked.
    SignWrong,
}

struct World {
    state: RefCell<State<VectorMemory>>,
    now: Cell<u64>,
    script: RefCell<VecDeque<Step>>,
    /// Every body that was sent by a call whose text is `sendTransaction` or `/transactions`.
    sent: RefCell<Vec<Vec<u8>>>,
    signatures: Cell<usize>,
    /// The number of signatures that are requested and not answered, now and at most.
    pending: Cell<usize>,
    most_at_once: Cell<usize>,
    outcalls: Cell<usize>,
    /// The last outcall's limit for its answer.
    room: Cell<u64>,
}

/// The parameters of a payment on Solana with a memo.
fn with_memo(memo: &str) -> PaymentParams {
    PaymentParams::Solana(sol::transfer::PaymentParams { memo: Some(memo.to_owned()), off_curve: false })
}

impl World {
    fn new() -> Self {
        Self::configured(config(1))
    }

    fn configured(config: Config) -> Self {
        let settings = Settings { min_balances: Vec::new(), ..Settings::new(&config) };
        Self::installed(&config, &settings, &"ops".into())
    }

    fn with(wallet: NewWallet) -> Self {
        Self::keeping(wallet, 0, 0)
    }

    /// A world with wallets that keep so many lamports and sompi.
    fn keeping(wallet: NewWallet, sol: u64, kas: u64) -> Self {
        let kept = |(asset, min)| MinBalance { asset, min: Amount::new(min) };
        let min_balances = [(Asset::Kas, kas), (Asset::Sol, sol)].map(kept).to_vec();
        let config = config(1);
        let settings = Settings { min_balances, ..Settings::new(&config) };
        Self::installed(&config, &settings, &wallet)
    }

    fn with_providers(kaspa_providers: usize) -> Self {
        let config = config(kaspa_providers);
        let settings = Settings::new(&config);
        Self::installed(&config, &settings, &"ops".into())
    }

    fn installed(config: &Config, settings: &Settings, wallet: &NewWallet) -> Self {
        let mut state = State::new(VectorMemory::default());
        let at = Timestamp::from_nanos(1_000 * DAY_NS);
        let mut done = |decide: &dyn Fn(&State<VectorMemory>) -> Decided| {
            let decided = decide(&state);
            state.commit(decided, at);
        };
        done(&|state| state.decide_init(admin(), config.clone(), settings.clone()).unwrap());
        done(&|state| state.decide_register_keys(root_keys()).unwrap());
        done(&|state| state.decide_create_wallet(admin(), wallet.clone(), at).unwrap().0);
        let add = || Action::AddAgent(LabelledAgent { wallet: WALLET, agent: agent(), label: None });
        done(&|state| state.decide_change(admin(), add(), at).unwrap().0);
        let policy = || PolicyChange { scope: Scope::Wallet(WALLET), replaces: 0, name: None, rules: rules() };
        done(&|state| state.decide_change(admin(), Action::SetPolicy(policy()), at).unwrap().0);
        for url in config.chains.solana.providers.clone() {
            done(&|state| state.decide_pin_provider(url.clone(), GENESIS).unwrap());
        }
        Self {
            state: RefCell::new(state),
            now: Cell::new(at.nanos()),
            script: RefCell::default(),
            sent: RefCell::default(),
            signatures: Cell::new(0),
            pending: Cell::new(0),
            most_at_once: Cell::new(0),
            outcalls: Cell::new(0),
            room: Cell::new(0),
        }
    }

    fn request(&self, asset: Asset, amount: u64, source: KeyKind) -> TransferId {
        let max_fee = match asset {
            Asset::Sol => 5_000,
            Asset::Kas => 1_000_000,
            Asset::Spl { .. } => 2_000_000,
        };
        self.request_of(asset, amount, source, max_fee)
    }

    /// A KAS transfer with a fee cap of its own.
    fn request_with_fee(&self, amount: u64, source: KeyKind, max_fee: u64) -> TransferId {
        self.request_of(Asset::Kas, amount, source, max_fee)
    }

    fn request_of(&self, asset: Asset, amount: u64, source: KeyKind, max_fee: u64) -> TransferId {
        let to = match asset {
            Asset::Sol | Asset::Spl { .. } => Destination::new(Chain::Solana, sol_recipient()),
            Asset::Kas => Destination::new(Chain::Kaspa, kas_recipient()),
        };
        let key = format!("key-{}", self.state.borrow().log_len());
        let request = TransferRequest {
            wallet: WALLET,
            asset,
            to,
            amount: Amount::new(amount),
            max_fee: Amount::new(max_fee),
            fee_named: true,
            source,
            idempotency_key: key,
            reason: None,
            session: None,
            created_at: None,
            params: Params::new(asset.chain()),
            batch: None,
        };
        let decided = self.state.borrow().decide_transfer(agent(), request, self.time()).unwrap();
        match decided {
            (Some(decided), Outcome::Accepted { transfer, .. }) => {
                self.put(decided);
                transfer
            }
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.now.get())
    }

    fn advance(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds * SECOND_NS);
    }

    fn put(&self, decided: Decided) {
        self.state.borrow_mut().commit(decided, self.time());
    }

    /// Starts an emergency at once, or ends it in its two stages.
    fn emergency(&self, on: bool) {
        if on {
            let decided = self.state.borrow().decide_start_emergency(admin(), "drill".into(), self.time()).unwrap();
            return self.put(decided);
        }
        for _ in 0..2 {
            let end = Action::EndEmergency { reason: "over".into() };
            let decided = self.state.borrow().decide_change(admin(), end, self.time()).unwrap().0;
            self.put(decided);
        }
    }

    fn cancel(&self, id: TransferId) {
        let decided = self.state.borrow().decide_cancel(admin(), id, None).unwrap();
        self.put(decided);
    }

    fn transfer(&self, id: TransferId) -> Transfer {
        self.state.borrow().transfer(id).unwrap()
    }

    fn status(&self, id: TransferId) -> Status {
        self.transfer(id).status
    }

    /// The reason for which a transfer waits, as the interface shows it.
    fn code(&self, id: TransferId) -> Option<ReasonCode> {
        self.transfer(id).code
    }

    fn why(&self, id: TransferId) -> String {
        crate::flows::why_waiting(&self.transfer(id)).expect("whatever waits says why")
    }

    fn wallet(&self) -> Wallet {
        self.state.borrow().wallet(WALLET).unwrap()
    }

    /// The reserved and the spent amount of an asset, in base units.
    fn usage(&self, asset: Asset) -> (u64, u64) {
        let usage = self.state.borrow().usage(WALLET, asset, self.time());
        (usage.reserved.get(), usage.posted.get())
    }

    /// Drives a transfer through exactly these calls.
    fn drive(&self, id: TransferId, provider_offset: usize, script: Vec<Step>) -> Progress {
        self.run(drive(self, id, provider_offset), script)
    }

    /// Runs a flow to its end with exactly these calls.
    fn run<T: std::fmt::Debug>(&self, flow: impl Future<Output = T>, script: Vec<Step>) -> T {
        self.script.replace(script.into());
        let mut flow = pin!(flow);
        // A signature takes two polls, so that signatures requested at once can be counted.
        let mut polls = (0..1_000).map(|_| flow.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        let Some(Poll::Ready(result)) = polls.find(Poll::is_ready) else {
            panic!("the scripted world answers soon");
        };
        assert_eq!(self.script.borrow().len(), 0, "calls of the script were not made; the flow said {result:?}");
        result
    }

    fn next(&self, what: &str) -> Step {
        self.script.borrow_mut().pop_front().unwrap_or_else(|| panic!("an unexpected call: {what}"))
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.time()
    }
}

impl StateStore for World {
    type Memory = VectorMemory;

    fn read<T>(&self, f: impl FnOnce(&State<VectorMemory>) -> T) -> T {
        f(&self.state.borrow())
    }

    fn commit(&self, decided: Decided) {
        self.put(decided);
    }
}

impl Signer for World {
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, CallError> {
        assert_eq!(key.name, "test_key_1");
        self.signatures.set(self.signatures.get() + 1);
        self.pending.set(self.pending.get() + 1);
        self.most_at_once.set(self.most_at_once.get().max(self.pending.get()));
        tick().await;
        self.pending.set(self.pending.get() - 1);
        match self.next("a signature") {
            Step::Sign { kind, during } => {
                assert_eq!(key.kind, kind);
                during(self);
                Ok(sign(key, message))
            }
            Step::SignLost => Err(CallError::rejected("Signature request expired")),
            Step::SignWrong => Ok(sign(key, &[0; 32])),
            Step::Http { contains, .. } => panic!("a signature instead of {contains}"),
            Step::Canister { method, .. } => panic!("a signature instead of {method}"),
        }
    }

    async fn root_keys(&self, _: &str) -> Result<RootKeys, CallError> {
        panic!("no flow of a transfer asks for the root keys")
    }
}

impl ProviderCanister for World {
    async fn call(&self, canister: Principal, call: &CanisterCall) -> Result<Vec<u8>, CallError> {
        assert_eq!(canister, sol_rpc());
        let Step::Canister { method, reply } = self.next(call.method) else { panic!("{} is called", call.method) };
        assert_eq!(method, call.method);
        reply
    }
}

impl HttpOutcall for World {
    async fn request(&self, outcall: &Outcall) -> Result<Vec<u8>, CallError> {
        let body = outcall.body.clone().unwrap_or_default();
        let text = format!("{} {}", outcall.url, String::from_utf8_lossy(&body));
        let Step::Http { contains, replicated, reply } = self.next(&text) else {
            panic!("{text} instead of a signature");
        };
        assert!(text.contains(contains), "{text} instead of {contains}");
        assert_eq!(outcall.replicated, replicated, "{text}");
        self.outcalls.set(self.outcalls.get() + 1);
        self.room.set(outcall.max_response_bytes);
        if contains == "sendTransaction" || contains == "/transactions " {
            self.sent.borrow_mut().push(body);
        }
        let (status, body) = reply(self)?;
        let reduce = match outcall.transform {
            "transform_solana" => crate::flows::solana::transform,
            "transform_kaspa" => crate::flows::kaspa::transform,
            other => panic!("the canister has no query {other}"),
        };
        let header = HttpHeader { name: "Date".into(), value: "today".into() };
        let response = HttpRequestResult { status: status.into(), headers: vec![header], body: body.into_bytes() };
        Ok(reduce(TransformArgs { response, context: outcall.context.clone() }).body)
    }
}

/// Lets every other waiting future be polled once.
async fn tick() {
    let mut polled = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    match key.kind {
        KeyKind::Solana => {
            let path = key.derivation_path.iter().cloned().map(ic_ed25519::DerivationIndex).collect();
            let path = ic_ed25519::DerivationPath::new(path);
            ed25519_root().derive_subkey_with_chain_code(&path, &ED25519_CHAIN_CODE).0.sign_message(message).to_vec()
        }
        KeyKind::KaspaSchnorr | KeyKind::KaspaEcdsa => {
            let path = key.derivation_path.iter().cloned().map(ic_secp256k1::DerivationIndex).collect();
            let path = ic_secp256k1::DerivationPath::new(path);
            let child = secp256k1_root().derive_subkey_with_chain_code(&path, &SECP256K1_CHAIN_CODE).0;
            match key.kind {
                KeyKind::KaspaSchnorr => child.sign_message_with_bip340_no_rng(message).to_vec(),
                _ => child.sign_digest_with_ecdsa(message).to_vec(),
            }
        }
    }
}

/// A configuration with this many Kaspa servers, of which two must agree where there are two.
fn config(kaspa_providers: usize) -> Config {
    let local = init_args();
    let args = InitArgs {
        guardians: Vec::new(),
        solana: SolanaInit {
            providers: vec!["http://127.0.0.1:11".into(), "http://127.0.0.1:12".into()],
            quorum: Some(1),
            ..local.solana
        },
        kaspa: KaspaInit {
            providers: (0..kaspa_providers).map(|n| format!("http://127.0.0.1:2{n}")).collect(),
            max_fee: Some(1_500_000),
            ..local.kaspa
        },
        ..local
    };
    args.into_config(None)
}

fn root_keys() -> RootKeys {
    let ed25519 =
        RootKey { public_key: Bytes::new(ed25519_root().public_key().serialize_raw()), chain_code: Bytes::new(ED25519_CHAIN_CODE) };
    let secp = RootKey {
        public_key: Bytes::new(secp256k1_root().public_key().serialize_sec1(true)),
        chain_code: Bytes::new(SECP256K1_CHAIN_CODE),
    };
    RootKeys { ed25519, schnorr: secp.clone(), ecdsa: secp }
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for asset in Asset::ALL {
        rules.push(Rule::PerTransaction { asset, max: Amount::new(10_000_000_000) });
        rules.push(Rule::SpendingLimit { asset, window: Window::Rolling24h, max: Amount::new(100_000_000_000) });
    }
    rules.push(Rule::PerTransaction { asset: TOKEN, max: Amount::new(1_000) });
    rules.push(Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::new(5_000) });
    rules.push(Rule::Allowlist {
        chain: Chain::Solana,
        entries: vec![listed(Destination::new(Chain::Solana, sol_recipient()))],
        cool_down_ns: 0,
    });
    rules.push(Rule::Allowlist {
        chain: Chain::Kaspa,
        entries: vec![listed(Destination::new(Chain::Kaspa, kas_recipient()))],
        cool_down_ns: 0,
    });
    rules
}

/// A replicated outcall.
fn all(contains: &'static str, reply: impl FnOnce(&World) -> Answer + 'static) -> Step {
    Step::Http { contains, replicated: true, reply: Box::new(reply) }
}

/// An outcall by one node.
fn one(contains: &'static str, reply: impl FnOnce(&World) -> Answer + 'static) -> Step {
    Step::Http { contains, replicated: false, reply: Box::new(reply) }
}

fn signing(kind: KeyKind) -> Step {
    Step::Sign { kind, during: Box::new(|_| {}) }
}

fn lost() -> Answer {
    Err(CallError::rejected("Canister http request timed out"))
}

fn listed(to: Destination) -> AllowEntry {
    AllowEntry { to, label: None, limits: Vec::new(), expires_at: None, usable_from: Timestamp::default() }
}
