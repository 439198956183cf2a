use super::*;
use crate::chains::solana::fixtures::{PUBLISHED_TXID, PUBLISHED_WIRE, payer, published_transfer, published_wire, sign};
use proptest::prelude::*;

fn transfer_of(lamports: u64) -> SystemTransfer {
    SystemTransfer { lamports: Amount::new(lamports), ..published_transfer() }
}

fn signed() -> SignedTx {
    let unsigned = build_transfer(&published_transfer()).expect("a message");
    let signature = sign(unsigned.message_bytes());
    unsigned.attach(signature).expect("a good signature")
}

/// The legacy format of a transfer, written down from its specification.
fn layout(transfer: &SystemTransfer) -> Vec<u8> {
    let mut message = vec![1, 0, 1, 3];
    for key in [*transfer.from.as_bytes(), *transfer.to.as_bytes(), [0; 32], *transfer.blockhash.as_bytes()] {
        message.extend_from_slice(&key);
    }
    // One instruction: program 2, accounts 0 and 1, twelve bytes of data: tag 2 and the lamports.
    message.extend_from_slice(&[1, 2, 2, 0, 1, 12, 2, 0, 0, 0]);
    message.extend_from_slice(&transfer.lamports.get().to_le_bytes());
    message
}

#[test]
fn the_published_transaction_is_rebuilt_to_the_byte() {
    let signed = signed();
    assert_eq!(signed.wire_bytes(), published_wire());
    assert_eq!(signed.to_base64(), PUBLISHED_WIRE);
    assert_eq!(signed.txid().to_string(), PUBLISHED_TXID);
    assert_eq!(signed.transfer(), &published_transfer());
    assert_eq!(signed.verify(), Ok(()));
}

#[test]
fn a_transfer_has_the_expected_size() {
    let unsigned = build_transfer(&published_transfer()).expect("a message");
    assert_eq!(unsigned.message_bytes().len(), 150);
    assert_eq!(signed().wire_bytes().len(), 215);
    assert_eq!(unsigned.transfer(), &published_transfer());
}

#[test]
fn senseless_transfers_are_not_built() {
    assert_eq!(build_transfer(&transfer_of(0)), Err(BuildError::ZeroAmount));
    assert_eq!(build_transfer(&SystemTransfer { to: payer(), ..transfer_of(1) }), Err(BuildError::SelfTransfer));
    let to_system = SystemTransfer { to: known::SYSTEM_PROGRAM, ..transfer_of(1) };
    assert_eq!(build_transfer(&to_system), Err(BuildError::NotARecipient { name: "system program" }));
    let to_token = SystemTransfer { to: known::TOKEN_PROGRAM, ..transfer_of(1) };
    assert_eq!(build_transfer(&to_token), Err(BuildError::NotARecipient { name: "token program" }));
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
    let unsigned = build_transfer(&published_transfer()).expect("a message");
    let refused = |signature| assert_eq!(unsigned.attach(signature), Err(AttachError::InvalidSignature));
    refused(TxSignature::from_bytes([0; 64]));
    refused(sign(b"another message"));
    let stranger = ic_ed25519::PrivateKey::deserialize_raw_32(&[9; 32]);
    refused(TxSignature::from_bytes(stranger.sign_message(unsigned.message_bytes())));
    let other = build_transfer(&transfer_of(50)).expect("a message");
    refused(sign(other.message_bytes()));
}

#[test]
fn stored_bytes_are_read_back() {
    let unsigned = build_transfer(&published_transfer()).expect("a message");
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
        let transfer = SystemTransfer {
            from: Address::from_bytes(key.public_key().serialize_raw()),
            to: Address::from_bytes(to),
            lamports: Amount::new(lamports),
            blockhash: Blockhash::from_bytes(hash),
        };
        let unsigned = build_transfer(&transfer).expect("a message");
        prop_assert_eq!(unsigned.message_bytes(), layout(&transfer));

        let signature = TxSignature::from_bytes(key.sign_message(unsigned.message_bytes()));
        let signed = unsigned.attach(signature).expect("a good signature");
        prop_assert_eq!(signed.wire_bytes(), [&[1], signature.as_bytes().as_slice(), unsigned.message_bytes()].concat());
        prop_assert_eq!(signed.txid(), signature);
        prop_assert_eq!(SignedTx::decode(signed.wire_bytes()), Ok(signed));
    }
}
