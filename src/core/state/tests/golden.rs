//! What was written once must stay readable, and be written the same: blocks and records are frozen history.

use super::fixture::*;
use crate::audit::Block;
use crate::codec::NameHashes;
use crate::primitives::{Amount, BlockIndex};
use crate::roles::Role;
use crate::state::State;
use ic_stable_structures::VectorMemory;
use std::collections::BTreeSet;

/// One block per line, as the first version wrote them.
const GOLDEN: &str = include_str!("golden.hex");
/// The digest of all tables after them.
const DIGEST: &str = "28be4268d31c682be57349e3b1a12414c8b79ad67d1bc17999880b3d5ba5ba56";

/// Everything that can happen, once.
fn everything() -> TestState {
    let mut state = installed();
    let decided = state.decide_grant_role(admin(), stranger(), Role::Guardian);
    done(&mut state, decided, at(1));
    let decided = state.decide_revoke_role(admin(), stranger(), Role::Guardian);
    done(&mut state, decided, at(2));
    let denied = state.decide_transfer(agent(), sol(u64::MAX / 2, "denied"), at(3)).unwrap().0.unwrap();
    state.commit(denied, at(3));
    let confirmed = accepted(&mut state, sol(1_000, "confirmed"), at(4));
    submit(&mut state, confirmed, at(5));
    let decided = state.decide_deadline(confirmed, 1_000);
    done(&mut state, decided, at(6));
    let decided = state.decide_confirmed(confirmed, Amount::new(5_000), None);
    done(&mut state, decided, at(7));
    let failed = accepted(&mut state, sol(1_000, "failed"), at(8));
    submit(&mut state, failed, at(9));
    let decided = state.decide_expired(failed, Some("its blockhash is too old".into()));
    done(&mut state, decided, at(10));
    let decided = state.decide_failed(failed, Amount::ZERO, Some("given up".into()));
    done(&mut state, decided, at(11));
    let cancelled = accepted(&mut state, sol(1_000, "cancelled"), at(12));
    let decided = state.decide_cancel(agent(), cancelled, Some("a mistake".into()));
    done(&mut state, decided, at(13));
    let quarantined = accepted(&mut state, sol(1_000, "quarantined"), at(14));
    submit(&mut state, quarantined, at(15));
    let decided = state.decide_quarantine(admin(), quarantined, "it does not move".into());
    done(&mut state, decided, at(16));
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(17));
    done(&mut state, decided, at(17));
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), None);
    done(&mut state, decided, at(18));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(19));
    state
}

fn golden() -> Vec<Vec<u8>> {
    GOLDEN.lines().map(|line| hex::decode(line).expect("a line is hex")).collect()
}

#[test]
fn the_log_is_written_as_the_first_version_wrote_it() {
    let state = everything();
    let written: Vec<String> =
        (0..state.log_len()).map(|index| hex::encode(state.block_bytes(BlockIndex::new(index)).unwrap())).collect();
    assert_eq!(written.join("\n"), GOLDEN.trim_end());
}

#[test]
fn the_log_of_the_first_version_reads_and_gives_its_state() {
    let (blocks, mut names) = (golden(), NameHashes::default());
    let read: Vec<_> = blocks.iter().map(|block| Block::from_bytes(block, &mut names).expect("it reads")).collect();
    let types: BTreeSet<String> =
        read.iter().map(|(block, _)| block.to_value().get("btype").unwrap().as_text().unwrap().to_owned()).collect();
    assert_eq!(types, Block::types().into_iter().collect(), "every kind of event is in it");
    let tip = read.last().unwrap().1;
    let state = State::replay(VectorMemory::default(), &blocks, tip).unwrap();
    assert_eq!(state.digest().to_string(), DIGEST, "every table is encoded as before");
}
