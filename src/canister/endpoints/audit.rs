//! Settings, archives, status and search of the audit log.

use super::access;
use crate::store::{self, Store};
use candid::Nat;
use ic_cdk::api::msg_caller;
use purser_core::base::{BlockIndex, Hash, Timestamp};
use purser_core::governance::Action;
use purser_core::governance::retention::MAX_LOCATION_BYTES;
use purser_core::state::Page;
use purser_types::log::IndexedBlock;
use purser_types::{
    ArchiveInfo, AuditSettings, AuditStatus, BreakReason, BrokenAt, Change, ConfirmArchiveArgs, Error, FindBlocksArgs, FoundBlocks,
    MAX_PAGE, at_most, page,
};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_audit_settings(settings: AuditSettings) -> Result<Change, Error> {
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
fn list_archives(from: Option<u64>) -> Vec<ArchiveInfo> {
    let from = BlockIndex::new(from.unwrap_or_default());
    store::read(|state| state.archives(from, MAX_PAGE)).into_iter().map(Into::into).collect()
}

#[ic_cdk::query]
fn find_blocks(args: FindBlocksArgs) -> FoundBlocks {
    store::read(|state| find(state, &args))
}

fn status(state: &Store) -> AuditStatus {
    let (retention, monitor) = (state.retention(), state.log_monitor());
    AuditStatus {
        log_length: state.log_len(),
        first_block: state.first_block().get(),
        bytes_kept: state.log_bytes(),
        settings: retention.settings.into(),
        archived_until: retention.archived.get(),
        checkpointed_at: retention.checkpointed_at.map(Timestamp::nanos),
        verified_until: monitor.cursor.next.get(),
        verified_at: monitor.verified_at.map(Timestamp::nanos),
        round_ended_at: monitor.round_ended_at.map(Timestamp::nanos),
        broken_at: monitor.broken.map(|(index, reason)| BrokenAt { index: index.get(), reason: BreakReason::from(reason).into() }),
        append_failures: monitor.append_failures,
        snapshot_loaded_at: monitor.snapshot_loaded_at.map(Timestamp::nanos),
    }
}

pub(super) fn find(state: &Store, args: &FindBlocksArgs) -> FoundBlocks {
    let at = |time: Option<u64>| time.map(|time| state.first_block_at(Timestamp::from_nanos(time)));
    let from = BlockIndex::new(args.from.unwrap_or_default());
    let until = BlockIndex::new(args.until.unwrap_or(u64::MAX));
    let wanted = Page {
        from: at(args.from_time).map_or(from, |time| time.max(from)),
        until: at(args.until_time).map_or(until, |time| time.min(until)),
        newest_first: args.newest_first,
        limit: page(args.limit),
    };
    let (blocks, next) = state.find_blocks(args.filter.into(), wanted);
    let blocks =
        blocks.into_iter().map(|(index, block)| IndexedBlock { id: Nat::from(index.get()), block: block.into() }).collect();
    FoundBlocks { blocks, next: next.map(BlockIndex::get) }
}
