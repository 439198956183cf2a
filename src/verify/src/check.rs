//! The verification of exported files: chain, certificate, and replay.

use crate::certificate::{CertifiedTip, InvalidCertificate, RootKey, TipCertificate};
use crate::chain::{Break, Link, Tip, breaks};
use crate::export::Reader;
use crate::progress::Progress;
use candid::Principal;
use ic_stable_structures::VectorMemory;
use purser_core::base::codec::NameHashes;
use purser_core::base::{Asset, Hash, Timestamp};
use purser_core::state::{Checkpoints, Replay, State};
use serde::Serialize;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The largest difference between this machine's clock and the signing subnet's.
///
/// A certificate from further in the future has no age that could be judged.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

// A finding of the replay is a panic that was caught: see [`replay`].
const _: () = assert!(cfg!(panic = "unwind"), "purser-verify is built with a profile whose panics unwind");

/// The inputs of a verification.
pub struct VerifyOptions {
    /// The files, in any order; together they are the log, or its end.
    pub files: Vec<PathBuf>,
    /// The canister that the log must belong to; `None` accepts the canister that the log names.
    pub canister: Option<Principal>,
    /// The key that certificates are checked against.
    pub root_key: RootKey,
    /// The current time, in nanoseconds since 1970.
    pub now: u64,
    /// The maximum age of the certificate; `None` accepts any age.
    pub max_age: Option<Duration>,
    /// The path for the stable memory of a whole log, from which a canister can be restored.
    pub rebuild: Option<PathBuf>,
}

/// The result of a verification.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether the log is whole and certified, and its replay gives the certified state.
    pub valid: bool,
    /// The canister of the log.
    pub canister: String,
    /// The index of the first entry in the files.
    pub first: u64,
    /// The number of entries.
    pub entries: u64,
    /// The lowest index of [`Report::breaks`].
    pub first_broken_at: Option<u64>,
    /// The faults of the chain, ascending.
    pub breaks: Vec<Break>,
    /// All other problems.
    pub problems: Vec<String>,
    /// The certified tip.
    pub certificate: Option<CertificateReport>,
    /// The result of the replay; only a whole log is replayed.
    pub replay: Option<ReplayReport>,
    /// The speed of hashing and linking, in entries per second.
    pub entries_per_second: u64,
}

/// The certified tip of a log.
#[derive(Debug, Serialize)]
pub struct CertificateReport {
    /// The last entry's index.
    pub index: u64,
    /// The last entry's hash.
    pub hash: String,
    /// The time of the signature, in nanoseconds since 1970.
    pub signed_at: u64,
    /// Whether the root key is the Internet Computer's.
    pub by_the_ic: bool,
    /// The digest of the state.
    pub state_digest: String,
}

/// The result of replaying a log.
#[derive(Debug, Serialize)]
pub struct ReplayReport {
    /// The digest of the state at the end.
    pub state_digest: String,
    /// The number of checkpoints that agree with the replayed state.
    pub checkpoints: u64,
    /// The number of checkpoints by other versions, which are not comparable.
    pub checkpoints_of_other_versions: u64,
    /// The number of wallets.
    pub wallets: u64,
    /// The number of transfers.
    pub transfers: u64,
    /// The amounts that count against the limits at the time of the last entry.
    pub counters: Vec<Counter>,
    /// The speed of the replay, in entries per second.
    pub entries_per_second: u64,
}

/// The amounts that count against a wallet's limit of an asset.
#[derive(Debug, Serialize)]
pub struct Counter {
    /// The wallet.
    pub wallet: u64,
    /// The asset.
    pub asset: String,
    /// Spent within 24 hours, in base units.
    pub posted: u64,
    /// Reserved for open transfers, in base units.
    pub reserved: u64,
}

/// The files as one stream of entries.
struct Source {
    files: Vec<PathBuf>,
    canister: Principal,
    first: u64,
}

impl Source {
    fn of(options: &VerifyOptions) -> io::Result<Self> {
        let mut files = Vec::new();
        for path in &options.files {
            let header =
                Reader::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?.header;
            files.push((header.first, header.canister, path.clone()));
        }
        files.sort();
        let Some((first, canister, _)) = files.first().cloned() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no file is given"));
        };
        if files.iter().any(|(_, other, _)| *other != canister) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the files are of several canisters' logs"));
        }
        Ok(Self { files: files.into_iter().map(|(_, _, path)| path).collect(), canister, first })
    }

    /// Passes every entry to `show` once, in order. An entry in two files is passed from the first. Returns the certificates.
    fn each(&self, mut show: impl FnMut(&[u8]) -> bool) -> io::Result<Vec<TipCertificate>> {
        let (mut tips, mut next) = (Vec::new(), self.first);
        for path in &self.files {
            let mut reader = Reader::open(path)?;
            // Entries between two files are missing: the chain will say so.
            let mut index = reader.header.first;
            while let Some(bytes) = reader.next_entry()? {
                let after = index.checked_add(1).ok_or_else(|| {
                    let problem = format!(
                        "{}: the file has more entries than a log from entry {} can have",
                        path.display(),
                        reader.header.first
                    );
                    io::Error::new(io::ErrorKind::InvalidData, problem)
                })?;
                if index >= next {
                    next = after;
                    if !show(&bytes) {
                        return Ok(tips);
                    }
                }
                index = after;
            }
            tips.extend(reader.tip);
        }
        Ok(tips)
    }
}

