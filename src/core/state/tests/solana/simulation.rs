//! Networks on which transfers are only simulated.

use super::*;
use crate::policy::ReasonCode;

/// The fixture's configuration with Solana's gate closed.
fn closing() -> crate::governance::config::Config {
    let mut config = config();
    config.chains.solana.execution = Some(Execution::Simulate);
    config
}

#[test]
fn what_an_upgrade_closes_the_gate_to_is_not_signed_but_followed_and_revoked() {
    let mut state = with_nonces();
    let [sent, waiting] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, sent, 0);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(closing()));
    done(&mut state, decided, at(20));
    let decided = state.decide_built(waiting, on_nonce(waiting, 1));
    done(&mut state, decided, at(20));
    assert!(state.is_simulated(&state.transfer(waiting).unwrap()));
    assert!(matches!(state.decide_signed(waiting, signed()), Err(Refusal::WrongStatus { .. })));
    let decided = state.decide_cancel_by_canister(waiting, ReasonCode::SimulationOnly, "simulated".into());
    done(&mut state, decided, at(21));
    assert_eq!(holder(&state, 1), None);
    let revocation = revoke(&mut state, sent);
    assert!(!state.is_simulated(&state.transfer(revocation).unwrap()), "an exit is no payment");
    submit_revocation(&mut state, revocation);
    let decided = state.decide_expired(sent, ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(22));
    replayed(&state);
}

#[test]
fn what_is_only_tried_out_takes_no_nonce_and_breaks_none() {
    let mut state = with_nonces();
    let held = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, held, 0);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(closing()));
    done(&mut state, decided, at(20));
    for index in [0, 1] {
        let id = accepted(&mut state, sol(1_000, "tried"), at(21));
        assert!(state.decide_nonce_fallback(id, 1, "it is gone".into()).is_err());
        let decided = state.decide_built(id, on_nonce(id, index));
        done(&mut state, decided, at(21));
        assert_eq!((holder(&state, 0), holder(&state, 1)), (Some(held), None));
        let decided = state.decide_cancel_by_canister(id, ReasonCode::SimulationOnly, "simulated".into());
        done(&mut state, decided, at(21));
        assert_eq!((holder(&state, 0), holder(&state, 1)), (Some(held), None));
    }
    replayed(&state);
}

#[test]
fn a_mainnet_only_simulates_until_it_is_told_otherwise() {
    use crate::chains::solana::Cluster;
    let execution = |network, execution| {
        let mut config = config();
        config.chains.solana.network = network;
        config.chains.solana.execution = execution;
        let named = config.execution(crate::base::Chain::Solana);
        config.chains.solana.execution = None;
        (named, config.execution(crate::base::Chain::Solana))
    };
    assert_eq!(execution(Cluster::Mainnet, None), (Execution::Simulate, Execution::Simulate));
    assert_eq!(execution(Cluster::Mainnet, Some(Execution::Live)), (Execution::Live, Execution::Simulate));
    assert_eq!(execution(Cluster::Local, None), (Execution::Live, Execution::Live));
}

#[test]
fn what_is_only_tried_out_holds_nothing_and_keeps_the_key_free() {
    let mut state = simulating();
    let id = accepted(&mut state, sol(1_000, "a"), at(1));
    assert!(state.transfer(id).unwrap().simulated);
    assert_eq!((usage(&state, Asset::Sol), state.transfer(id).unwrap().reserved), ((0, 0), Amount::ZERO));
    let decided = state.decide_built(id, built(id));
    done(&mut state, decided, at(2));
    let decided = state.decide_cancel_by_canister(id, ReasonCode::SimulationOnly, "simulated".into());
    done(&mut state, decided, at(3));
    assert_eq!(usage(&state, Asset::Sol), (0, 0));
    let again = accepted(&mut state, sol(1_000, "a"), at(4));
    assert_ne!(again, id, "the key is free for the real one");
    assert!(state.decide_nonce_pool(admin(), WALLET, 1, at(4)).is_err());
    replayed(&state);
}
