use super::*;
use crate::chains::solana::fixtures::{payer, published_plan, published_wire, recipient, sign};
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
    Hash::new_from_array(*published_plan().recent_hash.hash().as_bytes())
}

fn addresses() -> (SolanaAddress, SolanaAddress) {
    (payer().into(), recipient().into())
}

/// The description of a legacy message made of these instructions and paid by the payer.
fn described(instructions: &[Instruction]) -> Result<Plan, DescribeError> {
    describe_message(&Message::new_with_blockhash(instructions, Some(&payer().into()), &hash()).serialize())
}

/// The description of the published message after a change to its decoded form.
fn changed(change: impl FnOnce(&mut Message)) -> Result<Plan, DescribeError> {
    let (from, to) = addresses();
    let mut message = Message::new_with_blockhash(&[system::transfer(&from, &to, 49)], Some(&from), &hash());
    change(&mut message);
    describe_message(&message.serialize())
}

#[test]
fn the_published_transaction_is_described() {
    assert_eq!(describe_message(&published_message()), Ok(published_plan()));
    let signature = sign(&published_message());
    assert_eq!(describe_wire(&published_wire()), Ok((signature, published_plan())));
    assert_eq!(changed(|_| {}), Ok(published_plan()));
}

#[test]
fn every_flipped_bit_of_a_message_is_noticed() {
    let message = published_message();
    for bit in 0..message.len() * 8 {
        let mut tampered = message.clone();
        tampered[bit / 8] ^= 1 << (bit % 8);
        let accepted = describe_message(&tampered).is_ok_and(|found| found == published_plan());
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
fn instructions_that_are_never_made_are_refused() {
    let (from, to) = addresses();
    let transfer = system::transfer(&from, &to, 49);
    let third = SolanaAddress::from([6; 32]);
    let refused = |index| Err(DescribeError::Instruction { index });
    assert_eq!(described(&[]), Err(DescribeError::Refused(BuildError::Empty)));
    assert_eq!(described(&[transfer.clone(), Instruction::new_with_bytes(third, b"pay", vec![])]), refused(1));
    assert_eq!(described(&[system::assign(&from, &third)]), refused(0));
    assert_eq!(described(&[system::create_account(&from, &to, 49, 0, &third)]), refused(0));
    assert_eq!(described(&[system::withdraw_nonce_account(&to, &from, &third, 49)]), refused(0));
    assert_eq!(described(&[transfer.clone(), system::advance_nonce_account(&to, &from)]), refused(1), "only the first may");
    assert_eq!(described(&[system::authorize_nonce_account(&to, &from, &third)]), refused(0));
    let mut approve =
        spl_token_interface::instruction::approve(&spl_token_interface::ID, &to, &third, &from, &[], 49).expect("it builds");
    assert_eq!(described(&[approve.clone()]), refused(0));
    approve.program_id = known::TOKEN_2022_PROGRAM.into();
    assert_eq!(described(&[approve]), refused(0));
}

#[test]
fn a_nonce_is_used_up_by_nothing_else_or_stood_on() {
    let (from, to) = addresses();
    let third = SolanaAddress::from([6; 32]);
    let advance = || system::advance_nonce_account(&third, &from);
    let account = Address::from(&third);
    let plan = described(&[advance()]).expect("a plan");
    assert_eq!((plan.recent_hash, plan.operation), (published_plan().recent_hash, Operation::Revoke { account }));
    let plan = described(&[advance(), system::transfer(&from, &to, 49)]).expect("a plan");
    assert_eq!(plan.recent_hash, RecentHash::Nonce { account, value: published_plan().recent_hash.hash() });
    assert!(described(&[advance(), advance()]).is_err());
    assert!(described(&[system::advance_nonce_account(&third, &to)]).is_err(), "the authority is the payer");
}

#[test]
fn two_payments_are_two_payments() {
    let (from, to) = addresses();
    let third = SolanaAddress::from([6; 32]);
    let plan = described(&[system::transfer(&from, &to, 49), system::transfer(&from, &third, 50)]).expect("a plan");
    let paid = |to: &SolanaAddress, lamports| Payment {
        kind: PaymentKind::Lamports { to: to.into(), lamports: Amount::new(lamports) },
        memo: None,
    };
    assert_eq!(plan.operation, Operation::Pay(vec![paid(&to, 49), paid(&third, 50)]));
}

#[test]
fn other_signers_and_accounts_are_refused() {
    let (from, to) = addresses();
    let third = SolanaAddress::from([6; 32]);
    let not_canonical = Err(DescribeError::NotCanonical);
    // Somebody else transfers while the payer pays the fee only.
    assert_eq!(described(&[system::transfer(&third, &to, 49)]), not_canonical);
    // The recipient must sign as well.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts[1].is_signer = true;
    assert_eq!(described(&[instruction]), not_canonical);
    // The recipient is not writable.
    assert_eq!(changed(|message| message.header.num_readonly_unsigned_accounts = 2), not_canonical);
    // A bystander.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts.push(AccountMeta::new(third, false));
    assert_eq!(described(&[instruction]), not_canonical);
    // The recipient is named twice.
    let mut instruction = system::transfer(&from, &to, 49);
    instruction.accounts.push(AccountMeta::new(to, false));
    assert_eq!(described(&[instruction]), not_canonical);
    // Tokens of somebody else whose delegate the payer is.
    let mint = SolanaAddress::from([8; 32]);
    let token = spl_token_interface::instruction::transfer_checked(&spl_token_interface::ID, &third, &mint, &to, &from, &[], 49, 6);
    assert_eq!(described(&[token.expect("it builds")]), not_canonical);
    // A nonce of which somebody else is the authority.
    let advance = system::advance_nonce_account(&third, &third);
    assert_eq!(described(&[advance, system::transfer(&from, &to, 49)]), not_canonical);
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
        let found = changed(|message| message.instructions[0].data = data.clone());
        assert_eq!(found, Err(DescribeError::Instruction { index: 0 }), "{data:?}");
    }
    for accounts in [vec![], vec![0], vec![1, 0], vec![0, 0], vec![0, 2], vec![0, 1, 1], vec![0, 255]] {
        assert!(changed(|message| message.instructions[0].accounts = accounts.clone()).is_err(), "{accounts:?}");
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
    assert_eq!(describe_wire(&with(1)), Ok((TxSignature::from_bytes([7; 64]), published_plan())));
    assert_eq!(describe_wire(&with(2)), Err(DescribeError::Signatures { found: 2 }));
}

proptest! {
    #[test]
    fn changed_bytes_never_pass_for_the_intent(
        changes in prop::collection::vec((0usize..150, 1u8..), 1..6),
    ) {
        let original = published_message();
        let mut message = original.clone();
        changes.iter().for_each(|(index, mask)| message[*index] ^= mask);
        prop_assume!(message != original);
        let accepted = describe_message(&message).is_ok_and(|found| found == published_plan());
        prop_assert!(!accepted);
    }

    #[test]
    fn whatever_is_described_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(plan) = describe_message(&bytes) {
            let message = plan.build().expect("a message");
            prop_assert_eq!(message.message_bytes(), bytes.as_slice());
        }
        if let Ok((signature, plan)) = describe_wire(&bytes) {
            let message = plan.build().expect("a message");
            prop_assert_eq!([&[1], signature.as_bytes().as_slice(), message.message_bytes()].concat(), bytes);
        }
    }
}
