//! A small installation to test on.

use crate::base::{Amount, Asset, Bytes, Chain, DAY_NS, Destination, Timestamp, TransferId, WalletId};
use crate::chains::configs::ChainConfigs;
use crate::chains::kaspa::config::KaspaConfig;
use crate::chains::registry::{Built, LandedIn, Params, PaymentParams};
use crate::chains::solana::config::SolanaConfig;
use crate::chains::solana::transfer::SolanaBuilt;
use crate::chains::{kaspa, solana};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::policy::{AllowEntry, Rule, Window};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{BuiltTx, Outcome, SignedTx, TransferRequest};
use crate::wallet::{KeyKind, RootKey, RootKeys};
use candid::Principal;
use ic_stable_structures::VectorMemory;

pub type TestState = State<VectorMemory>;

pub fn principal(n: u8) -> Principal {
    Principal::from_slice(&[n, 1])
}

pub fn admin() -> Principal {
    principal(1)
}

pub fn guardian() -> Principal {
    principal(2)
}

pub fn agent() -> Principal {
    principal(3)
}

pub fn stranger() -> Principal {
    principal(9)
}

pub fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(1_000 * DAY_NS + nanos)
}

pub fn recipient(chain: Chain, n: u8) -> Destination {
    Destination::new(chain, vec![n; if chain == Chain::Solana { 32 } else { 33 }])
}

pub fn config() -> Config {
    Config {
        admins: vec![admin()],
        guardians: vec![guardian()],
        recovery: None,
        key_name: "test_key_1".into(),
        chains: ChainConfigs {
            solana: SolanaConfig {
                network: solana::Cluster::Local,
                providers: vec!["http://127.0.0.1:1".into()],
                max_fee: Amount::new(10_000),
                quorum: None,
                execution: None,
                max_unit_price: None,
                max_rent: None,
                genesis: None,
            },
            kaspa: KaspaConfig {
                network: kaspa::Network::Simnet,
                providers: vec!["http://127.0.0.1:2".into()],
                max_fee: Amount::new(1_000_000),
                feerate: 100,
                confirmations: 10,
                max_feerate: None,
                quorum: None,
                execution: None,
                consolidate_above: None,
            },
        },
    }
}

/// The PocketIC test keys' root public keys, as any real curve point will do.
pub fn keys() -> RootKeys {
    let secp = RootKey {
        public_key: Bytes::new(hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").unwrap()),
        chain_code: Bytes::new([7; 32]),
    };
    let ed25519 = RootKey {
        public_key: Bytes::new(hex::decode("5866666666666666666666666666666666666666666666666666666666666666").unwrap()),
        chain_code: Bytes::new([8; 32]),
    };
    RootKeys { ed25519, schnorr: secp.clone(), ecdsa: secp }
}

/// Commits what was decided.
pub fn done(state: &mut TestState, decided: Result<Decided, Refusal>, now: Timestamp) {
    state.commit(decided.unwrap(), now);
}

pub fn rules(max: u64, daily: u64) -> Vec<Rule> {
    let mut rules = Vec::new();
    for asset in Asset::ALL {
        rules.push(Rule::PerTransaction { asset, max: Amount::new(max) });
        rules.push(Rule::SpendingLimit { asset, window: Window::Rolling24h, max: Amount::new(daily) });
    }
    for chain in [Chain::Kaspa, Chain::Solana] {
        rules.push(Rule::Allowlist { chain, entries: vec![listed(recipient(chain, 5))], cool_down_ns: 0 });
    }
    rules
}

/// An entry of an allowlist without conditions.
pub fn listed(to: Destination) -> AllowEntry {
    AllowEntry { to, label: None, limits: Vec::new(), expires_at: None, usable_from: Timestamp::default() }
}

pub const WALLET: WalletId = WalletId::new(1);
/// What the fixture's policy allows per transfer and per rolling 24 hours, in lamports and in sompi.
pub const PER_TRANSACTION: u64 = 5_000_000;
pub const DAILY: u64 = 20_000_000;

/// Initialised, with keys, one wallet with one agent and a policy.
pub fn installed() -> TestState {
    installed_on(VectorMemory::default())
}

/// The same on memory that the test keeps a hand on.
pub fn installed_on(memory: VectorMemory) -> TestState {
    let mut state = State::new(memory);
    let decided = state.decide_init(stranger(), config(), Settings::new(&config()));
    done(&mut state, decided, at(0));
    let decided = state.decide_register_keys(keys());
    done(&mut state, decided, at(0));
    let (decided, wallet) = state.decide_create_wallet(admin(), "ops".into(), at(0)).unwrap();
    assert_eq!(wallet.id, WALLET);
    state.commit(decided, at(0));
    let decided = state.decide_add_agent(admin(), WALLET, agent());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(PER_TRANSACTION, DAILY), at(0)).unwrap();
    state.commit(decided, at(0));
    state
}

/// A request for SOL that the fixture's policy allows up to its limits.
pub fn sol(amount: u64, key: &str) -> TransferRequest {
    TransferRequest {
        wallet: WALLET,
        asset: Asset::Sol,
        to: recipient(Chain::Solana, 5),
        amount: Amount::new(amount),
        max_fee: Amount::new(5_000),
        fee_named: true,
        source: KeyKind::Solana,
        idempotency_key: key.into(),
        reason: None,
        session: None,
        created_at: None,
        params: Params::new(Chain::Solana),
        batch: None,
    }
}

/// Requests and commits; panics unless the transfer is accepted.
pub fn accepted(state: &mut TestState, request: TransferRequest, now: Timestamp) -> TransferId {
    match state.decide_transfer(agent(), request, now).unwrap() {
        (Some(decided), Outcome::Accepted { transfer, .. }) => {
            state.commit(decided, now);
            transfer
        }
        other => panic!("not accepted: {other:?}"),
    }
}

/// A transaction of its own for every transfer.
pub fn built(id: TransferId) -> BuiltTx {
    BuiltTx {
        unsigned: Bytes::new(id.get().to_be_bytes()),
        fee: Amount::new(5_000),
        details: Built::Solana(SolanaBuilt::default()),
    }
}

/// The parameters of a request for KAS that says nothing more.
pub fn kaspa_params() -> Params {
    Params::new(Chain::Kaspa)
}

/// The parameters of a payment on Solana.
pub fn payment(memo: Option<&str>, off_curve: bool) -> Option<PaymentParams> {
    Some(PaymentParams::Solana(solana::transfer::PaymentParams { memo: memo.map(str::to_owned), off_curve }))
}

/// A slot of Solana as the place of a transaction.
pub fn slot(slot: u64) -> LandedIn {
    LandedIn::Solana(solana::transfer::LandedIn { slot })
}

pub fn signed() -> SignedTx {
    SignedTx { signed: Bytes::new([2]), txid: "txid".into() }
}

/// Drives a transfer to where its bytes may be on the chain.
pub fn submit(state: &mut TestState, id: TransferId, now: Timestamp) {
    let decided = state.decide_built(id, built(id));
    done(state, decided, now);
    let decided = state.decide_signed(id, signed());
    done(state, decided, now);
    let decided = state.decide_submitted(id);
    done(state, decided, now);
}
