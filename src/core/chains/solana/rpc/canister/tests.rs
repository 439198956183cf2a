use super::super::tests::{balance, both_accounts, every_request, published, statuses, with_data};
use super::super::*;
use super::interface::*;
use super::*;
use crate::base::Amount;
use crate::chains::solana::account::{Account, AccountKind};
use crate::chains::solana::fixtures::{PUBLISHED_TXID, payer};
use crate::chains::solana::{Blockhash, SignatureStatus, StatusLookup};
use candid::{CandidType, Decode, Encode, Reserved, decode_args};

type Arguments<T> = (RpcSources, Option<RpcConfig>, T);

fn calls(request: &Request) -> Vec<CanisterCall> {
    request.canister_calls(Cluster::Mainnet)
}

fn arguments<'a, T: CandidType + serde::Deserialize<'a>>(call: &'a CanisterCall) -> Arguments<T> {
    decode_args(&call.args).expect("what the canister reads")
}

fn config(bytes: u64) -> Option<RpcConfig> {
    let agreement = ConsensusStrategy::Threshold { total: Some(3), min: 2 };
    Some(RpcConfig { response_size_estimate: Some(bytes), response_consensus: Some(agreement) })
}

fn reply<T: CandidType>(answer: Result<T, RpcError>) -> Vec<u8> {
    Encode!(&Multi::Consistent(answer)).expect("a reply")
}

fn account(lamports: u64, data: &str) -> AccountInfo {
    AccountInfo {
        lamports,
        data: AccountData::Binary(data.to_owned(), Reserved),
        owner: "11111111111111111111111111111111".to_owned(),
        executable: false,
        space: 0,
    }
}

fn no_more_than(request: &Request) -> String {
    request.canister_answer(&[]).expect_err("nothing was answered")
}

#[test]
fn what_needs_a_proof_or_one_nodes_word_is_not_asked() {
    for request in every_request() {
        let asked = !calls(&request).is_empty();
        assert_eq!(asked, request.suits_canister(), "{request:?}");
        let suits = matches!(
            request,
            Request::Balance { .. }
                | Request::Accounts { .. }
                | Request::RentExemptMinimum { .. }
                | Request::Transaction { .. }
                | Request::GenesisHash
                | Request::Send(_)
        );
        assert_eq!(asked, suits, "{request:?}");
    }
    assert_eq!(calls(&statuses(2, 0)).len(), 1, "statuses that prove nothing");
    assert_eq!(balance(Reading::EXACT).canister_calls(Cluster::Testnet), [], "it has nobody there");
}

#[test]
fn accounts_are_asked_one_by_one_from_the_demanded_slot() {
    let calls = calls(&with_data(100));
    assert_eq!(calls.len(), 3);
    let (sources, options, params) = arguments::<GetAccountInfoParams>(&calls[0]);
    assert_eq!((calls[0].method, sources), ("getAccountInfo", RpcSources::Default(SolanaCluster::Mainnet)));
    assert_eq!(options, config(4_096 + 1_664), "room for one");
    let expected = GetAccountInfoParams {
        pubkey: payer().to_string(),
        commitment: Some(CommitmentLevel::Finalized),
        encoding: Some(Encoding::Base64),
        data_slice: Some(DataSlice { length: 1_024, offset: 0 }),
        min_context_slot: Some(100),
    };
    assert_eq!(params, expected);
    let (_, options, params) = arguments::<GetAccountInfoParams>(&self::calls(&both_accounts())[1]);
    assert_eq!((options, params.min_context_slot), (config(4_096), None));
    assert_eq!(params.data_slice, Some(DataSlice { length: 1, offset: 165 }));
}

#[test]
fn a_broadcast_is_neither_tried_out_nor_repeated() {
    let calls = calls(&Request::Send(published()));
    let (_, _, params) = arguments::<SendTransactionParams>(&calls[0]);
    let transaction = published().to_base64();
    let expected =
        SendTransactionParams { transaction, encoding: Some(Encoding::Base64), skip_preflight: Some(true), max_retries: Some(0) };
    assert_eq!((calls[0].method, params), ("sendTransaction", expected));
}

