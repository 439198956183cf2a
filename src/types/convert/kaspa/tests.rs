use super::*;
use crate::error::ErrorDetail;
use crate::fixture;
use purser_core::chains::kaspa::fee::FloorOverCap;

#[test]
fn named_coins_are_outpoints() {
    let own = fixture::kas(1, "k").to;
    let coin = NamedCoin { transaction_id: "ab".repeat(32), index: 513, amount: 9 };
    let args = |coins| ConsolidateArgs {
        wallet_id: 1,
        kaspa_key: None,
        max_inputs: None,
        coins,
        max_fee: None,
        idempotency_key: "k".into(),
    };
    let request = args(Some(vec![coin.clone(), coin])).into_request(&own, &fixture::config()).expect("readable");
    let consolidation = request.consolidation().expect("it is one");
    assert_eq!(consolidation.max_inputs, 2);
    let coins = consolidation.coins.as_ref().expect("named");
    assert_eq!(coins[0].outpoint[..], [vec![0xab; 32], vec![1, 2, 0, 0]].concat()[..]);
    let bad = NamedCoin { transaction_id: "xy".into(), index: 0, amount: 1 };
    let error = args(Some(vec![bad])).into_request(&own, &fixture::config()).expect_err("no id");
    assert_eq!(error.message, "coins: a transaction id is 64 hexadecimal digits");
    assert_eq!(args(None).into_request(&own, &fixture::config()).map(|request| request.amount), Ok(Amount::ZERO));
}

#[test]
fn errors_carry_the_amounts_that_would_do() {
    let of = |error| coins_error(error, Amount::new(50));
    let rest = Obstacle::Rest { rest: Amount::new(1) };
    let unbuildable = of(SelectError::Unbuildable { obstacle: rest, below: Some(Amount::new(40)), above: Some(Amount::new(60)) });
    assert_eq!(
        (unbuildable.code.as_str(), unbuildable.detail),
        ("INVALID_AMOUNT", Some(ErrorDetail::InvalidAmount { min: Some(60), max: Some(40) }))
    );
    let over = Obstacle::Fee(FloorOverCap { floor: Amount::new(9), max_fee: Amount::new(8) });
    let over = of(SelectError::Unbuildable { obstacle: over, below: None, above: None });
    assert_eq!(over.message, "the network asks a fee of 0.00000009 KAS (9 sompi) and at most 0.00000008 KAS (8 sompi) are allowed");
    let poor = of(SelectError::InsufficientFunds {
        spendable: Amount::new(1),
        immature: Amount::new(2),
        reserved: Amount::new(3),
        largest: Some(Amount::new(4)),
    });
    let detail = ErrorDetail::InsufficientFunds { required: 50, available: 1, immature: 2, reserved: 3, max: Some(4) };
    assert_eq!(poor.detail, Some(detail));
}
