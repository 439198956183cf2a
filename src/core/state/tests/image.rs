//! The stable memory that an earlier version left, kept with the sources: it opens, verifies, and goes on. Once committed, an image is
//! history; a later layout gets an image of its own beside it.

use super::fixture::*;
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, Asset, BlockIndex, DAY_NS, HOUR_NS, ProposalId, TransferId};
use crate::governance::settings::Settings;
use crate::governance::{Action, Group, Rate};
use crate::state::{ChangeOutcome, NewSession, State};
use crate::transfer::Status;
use crate::wallet::WalletChange;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ic_stable_structures::VectorMemory;
use std::io::{Read, Write};

const LAYOUT_3: &[u8] = include_bytes!("layout-3.bin.gz");
/// The digest of the state in it.
const DIGEST: &str = "8818924be1ec6c5415411809942c77709899b1365072dbe4b673092aa71e25e1";
const BLOCKS: u64 = 36;

fn open(image: &[u8]) -> TestState {
    let memory = VectorMemory::default();
    GzDecoder::new(image).read_to_end(&mut memory.borrow_mut()).expect("the image is gzip");
    State::open(memory).expect("it opens")
}

/// What the image of layout 3 was made of: transfers at several ends and two under way, an archive, and a log whose beginning was
/// given up.
fn used(memory: VectorMemory) -> TestState {
    let blueprint = installed();
    let blocks: Vec<_> = (0..blueprint.log_len()).map(|n| blueprint.block_bytes(BlockIndex::new(n)).unwrap()).collect();
    let mut state = State::replay(memory, &blocks, blueprint.tip().unwrap().1).unwrap();
    let decided = state.decide_grant_role(admin(), principal(7), Role::Auditor);
    done(&mut state, decided, at(0));
    let confirmed = accepted(&mut state, sol(1_000, "confirmed"), at(1));
    submit(&mut state, confirmed, at(2));
    let decided = state.decide_confirmed(confirmed, Amount::new(5_000), None);
    done(&mut state, decided, at(3));
    let cancelled = accepted(&mut state, sol(2_000, "cancelled"), at(4));
    let decided = state.decide_cancel(agent(), cancelled, None);
    done(&mut state, decided, at(5));
    let hash = state.block(BlockIndex::new(9)).unwrap().hash();
    let decided = state.decide_archive(principal(7), BlockIndex::new(9), hash, "tape 1".into(), None);
    done(&mut state, decided, at(6));
    let decided = state.decide_prune(at(100 * DAY_NS)).unwrap();
    state.commit(decided, at(100 * DAY_NS));
    let submitted = accepted(&mut state, sol(3_000, "submitted"), at(100 * DAY_NS));
    submit(&mut state, submitted, at(100 * DAY_NS));
    accepted(&mut state, sol(4_000, "reserved"), at(100 * DAY_NS));
    while !state.recount(100) {}
    let decided = state.decide_checkpoint(at(101 * DAY_NS)).unwrap();
    state.commit(decided, at(101 * DAY_NS));
    for on in [true, false, false] {
        let decided = state.decide_emergency(admin(), on, "drill".into(), at(101 * DAY_NS));
        done(&mut state, decided, at(101 * DAY_NS));
    }
    govern(&mut state);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), None);
    done(&mut state, decided, at(101 * DAY_NS));
    let denied = state.decide_transfer(agent(), sol(u64::MAX / 2, "denied"), at(101 * DAY_NS)).unwrap().0.unwrap();
    state.commit(denied, at(101 * DAY_NS));
    state.verify_next(10, at(101 * DAY_NS));
    state
}

/// A group, a rate, an owner, an open session and a change that waits for a second admin.
fn govern(state: &mut TestState) {
    let now = at(101 * DAY_NS);
    let mut change = |action| {
        let (decided, change) = state.decide_change(admin(), action, now).unwrap();
        state.commit(decided, now);
        change
    };
    change(Action::GrantRole(RoleChange { principal: principal(8), role: Role::Approver }));
    change(Action::GrantRole(RoleChange { principal: principal(7), role: Role::Admin }));
    change(Action::SetGroup(Group { name: "ops".into(), members: [principal(8)].into() }));
    let expires_at = now.saturating_add(DAY_NS);
    change(Action::SetRate(Rate { asset: Asset::Sol, value: Amount::new(2_000), per: Amount::new(1_000), expires_at }));
    change(Action::ChangeWallet { wallet: WALLET, change: WalletChange::Owner(guardian()) });
    change(Action::ChangeSettings(Box::new(Settings { quorum: 2, ..Settings::new(&config()) })));
    let waits = change(Action::GrantRole(RoleChange { principal: principal(9), role: Role::Viewer }));
    assert!(matches!(waits, ChangeOutcome::Proposed(_)));
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns: HOUR_NS, label: Some("task".into()), rules: Vec::new() };
    let (decided, _) = state.decide_open_session(agent(), new, now).unwrap();
    state.commit(decided, now);
}

/// `cargo test -p purser-core write_image -- --ignored` writes the image of the present layout to the folder for temporary files.
#[test]
#[ignore = "writes a fixture"]
fn write_image() {
    let memory = VectorMemory::default();
    let state = used(memory.clone());
    println!("digest {}, {} blocks", state.digest(), state.log_len());
    let path = std::env::temp_dir().join("purser-layout.bin.gz");
    let mut file = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::best());
    file.write_all(&memory.borrow()).unwrap();
    file.finish().unwrap();
    println!("written: {}", path.display());
}

#[test]
fn the_memory_of_layout_3_opens_verifies_and_goes_on() {
    let mut state = open(LAYOUT_3);
    assert_eq!((state.digest().to_string().as_str(), state.log_len()), (DIGEST, BLOCKS));
    assert_eq!(state.first_block(), BlockIndex::new(10), "the beginning was given up");
    let report = state.verify_log(BlockIndex::new(0), u64::MAX);
    assert_eq!((report.valid, report.entries_checked), (true, BLOCKS - 10));
    let statuses: Vec<_> = state.transfers(WALLET, None, 9).iter().map(|transfer| transfer.status).collect();
    assert_eq!(statuses, [Status::Reserved, Status::Submitted, Status::Cancelled, Status::Confirmed]);
    let usage = state.usage(WALLET, Asset::Sol, at(101 * DAY_NS));
    assert_eq!((usage.posted, usage.reserved), (Amount::ZERO, Amount::new(3_000 + 4_000 + 2 * 5_000)));
    assert_eq!((state.groups_after(None).count(), state.rates_after(None).count(), state.open_sessions(WALLET).len()), (1, 1, 1));
    let decided = state.decide_approve_proposal(principal(7), ProposalId::new(1), at(101 * DAY_NS));
    done(&mut state, decided, at(101 * DAY_NS));
    assert!(state.roles_of(&principal(9)).has(Role::Viewer), "what waited takes effect");
    // Its tables are those that its log made, and it goes on.
    while !state.recount(3) {}
    let decided = state.decide_checkpoint(at(102 * DAY_NS)).expect("it is recorded");
    state.commit(decided, at(102 * DAY_NS));
    assert!(!state.mode().is_emergency());
    let decided = state.decide_confirmed(TransferId::new(3), Amount::new(5_000), None);
    done(&mut state, decided, at(102 * DAY_NS));
    accepted(&mut state, sol(1, "after"), at(102 * DAY_NS));
    assert_eq!(state.verify_log(BlockIndex::new(0), u64::MAX).entries_checked, BLOCKS - 10 + 6);
}
