use super::*;
use crate::chain::{Asset, PaymentParams};
use crate::fixture;
use crate::kaspa::{FeeSpeed, KaspaTransferParams};
use crate::solana::SolanaTransferParams;
use purser_core::wallet::KeyKind;

fn batch() -> BatchArgs {
    BatchArgs {
        wallet_id: 1,
        asset: Asset::Kas,
        payments: vec![Payment::new(fixture::kas(1, "k").to, 7)],
        max_fee: None,
        idempotency_key: "k".into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: Some(TransferParams::Kaspa(KaspaTransferParams { key: None, fee_speed: Some(FeeSpeed::Low) })),
    }
}

#[test]
fn a_batch_is_read_with_the_defaults_of_a_transfer() {
    let request = batch().into_request(&fixture::config()).expect("readable");
    assert_eq!((request.asset, request.max_fee, request.fee_named), (base::Asset::Kas, Amount::new(5_000_000), false));
    assert_eq!((request.source, request.items[0].amount), (KeyKind::KaspaSchnorr, Amount::new(7)));
    assert_eq!(request.params.kaspa().expect("KAS").speed(), purser_core::chains::kaspa::transfer::FeeSpeed::Low);
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
    let sol = BatchArgs { asset: Asset::Sol, payments, params: None, ..batch() };
    let request = sol.clone().into_request(&fixture::config()).expect("readable");
    assert_eq!((request.asset, request.source, request.max_fee), (base::Asset::Sol, KeyKind::Solana, Amount::new(10_000)));
    let refused = |args: BatchArgs| args.into_request(&fixture::config()).expect_err("refused").message;
    let keyed = refused(BatchArgs { params: batch().params, ..sol.clone() });
    assert!(keyed.starts_with("params: these are parameters of Kaspa; the asset is on Solana"), "{keyed}");
    let memo = SolanaTransferParams { memo: Some("for all".into()), allow_off_curve: None };
    let memo = refused(BatchArgs { params: Some(TransferParams::Solana(memo)), ..sol.clone() });
    assert_eq!(memo, "params: a memo and a vault belong to one payment; name them there");
    let elsewhere = refused(BatchArgs { payments: vec![sol.payments[0].clone(), batch().payments[0].clone()], ..sol });
    assert!(elsewhere.starts_with("payments[1].to: "), "{elsewhere}");
    assert!(elsewhere.ends_with("this is a Kaspa address, not a Solana one"), "{elsewhere}");
}

#[test]
fn the_memo_and_the_vault_of_a_payment_are_read() {
    let to = fixture::sol(1, "k").to;
    let said = SolanaTransferParams { memo: Some("tag 7".into()), allow_off_curve: Some(true) };
    let said = Payment { params: Some(PaymentParams::Solana(said)), ..Payment::new(to.clone(), 7) };
    let plain = Payment::new(to, 8);
    let args = BatchArgs { asset: Asset::Sol, payments: vec![said.clone(), plain.clone()], params: None, ..batch() };
    let items = args.into_request(&fixture::config()).expect("readable").items;
    let tagged = purser_core::chains::solana::transfer::PaymentParams { memo: Some("tag 7".into()), off_curve: true };
    assert_eq!(items[0].params, Some(purser_core::chains::registry::PaymentParams::Solana(tagged)));
    assert_eq!(items[1].params, None);
}
