//! Schedules, and the properties that hold in every one of them.

use super::*;

/// At times an admin puts the transfer into quarantine, or has it revoked.
fn intervene(net: &Net, id: TransferId) -> Option<TransferId> {
    let (quarantines, revokes) = {
        let mut choices = net.choices.borrow_mut();
        (choices.one_in(12), choices.one_in(2))
    };
    let world = &net.world;
    let put = |decided: Decided| world.put(decided);
    if quarantines {
        let decided = world.state.borrow().decide_quarantine(admin(), id, "it does not move".into());
        decided.into_iter().for_each(put);
    }
    let decided = if revokes { world.state.borrow().decide_revoke(admin(), id, world.time()).ok() } else { None };
    decided.map(|(decided, revocation)| {
        put(decided);
        revocation
    })
}

/// Runs one schedule on a thread of its own.
///
/// The canister keeps the health of its providers per thread, and the next chain is younger.
fn run(bytes: Vec<u8>, on_nonce: bool, kind: Kind, intervenes: bool) -> (Status, u32) {
    among(Providers::Mixed, bytes, on_nonce, kind, intervenes)
}

fn among(providers: Providers, bytes: Vec<u8>, on_nonce: bool, kind: Kind, intervenes: bool) -> (Status, u32) {
    let net = move || Net::new(bytes, on_nonce, kind, providers);
    let ran = std::thread::spawn(move || schedule(&net(), kind, intervenes)).join();
    ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn schedule(net: &Net, kind: Kind, intervenes: bool) -> (Status, u32) {
    let id = kind.request(&net.world);
    let mut revocation = None;
    for provider_offset in 0..60 {
        net.drift(3);
        net.drive(id, provider_offset);
        net.check(id, &format!("after look {provider_offset}"));
        if intervenes {
            revocation = intervene(net, id).or(revocation);
            revocation.into_iter().for_each(|revocation| drop(net.drive(revocation, provider_offset)));
            net.check(id, &format!("after looking at the revocation, {provider_offset}"));
        }
        let blocks = {
            let mut choices = net.choices.borrow_mut();
            if choices.one_in(3) { 150 + choices.below(300) } else { choices.below(40) }
        };
        net.pass(blocks);
        net.check(id, &format!("before look {}", provider_offset + 1));
        if net.world.status(id).is_terminal() && net.chain.borrow().alive() == 0 {
            break;
        }
    }
    let transfer = net.world.transfer(id);
    (transfer.status, transfer.attempt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_paid_twice_or_released_too_early(
        bytes in prop::collection::vec(any::<u8>(), 32),
        on_nonce: bool,
        kind in prop::sample::select(&Kind::ALL[..]),
    ) {
        run(bytes, on_nonce, kind, false);
    }

    #[test]
    fn nothing_is_paid_twice_when_providers_are_behind(bytes in prop::collection::vec(any::<u8>(), 32), on_nonce in prop::bool::weighted(0.2)) {
        among(Providers::Behind, bytes, on_nonce, Kind::Single, false);
    }

    #[test]
    fn nothing_is_paid_twice_when_the_transfer_is_revoked(bytes in prop::collection::vec(any::<u8>(), 32), kind in prop::sample::select(&Kind::ALL[..])) {
        run(bytes, true, kind, true);
    }
}

#[test]
fn the_schedules_reach_every_end() {
    let mut ends = BTreeMap::new();
    for (seed, kind) in (0..6u8).flat_map(|seed| Kind::ALL.map(|kind| (seed, kind))) {
        for on_nonce in [false, true] {
            let (status, attempt) = run(Sha256::digest([seed]).to_vec(), on_nonce, kind, false);
            *ends.entry((kind, on_nonce, status, attempt > 1)).or_insert(0u32) += 1;
        }
    }
    let revoked = |seed: u8| run(Sha256::digest([seed]).to_vec(), true, Kind::Single, true).0;
    for wanted in [Status::Confirmed, Status::Cancelled] {
        assert!((0..60).any(|seed| revoked(seed) == wanted), "no revocation ends in {wanted:?}");
    }
    let confirmed: Vec<_> = ends.keys().filter(|(_, _, status, _)| *status == Status::Confirmed).collect();
    for wanted in [(false, false), (false, true), (true, false)] {
        let found = confirmed.iter().any(|(_, on_nonce, _, again)| (*on_nonce, *again) == wanted);
        assert!(found, "{wanted:?} is missing in {ends:?}");
    }
    for wanted in Kind::ALL {
        assert!(confirmed.iter().any(|(kind, ..)| *kind == wanted), "{wanted:?} is missing in {ends:?}");
    }
}
