use super::*;
use crate::chains::solana::fixtures::{payer, published_transfer, published_wire, recipient, sign};
use proptest::prelude::*;
use solana_address::Address as SolanaAddress;
use solana_hash::Hash;
use solana_instruction::{AccountMeta, Instruction};
use solana_message::v0;
use solana_system_interface::instruction as system;

fn published_message() -> Vec<u8> {
    published_wire().split_off(65)
}

fn hash() -> Hash {
    Hash::new_from_array(*published_transfer().blockhash.as_bytes())
}

fn addresses() -> (SolanaAddress, SolanaAddress) {
    (payer().into(), recipient().into())
}

/// The description of a legacy message made of these instructions and paid by the payer.
fn described(instructions: &[Instruction]) -> Result<SystemTransfer, DescribeError> {
    describe_message(&Message::new_with_blockhash(instructions, Some(&payer().into()), &hash()).serialize())
}

/// The description of the published message after a change to its decoded form.
fn changed(change: impl FnOnce(&mut Message)) -> Result<SystemTransfer, DescribeError> {
    let (from, to) = addresses();
    let mut message = Message::new_with_blockhash(&[system::transfer(&from, &to, 49)], Some(&from), &hash());
    change(&mut message);
    describe_message(&message.serialize())
}

#[test]
fn the_published_transaction_is_described() {
    assert_eq!(describe_message(&published_message()), Ok(published_transfer()));
    let signature = sign(&published_message());
    assert_eq!(describe_wire(&published_wire()), Ok((signature, published_transfer())));
    assert_eq!(changed(|_| {}), Ok(published_transfer()));
}

#[test]
fn every_field_that_differs_from_the_intent_is_named() {
    let intent = published_transfer();
    let found = describe_message(&published_message()).expect("a transfer");
    assert_eq!(found.require(&intent), Ok(()));
    let other = Address::from_bytes([7; 32]);
    let mismatch = Mismatch::From { expected: other, found: intent.from };
    assert_eq!(found.require(&SystemTransfer { from: other, ..intent }), Err(mismatch));
    let mismatch = Mismatch::To { expected: other, found: intent.to };
    assert_eq!(found.require(&SystemTransfer { to: other, ..intent }), Err(mismatch));
    let more = Amount::new(50);
    let mismatch = Mismatch::Lamports { expected: more, found: intent.lamports };
    assert_eq!(found.require(&SystemTransfer { lamports: more, ..intent }), Err(mismatch));
    let later = Blockhash::from_bytes([7; 32]);
    let mismatch = Mismatch::Blockhash { expected: later, found: intent.blockhash };
    assert_eq!(found.require(&SystemTransfer { blockhash: later, ..intent }), Err(mismatch));
}

