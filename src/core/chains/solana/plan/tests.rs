use super::*;
use crate::chains::solana::fixtures::{
    PUBLISHED_TXID, PUBLISHED_WIRE, payer, pays, published_plan, published_wire, recipient, sign,
};
use crate::chains::solana::keys::InvalidSignature;
use crate::chains::solana::{AttachError, SignedTx, TxSignature, UnsignedTx};
use proptest::prelude::*;

fn transfer_of(lamports: u64) -> Plan {
    pays(recipient(), lamports)
}

fn signed() -> SignedTx {
    let unsigned = published_plan().build().expect("a message");
    let signature = sign(unsigned.message_bytes());
    unsigned.attach(signature).expect("a good signature")
}

/// The legacy format of a transfer, written down from its specification.
fn layout(from: &Address, to: &Address, lamports: u64, hash: &Blockhash) -> Vec<u8> {
    let mut message = vec![1, 0, 1, 3];
    for key in [*from.as_bytes(), *to.as_bytes(), [0; 32], *hash.as_bytes()] {
        message.extend_from_slice(&key);
    }
    // One instruction: program 2, accounts 0 and 1, twelve bytes of data: tag 2 and the lamports.
    message.extend_from_slice(&[1, 2, 2, 0, 1, 12, 2, 0, 0, 0]);
    message.extend_from_slice(&lamports.to_le_bytes());
    message
}

#[test]
fn the_published_transaction_is_rebuilt_to_the_byte() {
    let signed = signed();
    assert_eq!(signed.wire_bytes(), published_wire());
    assert_eq!(signed.to_base64(), PUBLISHED_WIRE);
    assert_eq!(signed.txid().to_string(), PUBLISHED_TXID);
    assert_eq!(signed.plan(), &published_plan());
    assert_eq!(signed.verify(), Ok(()));
}

#[test]
fn a_transfer_has_the_expected_size() {
    let unsigned = published_plan().build().expect("a message");
    assert_eq!(unsigned.message_bytes().len(), 150);
    assert_eq!(signed().wire_bytes().len(), 215);
    assert_eq!(unsigned.plan(), &published_plan());
}

#[test]
fn senseless_transfers_are_not_built() {
    assert_eq!(transfer_of(0).build(), Err(BuildError::ZeroAmount));
    assert_eq!(pays(payer(), 1).build(), Err(BuildError::SelfTransfer));
    assert_eq!(pays(known::SYSTEM_PROGRAM, 1).build(), Err(BuildError::NotARecipient { name: "system program" }));
    assert_eq!(pays(known::TOKEN_PROGRAM, 1).build(), Err(BuildError::NotARecipient { name: "token program" }));
    assert_eq!(Plan { operation: Operation::Pay(Vec::new()), ..published_plan() }.build(), Err(BuildError::Empty));
    let account = Address::from_bytes([5; 32]);
    let nonce = RecentHash::Nonce { account, value: published_plan().recent_hash.hash() };
    for operation in [Operation::CreateNonce { index: 0, lamports: Amount::new(1) }, Operation::Revoke { account }] {
        assert!(Plan { operation: operation.clone(), ..published_plan() }.build().is_ok());
        assert_eq!(
            Plan { recent_hash: nonce, operation, ..published_plan() }.build(),
            Err(BuildError::RecentHash),
            "it lands whatever nonces do"
        );
    }
}

#[test]
fn a_memo_has_between_1_and_256_bytes() {
    let with = |memo: &str| {
        let payment =
            Payment { kind: PaymentKind::Lamports { to: recipient(), lamports: Amount::new(1) }, memo: Some(memo.into()) };
        Plan { operation: Operation::Pay(vec![payment]), ..published_plan() }.build().map(drop)
    };
    assert_eq!(with(""), Err(BuildError::Memo { bytes: 0 }));
    assert_eq!(with(&"m".repeat(256)), Ok(()));
    assert_eq!(with(&"m".repeat(257)), Err(BuildError::Memo { bytes: 257 }));
}

#[test]
fn a_token_account_must_follow_from_its_owner() {
    let (mint, owner) = (Address::from_bytes([6; 32]), recipient());
    let destination = derived::token_account(&owner, &mint, TokenProgram::Classic).expect("an address");
    let with = |destination, create_for| {
        let program = TokenProgram::Classic;
        let payment = TokenPayment { program, mint, destination, create_for, amount: Amount::new(1), decimals: 0 };
        Plan { operation: Operation::Pay(vec![Payment { kind: PaymentKind::Tokens(payment), memo: None }]), ..published_plan() }
            .build()
            .map(drop)
    };
    assert_eq!(with(destination, Some(owner)), Ok(()));
    assert_eq!(with(destination, Some(payer())), Err(BuildError::TokenAccount));
    let own = derived::token_account(&payer(), &mint, TokenProgram::Classic).expect("an address");
    assert_eq!(with(own, None), Err(BuildError::SelfTransfer));
}

#[test]
fn the_priority_fee_is_the_price_of_all_units_rounded_up() {
    let fee = |limit, price| Plan { budget: Some(Budget { limit, price }), ..published_plan() }.fee();
    assert_eq!(fee(500, 1_000), Some(Amount::new(5_001)));
    assert_eq!(fee(30_000, 1_000), Some(Amount::new(5_030)));
    assert_eq!(fee(0, u64::MAX), Some(Amount::new(5_000)));
    assert_eq!(fee(u32::MAX, u64::MAX), None);
    assert_eq!(published_plan().fee(), Some(Amount::new(5_000)));
}

