//! Settings, archives, status and search of the audit log.

use super::access;
use super::log::MAX_BLOCKS;
use crate::store::{self, Store};
use candid::Nat;
use ic_cdk::api::msg_caller;
use purser_core::base::{BlockIndex, Hash, Timestamp};
use purser_core::governance::Action;
use purser_core::governance::retention::MAX_LOCATION_BYTES;
use purser_core::state::{Page as BlockPage, VersionedRecord};
use purser_types::log::IndexedBlock;
use purser_types::{
    ArchiveInfo, AuditSettings, AuditStatus, BreakReason, BrokenAt, Change, ConfirmArchiveArgs, Error, FindBlocksArgs, Page,
    Versioned, at_most, page_size,
};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_audit_settings(settings: AuditSettings, expected_version: Option<u64>) -> Result<Change, Error> {
    super::governance::require_version(&VersionedRecord::AuditSettings, expected_version)?;
    super::governance::change(Action::ConfigureAudit(settings.into()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn confirm_archive(args: ConfirmArchiveArgs) -> Result<(), Error> {
    access::require_authenticated(msg_caller())?;
    at_most("location", &args.location, MAX_LOCATION_BYTES)?;
    let hash = <[u8; 32]>::try_from(args.hash.as_ref()).map_err(|_| Error::invalid("hash", "32 bytes are needed"))?;
    let decided = store::read(|state| {
        state.decide_archive(msg_caller(), BlockIndex::new(args.last), Hash(hash), args.location, args.canister)
    })?;
    store::commit(decided);
    Ok(())
}

#[ic_cdk::query]
fn get_audit_status() -> AuditStatus {
    store::read(status)
}

#[ic_cdk::query]
fn get_audit_settings() -> Versioned<AuditSettings> {
    store::read(|state| Versioned {
        version: state.version(&VersionedRecord::AuditSettings),
        value: state.retention().settings.into(),
    })
}

#[ic_cdk::query]
fn list_archives(cursor: Option<u64>, limit: Option<u32>) -> Page<ArchiveInfo, u64> {
    store::read(|state| {
        let archives = state.archives_after(cursor.map(BlockIndex::new));
        Page::fill(page_size(limit), archives.map(|archive| (archive.last.get(), archive.into())))
    })
}

#[ic_cdk::query]
fn find_blocks(args: FindBlocksArgs) -> Page<IndexedBlock, u64> {
    store::read(|state| find(state, &args))
}

fn status(state: &Store) -> AuditStatus {
    let (retention, monitor) = (state.retention(), state.log_monitor());
    AuditStatus {
        log_length: state.log_len(),
        first_block: state.first_block().get(),
        bytes_kept: state.log_bytes(),
        settings: retention.settings.into(),
        unarchived_from: retention.archived.get(),
        checkpointed_at: retention.checkpointed_at.map(Timestamp::nanos),
        unverified_from: monitor.cursor.next.get(),
        verified_at: monitor.verified_at.map(Timestamp::nanos),
        round_ended_at: monitor.round_ended_at.map(Timestamp::nanos),
        broken_at: monitor.broken.map(|(index, reason)| BrokenAt { index: index.get(), reason: BreakReason::from(reason).into() }),
        append_failures: monitor.append_failures,
        snapshot_loaded_at: monitor.snapshot_loaded_at.map(Timestamp::nanos),
    }
}

/// Returns a page of the blocks that a search finds.
///
/// The cursor is the last block that was looked at. So a page may be short, or empty, and the list still goes on.
pub(super) fn find(state: &Store, args: &FindBlocksArgs) -> Page<IndexedBlock, u64> {
    let at = |time: Option<u64>| time.map(|time| state.first_block_at(Timestamp::from_nanos(time)));
    let (mut from, mut until) = (BlockIndex::new(args.from.unwrap_or_default()), BlockIndex::new(args.until.unwrap_or(u64::MAX)));
    match args.cursor.map(BlockIndex::new) {
        Some(cursor) if args.newest_first => until = until.min(cursor),
        Some(cursor) => from = from.max(cursor.next()),
        None => {}
    }
    let wanted = BlockPage {
        from: at(args.from_at).map_or(from, |time| time.max(from)),
        until: at(args.until_at).map_or(until, |time| time.min(until)),
        newest_first: args.newest_first,
        limit: page_size(args.limit).min(MAX_BLOCKS),
    };
    let (blocks, next) = state.find_blocks(args.filter.into(), wanted);
    // The domain names the first block of the next page, or for a descending page the block after it.
    let next = next.map(BlockIndex::get).map(|next| if args.newest_first { next } else { next.saturating_sub(1) });
    let shown = |(index, block): (BlockIndex, _)| {
        (index.get(), IndexedBlock { id: Nat::from(index.get()), block: purser_types::Value::from(block) })
    };
    let page = Page::fill(MAX_BLOCKS, blocks.into_iter().map(shown));
    Page { next: page.next.or(next), ..page }
}