#[test]
fn what_has_no_method_is_asked_in_json() {
    let request = Request::RentExemptMinimum { space: 80 };
    let calls = request.canister_calls(Cluster::Local);
    let (sources, _, json) = arguments::<String>(&calls[0]);
    assert_eq!((calls[0].method, sources), ("jsonRequest", RpcSources::Default(SolanaCluster::Devnet)));
    assert_eq!(json.into_bytes(), request.body());
    assert_eq!(parse_amount(&request.canister_answer(&[reply(Ok("650240"))]).expect("an answer")), Ok(Amount::new(650_240)));
    let hash = Blockhash::from_bytes([9; 32]);
    let answer = Request::GenesisHash.canister_answer(&[reply(Ok(format!("\"{hash}\"")))]).expect("an answer");
    assert_eq!(parse_hash(&answer), Ok(hash));
}

#[test]
fn its_accounts_read_as_a_nodes() {
    let one = AccountView::Account(Account { lamports: Amount::new(5), kind: AccountKind::Wallet });
    let replies = [reply(Ok(Some(account(5, "")))), reply(Ok(None::<AccountInfo>))];
    assert_eq!(parse_accounts(&both_accounts().canister_answer(&replies).expect("an answer")), Ok(vec![one, AccountView::Missing]));
    let answer = balance(Reading::EXACT).canister_answer(&[reply(Ok(77u64))]).expect("an answer");
    assert_eq!(parse_amount(&answer), Ok(Amount::new(77)));
}

/// An account of an interface to come: another kind of data.
#[derive(CandidType)]
struct NewAccount {
    lamports: u64,
    data: NewData,
    owner: String,
    executable: bool,
    space: u64,
}

#[derive(CandidType)]
#[expect(non_camel_case_types, reason = "the name is the interface's")]
enum NewData {
    compressed(String),
}

#[test]
fn what_cannot_be_read_is_not_missing() {
    let new = || NewAccount {
        lamports: 5,
        data: NewData::compressed(String::new()),
        owner: "11111111111111111111111111111111".to_owned(),
        executable: false,
        space: 0,
    };
    let replies = [reply(Ok(Some(new()))), reply(Ok(Some(new())))];
    let problem = both_accounts().canister_answer(&replies).expect_err("an unknown form");
    assert!(problem.contains("an account of an unknown form"), "{problem}");
    let other = AccountInfo { data: AccountData::LegacyBinary(Reserved), ..account(5, "") };
    let problem = both_accounts().canister_answer(&[reply(Ok(Some(other)))]).expect_err("another encoding");
    assert!(problem.contains("another encoding"), "{problem}");
    let not_base64 = [reply(Ok(Some(account(5, "?")))), reply(Ok(None::<AccountInfo>))];
    assert_eq!(parse_accounts(&both_accounts().canister_answer(&not_base64).expect("an answer")), Err(Failure::Malformed));
}

fn status(failed: bool, confirmation_status: Option<ConfirmationStatus>) -> TransactionStatus {
    let status = if failed { Err(Reserved) } else { Ok(()) };
    TransactionStatus { slot: 48, status, err: failed.then_some(Reserved), confirmation_status }
}

#[test]
fn its_statuses_read_as_a_nodes_but_prove_no_absence() {
    use ConfirmationStatus::{Confirmed, Finalized};
    let read = |status: Option<TransactionStatus>| {
        let answer = statuses(1, 0).canister_answer(&[reply(Ok(vec![status]))])?;
        Ok(parse_statuses(&answer).expect("statuses").remove(0))
    };
    let found = |error: Option<String>| Ok(StatusLookup::Found(SignatureStatus::Finalized { slot: 48, error }));
    assert_eq!(read(Some(status(false, Some(Finalized)))), found(None));
    assert_eq!(read(Some(status(true, Some(Finalized)))), found(Some("\"the SOL RPC canister reports a failure\"".into())));
    assert_eq!(read(Some(status(false, Some(Confirmed)))), Ok(StatusLookup::Found(SignatureStatus::Pending)));
    assert_eq!(read(None), Ok(StatusLookup::NotFound));
    // Even if somebody asked it: the answer does not say from which slot it is.
    let proof = statuses(1, 100).canister_answer(&[reply(Ok(vec![None::<TransactionStatus>]))]).expect("an answer");
    assert_eq!(parse_statuses(&proof), Ok(vec![StatusLookup::Unavailable]));
    let problem: Result<StatusLookup, String> = read(Some(status(false, None)));
    assert!(problem.expect_err("no commitment").contains("how settled"));
    let contradiction = TransactionStatus { err: None, ..status(true, Some(Finalized)) };
    assert!(read(Some(contradiction)).expect_err("half a failure").contains("contradicts"));
}

