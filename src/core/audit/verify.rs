//! Whether every stored block is the one that the next one names.

use super::AuditLog;
use super::link_error::LinkError;
use crate::base::codec::NameHashes;
use crate::base::{BlockIndex, Hash};
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegrityReport {
    /// Whether every checked block belongs where it stands.
    pub valid: bool,
    /// How many blocks were checked.
    pub entries_checked: u64,
    /// The first block that does not belong, and why.
    pub first_broken_at: Option<(BlockIndex, LinkError)>,
}

/// How far a verification has come that is done in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The next block to check.
    pub next: BlockIndex,
    /// The hash of the block before it, when that one was checked.
    pub parent: Option<Hash>,
}

/// Checks up to `limit` blocks from `from` on, but none that was archived: that each can be read and names the hash of the block
/// before it, and, when the last block is among them, that its hash is `tip`. Also says where to go on.
pub fn verify<M: Memory>(log: &AuditLog<M>, from: BlockIndex, limit: u64, tip: Option<Hash>) -> (IntegrityReport, Cursor) {
    let mut names = NameHashes::default();
    let from = from.max(log.first());
    let before = from.get().checked_sub(1).filter(|before| *before >= log.first().get());
    let parent = match before {
        Some(before) => log.link(BlockIndex::new(before), &mut names).ok().map(|(_, hash)| hash),
        None => log.base(),
    };
    verify_from(log, Cursor { next: from, parent }, limit, tip)
}

/// The same, from where an earlier part ended.
pub fn verify_from<M: Memory>(log: &AuditLog<M>, cursor: Cursor, limit: u64, tip: Option<Hash>) -> (IntegrityReport, Cursor) {
    let from = cursor.next.max(log.first());
    let mut names = NameHashes::default();
    let mut at = if from == cursor.next && from > log.first() { cursor } else { Cursor { next: from, parent: log.base() } };
    let end = from.get().saturating_add(limit).min(log.len());
    while at.next.get() < end {
        match check(log, at, tip, &mut names) {
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

/// Checks one block and returns its hash, or the block that is to blame.
fn check<M: Memory>(
    log: &AuditLog<M>,
    at: Cursor,
    tip: Option<Hash>,
    names: &mut NameHashes,
) -> Result<Hash, (BlockIndex, LinkError)> {
    let index = at.next;
    let (parent, hash) = log.link(index, names).map_err(|reason| (index, reason))?;
    let follows = if index.get() == 0 { parent.is_none() } else { at.parent.is_none() || parent == at.parent };
    let is_last = index.get() + 1 == log.len();
    if !follows {
        // Whether this block or the one before it was changed is told by what comes after.
        let vouched = if is_last { tip } else { log.link(index.next(), names).ok().and_then(|(parent, _)| parent) };
        return match index.get().checked_sub(1) {
            Some(before) if vouched == Some(hash) && index > log.first() => Err((BlockIndex::new(before), LinkError::WrongHash)),
            _ => Err((index, LinkError::WrongParent)),
        };
    }
    if is_last && Some(hash) != tip { Err((index, LinkError::WrongTip)) } else { Ok(hash) }
}