#[test]
fn without_a_limit_the_units_are_what_the_chain_allows_the_instructions() {
    let plan = transfer_of(5);
    assert_eq!(plan.default_units(), 9_000, "a transfer, and the two instructions that a budget takes");
    let budget = Some(Budget { limit: 9, price: 1 });
    assert_eq!(Plan { budget, ..plan.clone() }.default_units(), 9_000, "the same with them");
    let memo = |plan: &Plan| match &plan.operation {
        Operation::Pay(payments) => {
            let payments = payments.iter().map(|payment| Payment { memo: Some("hi".to_owned()), ..payment.clone() });
            Plan { operation: Operation::Pay(payments.collect()), ..plan.clone() }
        }
        _ => panic!("it pays"),
    };
    assert_eq!(memo(&plan).default_units(), 209_000, "a memo is no program of the runtime's own");
    let Operation::Pay(payments) = memo(&plan).operation else { panic!("it pays") };
    let many = Plan { operation: Operation::Pay(vec![payments[0].clone(); 8]), ..plan };
    assert_eq!(many.default_units(), MAX_UNITS);
}

#[test]
fn the_size_limit_is_that_of_a_packet() {
    // 1 byte for the count, 64 for the signature, the rest for the message.
    assert_eq!(check_size(1_167, 1), Ok(()));
    assert_eq!(check_size(1_168, 1), Err(BuildError::TooLarge { bytes: 1_233 }));
    assert_eq!(check_size(1_103, 2), Ok(()));
    assert_eq!(check_size(1_104, 2), Err(BuildError::TooLarge { bytes: 1_233 }));
    assert_eq!(check_size(usize::MAX, usize::MAX), Err(BuildError::TooLarge { bytes: usize::MAX }));
}

#[test]
fn the_fee_is_5000_lamports_for_each_signature() {
    assert_eq!(signature_fee(1), Some(Amount::new(5_000)));
    assert_eq!(signature_fee(2), Some(Amount::new(10_000)));
    assert_eq!(signature_fee(u64::MAX), None);
}

#[test]
fn only_the_payers_signature_over_this_message_is_attached() {
    let unsigned = published_plan().build().expect("a message");
    let refused = |signature| assert_eq!(unsigned.attach(signature), Err(AttachError::InvalidSignature));
    refused(TxSignature::from_bytes([0; 64]));
    refused(sign(b"another message"));
    let stranger = ic_ed25519::PrivateKey::deserialize_raw_32(&[9; 32]);
    refused(TxSignature::from_bytes(stranger.sign_message(unsigned.message_bytes())));
    let other = transfer_of(50).build().expect("a message");
    refused(sign(other.message_bytes()));
}

#[test]
fn stored_bytes_are_read_back() {
    let unsigned = published_plan().build().expect("a message");
    assert_eq!(UnsignedTx::decode(unsigned.message_bytes()), Ok(unsigned.clone()));
    assert_eq!(SignedTx::decode(&published_wire()), Ok(signed()));
    assert_eq!(SignedTx::decode(unsigned.message_bytes()).map_err(|_| ()), Err(()), "a message is no transaction");
    assert_eq!(UnsignedTx::decode(&published_wire()).map_err(|_| ()), Err(()), "a transaction is no message");
}

#[test]
fn every_flipped_bit_of_a_signed_transaction_is_noticed() {
    let wire = published_wire();
    for bit in 0..wire.len() * 8 {
        let mut tampered = wire.clone();
        tampered[bit / 8] ^= 1 << (bit % 8);
        let accepted = SignedTx::decode(&tampered).is_ok_and(|tx| tx.verify().is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn an_unverified_signature_is_found_out() {
    let mut wire = published_wire();
    wire[1] ^= 1;
    let tampered = SignedTx::decode(&wire).expect("the format is right");
    assert_ne!(tampered.txid(), signed().txid());
    assert_eq!(tampered.verify(), Err(InvalidSignature));
}

proptest! {
    #[test]
    fn every_message_has_the_specified_layout(seed: [u8; 32], to: [u8; 32], lamports in 1u64.., hash: [u8; 32]) {
        let key = ic_ed25519::PrivateKey::deserialize_raw_32(&seed);
        let (from, to, hash) = (Address::from_bytes(key.public_key().serialize_raw()), Address::from_bytes(to), Blockhash::from_bytes(hash));
        let plan = Plan { payer: from, recent_hash: RecentHash::Blockhash(hash), ..pays(to, lamports) };
        let unsigned = plan.build().expect("a message");
        prop_assert_eq!(unsigned.message_bytes(), layout(&from, &to, lamports, &hash));

        let signature = TxSignature::from_bytes(key.sign_message(unsigned.message_bytes()));
        let signed = unsigned.attach(signature).expect("a good signature");
        prop_assert_eq!(signed.wire_bytes(), [&[1], signature.as_bytes().as_slice(), unsigned.message_bytes()].concat());
        prop_assert_eq!(signed.txid(), signature);
        prop_assert_eq!(SignedTx::decode(signed.wire_bytes()), Ok(signed));
    }
}
