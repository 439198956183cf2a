use super::*;
use crate::chains::solana::fixtures::payer;
use crate::chains::solana::{
    Act, Address, Anchor, Blockhash, Budget, BuildError, Paid, Payment, Plan, TokenPayment, TokenProgram, derived, describe_message,
};
use crate::primitives::{Amount, Mint};
use proptest::prelude::*;

const TOKEN: Asset = Asset::Spl { mint: Mint([9; 32]) };

fn recipient(n: usize) -> Address {
    Address::from_bytes([u8::try_from(n).unwrap() + 100; 32])
}

fn payment(asset: Asset, n: usize, program: TokenProgram) -> Payment {
    let (to, mint, amount) = (recipient(n), Address::from_bytes([9; 32]), Amount::MAX);
    let what = match asset {
        Asset::Sol | Asset::Kas => Paid::Lamports { to, lamports: amount },
        Asset::Spl { .. } => {
            let destination = derived::token_account(&to, &mint, program).unwrap();
            Paid::Tokens(TokenPayment { program, mint, destination, create_for: Some(to), amount, decimals: u8::MAX })
        }
    };
    Payment { what, memo: None }
}

/// The largest transaction that makes so many payments: on a nonce, with a priority, to recipients that all differ.
fn worst(asset: Asset, count: usize, program: TokenProgram) -> Plan {
    Plan {
        payer: payer(),
        anchor: Anchor::Nonce { account: derived::nonce_account(&payer(), 31), value: Blockhash::from_bytes([7; 32]) },
        budget: Some(Budget { limit: u32::MAX, price: u64::MAX }),
        act: Act::Pay((0..count).map(|n| payment(asset, n, program)).collect()),
    }
}

/// With its signature.
fn wire_bytes(asset: Asset, count: usize, program: TokenProgram) -> Result<usize, BuildError> {
    worst(asset, count, program).build().map(|unsigned| 65 + unsigned.message_bytes().len())
}

#[test]
fn a_full_run_is_the_largest_that_fits_whatever_its_transaction_has_beside() {
    let program = TokenProgram::Classic;
    assert_eq!(wire_bytes(Asset::Sol, MAX_SOL_PAYMENTS, program), Ok(1_223));
    assert_eq!(wire_bytes(Asset::Sol, MAX_SOL_PAYMENTS + 1, program), Err(BuildError::TooLarge { bytes: 1_272 }));
    for program in [TokenProgram::Classic, TokenProgram::Token2022] {
        assert_eq!(wire_bytes(TOKEN, MAX_TOKEN_PAYMENTS, program), Ok(1_057), "{program:?}");
        assert!(wire_bytes(TOKEN, MAX_TOKEN_PAYMENTS + 2, program).is_err(), "{program:?}");
    }
    // Advancing the nonce and two of the budget, then for each payment creating the account, six calls of that, and the transfer.
    let instructions = |payments| 3 + payments * 8;
    assert!(instructions(MAX_TOKEN_PAYMENTS) <= 64 && instructions(MAX_TOKEN_PAYMENTS + 1) > 64);
}

proptest! {
    #[test]
    fn every_payment_is_in_exactly_one_run_that_fits(payments in 1usize..=500, tokens: bool) {
        let asset = if tokens { TOKEN } else { Asset::Sol };
        let runs = pack(payments, asset);
        prop_assert_eq!(runs.iter().sum::<usize>(), payments);
        prop_assert_eq!(runs.len(), payments.div_ceil(max_payments(asset)));
        for run in runs {
            let plan = worst(asset, run, TokenProgram::Token2022);
            let unsigned = plan.clone().build().expect("it fits");
            prop_assert_eq!(describe_message(unsigned.message_bytes()), Ok(plan));
        }
    }
}

#[test]
fn nothing_takes_no_transaction() {
    assert_eq!(pack(0, Asset::Sol), Vec::<usize>::new());
    assert_eq!((pack(20, Asset::Sol), pack(8, TOKEN)), (vec![19, 1], vec![7, 1]));
}
