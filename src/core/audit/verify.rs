//! Verification of the chain: every stored block must be the one that its successor names.

use super::AuditLog;
use super::link_error::LinkError;
use crate::base::codec::NameHashes;
use crate::base::{BlockIndex, Hash};
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegrityReport {
    /// Whether every checked block fits between its neighbours.
    pub valid: bool,
    /// The number of checked blocks.
    pub entries_checked: u64,
    /// The first block that does not fit, with the error.
    pub first_broken_at: Option<(BlockIndex, LinkError)>,
}

/// The progress of a verification that is done in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The next block to check.
    pub next: BlockIndex,
    /// The hash of the block before it, when that block was checked.
    pub parent: Option<Hash>,
}

/// Verifies up to `limit` kept blocks from `from` on, and returns where the next part begins.
///
/// Each block must be readable and name the hash of the block before it. The last block must have the hash `tip`.
pub fn verify<M: Memory>(log: &AuditLog<M>, from: BlockIndex, limit: u64, tip: Option<Hash>) -> (IntegrityReport, Cursor) {
    let mut names = NameHashes::default();
    let from = from.max(log.first());
    let before = from.get().checked_sub(1).filter(|before| *before >= log.first().get());
    let parent = match before {
        Some(before) => log.link_hashes(BlockIndex::new(before), &mut names).ok().map(|(_, hash)| hash),
        None => log.base_hash(),
    };
    verify_from(log, Cursor { next: from, parent }, limit, tip)
}

/// Continues a verification from the end of an earlier part, as [`verify`] begins it.
pub fn verify_from<M: Memory>(log: &AuditLog<M>, cursor: Cursor, limit: u64, tip: Option<Hash>) -> (IntegrityReport, Cursor) {
    let from = cursor.next.max(log.first());
    let mut names = NameHashes::default();
    // The blocks at the cursor may have been pruned since; the verification then begins at the first kept block.
    let mut at = if from == cursor.next && from > log.first() { cursor } else { Cursor { next: from, parent: log.base_hash() } };
    let end = from.get().saturating_add(limit).min(log.len());
    while at.next.get() < end {
        match check_block(log, at, tip, &mut names) {
            Ok(hash) => at = Cursor { next: at.next.next(), parent: Some(hash) },
            Err((index, reason)) => {
                let entries_checked = at.next.get() - from.get() + 1;
                return (IntegrityReport { valid: false, entries_checked, first_broken_at: Some((index, reason)) }, at);
            }
        }
    }
    let entries_checked = at.next.get() - from.get();
    (IntegrityReport { valid: true, entries_checked, first_broken_at: None }, at)
}

/// Checks one block and returns its hash, or the broken block with its error.
fn check_block<M: Memory>(
    log: &AuditLog<M>,
    at: Cursor,
    tip: Option<Hash>,
    names: &mut NameHashes,
) -> Result<Hash, (BlockIndex, LinkError)> {
    let index = at.next;
    let (parent, hash) = log.link_hashes(index, names).map_err(|reason| (index, reason))?;
    let follows = if index.get() == 0 { parent.is_none() } else { at.parent.is_none() || parent == at.parent };
    let is_last = index.get() + 1 == log.len();
    if !follows {
        // Either this block or the one before it was changed. When the successor, or the tip, names this block's hash, this block is
        // unchanged, and so the one before it is the broken one.
        let expected = if is_last { tip } else { log.link_hashes(index.next(), names).ok().and_then(|(parent, _)| parent) };
        return match index.get().checked_sub(1) {
            Some(before) if expected == Some(hash) && index > log.first() => Err((BlockIndex::new(before), LinkError::WrongHash)),
            _ => Err((index, LinkError::WrongParent)),
        };
    }
    if is_last && Some(hash) != tip { Err((index, LinkError::WrongTip)) } else { Ok(hash) }
}
