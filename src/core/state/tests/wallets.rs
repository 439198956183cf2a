use super::fixture::*;
use crate::base::{BlockIndex, Bytes, Chain, Destination, SECOND_NS, WalletId};
use crate::policy::{Decision, ReasonCode};
use crate::state::{NewSession, Refusal, State};
use crate::transfer::TransferRequest;
use crate::wallet::{KeyKind, NewKeys, NewWallet, ParentChange, Signing, Wallet, WalletChange};
use candid::Principal;
use ic_stable_structures::VectorMemory;

/// Replays the log and compares everything durable.
pub fn assert_replays(state: &TestState) {
    let blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
    let replayed = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(replayed.digest(), state.digest(), "the log says everything");
}

fn of(owner: Principal) -> NewWallet {
    NewWallet { owner: Some(owner), ..NewWallet::from("x") }
}

pub fn create(state: &mut TestState, new: NewWallet) -> WalletId {
    let (decided, wallet) = state.decide_create_wallet(admin(), new, at(0)).unwrap();
    state.commit(decided, at(0));
    wallet.id
}

fn change(state: &mut TestState, id: WalletId, change: WalletChange) -> Result<(), Refusal> {
    let decided = state.decide_change_wallet(admin(), id, change)?;
    state.commit(decided, at(0));
    Ok(())
}

fn below(parent: WalletId) -> WalletChange {
    WalletChange::Parent(ParentChange { parent: Some(parent) })
}

fn primary(state: &TestState, owner: Principal) -> Vec<u64> {
    state.wallets_of(&owner).filter(|wallet| wallet.primary).map(|wallet| wallet.id.get()).collect()
}

#[test]
fn an_owner_has_three_active_wallets_and_reactivation_asks_again() {
    let mut state = installed();
    let [two, three] = [0, 1].map(|_| create(&mut state, of(admin())));
    let full = Refusal::WalletLimitReached { max: 3, current: 3 };
    assert_eq!(state.decide_create_wallet(admin(), of(admin()), at(0)).map(|_| ()).unwrap_err(), full);
    assert_eq!(full.code(), "WALLET_LIMIT_REACHED");
    let other = create(&mut state, of(stranger()));
    assert_eq!(state.wallet(other).unwrap().owner(), stranger(), "another owner has room of its own");
    change(&mut state, two, WalletChange::Deactivate).unwrap();
    let four = create(&mut state, of(admin()));
    assert_eq!(change(&mut state, two, WalletChange::Activate), Err(full.clone()));
    assert_eq!(change(&mut state, other, WalletChange::Owner(admin())), Err(full), "neither does a gift get around it");
    change(&mut state, three, WalletChange::Deactivate).unwrap();
    change(&mut state, two, WalletChange::Activate).unwrap();
    let active = |wallet: &Wallet| !wallet.deactivated;
    assert_eq!(state.wallets_of(&admin()).filter(active).map(|wallet| wallet.id).collect::<Vec<_>>(), [WALLET, two, four]);
    assert_replays(&state);
}

#[test]
fn one_active_wallet_of_an_owner_stands_first() {
    let mut state = installed();
    let [two, three] = [0, 1].map(|_| create(&mut state, of(admin())));
    assert_eq!(primary(&state, admin()), [1], "the first that was made");
    change(&mut state, three, WalletChange::MakePrimary).unwrap();
    assert_eq!(primary(&state, admin()), [3]);
    change(&mut state, three, WalletChange::Deactivate).unwrap();
    assert_eq!(primary(&state, admin()), [1], "the oldest that is active follows");
    assert!(matches!(change(&mut state, three, WalletChange::MakePrimary), Err(Refusal::InvalidArgument { .. })));
    change(&mut state, WALLET, WalletChange::Owner(stranger())).unwrap();
    assert_eq!((primary(&state, admin()), primary(&state, stranger())), (vec![two.get()], vec![1]));
    change(&mut state, two, WalletChange::Deactivate).unwrap();
    assert_eq!(primary(&state, admin()), [0; 0], "nobody is left");
    change(&mut state, three, WalletChange::Activate).unwrap();
    assert_eq!(primary(&state, admin()), [3]);
    assert!(matches!(change(&mut state, three, WalletChange::MakePrimary), Err(Refusal::AlreadySo { .. })));
    assert_replays(&state);
}

