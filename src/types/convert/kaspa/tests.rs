use super::*;
use crate::fixture;

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
