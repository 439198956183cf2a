//! Files that were changed at random: each ends in a verdict, and none that differs in an entry counts as valid.
//!
//! `PURSER_MUTATIONS` is the number of files; `scripts/test --long` takes a million.

mod logs;

use logs::{Folder, canister, log, root_key, tip, tip_of};
use purser_core::audit::Value;
use purser_core::base::codec::{decode_value, encode_value};
use purser_core::base::{Bytes, Hash};
use purser_verify::certificate::RootKey;
use purser_verify::check::{Report, VerifyOptions, check};
use purser_verify::progress::Progress;
use std::path::Path;

/// The number of changed files in the suite.
const MUTATIONS: u64 = 20_000;
/// The entries of the log that is changed.
const ENTRIES: usize = 12;

/// A generator of numbers: SplitMix64. The same seed gives the same files.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("smaller than a length")
    }
}

fn mutations() -> u64 {
    std::env::var("PURSER_MUTATIONS").map_or(MUTATIONS, |text| text.parse().expect("PURSER_MUTATIONS is a number"))
}

fn verdict(path: &Path) -> std::io::Result<Report> {
    let root_key = RootKey::from_der(hex::decode(root_key()).expect("hexadecimal")).expect("a key");
    let options = VerifyOptions {
        files: vec![path.to_owned()],
        canister: Some(canister()),
        root_key,
        now: 1 << 60,
        max_age: None,
        rebuild: None,
    };
    check(&options, &mut Progress::new(true))
}

/// Changes the bytes of a file: a flip, a cut, a repeated part, a number of the header.
fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(file.len());
        match random.below(5) {
            0 => file.truncate(at),
            1 => file[at] ^= 1 << random.below(8),
            2 => {
                let end = (at + random.below(200)).min(file.len());
                file.drain(at..end);
            }
            3 => {
                let part = file[at..(at + random.below(200)).min(file.len())].to_vec();
                let to = random.below(file.len());
                file.splice(to..to, part);
            }
            _ => file[at] = b"0123456789\"{}\n"[random.below(14)],
        }
        if file.is_empty() {
            return;
        }
    }
}

#[test]
fn every_changed_file_ends_in_a_verdict() {
    let folder = Folder::new("mutated-files");
    let (state, blocks) = log(ENTRIES);
    let path = folder.write("log", 0, &blocks, Some(&tip_of(&state)));
    let whole = std::fs::read(&path).expect("it was written");
    assert!(verdict(&path).expect("an export").valid);
    let (mut random, mut found, mut unusable) = (Random(7), 0_u64, 0_u64);
    for n in 0..mutations() {
        let mut file = whole.clone();
        mutate(&mut file, &mut random);
        std::fs::write(&path, &file).expect("it is writable");
        match verdict(&path) {
            // A change that leaves every entry and the certificate as they are, such as a repeated line, is no forgery.
            Ok(report) if report.valid => assert_eq!(report.entries, ENTRIES as u64, "file {n}"),
            Ok(report) => {
                assert!(!report.problems.is_empty() || !report.breaks.is_empty(), "file {n} is invalid without a reason");
                found += 1;
            }
            Err(_) => unusable += 1,
        }
    }
    assert!(found > mutations() / 4, "{found} of {} changes were findings, {unusable} files unusable", mutations());
}

/// Changes one thing somewhere in a value: a number, a text, bytes, a missing or repeated part.
fn mutate_value(value: &mut Value, random: &mut Random) {
    match value {
        Value::Nat(n) => *n = if random.below(2) == 0 { u128::from(random.next()) } else { n.wrapping_add(1) },
        Value::Int(i) => *i = i.wrapping_neg(),
        Value::Text(text) => text.push('x'),
        Value::Blob(bytes) => {
            let mut changed = bytes.to_vec();
            match changed.len() {
                0 => changed.push(1),
                length => changed[random.below(length)] ^= 1,
            }
            *bytes = Bytes::new(changed);
        }
        Value::Array(values) if values.is_empty() => values.push(Value::Nat(1)),
        Value::Array(values) => {
            let at = random.below(values.len());
            if random.below(4) == 0 { drop(values.remove(at)) } else { mutate_value(&mut values[at], random) }
        }
        Value::Map(entries) if entries.is_empty() => entries.push(("x".into(), Value::Nat(1))),
        Value::Map(entries) => {
            let at = random.below(entries.len());
            if random.below(6) == 0 { drop(entries.remove(at)) } else { mutate_value(&mut entries[at].1, random) }
        }
    }
}

/// The entries with the links that a canister would have written, and the hash of the last one.
fn relinked(values: &mut [Value]) -> Hash {
    let mut parent: Option<Hash> = None;
    for value in values {
        if let (Value::Map(entries), Some(parent)) = (&mut *value, parent) {
            entries.retain(|(name, _)| name != "phash");
            entries.insert(0, ("phash".into(), Value::Blob(Bytes::new(parent.0))));
        }
        parent = Some(value.hash());
    }
    parent.expect("a log is not empty")
}

/// A canister's key holder could certify any entries. The replay refuses those that fit no state, and survives them.
#[test]
fn every_certified_log_of_changed_entries_ends_in_a_verdict() {
    let folder = Folder::new("mutated-entries");
    let (state, blocks) = log(ENTRIES);
    let values: Vec<Value> = blocks.iter().map(|block| decode_value(block).expect("a block")).collect();
    let mut replayed = 0_u64;
    // A replay takes a hundred times as long as a chain, so these are fewer.
    let mut random = Random(11);
    for n in 0..mutations() / 40 {
        let mut changed = values.clone();
        let at = random.below(changed.len());
        mutate_value(&mut changed[at], &mut random);
        let hash = relinked(&mut changed);
        let blocks: Vec<Vec<u8>> = changed.iter().map(encode_value).collect();
        let tip = tip(ENTRIES as u64 - 1, hash, state.digest(), state.last_at().nanos() + 5);
        let path = folder.write("log", 0, &blocks, Some(&tip));
        let report = verdict(&path).expect("an export");
        assert!(report.valid || !report.problems.is_empty() || !report.breaks.is_empty(), "log {n} has no reason");
        replayed += u64::from(report.breaks.is_empty());
    }
    assert!(replayed > mutations() / 80, "only {replayed} chains were whole");
}
