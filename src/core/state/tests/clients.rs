use super::fixture::*;
use super::wallets::assert_replays;
use crate::audit::Block;
use crate::base::codec::NameHashes;
use crate::base::{BlockIndex, WalletId};
use crate::event::{ClientSeen, Event};
use crate::state::Refusal;

fn last_seen(state: &TestState) -> ClientSeen {
    let bytes = state.block_bytes(BlockIndex::new(state.log_len() - 1)).unwrap();
    match Block::from_bytes(&bytes, &mut NameHashes::default()).unwrap().0.event {
        Event::ClientSeen(seen) => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn addresses_and_devices_are_logged_as_keyed_hashes_only() {
    let mut state = installed();
    let seen = |state: &TestState| state.decide_client_seen(agent(), true, Some(WALLET), Some("192.0.2.7"), Some("device"));
    assert_eq!(seen(&state).unwrap_err(), Refusal::KeysNotReady);
    let before = state.digest();
    state.set_client_key([7; 32]);
    state.set_client_key([8; 32]);
    assert_eq!(state.digest(), before, "a secret is no part of what is compared");
    let decided = seen(&state);
    done(&mut state, decided, at(1));
    let logged = last_seen(&state);
    // openssl: printf 'address:192.0.2.7' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
    assert_eq!(hex::encode(&logged.address_hmac.unwrap()[..]), ADDRESS);
    assert_eq!(hex::encode(&logged.device_hmac.unwrap()[..]), DEVICE);
    assert_replays(&state);
}

const ADDRESS: &str = "e2b92c15a086e87076e1818d638e032c696e4677f2ceeecf41dd2d7ac2ed2b3d";
const DEVICE: &str = "204dd0e7ff0dd9f5885ff69dcfe86705c3968dfb759f696f039b65b40a716ebf";

#[test]
fn only_those_with_a_power_are_noted() {
    let mut state = installed();
    state.set_client_key([7; 32]);
    let code = |caller| state.decide_client_seen(caller, false, None, None, None).map_or_else(|refusal| refusal.code(), |_| "OK");
    let callers = [admin(), guardian(), agent(), stranger(), candid::Principal::anonymous()];
    assert_eq!(callers.map(code), ["OK", "OK", "OK", "AUTH_FAILED", "AUTH_FAILED"]);
    let long = "x".repeat(257);
    let refused = state.decide_client_seen(agent(), true, None, Some(&long), None);
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "address", .. })));
    let refused = state.decide_client_seen(agent(), true, Some(WalletId::new(9)), None, None);
    assert!(matches!(refused, Err(Refusal::NotFound { .. })));
}
