//! `scripts/bench --audit`: the cost of writing, keeping and verifying a log of a million entries, natively. `scripts/bench`
//! measures the cost in a canister, in instructions.

use candid::Principal;
use ic_stable_structures::{Memory, VectorMemory};
use purser_core::access::LabelledAgent;
use purser_core::base::{Amount, Asset, BlockIndex, Bytes, Chain, Destination, Timestamp, WalletId};
use purser_core::chains::registry::{Built, Params};
use purser_core::chains::solana::transfer::SolanaBuilt;
use purser_core::governance::settings::Settings;
use purser_core::governance::{Action, PolicyChange};
use purser_core::policy::{Rule, Scope, Window};
use purser_core::state::State;
use purser_core::transfer::{BuiltTx, Outcome, SignedTx, TransferRequest};
use purser_core::wallet::{KeyKind, RootKey, RootKeys};
use purser_types::fixture::{admin, config};
use purser_verify::certificate::RootKey as NetworkKey;
use purser_verify::check::{VerifyOptions, check};
use purser_verify::export::Writer;
use purser_verify::progress::Progress;
use std::time::Instant;

const ENTRIES: u64 = 1_000_000;
const WALLET: WalletId = WalletId::new(1);

fn at(n: u64) -> Timestamp {
    Timestamp::from_nanos(1_767_225_600_000_000_000 + n * 60_000_000_000)
}

/// A state with one wallet and a limit that no transfer reaches.
fn installed(memory: VectorMemory) -> State<VectorMemory> {
    let mut state = State::new(memory);
    let config = config();
    let settings = Settings::new(&config);
    let decided = state.decide_init(admin(), config, settings).expect("a configuration");
    state.commit(decided, at(0));
    let secp = RootKey {
        public_key: Bytes::new(
            hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").expect("a point of the curve"),
        ),
        chain_code: Bytes::new([7; 32]),
    };
    let ed25519 = RootKey { public_key: Bytes::new([[0x58].as_slice(), &[0x66; 31]].concat()), chain_code: Bytes::new([8; 32]) };
    let decided = state.decide_register_keys(RootKeys { ed25519, schnorr: secp.clone(), ecdsa: secp }).expect("keys");
    state.commit(decided, at(0));
    let (decided, _) = state.decide_create_wallet(admin(), "ops".into(), at(0)).expect("an admin");
    state.commit(decided, at(0));
    change(&mut state, Action::AddAgent(LabelledAgent { wallet: WALLET, agent: admin(), label: None }));
    let max = Amount::new(1 << 60);
    let asset = Asset::Sol;
    let rules = vec![
        Rule::PerTransaction { asset, max },
        Rule::SpendingLimit { asset, window: Window::Rolling24h, max },
        Rule::AnyAddress { chain: Chain::Solana },
    ];
    change(&mut state, Action::SetPolicy(PolicyChange { scope: Scope::Wallet(WALLET), replaces: 0, name: None, rules }));
    state
}

fn change(state: &mut State<VectorMemory>, action: Action) {
    let (decided, _) = state.decide_change(admin(), action, at(0)).expect("an admin");
    state.commit(decided, at(0));
}

/// One transfer from its request to its end: five entries.
fn transfer(state: &mut State<VectorMemory>, n: u64) {
    let request = TransferRequest {
        wallet: WALLET,
        asset: Asset::Sol,
        to: Destination::new(Chain::Solana, [9; 32]),
        amount: Amount::new(1_000),
        max_fee: Amount::new(5_000),
        fee_named: false,
        source: KeyKind::Solana,
        idempotency_key: format!("payment-{n}"),
        reason: None,
        session: None,
        created_at: None,
        params: Params::new(Chain::Solana),
        batch: None,
    };
    let (decided, outcome) = state.decide_transfer(admin(), request, at(n)).expect("it is well formed");
    let Outcome::Accepted { transfer, .. } = outcome else { panic!("{outcome:?}") };
    state.commit(decided.expect("it is reserved"), at(n));
    let unsigned = Bytes::new([n.to_be_bytes(); 20].concat());
    let built = BuiltTx { unsigned, fee: Amount::new(5_000), details: Built::Solana(SolanaBuilt::default()) };
    let decided = state.decide_built(transfer, built).expect("it is reserved");
    state.commit(decided, at(n));
    let signed = SignedTx { signed: Bytes::new([8; 215]), txid: format!("{n:064}") };
    let decided = state.decide_signed(transfer, signed).expect("it is built");
    state.commit(decided, at(n));
    let decided = state.decide_submitted(transfer).expect("it is signed");
    state.commit(decided, at(n));
    let decided = state.decide_confirmed(transfer, Amount::new(5_000), None).expect("it is submitted");
    state.commit(decided, at(n));
}

fn main() -> std::io::Result<()> {
    let memory = VectorMemory::default();
    let mut state = installed(memory.clone());
    let started = Instant::now();
    let mut n = 0;
    while state.log_len() < ENTRIES {
        n += 1;
        transfer(&mut state, n);
    }
    let entries = state.log_len();
    let per_second = entries as f64 / started.elapsed().as_secs_f64();
    println!("{entries} entries decided, applied and appended: {per_second:.0} per second");
    println!("{} bytes of log per entry", state.log_bytes() / entries);
    println!("{} bytes of stable memory per entry, records and indices included", memory.size() * 65_536 / entries);
    let started = Instant::now();
    assert!(state.verify_log(BlockIndex::new(0), u64::MAX).valid);
    println!("verified in place: {:.0} per second", entries as f64 / started.elapsed().as_secs_f64());
    let started = Instant::now();
    let reads = 100_000;
    (0..reads).for_each(|read| assert!(state.block(BlockIndex::new(read * 7_919 % entries)).is_some()));
    println!("read at random: {:.0} per second", reads as f64 / started.elapsed().as_secs_f64());

    // There is no certificate for a log that no canister wrote, so this shows the speed of hashing and linking; the replay's is
    // measured beside it.
    let path = std::env::temp_dir().join(format!("purser-million-{}.log", std::process::id()));
    let mut writer = Writer::create(&path, Principal::anonymous(), 0)?;
    for index in 0..entries {
        writer.entry(&state.block_bytes(BlockIndex::new(index)).expect("it is kept"))?;
    }
    writer.finish(None)?;
    println!("{} bytes of exported file per entry", std::fs::metadata(&path)?.len() / entries);
    let options = VerifyOptions {
        files: vec![path.clone()],
        canister: None,
        root_key: NetworkKey::mainnet(),
        now: 0,
        max_age: None,
        rebuild: None,
    };
    let report = check(&options, &mut Progress::default())?;
    assert!(report.breaks.is_empty());
    println!("purser-verify, hashes and links: {} entries per second", report.entries_per_second);
    let started = Instant::now();
    let mut replay = purser_core::state::Replay::new(VectorMemory::default());
    for index in 0..entries {
        replay.push(&state.block_bytes(BlockIndex::new(index)).expect("it is kept")).expect("it replays");
    }
    assert_eq!(replay.state().digest(), state.digest());
    println!("purser-verify, replay: {:.0} entries per second", entries as f64 / started.elapsed().as_secs_f64());
    std::fs::remove_file(path)
}
