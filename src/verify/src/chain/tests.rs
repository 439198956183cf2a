use super::*;

/// Entries that need no content: the hash of entry `n` is `n + 1` in every byte.
fn chain(length: u8) -> Vec<Link> {
    (0..length).map(|n| link(n.checked_sub(1), n)).collect()
}

fn link(parent: Option<u8>, own: u8) -> Link {
    Link::Readable { parent: parent.map(name), hash: name(own) }
}

fn name(n: u8) -> Hash {
    Hash([n + 1; 32])
}

fn tip(length: u8) -> Option<Tip> {
    Some(Tip { index: u64::from(length) - 1, hash: name(length - 1) })
}

fn one(index: u64, fault: Fault) -> Vec<Break> {
    vec![Break { index, fault }]
}

const LENGTH: u8 = 9;

#[test]
fn a_whole_chain_has_no_breaks() {
    assert_eq!(breaks(0, &chain(LENGTH), tip(LENGTH)), []);
    assert_eq!(breaks(0, &chain(LENGTH), None), []);
    assert_eq!(breaks(3, &chain(LENGTH)[3..], tip(LENGTH)), [], "the rest of a log whose beginning is archived");
}

#[test]
fn a_changed_content_is_found_where_it_is() {
    for n in 0..LENGTH {
        let mut links = chain(LENGTH);
        links[usize::from(n)] = Link::Readable { parent: n.checked_sub(1).map(name), hash: Hash([0xee; 32]) };
        assert_eq!(breaks(0, &links, tip(LENGTH)), one(n.into(), Fault::Altered));
    }
}

#[test]
fn a_changed_parent_accuses_nobody_else() {
    for n in 1..LENGTH {
        let mut links = chain(LENGTH);
        links[usize::from(n)] = Link::Readable { parent: Some(Hash([0xdd; 32])), hash: Hash([0xee; 32]) };
        assert_eq!(breaks(0, &links, tip(LENGTH)), one(n.into(), Fault::Altered));
    }
}

#[test]
fn unreadable_bytes_are_found_where_they_are() {
    for n in 0..LENGTH {
        let mut links = chain(LENGTH);
        links[usize::from(n)] = Link::Unreadable;
        assert_eq!(breaks(0, &links, tip(LENGTH)), one(n.into(), Fault::Unreadable));
    }
}

#[test]
fn a_deleted_entry_is_missed_where_it_was() {
    for n in 0..LENGTH {
        let mut links = chain(LENGTH);
        links.remove(n.into());
        assert_eq!(breaks(0, &links, tip(LENGTH)), one(n.into(), Fault::Missing));
    }
}

#[test]
fn an_inserted_entry_is_found_where_it_is() {
    for n in 0..=LENGTH {
        let mut links = chain(LENGTH);
        links.insert(n.into(), Link::Readable { parent: n.checked_sub(1).map(name), hash: Hash([0xee; 32]) });
        assert_eq!(breaks(0, &links, tip(LENGTH)), one(n.into(), Fault::Inserted));
    }
}

#[test]
fn both_of_two_swapped_entries_are_found() {
    for (a, b) in [(0, 5), (2, 3), (4, 8), (1, 7)] {
        let mut links = chain(LENGTH);
        links.swap(a, b);
        let found = breaks(0, &links, tip(LENGTH));
        assert_eq!(found.first().map(|found| found.index), Some(a as u64), "{found:?}");
        assert_eq!(found.last().map(|found| found.index), Some(b as u64), "{found:?}");
    }
}

#[test]
fn a_truncated_tail_shows_only_through_the_tip() {
    for n in 1..LENGTH {
        let links = &chain(LENGTH)[..n.into()];
        assert_eq!(breaks(0, links, tip(LENGTH)), one(n.into(), Fault::Missing));
        assert_eq!(breaks(0, links, None), []);
    }
    assert_eq!(breaks(0, &[], tip(LENGTH)), one(0, Fault::Missing));
}

#[test]
fn an_entry_that_follows_nothing_is_the_first_of_its_log() {
    let end = |last| Some(Tip { index: last, hash: name(LENGTH - 1) });
    assert_eq!(breaks(3, &chain(LENGTH), end(u64::from(LENGTH) + 2)), one(3, Fault::Missing));
    assert_eq!(breaks(0, &chain(LENGTH)[3..], end(u64::from(LENGTH) - 4)), one(0, Fault::Missing));
}
