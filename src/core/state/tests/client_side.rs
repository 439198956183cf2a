use super::fixture::*;
use super::wallets::{assert_replays, create};
use crate::base::{Amount, Asset, Bytes, Chain, MINUTE_NS, TransferId, WalletId};
use crate::chains::kaspa::script::{ScriptForm, ScriptPublicKey};
use crate::chains::kaspa::transfer::KaspaBuilt;
use crate::chains::registry::Built;
use crate::chains::solana::transfer::SolanaBuilt;
use crate::chains::{kaspa, solana};
use crate::state::Refusal;
use crate::transfer::{BuiltTx, Status, TransferRequest};
use crate::wallet::{KeyKind, NewKeys, NewWallet};
use candid::Principal;

fn ed25519() -> ic_ed25519::PrivateKey {
    ic_ed25519::PrivateKey::deserialize_raw_32(&[42; 32])
}

fn secp256k1() -> ic_secp256k1::PrivateKey {
    ic_secp256k1::PrivateKey::deserialize_sec1(&[43; 32]).unwrap()
}

/// An installation whose second wallet is the stranger's, with keys of the stranger's.
fn owned() -> (TestState, WalletId) {
    let mut state = installed();
    let keys = NewKeys::ClientSide {
        solana: Some(Bytes::new(ed25519().public_key().serialize_raw())),
        kaspa: Some(Bytes::new(secp256k1().public_key().serialize_sec1(true))),
    };
    let wallet = create(&mut state, NewWallet { owner: Some(stranger()), keys, ..NewWallet::from("own") });
    let decided = state.decide_add_agent(admin(), wallet, agent());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_set_policy(admin(), wallet, rules(PER_TRANSACTION, DAILY), at(0)).unwrap();
    state.commit(decided, at(0));
    (state, wallet)
}

/// A transfer of SOL whose message is recorded.
fn built_sol(state: &mut TestState, wallet: WalletId, blockhash: u8) -> TransferId {
    let id = accepted(state, TransferRequest { wallet, ..sol(1_000, &blockhash.to_string()) }, at(0));
    let payment = solana::Payment {
        kind: solana::PaymentKind::Lamports { to: solana::Address::from_bytes([5; 32]), lamports: Amount::new(1_000) },
        memo: None,
    };
    let plan = solana::Plan {
        payer: solana::Address::from_bytes(ed25519().public_key().serialize_raw()),
        recent_hash: solana::RecentHash::Blockhash(solana::Blockhash::from_bytes([blockhash; 32])),
        budget: None,
        operation: solana::Operation::Pay(vec![payment]),
    };
    let unsigned = plan.build();
    let unsigned = Bytes::new(unsigned.unwrap().message_bytes());
    let decided =
        state.decide_built(id, BuiltTx { unsigned, fee: Amount::new(5_000), details: Built::Solana(SolanaBuilt::default()) });
    done(state, decided, at(0));
    id
}

/// A transfer of KAS with two inputs whose transaction is recorded.
fn built_kas(state: &mut TestState, wallet: WalletId, source: KeyKind) -> TransferId {
    let request = TransferRequest {
        wallet,
        asset: Asset::Kas,
        params: kaspa_params(),
        to: recipient(Chain::Kaspa, 5),
        max_fee: Amount::new(1_000_000),
        source,
        ..sol(1_000, &format!("{source:?}"))
    };
    let id = accepted(state, request, at(0));
    let script = kaspa_key(source).script_public_key();
    let number = if source == KeyKind::KaspaSchnorr { 1 } else { 3 };
    let spent: Vec<kaspa::Utxo> = [number, number + 1]
        .map(|n| kaspa::Utxo {
            outpoint: kaspa::Outpoint { transaction: kaspa::TxId([n; 32]), index: 0 },
            amount: Amount::new(1_000_000_000),
            script: script.clone(),
            block_daa_score: 1,
            is_coinbase: false,
        })
        .into();
    let to = ScriptPublicKey::pay_to(ScriptForm::PubKey([5; 32]));
    let outputs = vec![kaspa::Output { amount: Amount::new(1_000), script: to }];
    let transaction = kaspa::Transaction::unsigned(spent.iter().map(|utxo| utxo.outpoint), outputs);
    let unsigned = kaspa::UnsignedTx { transaction, spent };
    let inputs = unsigned.outpoints().map(|outpoint| Bytes::new(outpoint.to_bytes())).collect();
    let unsigned = Bytes::new(unsigned.to_bytes().unwrap());
    let built = BuiltTx { unsigned, fee: Amount::new(1_000_000), details: Built::Kaspa(KaspaBuilt { inputs }) };
    let decided = state.decide_built(id, built);
    done(state, decided, at(0));
    id
}

fn kaspa_key(source: KeyKind) -> kaspa::WalletKey {
    let scheme = if source == KeyKind::KaspaSchnorr { kaspa::KeyKind::Schnorr } else { kaspa::KeyKind::Ecdsa };
    kaspa::WalletKey::new(scheme, &secp256k1().public_key().serialize_sec1(true)).unwrap()
}

fn messages(state: &TestState, id: TransferId) -> Vec<Bytes> {
    state.signing_request(&state.transfer(id).unwrap()).expect("it waits for signatures").0
}

fn sign(source: KeyKind, message: &[u8]) -> Vec<u8> {
    match source {
        KeyKind::Solana => ed25519().sign_message(message).to_vec(),
        KeyKind::KaspaSchnorr => secp256k1().sign_message_with_bip340_no_rng(message).to_vec(),
        KeyKind::KaspaEcdsa => secp256k1().sign_digest_with_ecdsa(message).to_vec(),
    }
}

