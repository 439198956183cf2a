use super::*;
use crate::chains::solana::fixtures::{payer, recipient as vault};
use proptest::prelude::*;

/// The rent-exempt minimum of a wallet as measured at 5,080 lamports per byte.
const RENT: Amount = Amount::new(650_240);
const FEE: Amount = Amount::new(5_000);

/// A wallet's address: on the curve, other than the recipient of the published transaction.
fn recipient() -> Address {
    Address::from_bytes(ic_ed25519::PrivateKey::deserialize_raw_32(&[9; 32]).public_key().serialize_raw())
}

fn wallet(lamports: u64) -> Account {
    Account { lamports: Amount::new(lamports), kind: AccountKind::Wallet }
}

fn funds(balance: Balance, amount: u64) -> Funds {
    Funds { balance, amount: Amount::new(amount), fee: FEE, rent_minimum: RENT }
}

fn exact(balance: u64, amount: u64) -> Funds {
    funds(Balance::Exact(Amount::new(balance)), amount)
}

const RICH: RecipientState = RecipientState::Existing { lamports: Amount::MAX };

#[test]
fn accounts_are_told_apart_by_owner_flag_size_and_tag() {
    let [system, token, token_2022] = [known::SYSTEM_PROGRAM, known::TOKEN_PROGRAM, known::TOKEN_2022_PROGRAM];
    let other = Address::from_bytes([9; 32]);
    for (owner, space, tag, kind) in [
        (system, 0, None, AccountKind::Wallet),
        (system, 80, None, AccountKind::SystemData),
        (token, 82, None, AccountKind::Mint),
        (token, 165, None, AccountKind::TokenAccount),
        (token, 355, Some(1), AccountKind::Owned { owner: token }),
        (token, 170, Some(2), AccountKind::Owned { owner: token }),
        (token_2022, 82, None, AccountKind::Mint),
        (token_2022, 165, None, AccountKind::TokenAccount),
        (token_2022, 170, Some(2), AccountKind::TokenAccount),
        (token_2022, 182, Some(2), AccountKind::TokenAccount),
        (token_2022, 278, Some(1), AccountKind::Mint),
        (token_2022, 278, Some(0), AccountKind::Owned { owner: token_2022 }),
        (token_2022, 278, None, AccountKind::Owned { owner: token_2022 }),
        (token_2022, 355, Some(1), AccountKind::Owned { owner: token_2022 }),
        (token_2022, 0, None, AccountKind::Owned { owner: token_2022 }),
        (other, 0, None, AccountKind::Owned { owner: other }),
        (other, 165, None, AccountKind::Owned { owner: other }),
        (other, 200, Some(2), AccountKind::Owned { owner: other }),
    ] {
        assert_eq!(AccountKind::classify(&owner, false, space, tag), kind, "{owner} {space} {tag:?}");
        assert_eq!(AccountKind::classify(&owner, true, space, tag), AccountKind::Program, "{owner} {space} {tag:?}");
    }
}

#[test]
fn only_nothing_and_wallets_are_paid() {
    let judge = |account: Option<Account>| check_recipient(&recipient(), account.as_ref(), OffCurve::Refuse);
    assert_eq!(judge(None), Ok(RecipientState::New));
    assert_eq!(judge(Some(wallet(5))), Ok(RecipientState::Existing { lamports: Amount::new(5) }));
    let owner = Address::from_bytes([9; 32]);
    for (kind, refusal) in [
        (AccountKind::Program, RecipientRefusal::Program),
        (AccountKind::Mint, RecipientRefusal::Mint),
        (AccountKind::TokenAccount, RecipientRefusal::TokenAccount),
        (AccountKind::SystemData, RecipientRefusal::SystemData),
        (AccountKind::Owned { owner }, RecipientRefusal::Owned { owner }),
    ] {
        assert_eq!(judge(Some(Account { kind, ..wallet(5) })), Err(refusal));
    }
}

#[test]
fn known_addresses_are_refused_whatever_is_said_of_them() {
    let refusal = Err(RecipientRefusal::WellKnown { name: "system program" });
    for account in [None, Some(wallet(5))] {
        assert_eq!(check_recipient(&known::SYSTEM_PROGRAM, account.as_ref(), OffCurve::Accept), refusal);
    }
    let incinerator = Address::parse("1nc1nerator11111111111111111111111111111111").expect("an address");
    let refusal = Err(RecipientRefusal::WellKnown { name: "incinerator" });
    assert_eq!(check_recipient_address(&incinerator, OffCurve::Accept), refusal);
}

#[test]
fn recipients_off_the_curve_must_be_asked_for() {
    assert!(!vault().is_on_curve());
    assert_eq!(check_recipient_address(&vault(), OffCurve::Refuse), Err(RecipientRefusal::OffCurve));
    assert_eq!(check_recipient_address(&vault(), OffCurve::Accept), Ok(()));
    assert_eq!(check_recipient(&vault(), None, OffCurve::Refuse), Err(RecipientRefusal::OffCurve));
    assert_eq!(check_recipient(&vault(), None, OffCurve::Accept), Ok(RecipientState::New));
    for address in [payer(), recipient()] {
        assert_eq!(check_recipient_address(&address, OffCurve::Refuse), Ok(()));
    }
}

