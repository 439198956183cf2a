//! Tokens, nonce accounts and what is only simulated.

mod nonces;
mod provider_keys;
mod revocations;
mod simulation;
mod tokens;

use super::fixture::*;
use crate::base::{Amount, Asset, Bytes, Mint, TransferId};
use crate::chains::config::Execution;
use crate::chains::registry::{Built, Params};
use crate::chains::solana::coin::WRAPPED_SOL;
use crate::chains::solana::transfer::{LifetimeChoice, NonceRecord, NonceStatus, NonceUse, SolanaBuilt, SolanaSettings};
use crate::governance::settings::Settings;
use crate::policy::{Decision, Rule, RuleKind, Window};
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, Outcome, Status, TransferRequest};
use ic_stable_structures::VectorMemory;

const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };
const FEE: u64 = 2_000_000;

/// (held, spent) of an asset.
fn usage(state: &TestState, asset: Asset) -> (u64, u64) {
    let usage = state.usage(WALLET, asset, at(100));
    (usage.reserved.get(), usage.posted.get())
}

fn replayed(state: &TestState) {
    let blocks: Vec<_> = (0..state.log_len()).map(|at| state.block_bytes(crate::base::BlockIndex::new(at)).unwrap()).collect();
    let again = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(again.digest(), state.digest());
}

fn nonce_pool(state: &mut TestState, size: u16) -> Vec<TransferId> {
    let (decided, ids) = state.decide_nonce_pool(admin(), WALLET, size, at(10)).unwrap();
    state.commit(decided, at(10));
    ids
}

fn on_nonce(id: TransferId, index: u16) -> BuiltTx {
    let nonce = Some(NonceUse { index, value: Bytes::new([9; 32]) });
    BuiltTx { details: Built::Solana(SolanaBuilt { nonce, ..SolanaBuilt::default() }), ..built(id) }
}

/// A wallet with two nonce accounts that work.
fn with_nonces() -> TestState {
    let mut state = installed();
    for id in nonce_pool(&mut state, 2) {
        submit(&mut state, id, at(11));
        let decided = state.decide_confirmed(id, Amount::new(1_061_640), None);
        done(&mut state, decided, at(12));
    }
    state
}

fn holder(state: &TestState, index: u16) -> Option<TransferId> {
    let record = state.nonce(WALLET, index).unwrap();
    assert_eq!(record.status, NonceStatus::Ready);
    record.holder
}

fn submit_on(state: &mut TestState, id: TransferId, index: u16) {
    let decided = state.decide_built(id, on_nonce(id, index));
    done(state, decided, at(20));
    let decided = state.decide_signed(id, signed());
    done(state, decided, at(20));
    let decided = state.decide_submitted(id);
    done(state, decided, at(20));
}

/// What a revocation is built of: it uses this nonce up and stands on a blockhash.
fn using_up(id: TransferId, index: u16) -> BuiltTx {
    let advances = Some(NonceUse { index, value: Bytes::new([9; 32]) });
    BuiltTx { details: Built::Solana(SolanaBuilt { advances, ..SolanaBuilt::default() }), ..built(id) }
}

fn revoke(state: &mut TestState, id: TransferId) -> TransferId {
    let (decided, revocation) = state.decide_revoke(guardian(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    revocation
}

fn build_revocation(state: &mut TestState, revocation: TransferId) {
    let decided = state.decide_built(revocation, using_up(revocation, 0));
    done(state, decided, at(21));
}

fn submit_revocation(state: &mut TestState, revocation: TransferId) {
    build_revocation(state, revocation);
    let decided = state.decide_signed(revocation, signed());
    done(state, decided, at(21));
    let decided = state.decide_submitted(revocation);
    done(state, decided, at(21));
}

/// The fixture's state on a network on which transfers are only simulated.
pub fn simulating() -> TestState {
    let mut state = State::new(VectorMemory::default());
    let mut config = config();
    config.chains.solana.execution = Some(Execution::Simulate);
    let settings = Settings::new(&config);
    let decided = state.decide_init(stranger(), config, settings);
    done(&mut state, decided, at(0));
    let decided = state.decide_register_keys(keys());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_create_wallet(admin(), "ops".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    let decided = state.decide_add_agent(admin(), WALLET, agent());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(PER_TRANSACTION, DAILY), at(0)).unwrap();
    state.commit(decided, at(0));
    state
}

#[test]
fn a_memo_is_bounded_and_solanas_only() {
    let state = installed();
    let with = |memo: &str| {
        let params = Params::new(crate::base::Chain::Solana).with_payment(payment(Some(memo), false));
        state.decide_transfer(agent(), TransferRequest { params, ..sol(1, "m") }, at(1)).map(drop)
    };
    assert_eq!(with("invoice 17"), Ok(()));
    for bad in [String::new(), "m".repeat(257)] {
        assert!(matches!(with(&bad), Err(Refusal::InvalidArgument { field: "memo", .. })));
    }
    let params_of_kaspa = TransferRequest { params: kaspa_params(), ..sol(1, "m") };
    let refused = state.decide_transfer(agent(), params_of_kaspa, at(1));
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "params", .. })), "{refused:?}");
}