/// Verifies exported files.
///
/// # Errors
/// When the files cannot be read or are no exports. A log that is not in order is no error but a [`Report`].
pub fn check(options: &VerifyOptions, progress: &mut Progress) -> io::Result<Report> {
    let source = Source::of(options)?;
    let canister = options.canister.unwrap_or(source.canister);
    let started = Instant::now();
    progress.begin("hashing");
    let (mut names, mut links, mut last_at) = (NameHashes::default(), Vec::new(), None);
    let tips = source.each(|bytes| {
        links.push(Link::of(bytes, &mut names));
        last_at = time_of(bytes).or(last_at);
        progress.step();
        true
    })?;
    let entries_per_second = per_second(links.len() as u64, started.elapsed());
    let mut report = Report {
        valid: false,
        canister: canister.to_text(),
        first: source.first,
        entries: links.len() as u64,
        first_broken_at: None,
        breaks: Vec::new(),
        problems: Vec::new(),
        certificate: None,
        replay: None,
        entries_per_second,
    };
    if links.is_empty() {
        report.problems.push("the files hold no entry: nothing was checked".into());
    }
    if canister != source.canister {
        report.problems.push(format!("the log says that it is of canister {}", source.canister));
    }
    let certified = newest_tip(&tips, canister, options, last_at, &mut report);
    check_earlier_tips(&tips, canister, options, source.first, &links, &mut report);
    let tip = certified.map(|tip| Tip { index: tip.index, hash: tip.hash });
    report.breaks = breaks(source.first, &links, tip);
    report.first_broken_at = report.breaks.first().map(|found| found.index);
    check_numbers(certified, &mut report);
    drop(links);
    if report.breaks.is_empty() && source.first == 0 && certified.is_some() {
        replay(&source, options, certified.map(|tip| tip.state), &mut report, progress)?;
    }
    progress.end();
    report.valid = report.breaks.is_empty() && report.problems.is_empty() && certified.is_some();
    Ok(report)
}

/// Checks that a whole chain stands at the indices that its files name: the certificate knows only the last one.
fn check_numbers(certified: Option<CertifiedTip>, report: &mut Report) {
    let Some(tip) = certified.filter(|_| report.breaks.is_empty()) else { return };
    let (first, certified) = (report.first, certified_first(&tip, report));
    if i128::from(first) != certified {
        let problem = format!("the files begin with entry {first}; by the certificate that entry is number {certified}");
        report.problems.push(problem);
    }
}

/// The index of the first entry of a chain that ends with the certified one.
fn certified_first(tip: &CertifiedTip, report: &Report) -> i128 {
    i128::from(tip.index) + 1 - i128::from(report.entries)
}

fn newest_tip(
    tips: &[TipCertificate],
    canister: Principal,
    options: &VerifyOptions,
    last_at: Option<u64>,
    report: &mut Report,
) -> Option<CertifiedTip> {
    let verified: Result<Vec<_>, InvalidCertificate> = tips.iter().map(|tip| tip.verify(canister, &options.root_key)).collect();
    let highest = verified.and_then(|tips| {
        let highest = tips.into_iter().max_by_key(|tip| (tip.index, tip.signed_at));
        highest.ok_or_else(|| InvalidCertificate("there is none: an end that was cut off would not be noticed".into()))
    });
    let tip = match highest {
        Ok(tip) => tip,
        Err(problem) => {
            report.problems.push(format!("the certificate: {problem}"));
            return None;
        }
    };
    let ends_at_tip = i128::from(report.first) == certified_first(&tip, report);
    if last_at.is_some_and(|last_at| tip.signed_at < last_at) && ends_at_tip {
        report.problems.push("the certificate: it is older than the entry that it certifies".into());
    }
    let age = Duration::from_nanos(options.now.saturating_sub(tip.signed_at));
    let ahead = Duration::from_nanos(tip.signed_at.saturating_sub(options.now));
    if ahead > MAX_CLOCK_SKEW {
        let (ahead, most) = (ahead.as_secs(), MAX_CLOCK_SKEW.as_secs());
        report.problems.push(format!("the certificate: it is {ahead} seconds ahead of this machine's clock, of at most {most}"));
    }
    if let Some(max_age) = options.max_age.filter(|max_age| age > *max_age) {
        report.problems.push(format!("the certificate: it is {} seconds old, of at most {}", age.as_secs(), max_age.as_secs()));
    }
    report.certificate = Some(CertificateReport {
        index: tip.index,
        hash: tip.hash.to_string(),
        signed_at: tip.signed_at,
        by_the_ic: options.root_key.is_mainnet(),
        state_digest: tip.state.to_string(),
    });
    Some(tip)
}