fn paying(funds: &Funds, recipient: RecipientState) -> Result<Amount, FundsRefusal> {
    check_funds(funds, &[(recipient, funds.amount)])
}

#[test]
fn every_recipient_of_several_needs_the_minimum() {
    let funds = exact(10_000_000, 1_300_480);
    let each = |last| [(RecipientState::New, RENT), (RICH, Amount::new(1)), (RecipientState::New, Amount::new(last))];
    assert_eq!(check_funds(&funds, &each(650_240)), Ok(Amount::new(8_694_520)));
    assert_eq!(check_funds(&funds, &each(650_239)), Err(FundsRefusal::RecipientBelowRent { minimum: RENT }));
}

#[test]
fn a_new_recipient_needs_the_rent_exempt_minimum() {
    // Measured on the SVM: 650,239 fails, 650,240 passes.
    let refusal = Err(FundsRefusal::RecipientBelowRent { minimum: RENT });
    assert_eq!(paying(&exact(10_000_000, 650_239), RecipientState::New), refusal);
    assert_eq!(paying(&exact(10_000_000, 650_240), RecipientState::New), Ok(Amount::new(9_344_760)));
}

#[test]
fn an_existing_recipient_needs_what_it_lacks() {
    let holds = |lamports| RecipientState::Existing { lamports: Amount::new(lamports) };
    assert_eq!(paying(&exact(10_000_000, 1), holds(650_240)), Ok(Amount::new(9_994_999)));
    assert_eq!(paying(&exact(10_000_000, 1), holds(650_239)), Ok(Amount::new(9_994_999)));
    let refusal = Err(FundsRefusal::RecipientBelowRent { minimum: Amount::new(2) });
    assert_eq!(paying(&exact(10_000_000, 1), holds(650_238)), refusal);
    assert_eq!(paying(&exact(10_000_000, 650_239), holds(0)), Err(FundsRefusal::RecipientBelowRent { minimum: RENT }));
}

#[test]
fn the_payer_keeps_the_minimum_or_exactly_nothing() {
    assert_eq!(paying(&exact(1_000_000, 995_000), RICH), Ok(Amount::ZERO));
    let dust = Err(FundsRefusal::PayerBelowRent { left: Amount::new(1), minimum: RENT });
    assert_eq!(paying(&exact(1_000_001, 995_000), RICH), dust);
    let dust = Err(FundsRefusal::PayerBelowRent { left: Amount::new(650_239), minimum: RENT });
    assert_eq!(paying(&exact(1_000_000, 344_761), RICH), dust);
    assert_eq!(paying(&exact(1_000_000, 344_760), RICH), Ok(RENT));
}

#[test]
fn a_lower_bound_cannot_prove_that_nothing_is_left() {
    let at_least = |balance, amount| funds(Balance::AtLeast(Amount::new(balance)), amount);
    let unproven = Err(FundsRefusal::PayerBelowRent { left: Amount::ZERO, minimum: RENT });
    assert_eq!(paying(&at_least(1_000_000, 995_000), RICH), unproven);
    assert_eq!(paying(&at_least(1_000_000, 344_760), RICH), Ok(RENT));
}

#[test]
fn the_balance_covers_amount_and_fee() {
    let short = Err(FundsRefusal::Insufficient { needed: Amount::new(1_000_001), available: Amount::new(1_000_000) });
    assert_eq!(paying(&exact(1_000_000, 995_001), RICH), short);
    assert_eq!(paying(&exact(u64::MAX, u64::MAX), RICH), Err(FundsRefusal::Overflow));
    let short = Err(FundsRefusal::Insufficient { needed: Amount::MAX, available: Amount::ZERO });
    assert_eq!(paying(&exact(0, u64::MAX - 5_000), RICH), short);
}

proptest! {
    #[test]
    fn an_accepted_payment_leaves_both_sides_acceptable(
        balance in 0u64..3_000_000,
        amount in 0u64..3_000_000,
        held in prop::option::of(0u64..1_000_000),
        is_exact: bool,
    ) {
        let known = Amount::new(balance);
        let balance_read = if is_exact { Balance::Exact(known) } else { Balance::AtLeast(known) };
        let state = held.map_or(RecipientState::New, |lamports| RecipientState::Existing { lamports: Amount::new(lamports) });
        match paying(&funds(balance_read, amount), state) {
            Ok(left) => {
                prop_assert_eq!(left.get() + amount + FEE.get(), balance);
                prop_assert!(left >= RENT || (left.is_zero() && is_exact));
                prop_assert!(held.unwrap_or(0) + amount >= RENT.get());
            }
            Err(FundsRefusal::Insufficient { .. }) => prop_assert!(balance < amount + FEE.get()),
            Err(FundsRefusal::RecipientBelowRent { minimum }) => {
                prop_assert!(amount < minimum.get());
                prop_assert_eq!(minimum.get() + held.unwrap_or(0), RENT.get());
            }
            Err(FundsRefusal::PayerBelowRent { left, .. }) => {
                prop_assert!(left < RENT && !(left.is_zero() && is_exact));
            }
            Err(FundsRefusal::Overflow) => prop_assert!(false, "nothing overflows here"),
        }
    }
}
