use super::*;

fn args(status: candid::Nat, context: Vec<u8>, body: &str, date: &str) -> TransformArgs {
    let headers = vec![HttpHeader { name: "Date".into(), value: date.into() }];
    TransformArgs { response: HttpRequestResult { status, headers, body: body.as_bytes().to_vec() }, context }
}

#[test]
fn replicas_agree_on_answers_that_differ_in_moving_values() {
    let request = sol::rpc::Request::Balance {
        address: sol::Address::from_bytes(sol_recipient()),
        commitment: sol::rpc::Commitment::Finalized,
        reading: sol::rpc::Reading::EXACT,
    };
    let answers = [(1, "a"), (2, "b")].map(|(slot, date)| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"context":{{"slot":{slot}}},"value":77}}}}"#);
        crate::flows::solana::transform(args(200u16.into(), request.transform_context(), &body, date))
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], HttpRequestResult { status: 200u16.into(), headers: Vec::new(), body: br#"{"ok":77}"#.to_vec() });
}

#[test]
fn a_status_of_more_than_16_bits_is_a_failure() {
    let request = kas::rest::Request::BlueScore { step: kas::rest::DEFAULT_SCORE_STEP };
    let reduced = crate::flows::kaspa::transform(args(65_736u32.into(), request.transform_context(), r#"{"blueScore":900}"#, "a"));
    assert_eq!(kas::rest::parse_blue_score(&reduced.body), Err(kas::rest::Failure::Http { status: 0 }));
    let reduced = crate::flows::kaspa::transform(args(200u16.into(), request.transform_context(), r#"{"blueScore":901}"#, "a"));
    assert_eq!(kas::rest::parse_blue_score(&reduced.body), Ok(900));
}