#[test]
fn every_flipped_bit_of_a_message_is_noticed() {
    let message = published_message();
    for bit in 0..message.len() * 8 {
        let mut tampered = message.clone();
        tampered[bit / 8] ^= 1 << (bit % 8);
        let accepted = describe_message(&tampered).is_ok_and(|found| found.require(&published_transfer()).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn cut_and_extended_bytes_are_refused() {
    let message = published_message();
    for length in 0..message.len() {
        assert_eq!(describe_message(&message[..length]), Err(DescribeError::Undecodable), "{length} bytes");
    }
    let wire = published_wire();
    for length in 0..wire.len() {
        assert!(describe_wire(&wire[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(describe_message(&[message, vec![0]].concat()), Err(DescribeError::NotCanonical));
    assert_eq!(describe_wire(&[wire, vec![0]].concat()), Err(DescribeError::NotCanonical));
}

#[test]
fn more_than_a_packet_is_not_even_decoded() {
    for bytes in [MAX_TRANSACTION_BYTES + 1, 1 << 20] {
        assert_eq!(describe_message(&vec![1; bytes]), Err(DescribeError::TooLarge { bytes }));
        assert_eq!(describe_wire(&vec![1; bytes]), Err(DescribeError::TooLarge { bytes }));
    }
}

#[test]
fn a_longer_encoding_of_the_same_message_is_refused() {
    // The count of accounts, 3, written in two bytes.
    let message = published_message();
    let longer = [&message[..3], &[0x83, 0x00], &message[4..]].concat();
    let refusal = describe_message(&longer).expect_err("not canonical");
    assert!(matches!(refusal, DescribeError::Undecodable | DescribeError::NotCanonical), "{refusal}");
}

#[test]
fn versioned_messages_are_refused() {
    let (from, to) = addresses();
    let v0 = v0::Message::try_compile(&from, &[system::transfer(&from, &to, 49)], &[], hash()).expect("a message");
    assert_eq!(describe_message(&VersionedMessage::V0(v0).serialize()), Err(DescribeError::NotLegacy));
    let mut future = published_message();
    future[0] = 0x81;
    assert!(describe_message(&future).is_err());
}

#[test]
fn a_second_instruction_is_refused() {
    let (from, to) = addresses();
    let transfer = system::transfer(&from, &to, 49);
    assert_eq!(described(&[]), Err(DescribeError::Header));
    assert_eq!(described(&[transfer.clone(), transfer.clone()]), Err(DescribeError::Instructions { found: 2 }));
    assert_eq!(changed(|message| message.instructions.clear()), Err(DescribeError::Instructions { found: 0 }));
    let memo = Instruction::new_with_bytes(SolanaAddress::from([5; 32]), b"pay", vec![]);
    assert!(described(&[transfer, memo]).is_err());
}

#[test]
fn other_signers_and_accounts_are_refused() {
    let (from, to) = addresses();
    let third = SolanaAddress::from([6; 32]);
    // Somebody else transfers while the payer pays the fee only.
    assert_eq!(described(&[system::transfer(&third, &to, 49)]), Err(DescribeError::Header));
    // The recipient must sign as well.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts[1].is_signer = true;
    assert_eq!(described(&[instruction]), Err(DescribeError::Header));
    // The recipient is not writable.
    assert_eq!(changed(|message| message.header.num_readonly_unsigned_accounts = 2), Err(DescribeError::Header));
    // A bystander.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts.push(AccountMeta::new(third, false));
    assert_eq!(described(&[instruction]), Err(DescribeError::Accounts { found: 4 }));
    // The recipient is named twice.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts.push(AccountMeta::new(to, false));
    assert_eq!(described(&[instruction]), Err(DescribeError::NotATransfer));
}

#[test]
fn other_programs_are_refused() {
    let (from, to) = addresses();
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.program_id = SolanaAddress::from([6; 32]);
    assert_eq!(described(&[instruction]), Err(DescribeError::Program { found: Address::from_bytes([6; 32]) }));
    assert_eq!(changed(|message| message.instructions[0].program_id_index = 1), Err(DescribeError::NotATransfer));
}

#[test]
fn other_instructions_of_the_system_program_are_refused() {
    for data in [
        vec![],
        vec![2, 0, 0, 0],
        vec![2, 0, 0, 0, 49, 0, 0, 0, 0, 0, 0],
        vec![2, 0, 0, 0, 49, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![0, 0, 0, 0, 49, 0, 0, 0, 0, 0, 0, 0],
        vec![3, 0, 0, 0, 49, 0, 0, 0, 0, 0, 0, 0],
        vec![2, 0, 0, 1, 49, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(changed(|message| message.instructions[0].data = data.clone()), Err(DescribeError::NotATransfer), "{data:?}");
    }
    for accounts in [vec![], vec![0], vec![1, 0], vec![0, 0], vec![0, 2], vec![0, 1, 1], vec![0, 255]] {
        let found = changed(|message| message.instructions[0].accounts = accounts.clone());
        assert_eq!(found, Err(DescribeError::NotATransfer), "{accounts:?}");
    }
}

#[test]
fn a_transfer_that_would_not_be_built_is_refused() {
    let (from, _) = addresses();
    assert_eq!(changed(|message| message.instructions[0].data[4..].fill(0)), Err(DescribeError::Refused(BuildError::ZeroAmount)));
    assert_eq!(changed(|message| message.account_keys[1] = from), Err(DescribeError::Refused(BuildError::SelfTransfer)));
    let token_program = known::TOKEN_PROGRAM.into();
    assert_eq!(
        changed(|message| message.account_keys[1] = token_program),
        Err(DescribeError::Refused(BuildError::NotARecipient { name: "token program" }))
    );
}

#[test]
fn exactly_one_signature_is_accepted() {
    let message = published_message();
    let with = |count: u8| [vec![count], vec![7; 64 * usize::from(count)], message.clone()].concat();
    assert_eq!(describe_wire(&with(0)), Err(DescribeError::Signatures { found: 0 }));
    assert_eq!(describe_wire(&with(1)), Ok((TxSignature::from_bytes([7; 64]), published_transfer())));
    assert_eq!(describe_wire(&with(2)), Err(DescribeError::Signatures { found: 2 }));
}

proptest! {
    #[test]
    fn a_built_transfer_is_described_as_intended(from: [u8; 32], to: [u8; 32], lamports in 1u64.., hash: [u8; 32]) {
        let intent = SystemTransfer {
            from: Address::from_bytes(from),
            to: Address::from_bytes(to),
            lamports: Amount::new(lamports),
            blockhash: Blockhash::from_bytes(hash),
        };
        prop_assume!(from != [0; 32] && from != to);
        let unsigned = build_transfer(&intent).expect("a message");
        let found = describe_message(unsigned.message_bytes()).expect("a transfer");
        prop_assert_eq!(found, intent);
        prop_assert_eq!(found.require(&intent), Ok(()));
    }

    #[test]
    fn changed_bytes_never_pass_for_the_intent(
        changes in prop::collection::vec((0usize..150, 1u8..), 1..6),
    ) {
        let original = published_message();
        let mut message = original.clone();
        changes.iter().for_each(|(index, mask)| message[*index] ^= mask);
        prop_assume!(message != original);
        let accepted = describe_message(&message).is_ok_and(|found| found.require(&published_transfer()).is_ok());
        prop_assert!(!accepted);
    }

    #[test]
    fn whatever_is_described_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(transfer) = describe_message(&bytes) {
            let message = build_transfer(&transfer).expect("a message");
            prop_assert_eq!(message.message_bytes(), bytes.as_slice());
        }
        if let Ok((signature, transfer)) = describe_wire(&bytes) {
            let message = build_transfer(&transfer).expect("a message");
            prop_assert_eq!([&[1], signature.as_bytes().as_slice(), message.message_bytes()].concat(), bytes);
        }
    }
}