#[test]
fn a_broadcast_is_taken_when_the_canister_says_so() {
    let request = Request::Send(published());
    let late = RpcError::JsonRpcError(JsonRpcError { code: -32002, message: "This transaction has already been processed".into() });
    let sent = |reply: Vec<u8>| request.canister_answer(&[reply]).map(|answer| parse_send(&answer));
    for good in [reply(Ok(PUBLISHED_TXID)), reply(Err::<String, _>(late))] {
        assert!(matches!(sent(good), Ok(SendOutcome::Accepted { .. })));
    }
    assert!(matches!(sent(reply(Ok("another id"))), Ok(SendOutcome::Unknown { .. })));
    let disagreement = Encode!(&Multi::<String>::Inconsistent(Reserved)).expect("a reply");
    assert!(sent(disagreement).expect_err("no answer").contains("disagree"));
}

#[test]
fn its_errors_read_as_a_nodes_or_say_what_is_wrong() {
    let request = balance(Reading::EXACT);
    let answer = |error: RpcError| request.canister_answer(&[reply(Err::<u64, _>(error))]);
    let behind = answer(RpcError::JsonRpcError(JsonRpcError { code: -32016, message: "not reached".into() })).expect("a node's");
    assert_eq!(failure_of(&behind), Some(Failure::Rpc { code: -32016, class: RpcErrorClass::MinContextSlot }));
    let http = |status, body: &str| {
        let body = body.to_owned();
        answer(RpcError::HttpOutcallError(HttpOutcallError::InvalidHttpJsonRpcResponse { status, body, parsing_error: Reserved }))
    };
    assert_eq!(failure_of(&http(429, "").expect("a node's")), Some(Failure::RateLimited));
    assert_eq!(failure_of(&http(200, "<html>").expect("a node's")), Some(Failure::NotJson));
    let few = ProviderError::TooFewCycles { expected: 9, received: 5 };
    for (error, expected) in [
        (RpcError::ProviderError(few), "it wants 9 cycles and got 5"),
        (RpcError::ProviderError(ProviderError::UnsupportedCluster("elsewhere".into())), "elsewhere"),
        (RpcError::ValidationError("unheard of".into()), "unheard of"),
        (RpcError::HttpOutcallError(HttpOutcallError::IcError { code: Reserved, message: "timed out".into() }), "timed out"),
    ] {
        let problem = answer(error).expect_err("no answer");
        assert!(problem.contains(expected), "{problem}");
    }
    assert!(no_more_than(&request).contains("0 replies"));
    assert!(request.canister_answer(&[b"nonsense".to_vec()]).expect_err("no Candid").contains("cannot be read"));
    assert!(request.canister_answer(&[reply(Ok("text"))]).expect_err("another type").contains("cannot be read"));
}

#[test]
fn a_reply_that_unpacks_to_more_than_it_is_is_refused() {
    // A vector of a billion nulls takes a few bytes.
    let bomb = Encode!(&vec![Reserved; 3]).expect("a reply");
    let long = [&bomb[..bomb.len() - 1], &[0x80, 0x94, 0xeb, 0xdc, 0x03]].concat();
    assert!(Decode!(&bomb, Vec<Reserved>).is_ok());
    for request in [statuses(1, 0), balance(Reading::EXACT), both_accounts(), Request::Send(published())] {
        assert!(request.canister_answer(std::slice::from_ref(&long)).is_err());
    }
}