#[test]
fn nothing_stands_above_itself_and_four_above_anything() {
    let mut state = installed();
    let ids: Vec<WalletId> = (2..=7).map(|n| create(&mut state, of(principal(n + 100)))).collect();
    let chain: Vec<WalletId> = [vec![WALLET], ids].concat();
    for pair in chain[..5].windows(2) {
        change(&mut state, pair[1], below(pair[0])).unwrap();
    }
    let problem = |result: Result<(), Refusal>| result.unwrap_err().to_string();
    let cycle = "parent: it stands below the wallet already; nothing can be above itself";
    let deep = "parent: at most 4 wallets may stand above a wallet";
    assert_eq!(problem(change(&mut state, chain[0], below(chain[0]))), cycle);
    assert_eq!(problem(change(&mut state, chain[0], below(chain[4]))), cycle);
    assert_eq!(problem(change(&mut state, chain[5], below(chain[4]))), deep, "four stand above the fifth");
    assert_eq!(problem(change(&mut state, chain[0], below(chain[5]))), deep, "four stand below the first");
    change(&mut state, chain[6], below(chain[5])).unwrap();
    assert_eq!(problem(change(&mut state, chain[5], below(chain[3]))), deep, "three above and one below are too many");
    change(&mut state, chain[5], below(chain[2])).unwrap();
    assert!(matches!(change(&mut state, chain[5], below(chain[2])), Err(Refusal::AlreadySo { .. })));
    let nowhere = NewWallet { parent: Some(WalletId::new(99)), ..of(principal(200)) };
    assert!(matches!(state.decide_create_wallet(admin(), nowhere, at(0)), Err(Refusal::NotFound { .. })));
    let too_deep = NewWallet { parent: Some(chain[4]), ..of(principal(200)) };
    assert_eq!(state.decide_create_wallet(admin(), too_deep, at(0)).map(|_| ()).unwrap_err().to_string(), deep);
    assert_replays(&state);
}

#[test]
fn owners_narrow_and_reorder_their_wallets_and_nobody_elses() {
    let mut state = installed();
    let [first, second] = [0, 1].map(|_| create(&mut state, of(stranger())));
    let code = |caller, id, change| state.decide_change_wallet(caller, id, change).map_or_else(|refusal| refusal.code(), |_| "OK");
    let callers = [admin(), guardian(), agent(), stranger(), principal(8), Principal::anonymous()];
    let expect = |change: WalletChange, id, answers: [&str; 6]| {
        assert_eq!(callers.map(|caller| code(caller, id, change.clone())), answers, "{change:?}");
    };
    let no = "AUTH_FAILED";
    expect(WalletChange::Deactivate, first, ["OK", no, no, "OK", no, no]);
    expect(WalletChange::MakePrimary, second, ["OK", no, no, "OK", no, no]);
    expect(WalletChange::Owner(principal(8)), first, ["OK", no, no, no, no, no]);
    expect(below(WALLET), first, ["OK", no, no, no, no, no]);
    let nobody = state.decide_change_wallet(admin(), first, WalletChange::Owner(Principal::anonymous()));
    assert_eq!(nobody.unwrap_err().to_string(), "owner: the anonymous principal is everybody and can own no wallet");
}

#[test]
fn a_deactivated_wallet_takes_no_transfers_and_ends_its_sessions() {
    let mut state = installed();
    let waiting = accepted(&mut state, sol(1, "before"), at(0));
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns: 60 * SECOND_NS, label: None, rules: Vec::new() };
    let (decided, session) = state.decide_open_session(agent(), new.clone(), at(0)).unwrap();
    state.commit(decided, at(0));
    change(&mut state, WALLET, WalletChange::Deactivate).unwrap();
    let evaluation = state.simulate(agent(), sol(1, "after"), at(0)).unwrap();
    assert_eq!(evaluation.denials().next().unwrap().code, Some(ReasonCode::WalletDraining));
    assert_eq!(state.transfer(waiting).unwrap().note.as_deref(), Some("its wallet was deactivated"));
    assert_eq!(state.session(session.id).unwrap().ended, Some(crate::access::SessionEnd::EndedByParent));
    assert!(matches!(state.decide_open_session(agent(), new, at(0)), Err(Refusal::InvalidArgument { field: "wallet_id", .. })));
    change(&mut state, WALLET, WalletChange::Activate).unwrap();
    assert_eq!(state.simulate(agent(), sol(1, "after"), at(0)).unwrap().decision, Decision::Allow);
    assert_replays(&state);
}

