//! The blocks of the audit log by ICRC-3, their verification, and the digest of the state.

use crate::certification::{self, Snapshot};
use crate::store::{self, Store};
use candid::Nat;
use purser_core::audit::Block;
use purser_core::base::BlockIndex;
use purser_types::log::{ArchivedBlocks, GetBlocksCallback, IndexedBlock};
use purser_types::{
    Archive, BlockRange, BlockType, DataCertificate, Error, GetArchivesArgs, GetBlocksResult, IntegrityReport, Standard,
    StateDigest,
};
use serde_bytes::ByteBuf;

/// The most blocks in one reply: a block can be large.
pub(crate) const MAX_BLOCKS: usize = 100;
/// The most blocks that one call verifies.
pub(crate) const MAX_VERIFIED: u64 = 1000;
/// The most bytes of stored blocks that one reply carries. Candid adds less than as much again, and a reply may have 2 MB. The
/// argument of a call has at most 64 KiB and a transaction at most 100 KB, so a block always fits.
const MAX_REPLY_BYTES: usize = 900_000;
/// Where the types of block are described.
const BLOCK_TYPES_URL: &str = "https://github.com/purser-wallet/purser/blob/main/docs/architecture.md#the-entries-of-the-log";

#[ic_cdk::query]
fn verify_integrity(from: Option<u64>, limit: Option<u64>) -> IntegrityReport {
    let limit = limit.unwrap_or(MAX_VERIFIED).min(MAX_VERIFIED);
    store::read(|state| state.verify_log(BlockIndex::new(from.unwrap_or(0)), limit)).into()
}

#[ic_cdk::query]
fn get_state_digest() -> Result<StateDigest, Error> {
    Ok(store::read(digest))
}

/// Returns the archives that canisters serve; `list_archives` returns the others too.
#[ic_cdk::query]
fn icrc3_get_archives(args: GetArchivesArgs) -> Vec<Archive> {
    let archives = store::read(|state| state.archives_after(None).collect::<Vec<_>>());
    let served = archives.into_iter().filter_map(|archive| {
        let (start, end) = (Nat::from(archive.first.get()), Nat::from(archive.last.get()));
        Some(Archive { canister_id: archive.canister?, start, end })
    });
    // A canister may serve several archives; "after this one" is after the last of them.
    let mut served: Vec<Archive> = served.collect();
    if let Some(seen) = args.from.and_then(|from| served.iter().rposition(|archive| archive.canister_id == from)) {
        served.drain(..=seen);
    }
    served.truncate(MAX_BLOCKS);
    served
}

#[ic_cdk::query]
fn icrc3_get_blocks(args: Vec<BlockRange>) -> GetBlocksResult {
    store::read(|state| blocks(state, &args))
}

#[ic_cdk::query]
fn icrc3_get_tip_certificate() -> Option<DataCertificate> {
    let certificate = ByteBuf::from(ic_cdk::api::data_certificate()?);
    Some(DataCertificate { certificate, hash_tree: ByteBuf::from(certification::tip_tree(&store::read(Snapshot::of))) })
}

#[ic_cdk::query]
fn icrc3_supported_block_types() -> Vec<BlockType> {
    Block::types().into_iter().map(|block_type| BlockType { block_type, url: BLOCK_TYPES_URL.into() }).collect()
}

#[ic_cdk::query]
fn icrc10_supported_standards() -> Vec<Standard> {
    [
        ("ICRC-3", "https://github.com/dfinity/ICRC-1/tree/main/standards/ICRC-3"),
        ("ICRC-10", "https://github.com/dfinity/ICRC/blob/main/ICRCs/ICRC-10/ICRC-10.md"),
        ("ICRC-21", "https://github.com/dfinity/ICRC/blob/main/ICRCs/ICRC-21/ICRC-21.md"),
    ]
    .map(|(name, url)| Standard { name: name.into(), url: url.into() })
    .into()
}

/// Returns the digest of the state, with the end of the log that it belongs to.
pub(super) fn digest(state: &Store) -> StateDigest {
    StateDigest {
        digest: ByteBuf::from(state.digest().0),
        log_length: state.log_len(),
        tip: state.tip().map(|(_, hash)| ByteBuf::from(hash.0)),
    }
}

/// Returns the blocks of all ranges in order, as many as fit one reply. The caller asks again for the rest.
pub(super) fn blocks(state: &Store, ranges: &[BlockRange]) -> GetBlocksResult {
    let (first, length) = (state.first_block().get(), state.log_len());
    let indices = ranges.iter().flat_map(|range| {
        let start = small(&range.start);
        start.max(first)..start.saturating_add(small(&range.length)).min(length)
    });
    let mut blocks = Vec::new();
    let mut bytes = 0;
    for index in indices.take(MAX_BLOCKS).map(BlockIndex::new) {
        bytes += state.block_bytes(index).map_or(0, |block| block.len());
        if bytes > MAX_REPLY_BYTES && !blocks.is_empty() {
            break;
        }
        if let Some(block) = state.block(index) {
            blocks.push(IndexedBlock { id: Nat::from(index.get()), block: block.into() });
        }
    }
    GetBlocksResult { log_length: Nat::from(length), blocks, archived_blocks: archived(state, ranges) }
}

/// Returns the parts of the ranges that archive canisters hold; `list_archives` returns the other archives.
fn archived(state: &Store, ranges: &[BlockRange]) -> Vec<ArchivedBlocks> {
    let kept = state.first_block().get();
    let mut found = Vec::new();
    for range in ranges.iter().take(MAX_BLOCKS) {
        let (start, length) = (small(&range.start), small(&range.length));
        let end = start.saturating_add(length).min(kept);
        if start >= end {
            continue;
        }
        let archives = state.archives_after(start.checked_sub(1).map(BlockIndex::new)).take(MAX_BLOCKS);
        for archive in archives.filter(|archive| archive.first.get() < end) {
            let Some(canister) = archive.canister else { continue };
            let (start, end) = (start.max(archive.first.get()), end.min(archive.last.get().saturating_add(1)));
            found.push(ArchivedBlocks {
                args: vec![BlockRange { start: Nat::from(start), length: Nat::from(end.saturating_sub(start)) }],
                callback: GetBlocksCallback::new(canister, "icrc3_get_blocks".into()),
            });
        }
    }
    found
}

/// Returns a natural number, at most [`u64::MAX`]: no log has more blocks.
fn small(n: &Nat) -> u64 {
    u64::try_from(&n.0).unwrap_or(u64::MAX)
}
