//! A comparison of every message that can be made with the crates of the programs' authors.

use super::*;
use crate::base::Amount;
use proptest::prelude::*;
use solana_address::Address as SolanaAddress;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::Message;
use solana_system_interface::instruction as system;

/// The number of random messages compared.
const INTENTS: u32 = 10_000;

fn key() -> impl Strategy<Value = Address> {
    any::<[u8; 32]>().prop_filter("a made-up address", |bytes| *bytes != [0; 32]).prop_map(Address::from_bytes)
}

fn payment(payer: Address) -> impl Strategy<Value = Payment> {
    let lamports = (key(), 1u64..).prop_map(|(to, lamports)| PaymentKind::Lamports { to, lamports: Amount::new(lamports) });
    let tokens =
        (key(), key(), any::<bool>(), any::<bool>(), 1u64.., 0u8..).prop_map(|(owner, mint, new, create, amount, decimals)| {
            let program = if new { TokenProgram::Token2022 } else { TokenProgram::Classic };
            let destination = derived::token_account(&owner, &mint, program).expect("an address");
            let create_for = create.then_some(owner);
            PaymentKind::Tokens(TokenPayment { program, mint, destination, create_for, amount: Amount::new(amount), decimals })
        });
    let memo = prop::option::of("[a-zé0-9]{1,20}");
    (prop_oneof![lamports, tokens], memo)
        .prop_map(|(kind, memo)| Payment { kind, memo })
        .prop_filter("another recipient", move |payment| !matches!(payment.kind, PaymentKind::Lamports { to, .. } if to == payer))
}

fn plan() -> impl Strategy<Value = Plan> {
    let recent_hash = (any::<[u8; 32]>(), prop::option::of(key()));
    let budget = prop::option::of((any::<u32>(), any::<u64>()).prop_map(|(limit, price)| Budget { limit, price }));
    (key(), recent_hash, budget).prop_flat_map(|(payer, (hash, nonce), budget)| {
        let value = Blockhash::from_bytes(hash);
        let recent_hash = nonce.map_or(RecentHash::Blockhash(value), |account| RecentHash::Nonce { account, value });
        let create = (any::<u16>(), any::<u64>());
        let create = create.prop_map(|(index, lamports)| Operation::CreateNonce { index, lamports: Amount::new(lamports) });
        let pay = prop::collection::vec(payment(payer), 1..4).prop_map(Operation::Pay);
        let revoke = key().prop_map(|account| Operation::Revoke { account });
        let operation = match nonce {
            Some(_) => pay.boxed(),
            None => prop_oneof![3 => pay, 1 => create, 1 => revoke].boxed(),
        };
        operation.prop_map(move |operation| Plan { payer, recent_hash, budget, operation })
    })
}

/// The same instructions from the reference crates.
fn reference(plan: &Plan) -> Vec<Instruction> {
    let payer: SolanaAddress = plan.payer.into();
    let mut list = Vec::new();
    if let RecentHash::Nonce { account, .. } = plan.recent_hash {
        list.push(system::advance_nonce_account(&account.into(), &payer));
    }
    if let Some(budget) = plan.budget {
        list.push(solana_compute_budget_interface::ComputeBudgetInstruction::set_compute_unit_limit(budget.limit));
        list.push(solana_compute_budget_interface::ComputeBudgetInstruction::set_compute_unit_price(budget.price));
    }
    match &plan.operation {
        Operation::Pay(payments) => payments.iter().for_each(|payment| pay(&payer, payment, &mut list)),
        Operation::CreateNonce { index, lamports } => {
            let seed = format!("purser-nonce-{index}");
            let account = SolanaAddress::create_with_seed(&payer, &seed, &SolanaAddress::default()).expect("a short seed");
            list.push(system::transfer(&payer, &account, lamports.get()));
            list.push(system::allocate_with_seed(&account, &payer, &seed, NONCE_BYTES, &SolanaAddress::default()));
            // The crate makes the initialisation only together with a creation.
            list.extend(system::create_nonce_account_with_seed(&payer, &account, &payer, &seed, &payer, 0).pop());
        }
        Operation::Revoke { account } => list.push(system::advance_nonce_account(&(*account).into(), &payer)),
    }
    list
}

fn pay(payer: &SolanaAddress, payment: &Payment, list: &mut Vec<Instruction>) {
    use spl_associated_token_account_interface as ata;
    let memo = |list: &mut Vec<Instruction>| {
        if let Some(text) = &payment.memo {
            list.push(spl_memo_interface::instruction::build_memo(&spl_memo_interface::v3::ID, text.as_bytes(), &[payer]));
        }
    };
    match &payment.kind {
        PaymentKind::Lamports { to, lamports } => {
            memo(list);
            list.push(system::transfer(payer, &(*to).into(), lamports.get()));
        }
        PaymentKind::Tokens(tokens) => {
            let (program, mint): (SolanaAddress, SolanaAddress) = (tokens.program.address().into(), tokens.mint.into());
            if let Some(owner) = tokens.create_for {
                let owner = owner.into();
                list.push(ata::instruction::create_associated_token_account_idempotent(payer, &owner, &mint, &program));
            }
            memo(list);
            let source = ata::address::get_associated_token_address_with_program_id(payer, &mint, &program);
            let (to, amount) = (tokens.destination.into(), tokens.amount.get());
            // The crate knows the classic program only; the new one reads the same bytes.
            let classic = &spl_token_interface::ID;
            let transfer = spl_token_interface::instruction::transfer_checked(
                classic,
                &source,
                &mint,
                &to,
                payer,
                &[],
                amount,
                tokens.decimals,
            );
            list.push(Instruction { program_id: program, ..transfer.expect("it builds") });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(INTENTS))]

    #[test]
    fn ten_thousand_messages_are_those_of_the_reference_crates_and_are_read_back(plan in plan()) {
        let hash = Hash::new_from_array(*plan.recent_hash.hash().as_bytes());
        let expected = Message::new_with_blockhash(&reference(&plan), Some(&plan.payer.into()), &hash).serialize();
        let built = plan.clone().build().expect("a message");
        prop_assert_eq!(built.message_bytes(), &expected[..]);
        prop_assert_eq!(describe_message(&expected), Ok(plan));
    }
}