fn problem(state: &TestState, caller: Principal, id: TransferId, signatures: &[Vec<u8>]) -> String {
    state.decide_client_signatures(caller, id, signatures, at(1)).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn what_the_registered_key_signed_goes_on_and_nothing_else_does() {
    let (mut state, wallet) = owned();
    for source in [KeyKind::Solana, KeyKind::KaspaSchnorr, KeyKind::KaspaEcdsa] {
        let id = match source {
            KeyKind::Solana => built_sol(&mut state, wallet, 1),
            _ => built_kas(&mut state, wallet, source),
        };
        let messages = messages(&state, id);
        assert_eq!(messages.len(), if source == KeyKind::Solana { 1 } else { 2 });
        let good: Vec<Vec<u8>> = messages.iter().map(|message| sign(source, message)).collect();
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap().last_mut().unwrap() ^= 1;
        let other = messages.iter().map(|message| sign(source, &[&[message[0] ^ 1], &message[1..]].concat())).collect();
        let cut = good.iter().map(|signature| signature[..63].to_vec()).collect();
        for (name, bad) in [
            ("flipped", flipped),
            ("of another message", other),
            ("cut", cut),
            ("none", Vec::new()),
            ("one too many", [&good[..], &good[..1]].concat()),
        ] {
            let refusal = problem(&state, stranger(), id, &bad);
            assert!(refusal.starts_with("signatures: "), "{source:?} {name}: {refusal}");
        }
        let decided = state.decide_client_signatures(stranger(), id, &good, at(1));
        done(&mut state, decided, at(1));
        let transfer = state.transfer(id).unwrap();
        assert_eq!(transfer.status, Status::Signed);
        let txid = match source {
            KeyKind::Solana => solana::TxSignature::from_bytes(good[0][..].try_into().unwrap()).to_string(),
            _ => kaspa::UnsignedTx::from_bytes(&transfer.built.as_ref().unwrap().unsigned).unwrap().transaction.id().to_string(),
        };
        assert_eq!(transfer.signed.as_ref().unwrap().txid, txid);
        assert!(state.signing_request(&transfer).is_none());
        assert!(problem(&state, stranger(), id, &good).contains("waits for signatures"), "once");
    }
    assert_replays(&state);
}

#[test]
fn inputs_signed_in_another_order_are_refused() {
    let (mut state, wallet) = owned();
    let id = built_kas(&mut state, wallet, KeyKind::KaspaSchnorr);
    let swapped: Vec<Vec<u8>> = messages(&state, id).iter().rev().map(|message| sign(KeyKind::KaspaSchnorr, message)).collect();
    assert_eq!(
        problem(&state, stranger(), id, &swapped),
        "signatures: input 0: the signature does not match the key and the digest"
    );
}

#[test]
fn the_owner_and_the_agent_who_asked_hand_signatures_in() {
    let (mut state, wallet) = owned();
    let decided = state.decide_add_agent(admin(), wallet, principal(4));
    done(&mut state, decided, at(0));
    let id = built_sol(&mut state, wallet, 1);
    let good = vec![sign(KeyKind::Solana, &messages(&state, id)[0])];
    let code = |caller| state.decide_client_signatures(caller, id, &good, at(1)).map_or_else(|refusal| refusal.code(), |_| "OK");
    let callers = [admin(), guardian(), agent(), principal(4), stranger(), Principal::anonymous()];
    let no = "AUTH_FAILED";
    assert_eq!(callers.map(code), [no, no, "OK", no, "OK", no]);
    let decided = state.decide_emergency(guardian(), true, String::new(), at(1));
    done(&mut state, decided, at(1));
    assert!(problem(&state, stranger(), id, &good).contains("the emergency to end"));
}

#[test]
fn the_canister_signs_for_no_client_side_wallet_and_owners_for_no_threshold_wallet() {
    let (mut state, wallet) = owned();
    let id = built_sol(&mut state, wallet, 1);
    let refused = state.decide_signed(id, signed());
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "wallet_id", .. })), "{refused:?}");
    let theirs = accepted(&mut state, sol(1_000, "k"), at(0));
    let decided = state.decide_built(theirs, built(theirs));
    done(&mut state, decided, at(0));
    assert!(state.signing_request(&state.transfer(theirs).unwrap()).is_none());
    assert_eq!(problem(&state, agent(), theirs, &[vec![0; 64]]), "transfer_id: the canister signs for this wallet");
}

#[test]
fn what_nobody_signs_within_ten_minutes_ends_and_is_not_built_again() {
    let (mut state, wallet) = owned();
    let id = built_sol(&mut state, wallet, 1);
    let good = vec![sign(KeyKind::Solana, &messages(&state, id)[0])];
    let late = 10 * MINUTE_NS;
    assert!(state.decide_signing_timeout(id, at(late - 1)).unwrap().is_none());
    assert!(state.decide_client_signatures(agent(), id, &good, at(late - 1)).is_ok());
    assert!(state.decide_client_signatures(agent(), id, &good, at(late)).is_err());
    let decided = state.decide_signing_timeout(id, at(late)).unwrap().unwrap();
    state.commit(decided, at(late));
    let transfer = state.transfer(id).unwrap();
    assert_eq!((transfer.status, transfer.attempt), (Status::Failed, 1));
    assert_eq!(state.usage(wallet, Asset::Sol, at(late)).reserved, Amount::ZERO);
}
