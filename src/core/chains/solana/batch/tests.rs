use super::*;
use crate::base::{Amount, Mint};
use crate::chains::solana::fixtures::payer;
use crate::chains::solana::{
    Address, Blockhash, Budget, BuildError, MAX_MEMO_BYTES, Operation, Payment, PaymentKind, Plan, RecentHash, TokenPayment,
    TokenProgram, derived, describe_message,
};
use proptest::prelude::*;

const TOKEN: Asset = Asset::Spl { mint: Mint([9; 32]) };
const NONE: Option<&str> = None;

fn recipient(n: usize) -> Address {
    Address::from_bytes([u8::try_from(n).unwrap() + 100; 32])
}

fn payment(asset: Asset, n: usize, program: TokenProgram, memo: Option<&str>) -> Payment {
    let (to, mint, amount) = (recipient(n), Address::from_bytes([9; 32]), Amount::MAX);
    let kind = match asset {
        Asset::Sol | Asset::Kas => PaymentKind::Lamports { to, lamports: amount },
        Asset::Spl { .. } => {
            let destination = derived::token_account(&to, &mint, program).unwrap();
            PaymentKind::Tokens(TokenPayment { program, mint, destination, create_for: Some(to), amount, decimals: u8::MAX })
        }
    };
    Payment { kind, memo: memo.map(str::to_owned) }
}

/// The largest transaction that makes payments with these memos: on a nonce, with a priority, to recipients that all differ.
fn worst(asset: Asset, memos: &[Option<&str>], program: TokenProgram) -> Plan {
    Plan {
        payer: payer(),
        recent_hash: RecentHash::Nonce { account: derived::nonce_account(&payer(), 31), value: Blockhash::from_bytes([7; 32]) },
        budget: Some(Budget { limit: u32::MAX, price: u64::MAX }),
        operation: Operation::Pay(memos.iter().enumerate().map(|(n, memo)| payment(asset, n, program, *memo)).collect()),
    }
}

/// With its signature.
fn wire_bytes(asset: Asset, memos: &[Option<&str>], program: TokenProgram) -> Result<usize, BuildError> {
    worst(asset, memos, program).build().map(|unsigned| 65 + unsigned.message_bytes().len())
}

/// Advancing the nonce and two of the budget, then for each payment creating the account, six calls of that, the memo and the transfer.
fn instructions(asset: Asset, memos: &[Option<&str>]) -> usize {
    let each = if matches!(asset, Asset::Spl { .. }) { 8 } else { 1 };
    3 + memos.iter().map(|memo| each + usize::from(memo.is_some())).sum::<usize>()
}

#[test]
fn a_full_run_is_the_largest_that_fits_whatever_its_transaction_has_beside() {
    let program = TokenProgram::Classic;
    assert_eq!(pack(&[NONE; 500], Asset::Sol)[0], 19);
    assert_eq!(wire_bytes(Asset::Sol, &[NONE; 19], program), Ok(1_223));
    assert_eq!(wire_bytes(Asset::Sol, &[NONE; 20], program), Err(BuildError::TooLarge { bytes: 1_272 }));
    // Eight payments of tokens would still fit a packet, but run too many instructions.
    assert_eq!(pack(&[NONE; 500], TOKEN)[0], 7);
    for program in [TokenProgram::Classic, TokenProgram::Token2022] {
        assert_eq!(wire_bytes(TOKEN, &[NONE; 7], program), Ok(1_057), "{program:?}");
        assert!(wire_bytes(TOKEN, &[NONE; 8], program).is_ok() && wire_bytes(TOKEN, &[NONE; 9], program).is_err(), "{program:?}");
    }
    assert!(instructions(TOKEN, &[NONE; 7]) <= 64 && instructions(TOKEN, &[NONE; 8]) > 64);
}

#[test]
fn memos_leave_room_for_fewer_payments() {
    let run = |asset, bytes: usize| {
        let memo = "m".repeat(bytes);
        let memos = vec![Some(memo.as_str()); 20];
        let run = pack(&memos, asset)[0];
        (run, wire_bytes(asset, &memos[..run], TokenProgram::Token2022).expect("it fits"))
    };
    // The deposit tag of an exchange, and the longest memo.
    assert_eq!((run(Asset::Sol, 10), run(Asset::Sol, 256)), ((14, 1_206), (2, 944)));
    assert_eq!((run(TOKEN, 10), run(TOKEN, 256)), ((6, 1_082), (2, 1_156)));
    let tag = Some("1234567890");
    assert_eq!(pack(&[tag, NONE, NONE, tag, tag, tag, tag], TOKEN), [7], "64 instructions");
    assert_eq!(pack(&[tag, tag, NONE, tag, tag, tag, tag], TOKEN), [6, 1], "they would fit the packet");
}

#[test]
fn the_fee_has_room_for_whatever_is_left_of_a_batch_when_some_of_it_is_denied() {
    let long = "m".repeat(MAX_MEMO_BYTES);
    let memos: Vec<_> = (0..14).map(|n| if n % 2 == 0 { Some(long.as_str()) } else { NONE }).collect();
    assert!(pack(&memos, TOKEN).iter().all(|run| *run <= 4), "{:?}", pack(&memos, TOKEN));
    assert_eq!(largest_run(&memos, TOKEN), 7, "those without a memo");
    assert_eq!((largest_run(&memos[..1], TOKEN), largest_run(&[], TOKEN)), (1, 0));
}

/// Memos of every length that is allowed, short ones and none most often.
fn memos() -> impl Strategy<Value = Vec<Option<String>>> {
    let memo = prop_oneof![3 => Just(0), 3 => 1..24usize, 1 => 120..136usize, 1 => 1..=MAX_MEMO_BYTES];
    prop::collection::vec(memo.prop_map(|bytes| (bytes > 0).then(|| "m".repeat(bytes))), 1..60)
}

proptest! {
    #[test]
    fn every_payment_is_in_exactly_one_run_that_fits_and_takes_no_more(memos in memos(), tokens: bool) {
        let asset = if tokens { TOKEN } else { Asset::Sol };
        let memos: Vec<Option<&str>> = memos.iter().map(Option::as_deref).collect();
        let (runs, mut rest) = (pack(&memos, asset), &memos[..]);
        prop_assert_eq!(runs.iter().sum::<usize>(), memos.len());
        for run in runs {
            let (these, others) = rest.split_at(run);
            let plan = worst(asset, these, TokenProgram::Token2022);
            let unsigned = plan.clone().build().expect("it fits");
            prop_assert_eq!(describe_message(unsigned.message_bytes()), Ok(plan), "each memo with its payment");
            prop_assert!(instructions(asset, these) <= 64);
            let one_more = &rest[..rest.len().min(run + 1)];
            let fits = wire_bytes(asset, one_more, TokenProgram::Token2022).is_ok() && instructions(asset, one_more) <= 64;
            prop_assert!(others.is_empty() || !fits, "a run ends where nothing more fits");
            prop_assert!(run <= largest_run(&memos, asset));
            rest = others;
        }
    }
}

#[test]
fn nothing_takes_no_transaction() {
    assert_eq!(pack(&[], Asset::Sol), Vec::<usize>::new());
    assert_eq!((pack(&[NONE; 20], Asset::Sol), pack(&[NONE; 8], TOKEN)), (vec![19, 1], vec![7, 1]));
}
