//! The check of a log's hashes and links, which finds the wrong entries.
//!
//! An entry names the hash of its predecessor, and no entry names its own. A chain is therefore checked from its end: the
//! certificate confirms the last entry, that entry the one before, and so on. An entry with another hash than the confirmed one was
//! changed; the entry that names the hash was not.

use purser_core::audit::Block;
use purser_core::base::Hash;
use purser_core::base::codec::NameHashes;
use serde::Serialize;

/// The link of one entry in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A readable entry.
    Readable {
        /// The hash of the previous entry, as this entry names it.
        parent: Option<Hash>,
        /// The hash of the entry itself.
        hash: Hash,
    },
    /// Bytes that are not an entry.
    Unreadable,
}

impl Link {
    /// The link of an entry's stored bytes.
    pub fn of(bytes: &[u8], names: &mut NameHashes) -> Self {
        match Block::link_hashes(bytes, names) {
            Ok((parent, hash)) => Self::Readable { parent, hash },
            Err(_) => Self::Unreadable,
        }
    }
}

/// A fault of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The bytes are not an entry.
    Unreadable,
    /// The hash differs from the one that the next entry, or the certificate, names.
    Altered,
    /// The entry is missing.
    Missing,
    /// The entry does not belong to the log.
    Inserted,
}

impl Fault {
    /// A description in plain text.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Unreadable => "its bytes are no log entry",
            Self::Altered => "its hash is not the one that the entry after it, or the certificate, names",
            Self::Missing => "an entry that belongs here is missing",
            Self::Inserted => "this entry does not belong to the log",
        }
    }
}

/// A fault and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The index of the entry.
    pub index: u64,
    /// The fault of the entry.
    pub fault: Fault,
}

/// The trusted end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The index of the last entry.
    pub index: u64,
    /// The hash of the last entry.
    pub hash: Hash,
}

/// The knowledge about the previous entry while the chain is checked backwards.
#[derive(Clone, Copy)]
enum Expected {
    /// The entry must have this hash.
    Hash(Hash),
    /// There must be no entry.
    Nothing,
    /// The hash is unknown, because the entry that names it is wrong itself.
    Unknown,
}

/// The faults of the entries from index `first` on, ascending. Without a tip the last entry counts as correct.
pub fn breaks(first: u64, links: &[Link], tip: Option<Tip>) -> Vec<Break> {
    // Indices of a file or a certificate may be anything; one past the last of them need not fit in 64 bits.
    let end = i128::from(first) + links.len() as i128;
    let certified_end = tip.map_or(end, |tip| i128::from(tip.index) + 1);
    let mut scan = ReverseScan { first, surplus: end - certified_end, breaks: Vec::new() };
    let last_is_tip = tip.is_none_or(|tip| matches!(links.last(), Some(Link::Readable { hash, .. }) if *hash == tip.hash));
    let mut expected = match (tip, links.last()) {
        (Some(tip), _) => Expected::Hash(tip.hash),
        (None, Some(Link::Readable { hash, .. })) => Expected::Hash(*hash),
        _ => Expected::Unknown,
    };
    let mut believed = links;
    if !last_is_tip && scan.surplus != 0 {
        // Either the end was cut off, or something stands behind it.
        let cut = usize::try_from((certified_end - i128::from(first)).max(0)).unwrap_or(usize::MAX).min(links.len());
        (believed, expected) = (&links[..cut], if scan.surplus > 0 { expected } else { Expected::Unknown });
        let fault = if scan.surplus > 0 { Fault::Inserted } else { Fault::Missing };
        scan.breaks.push(Break { index: first + cut as u64, fault });
        scan.surplus = 0;
    }
    scan.run(believed, expected);
    scan.breaks.sort_unstable_by_key(|found| found.index);
    scan.breaks
}

struct ReverseScan {
    first: u64,
    /// The number of surplus entries; negative when entries are missing.
    surplus: i128,
    breaks: Vec<Break>,
}

impl ReverseScan {
    fn run(&mut self, links: &[Link], mut expected: Expected) {
        for (position, link) in links.iter().enumerate().rev() {
            let index = self.first + position as u64;
            let Link::Readable { parent, hash } = *link else {
                self.breaks.push(Break { index, fault: Fault::Unreadable });
                expected = Expected::Unknown;
                continue;
            };
            let before = position.checked_sub(1).map(|before| links[before]);
            let follows = match (parent, before) {
                (Some(parent), Some(Link::Readable { hash, .. })) => parent == hash,
                (parent, None) => parent.is_none() == (self.first == 0),
                (parent, Some(Link::Unreadable)) => parent.is_some(),
                (None, Some(_)) => false,
            };
            let is_right = match expected {
                Expected::Hash(expected) => expected == hash,
                Expected::Nothing => false,
                // Its hash is unconfirmed, so a disagreement with the entry before counts as its own fault.
                Expected::Unknown => follows,
            };
            if !is_right {
                self.note(index, position + 1 == links.len());
            }
            expected = match parent {
                // An entry that is wrong itself proves nothing about the one before.
                _ if !is_right && !follows => Expected::Unknown,
                Some(parent) => Expected::Hash(parent),
                None => Expected::Nothing,
            };
        }
        // The very first entry of a log follows nothing, and no other one does.
        let begins_wrong =
            if self.first == 0 { matches!(expected, Expected::Hash(_)) } else { matches!(expected, Expected::Nothing) };
        if begins_wrong && !links.is_empty() {
            self.breaks.push(Break { index: self.first, fault: Fault::Missing });
        }
    }

    fn note(&mut self, index: u64, is_last: bool) {
        let found = match self.surplus {
            // The entry after this one is right and follows another: that one is missing between the two.
            ..=-1 if !is_last => Break { index: index + 1, fault: Fault::Missing },
            1.. => Break { index, fault: Fault::Inserted },
            _ => Break { index, fault: Fault::Altered },
        };
        self.breaks.push(found);
    }
}

#[cfg(test)]
mod tests;
