use super::*;
use crate::fixture;
use crate::kaspa::FeeSpeed;

fn batch() -> BatchArgs {
    BatchArgs {
        wallet_id: 1,
        asset: None,
        kaspa_key: None,
        payments: vec![Payment::new(fixture::kas(1, "k").to, 7)],
        max_fee: None,
        fee_speed: Some(FeeSpeed::Low),
        idempotency_key: "k".into(),
        reason: None,
        session_id: None,
        created_at: None,
    }
}

#[test]
fn a_batch_is_read_with_the_defaults_of_a_transfer() {
    let request = batch().into_request(&fixture::config()).expect("readable");
    assert_eq!((request.asset, request.max_fee, request.fee_named), (base::Asset::Kas, Amount::new(5_000_000), false));
    assert_eq!((request.source, request.items[0].amount), (KeyKind::KaspaSchnorr, Amount::new(7)));
    assert_eq!(request.params.kaspa().expect("KAS").speed(), kaspa::transfer::FeeSpeed::Low);
}

#[test]
fn a_payment_that_cannot_be_read_is_named_by_its_position() {
    let mut args = batch();
    args.payments.push(Payment::new("?".into(), 1));
    let error = args.into_request(&fixture::config()).expect_err("no address");
    assert!(error.message.starts_with("payments[1].to: "), "{}", error.message);
    let many = BatchArgs { payments: vec![batch().payments[0].clone(); 501], ..batch() };
    assert_eq!(many.into_request(&fixture::config()).expect_err("too many").message, "payments: between 1 and 500");
}

#[test]
fn a_batch_on_solana_has_one_key_no_speed_and_its_own_addresses() {
    let to = fixture::sol(1, "k").to;
    let payments = vec![Payment::new(to.clone(), 7)];
    let sol = BatchArgs { asset: Some(Asset::Sol), payments, fee_speed: None, ..batch() };
    let request = sol.clone().into_request(&fixture::config()).expect("readable");
    assert_eq!((request.asset, request.source, request.max_fee), (base::Asset::Sol, KeyKind::Solana, Amount::new(10_000)));
    let refused = |args: BatchArgs| args.into_request(&fixture::config()).expect_err("refused").message;
    let keyed = refused(BatchArgs { kaspa_key: Some(KaspaKey::Schnorr), ..sol.clone() });
    assert_eq!(keyed, "kaspa_key: a wallet has one Solana key; leave this out for SOL and tokens");
    let fast = refused(BatchArgs { fee_speed: Some(FeeSpeed::Low), ..sol.clone() });
    assert_eq!(fast, "fee_speed: only KAS fees have speeds; leave this out for SOL and tokens");
    let elsewhere = refused(BatchArgs { payments: vec![sol.payments[0].clone(), batch().payments[0].clone()], ..sol });
    assert!(elsewhere.starts_with("payments[1].to: "), "{elsewhere}");
    assert!(elsewhere.ends_with("this is a Kaspa address, not a Solana one"), "{elsewhere}");
}

#[test]
fn the_memo_and_the_vault_of_a_payment_are_read() {
    let to = fixture::sol(1, "k").to;
    let said = Payment { memo: Some("tag 7".into()), allow_off_curve: Some(true), ..Payment::new(to.clone(), 7) };
    let plain = Payment { allow_off_curve: Some(false), ..Payment::new(to, 8) };
    let args = BatchArgs { asset: Some(Asset::Sol), payments: vec![said.clone(), plain.clone()], fee_speed: None, ..batch() };
    let items = args.into_request(&fixture::config()).expect("readable").items;
    let tagged = PaymentParams { memo: Some("tag 7".into()), off_curve: true };
    assert_eq!(items[0].params, Some(registry::PaymentParams::Solana(tagged)));
    assert_eq!(items[1].params, None);
}