/// The public keys of the secrets 1 and 2 on secp256k1, and the base point of Ed25519.
const SECP: [&str; 2] = [
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
];
const ED25519: &str = "5866666666666666666666666666666666666666666666666666666666666666";

fn client_side(solana: Option<&str>, kaspa: Option<&str>) -> NewWallet {
    let key = |text: &str| Bytes::new(hex::decode(text).unwrap());
    NewWallet { keys: NewKeys::ClientSide { solana: solana.map(key), kaspa: kaspa.map(key) }, ..of(stranger()) }
}

#[test]
fn owners_register_points_of_the_curves_that_no_other_wallet_has() {
    let mut state = installed();
    let problem = |new: NewWallet| state.decide_create_wallet(admin(), new, at(0)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(problem(client_side(None, None)), "signing.ClientSide: at least one key is needed");
    assert_eq!(problem(client_side(Some(""), None)), "solana_key: 32 bytes are needed");
    let identity = format!("01{}", "00".repeat(31));
    let of_order_two = format!("ec{}7f", "ff".repeat(30));
    for weak in [&identity, &of_order_two, &"ff".repeat(32)] {
        assert!(problem(client_side(Some(weak), None)).starts_with("solana_key: not the canonical form"), "{weak}");
    }
    for wrong in ["", "02", &"00".repeat(32), &format!("04{}", &SECP[0][2..]), &format!("02{}", "ff".repeat(32))] {
        assert!(problem(client_side(None, Some(wrong))).starts_with("kaspa_key: no secp256k1 key"), "{wrong}");
    }
    create(&mut state, client_side(Some(ED25519), Some(SECP[0])));
    let odd = format!("03{}", &SECP[0][2..]);
    let taken = "another wallet has this key";
    let problem = |new: NewWallet| state.decide_create_wallet(admin(), new, at(0)).map(|_| ()).unwrap_err().to_string();
    for new in [
        client_side(Some(ED25519), None),
        client_side(None, Some(SECP[0])),
        client_side(None, Some(&odd)),
        client_side(None, Some(&SECP[0][2..])),
    ] {
        assert_eq!(problem(new), taken, "whatever its parity says, it is the same Schnorr key");
    }
    let threshold = hex::encode(&state.wallet(WALLET).unwrap().solana_key[..]);
    assert_eq!(problem(client_side(Some(&threshold), None)), taken);
}

#[test]
fn wallets_are_found_by_the_addresses_they_have() {
    let mut state = installed();
    let both = create(&mut state, client_side(None, Some(SECP[0])));
    let schnorr = create(&mut state, client_side(Some(ED25519), Some(&SECP[1][2..])));
    assert_eq!(state.wallet(schnorr).unwrap().signing, Signing::ClientSide);
    let hex = |text: &str| hex::decode(text).unwrap();
    let kaspa = |version: u8, key: &str| Destination::new(Chain::Kaspa, [vec![version], hex(key)].concat());
    let at = |address: Destination| state.wallet_at(&address).map(|wallet| wallet.id);
    assert_eq!(at(kaspa(0, &SECP[0][2..])), Some(both));
    assert_eq!(at(kaspa(1, SECP[0])), Some(both));
    assert_eq!(at(kaspa(0, &SECP[1][2..])), Some(schnorr));
    assert_eq!(at(kaspa(1, SECP[1])), None, "it was registered for the Schnorr address only");
    assert_eq!(at(Destination::new(Chain::Solana, hex(ED25519))), Some(schnorr));
    assert_eq!(at(kaspa(8, &SECP[0][2..])), None);
    let threshold = state.wallet(WALLET).unwrap();
    assert_eq!(at(Destination::new(Chain::Solana, threshold.solana_key.to_vec())), Some(WALLET));
    assert_eq!(at(kaspa(1, &hex::encode(&threshold.kaspa_schnorr_key[..]))), None, "the other scheme's key");
}

#[test]
fn nothing_is_paid_from_a_key_that_was_never_registered() {
    let mut state = installed();
    let wallet = create(&mut state, client_side(None, Some(&SECP[1][2..])));
    let decided = state.decide_add_agent(admin(), wallet, agent());
    done(&mut state, decided, at(0));
    let refused = state.decide_transfer(agent(), TransferRequest { wallet, ..sol(1, "k") }, at(0));
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "asset", .. })), "{refused:?}");
    assert!(state.wallet(wallet).unwrap().key(KeyKind::KaspaEcdsa).is_empty());
}
