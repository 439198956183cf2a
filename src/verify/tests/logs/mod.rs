//! Logs with certificates, and their files.

use blst::min_sig::SecretKey;
use candid::Principal;
use ic_certification::hash_tree::{fork, label, leaf};
use ic_certification::{Certificate, HashTree};
use ic_stable_structures::VectorMemory;
use purser_core::audit::leb128;
use purser_core::base::{BlockIndex, Hash, Timestamp};
use purser_core::governance::Action;
use purser_core::governance::settings::Settings;
use purser_core::state::State;
use purser_types::fixture::{admin, config};
use purser_verify::certificate::TipCertificate;
use purser_verify::export::Writer;
use std::path::PathBuf;

const BLS_SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const DER_PREFIX: &str = "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100";

/// The canister of the logs.
pub fn canister() -> Principal {
    Principal::from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xe0, 0, 0, 1, 1])
}

fn secret() -> SecretKey {
    SecretKey::key_gen(&[7; 32], &[]).expect("32 bytes are enough")
}

/// The root key in hexadecimal DER.
pub fn root_key() -> String {
    format!("{DER_PREFIX}{}", hex::encode(secret().sk_to_pk().compress()))
}

/// Starts or ends an emergency, which appends an entry.
pub fn toggle_emergency(state: &mut State<VectorMemory>, reason: String, now: Timestamp) {
    let decided = if state.mode().is_emergency() {
        state.decide_change(admin(), Action::EndEmergency { reason }, now).map(|(decided, _)| decided)
    } else {
        state.decide_start_emergency(admin(), reason, now)
    };
    state.commit(decided.expect("an admin"), now);
}

/// A log as a canister would write it, with a checkpoint in it, and its entries' bytes.
pub fn log(length: usize) -> (State<VectorMemory>, Vec<Vec<u8>>) {
    let mut state = State::new(VectorMemory::default());
    let decided = state.decide_init(admin(), config(), Settings::new(&config())).expect("a configuration");
    state.commit(decided, Timestamp::from_nanos(1));
    for n in state.log_len()..length as u64 {
        let now = Timestamp::from_nanos(1_000_000_000 + n);
        if n == 500 {
            while !state.recount(100) {}
            let decided = state.decide_checkpoint(now).expect("the tables agree");
            state.commit(decided, now);
            continue;
        }
        toggle_emergency(&mut state, format!("drill {n}"), now);
    }
    let blocks = (0..state.log_len()).map(|n| state.block_bytes(BlockIndex::new(n)).expect("it is kept")).collect();
    (state, blocks)
}

/// The CBOR of a value.
pub fn cbor(value: &impl serde::Serialize) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("memory takes it")
}

/// The certificate of a network with one key.
pub fn tip(index: u64, hash: Hash, state: Hash, signed_at: u64) -> TipCertificate {
    let tree: HashTree = fork(
        fork(label("last_block_hash", leaf(hash.0.to_vec())), label("last_block_index", leaf(leb128(index)))),
        label("state_digest", leaf(state.0.to_vec())),
    );
    let data = label("certified_data", leaf(tree.digest().to_vec()));
    let state: HashTree = fork(label("canister", label(canister().as_slice(), data)), label("time", leaf(leb128(signed_at))));
    let message = [b"\x0dic-state-root", &state.digest()[..]].concat();
    let signature = secret().sign(&message, BLS_SUITE, &[]).compress().to_vec();
    TipCertificate { certificate: cbor(&Certificate { tree: state, signature, delegation: None }), hash_tree: cbor(&tree) }
}

/// The certificate of a state.
pub fn tip_of(state: &State<VectorMemory>) -> TipCertificate {
    let (index, hash) = state.tip().expect("a log has a tip");
    tip(index.get(), hash, state.digest(), state.last_at().nanos() + 5)
}

/// A folder for the files of one test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Makes the folder.
    pub fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder of our own");
        Self(path)
    }

    /// Writes an exported log.
    pub fn write(&self, name: &str, first: u64, blocks: &[Vec<u8>], tip: Option<&TipCertificate>) -> PathBuf {
        let path = self.0.join(name);
        let mut writer = Writer::create(&path, canister(), first).expect("it is writable");
        blocks.iter().for_each(|block| writer.entry(block).expect("it is writable"));
        writer.finish(tip).expect("it is writable");
        path
    }
}
