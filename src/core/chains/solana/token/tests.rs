use super::*;

const OTHER: Address = Address::from_bytes([3; 32]);

fn mint(decimals: u8) -> Vec<u8> {
    let mut data = vec![0; MINT_BYTES];
    (data[44], data[45]) = (decimals, 1);
    data
}

fn account(amount: u64, state: u8) -> Vec<u8> {
    let mut data = vec![0; ACCOUNT_BYTES];
    data[..32].fill(7);
    data[32..64].fill(8);
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = state;
    data
}

/// With extensions behind it, as Token-2022 lays them out.
fn extended(mut data: Vec<u8>, tag: u8, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    data.resize(ACCOUNT_BYTES, 0);
    data.push(tag);
    for (number, value) in extensions {
        data.extend(number.to_le_bytes());
        data.extend((value.len() as u16).to_le_bytes());
        data.extend(value);
    }
    data
}

fn raw<'a>(owner: &'a Address, data: &'a [u8]) -> RawToken<'a> {
    RawToken { owner, space: data.len() as u64, data }
}

fn fee_config(older: (u16, u64), newer: (u16, u64)) -> Vec<u8> {
    let mut value = vec![9; 72];
    for (points, maximum) in [older, newer] {
        value.extend(5u64.to_le_bytes());
        value.extend(maximum.to_le_bytes());
        value.extend(points.to_le_bytes());
    }
    value
}

#[test]
fn plain_mints_and_accounts_of_both_programs_are_read() {
    for program in [TokenProgram::Classic, TokenProgram::Token2022] {
        let owner = program.address();
        assert_eq!(raw(&owner, &mint(6)).mint(), Ok(Mint { program, decimals: 6, fees: Vec::new() }));
        for (state, frozen) in [(1, false), (2, true)] {
            let expected = Holding {
                mint: Address::from_bytes([7; 32]),
                owner: Address::from_bytes([8; 32]),
                amount: Amount::new(5),
                frozen,
                needs_memo: false,
            };
            assert_eq!(raw(&owner, &account(5, state)).holding(), Ok(expected));
        }
    }
}

#[test]
fn what_is_no_token_is_refused() {
    assert_eq!(raw(&OTHER, &mint(6)).mint(), Err(TokenRefusal::NotToken { owner: OTHER }));
    let token = known::TOKEN_PROGRAM;
    assert_eq!(raw(&token, &[0; MINT_BYTES]).mint(), Err(TokenRefusal::Shape), "not initialised");
    assert_eq!(raw(&token, &account(5, 0)).holding(), Err(TokenRefusal::Shape));
    assert_eq!(raw(&token, &account(5, 1)).mint(), Err(TokenRefusal::Shape), "an account is no mint");
    assert_eq!(raw(&token, &mint(6)).holding(), Err(TokenRefusal::Shape));
    let new = known::TOKEN_2022_PROGRAM;
    assert_eq!(raw(&new, &extended(account(5, 1), TYPE_ACCOUNT, &[])).mint(), Err(TokenRefusal::Shape));
    assert_eq!(raw(&new, &extended(mint(5), TYPE_MINT, &[])).holding(), Err(TokenRefusal::Shape));
    assert_eq!(
        raw(&token, &extended(mint(5), TYPE_MINT, &[])).mint(),
        Err(TokenRefusal::Shape),
        "the old program has no extensions"
    );
    let cut = RawToken { owner: &new, space: 300, data: &mint(6) };
    assert_eq!(cut.mint(), Err(TokenRefusal::Truncated));
}

#[test]
fn extensions_are_allowed_one_by_one() {
    let owner = known::TOKEN_2022_PROGRAM;
    for number in 1..=200u16 {
        let value = if number == TRANSFER_FEE_CONFIG { fee_config((0, 0), (0, 0)) } else { vec![1; 32] };
        let mint = raw(&owner, &extended(mint(2), TYPE_MINT, &[(number, value)])).mint();
        let expected = [1, 3, 18, 19, 20, 21, 22, 23].contains(&number);
        assert_eq!(mint.is_ok(), expected, "mint extension {number}: {mint:?}");
        let holding = raw(&owner, &extended(account(1, 1), TYPE_ACCOUNT, &[(number, vec![1; 8])])).holding();
        assert_eq!(holding.is_ok(), [2, 7, 8, 11].contains(&number), "account extension {number}: {holding:?}");
    }
    let hidden = extended(mint(2), TYPE_MINT, &[(18, vec![1; 64]), (14, vec![1; 64])]);
    assert_eq!(raw(&owner, &hidden).mint(), Err(TokenRefusal::Extension { number: 14 }), "behind a harmless one");
    let broken = extended(mint(2), TYPE_MINT, &[(18, vec![1; 64])]);
    assert_eq!(raw(&owner, &broken[..broken.len() - 1]).mint(), Err(TokenRefusal::Shape), "cut short");
    assert_eq!(
        raw(&owner, &[extended(mint(2), TYPE_MINT, &[(18, vec![1])]), vec![0; 9]].concat()).mint().map(|m| m.decimals),
        Ok(2)
    );
}

#[test]
fn a_recipient_may_demand_a_memo() {
    let owner = known::TOKEN_2022_PROGRAM;
    for (flag, expected) in [(0, false), (1, true)] {
        let data = extended(account(1, 1), TYPE_ACCOUNT, &[(8, vec![flag])]);
        assert_eq!(raw(&owner, &data).holding().map(|holding| holding.needs_memo), Ok(expected));
    }
}

#[test]
fn the_least_that_arrives_is_what_the_higher_fee_leaves() {
    let owner = known::TOKEN_2022_PROGRAM;
    let arrives = |older, newer, amount| {
        let data = extended(mint(6), TYPE_MINT, &[(TRANSFER_FEE_CONFIG, fee_config(older, newer))]);
        raw(&owner, &data).mint().expect("a mint").arrives(Amount::new(amount)).get()
    };
    // The figure that LiteSVM's Token-2022 gave for a mint that takes one per cent.
    assert_eq!(arrives((100, u64::MAX), (100, u64::MAX), 5_000_000), 4_950_000);
    assert_eq!(arrives((100, 7), (100, 7), 5_000_000), 4_999_993, "the maximum");
    assert_eq!(arrives((100, u64::MAX), (100, u64::MAX), 1), 0, "rounded up");
    assert_eq!(arrives((0, 0), (250, u64::MAX), 10_000), 9_750, "the fee to come");
    assert_eq!(arrives((250, u64::MAX), (0, 0), 10_000), 9_750);
    assert_eq!(arrives((10_000, u64::MAX), (0, 0), u64::MAX), 0);
}

#[test]
fn new_accounts_have_the_sizes_of_the_program() {
    let sizes = [(TokenProgram::Classic, false), (TokenProgram::Token2022, false), (TokenProgram::Token2022, true)];
    assert_eq!(sizes.map(|(program, fee)| program.account_bytes(fee)), [165, 170, 182]);
}