/// Checks that earlier certificates are of the same log, and that no later one is of a shorter log. A shorter log belongs to a
/// canister whose state was set back and which may repeat its payments.
fn check_earlier_tips(
    tips: &[TipCertificate],
    canister: Principal,
    options: &VerifyOptions,
    first: u64,
    links: &[Link],
    report: &mut Report,
) {
    let mut tips: Vec<_> = tips.iter().filter_map(|tip| tip.verify(canister, &options.root_key).ok()).collect();
    tips.sort_by_key(|tip| tip.signed_at);
    for tip in &tips {
        let position = tip.index.checked_sub(first).and_then(|position| usize::try_from(position).ok());
        if let Some(Link::Readable { hash, .. }) = position.and_then(|position| links.get(position))
            && *hash != tip.hash
        {
            report.problems.push(format!("the certificates: one is of a log with another entry {}", tip.index));
        }
    }
    for pair in tips.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        if later.index < earlier.index {
            let (had, has) = (u128::from(earlier.index) + 1, u128::from(later.index) + 1);
            report.problems.push(format!("the canister was set back: its log had {had} entries and later {has}"));
        }
    }
}

fn replay(
    source: &Source,
    options: &VerifyOptions,
    certified: Option<Hash>,
    report: &mut Report,
    progress: &mut Progress,
) -> io::Result<()> {
    let started = Instant::now();
    progress.begin("replaying");
    let memory = VectorMemory::default();
    let mut replay = Replay::new(memory.clone());
    let mut problem = None;
    source.each(|bytes| {
        progress.step();
        // What a canister never wrote may not fit the state at all: that is a finding, not a failure of this program.
        let pushed = catch_unwind(AssertUnwindSafe(|| replay.push(bytes)));
        problem = match pushed {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("entry {} does not fit the state that the log before it gives", replay.state().log_len())),
        };
        problem.is_none()
    })?;
    if let Some(problem) = problem {
        report.problems.push(format!("the replay: {problem}"));
        return Ok(());
    }
    let (state, digest) = (replay.state(), replay.state().digest());
    if certified.is_some_and(|certified| certified != digest) {
        report.problems.push("the replay: the canister's state is not the one that its log gives".into());
    }
    let rate = per_second(report.entries, started.elapsed());
    report.replay = Some(replayed(state, replay.checkpoints(), digest, rate));
    if let Some(path) = options.rebuild.as_ref().filter(|_| report.problems.is_empty()) {
        rebuild(replay.into_state(), &memory, options.now, path)?;
    }
    Ok(())
}

/// Writes the stable memory of a canister with this state. The canister starts in an emergency, because the chains may be ahead of
/// the log.
fn rebuild(mut state: State<VectorMemory>, memory: &VectorMemory, now: u64, path: &Path) -> io::Result<()> {
    let now = Timestamp::from_nanos(now);
    if let Some(decided) = state.decide_restored(now) {
        state.commit(decided, now);
    }
    drop(state);
    std::fs::write(path, &*memory.borrow())
}

fn replayed(state: &State<VectorMemory>, checkpoints: Checkpoints, digest: Hash, entries_per_second: u64) -> ReplayReport {
    let wallets = state.wallets_after(None).collect::<Vec<_>>();
    let now = state.last_at();
    let counters = wallets.iter().flat_map(|wallet| Asset::ALL.map(|asset| (wallet.id, asset)));
    let counters = counters.map(|(wallet, asset)| {
        let usage = state.usage(wallet, asset, now);
        Counter { wallet: wallet.get(), asset: asset.to_string(), posted: usage.posted.get(), reserved: usage.reserved.get() }
    });
    ReplayReport {
        state_digest: digest.to_string(),
        checkpoints: checkpoints.equal,
        checkpoints_of_other_versions: checkpoints.other_version,
        wallets: wallets.len() as u64,
        transfers: state.transfer_count(),
        counters: counters.filter(|counter| counter.posted > 0 || counter.reserved > 0).collect(),
        entries_per_second,
    }
}

fn time_of(bytes: &[u8]) -> Option<u64> {
    purser_core::base::codec::decode_value(bytes).ok()?.get("ts")?.as_u64().map(|ns| Timestamp::from_nanos(ns).nanos())
}

fn per_second(entries: u64, elapsed: Duration) -> u64 {
    let nanos = elapsed.as_nanos().max(1);
    u64::try_from(u128::from(entries) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}
