//! The SOL RPC canister beside one node, call by call. The suite shows its use on a network.

use super::failures::cost;
use super::solana::{blockhash, epoch, finalized, height, ok, simulated, taken};
use super::*;
use candid::Encode;
use purser_core::chains::solana::rpc::canister::interface::{
    AccountData, AccountInfo, ConfirmationStatus, Multi, ProviderError, RpcError, TransactionStatus,
};

const AMOUNT: u64 = 50_000_000;
const RICH: u64 = 10_000_000_000;

/// A world with one node and the canister, of which both must agree. More nodes could prove a death.
fn world() -> World {
    let mut config = config(1);
    config.chains.solana.providers.push(format!("canister:{}", sol_rpc()));
    config.chains.solana.quorum = Some(2);
    World::configured(config)
}

fn canister<T: candid::CandidType>(method: &'static str, answer: Result<T, RpcError>) -> Step {
    Step::Canister { method, reply: Ok(Encode!(&Multi::Consistent(answer)).expect("a reply")) }
}

fn account(lamports: u64) -> Step {
    let account = AccountInfo {
        lamports,
        data: AccountData::Binary(String::new(), candid::Reserved),
        owner: "11111111111111111111111111111111".into(),
        executable: false,
        space: 0,
    };
    canister("getAccountInfo", Ok(Some(account)))
}

fn gone(contains: &'static str) -> Step {
    all(contains, |_| Err(CallError::rejected("no answer")))
}

fn two_accounts() -> Step {
    let shown = |lamports: u64| {
        format!(
            r#"{{"data":["","base64"],"executable":false,"lamports":{lamports},"owner":"11111111111111111111111111111111","rentEpoch":0,"space":0}}"#
        )
    };
    all("getMultipleAccounts", move |_| ok(format!(r#"{{"context":{{"slot":60}},"value":[{},{}]}}"#, shown(RICH), shown(RICH))))
}

fn status(failed: bool) -> Step {
    let status = if failed { Err(candid::Reserved) } else { Ok(()) };
    let confirmation_status = Some(ConfirmationStatus::Finalized);
    let status = TransactionStatus { slot: 48, status, err: failed.then_some(candid::Reserved), confirmation_status };
    canister("getSignatureStatuses", Ok(vec![Some(status)]))
}

/// A transfer up to its broadcast. The second node does not answer; the canister takes its place where it can.
fn submitted(world: &World) -> TransferId {
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![
        two_accounts(),
        gone("getMultipleAccounts"),
        account(RICH),
        account(RICH),
        simulated(),
        blockhash(1),
        signing(KeyKind::Solana),
        taken(),
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    id
}

#[test]
fn the_canister_completes_a_quorum_from_building_to_the_end() {
    let world = world();
    let id = submitted(&world);
    let ends = vec![finalized("null"), gone("getSignatureStatuses"), status(false)];
    assert_eq!(world.drive(id, 0, ends), Progress::Ended);
    assert_eq!(world.status(id), Status::Confirmed);
    assert_eq!(world.state.borrow().highest_landed_slot(), 48, "no older state is believed from now on");
}

#[test]
fn a_failure_counts_however_it_is_worded_once_both_nodes_prove_that_it_lands_no_more() {
    let world = world();
    let id = submitted(&world);
    let custom = || finalized(r#"{"InstructionError":[0,{"Custom":1}]}"#);
    let failed = || [custom(), gone("getSignatureStatuses"), status(true)];
    let script = failed().into_iter().chain([height(1_000), height(1_000)]).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    world.advance(90);
    let first = || [epoch(1_414, 2_000), custom()];
    let alone = failed().into_iter().chain(first()).chain([gone("getEpochInfo")]).collect();
    assert!(matches!(world.drive(id, 0, alone), Progress::Transient(_)), "the canister proves nothing");
    let other = [epoch(1_414, 2_000), finalized(r#""InsufficientFundsForFee""#)];
    let script = failed().into_iter().chain(first()).chain(other).chain([cost(5_000, true), cost(5_000, true)]).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::new(5_000))));
    let note = transfer.note.unwrap();
    assert!(note.contains("Custom"), "in the words of the one that said more: {note}");
}

#[test]
fn a_canister_that_does_not_answer_is_a_provider_that_does_not_answer() {
    let world = world();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let few = || RpcError::ProviderError(ProviderError::TooFewCycles { expected: 9, received: 5 });
    let silent = || Step::Canister { method: "getAccountInfo", reply: Err(CallError::rejected("the call was lost")) };
    for second in
        [silent as fn() -> Step, || canister::<Option<AccountInfo>>("getAccountInfo", Err(RpcError::ValidationError("?".into())))]
    {
        let script = vec![two_accounts(), gone("getMultipleAccounts"), account(RICH), second()];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        // The back-offs are over, and nothing was built.
        world.advance(700);
    }
    let refused = vec![
        two_accounts(),
        gone("getMultipleAccounts"),
        account(RICH),
        canister::<Option<AccountInfo>>("getAccountInfo", Err(few())),
    ];
    let Progress::Transient(problem) = world.drive(id, 0, refused) else { panic!("nothing is agreed on") };
    assert!(problem.contains("wants 9 cycles and got 5"), "{problem}");
    assert_eq!((world.status(id), world.signatures.get()), (Status::Reserved, 0));
}
