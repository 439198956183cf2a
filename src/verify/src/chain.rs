//! Hashes and links: whether every entry is the one that the next one names, up to the certified tip, and which one is not.
//!
//! An entry names its predecessor's hash and nothing names its own, so a chain is believed from its end: the certificate vouches for
//! the last entry, that one for the one before, and so on down. Where the scan meets an entry with another hash, it is that entry
//! that was changed, not the one that names it.

use purser_core::audit::Block;
use purser_core::base::Hash;
use purser_core::base::codec::NameHashes;
use serde::Serialize;

/// What one entry contributes to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A readable entry.
    Readable {
        /// The hash of the entry before, as it names it.
        parent: Option<Hash>,
        /// Its own.
        hash: Hash,
    },
    /// Bytes that are no entry.
    Unreadable,
}

impl Link {
    /// The link of an entry's stored bytes.
    pub fn of(bytes: &[u8], names: &mut NameHashes) -> Self {
        match Block::link(bytes, names) {
            Ok((parent, hash)) => Self::Readable { parent, hash },
            Err(_) => Self::Unreadable,
        }
    }
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Its bytes are no entry.
    Unreadable,
    /// It has another hash than the next entry, or the certificate, names.
    Altered,
    /// It should be here and is not.
    Missing,
    /// It should not be here.
    Inserted,
}

impl Fault {
    /// For people.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Unreadable => "its bytes are no log entry",
            Self::Altered => "its hash is not the one that the entry after it, or the certificate, names",
            Self::Missing => "an entry that belongs here is missing",
            Self::Inserted => "this entry does not belong to the log",
        }
    }
}

/// Something wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The index of the entry.
    pub index: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Where the log ends, on somebody's word that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The index of the last entry.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// What is known about the entry that comes next on the way down.
#[derive(Clone, Copy)]
enum Expected {
    /// It has this hash.
    Hash(Hash),
    /// There is none.
    Nothing,
    /// Nothing is known: what named it is not believed itself.
    Unknown,
}

/// Everything wrong with the entries from index `first` on, ascending. Without a tip the last entry is believed as it stands.
pub fn breaks(first: u64, links: &[Link], tip: Option<Tip>) -> Vec<Break> {
    let end = first + links.len() as u64;
    let certified_end = tip.map_or(end, |tip| tip.index + 1);
    let mut scan = ReverseScan { first, surplus: i128::from(end) - i128::from(certified_end), breaks: Vec::new() };
    let last_is_tip = tip.is_none_or(|tip| matches!(links.last(), Some(Link::Readable { hash, .. }) if *hash == tip.hash));
    let mut expected = match (tip, links.last()) {
        (Some(tip), _) => Expected::Hash(tip.hash),
        (None, Some(Link::Readable { hash, .. })) => Expected::Hash(*hash),
        _ => Expected::Unknown,
    };
    let mut believed = links;
    if !last_is_tip && scan.surplus != 0 {
        // Either the end was cut off, or something stands behind it.
        let cut = usize::try_from(certified_end.saturating_sub(first)).unwrap_or(usize::MAX).min(links.len());
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
    /// How many entries there are too many; negative when some are missing.
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
                (parent, None) => parent.is_none() || self.first > 0,
                (parent, Some(Link::Unreadable)) => parent.is_some(),
                (None, Some(_)) => false,
            };
            let is_right = match expected {
                Expected::Hash(expected) => expected == hash,
                Expected::Nothing => false,
                // Nothing speaks for it, so a disagreement with the entry before is its own fault.
                Expected::Unknown => follows,
            };
            if !is_right {
                self.note(index, position + 1 == links.len());
            }
            expected = match parent {
                // What is not right itself accuses nobody.
                _ if !is_right && !follows => Expected::Unknown,
                Some(parent) => Expected::Hash(parent),
                None => Expected::Nothing,
            };
        }
        // The very first entry of a log follows nothing.
        if self.first == 0 && matches!(expected, Expected::Hash(_)) {
            self.breaks.push(Break { index: 0, fault: Fault::Missing });
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
