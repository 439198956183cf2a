use super::*;
use crate::chains::solana::fixtures::payer;
use proptest::prelude::*;
use std::str::FromStr;

const USDC_MINT: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

fn counting<const N: usize>() -> [u8; N] {
    std::array::from_fn(|index| index as u8)
}

#[test]
fn bytes_and_texts_correspond() {
    // Computed with an independent implementation of base58.
    for (bytes, text) in [
        ([0; 32], "11111111111111111111111111111111"),
        (counting(), "1thX6LZfHDZZKUs92febYZhYRcXddmzfzF2NvTkPNE"),
        ([255; 32], "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"),
    ] {
        assert_eq!(Address::parse(text), Ok(Address::from_bytes(bytes)));
        assert_eq!(Address::from_bytes(bytes).to_string(), text);
        assert_eq!(Blockhash::parse(text).map(|hash| *hash.as_bytes()), Ok(bytes));
    }
    for (bytes, text) in [
        (counting(), "1GMkH3brNXiNNs1tiFZHu4yZSRrzJwxi5wB9bHFtMinfCXNnR1adh8Vo8NTheK4evneedH4qmvjeqcBBNAefgS"),
        ([255; 64], "67rpwLCuS5DGA8KGZXKsVQ7dnPb9goRLoKfgGbLfQg9WoLUgNY77E2jT11fem3coV9nAkguBACzrU1iyZM4B8roQ"),
    ] {
        assert_eq!(TxSignature::parse(text), Ok(TxSignature::from_bytes(bytes)));
        assert_eq!(TxSignature::from_bytes(bytes).to_string(), text);
    }
}

#[test]
fn the_longest_texts_are_those_of_the_largest_bytes() {
    assert_eq!(Address::from_bytes([255; 32]).to_string().len(), Address::MAX_TEXT_LEN);
    assert_eq!(Blockhash::from_bytes([255; 32]).to_string().len(), Blockhash::MAX_TEXT_LEN);
    assert_eq!(TxSignature::from_bytes([255; 64]).to_string().len(), TxSignature::MAX_TEXT_LEN);
}

#[test]
fn other_lengths_are_refused() {
    let wrong = |bytes| Err(ParseError::WrongLength { bytes, expected: 32 });
    assert_eq!(Address::parse("1"), wrong(1));
    assert_eq!(Address::parse(&"1".repeat(31)), wrong(31));
    assert_eq!(Address::parse(&"1".repeat(33)), wrong(33));
    assert_eq!(Address::parse("tVojvhToWjQ8Xvo4UPx2Xz9eRy7auyYMmZBjc2XfN"), wrong(31));
    assert_eq!(Address::parse("JJEfe6DcPM2ziB2vfUWDV6aHVerXRGkv3TcyvJUNGHZz"), wrong(33));
    assert_eq!(Address::parse(&"z".repeat(44)), wrong(33));
    assert_eq!(TxSignature::parse(USDC_MINT), Err(ParseError::WrongLength { bytes: 32, expected: 64 }));
}

#[test]
fn texts_that_are_no_addresses_say_why() {
    let invalid = |index, character| Err(ParseError::InvalidCharacter { index, character });
    assert_eq!(Address::parse(""), Err(ParseError::Empty));
    assert_eq!(Address::parse(&format!(" {}", &USDC_MINT[1..])), invalid(0, ' '));
    assert_eq!(Address::parse(&format!("{} ", &USDC_MINT[..43])), invalid(43, ' '));
    assert_eq!(Address::parse(&format!("{}\n", &USDC_MINT[..43])), invalid(43, '\n'));
    for wrong in ['0', 'O', 'I', 'l', '-', '\u{0}', 'é', '\u{430}'] {
        assert_eq!(Address::parse(&format!("EPjF{wrong}{}", &USDC_MINT[6..])), invalid(4, wrong), "{wrong:?}");
    }
    // A Cyrillic letter in an address of full length, which it makes longer in bytes.
    let forged = format!("EPjF\u{430}{}", &USDC_MINT[5..]);
    assert_eq!(Address::parse(&forged), invalid(4, '\u{430}'));
    let problem = Address::parse(&forged).expect_err("no base58").to_string();
    assert_eq!(problem, "character 5 is 'а' (U+0430), which is not base58");
    assert_eq!(Address::parse("0x71C7656EC7ab88b098defB751B7401B5f6d8976F"), invalid(0, '0'));
    let signature = "1".repeat(64);
    assert_eq!(Address::parse(&signature), Err(ParseError::TooLong { length: 64, maximum: 44 }));
}

#[test]
fn kaspa_addresses_are_recognised_in_any_case() {
    for text in [
        "kaspa:qqkqkzjvr7zwxxmjxjkmxxdwju9kjs6e9u82uh59z07vgaks6gg62v8707g73",
        "KASPA:QQKQKZJVR7ZWXXMJXJKMXXDWJU9KJS6E9U82UH59Z07VGAKS6GG62V8707G73",
        "kaspatest:",
        "kaspaDEV:x",
        "kaspasim:é",
    ] {
        assert_eq!(Address::parse(text), Err(ParseError::LooksLikeKaspa), "{text}");
    }
    assert_eq!(Address::parse("kaspa"), Err(ParseError::WrongLength { bytes: 4, expected: 32 }));
}

#[test]
fn a_megabyte_is_refused_by_its_length_alone() {
    for character in ["1", "z", "0"] {
        let text = character.repeat(1 << 20);
        assert_eq!(Address::parse(&text), Err(ParseError::TooLong { length: 1 << 20, maximum: 44 }));
        assert_eq!(TxSignature::parse(&text), Err(ParseError::TooLong { length: 1 << 20, maximum: 88 }));
    }
}

#[test]
fn being_on_the_curve_says_nothing_about_being_a_wallet() {
    for text in [
        "11111111111111111111111111111111",
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
        "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
        "So11111111111111111111111111111111111111112",
        USDC_MINT,
    ] {
        assert!(Address::parse(text).expect(text).is_on_curve(), "{text}");
    }
    for text in ["1nc1nerator11111111111111111111111111111111", "Vote111111111111111111111111111111111111111"] {
        assert!(!Address::parse(text).expect(text).is_on_curve(), "{text}");
    }
    assert!(payer().is_on_curve());
}

#[test]
fn the_serialised_form_is_the_text_and_is_checked() {
    let address = Address::parse(USDC_MINT).expect("an address");
    assert_eq!(serde_json::to_string(&address).expect("JSON"), format!("\"{USDC_MINT}\""));
    for wrong in ["\"\"", "\"1\"", "[1]", "null", "7", "{}"] {
        assert!(serde_json::from_str::<Address>(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn every_address_survives_its_text(bytes: [u8; 32]) {
        let address = Address::from_bytes(bytes);
        let text = address.to_string();
        prop_assert_eq!(&text, &solana_address::Address::from(bytes).to_string());
        prop_assert_eq!(Address::parse(&text), Ok(address));
        let json = serde_json::to_string(&address).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Address>(&json).expect("an address"), address);
    }

    #[test]
    fn every_signature_survives_its_text(halves: [[u8; 32]; 2]) {
        let signature = TxSignature::from_bytes(halves.concat().try_into().expect("64 bytes"));
        let text = signature.to_string();
        prop_assert_eq!(&text, &solana_signature::Signature::from(*signature.as_bytes()).to_string());
        prop_assert_eq!(TxSignature::parse(&text), Ok(signature));
    }

    #[test]
    fn the_other_implementation_accepts_the_same_texts(text in "[1-9A-Za-z]{30,46}") {
        let other = solana_address::Address::from_str(&text).ok().map(|address| address.to_bytes());
        prop_assert_eq!(Address::parse(&text).ok().map(|address| *address.as_bytes()), other);
    }

    #[test]
    fn any_text_gives_a_value_or_an_error(text in ".{0,100}") {
        if let Ok(address) = Address::parse(&text) {
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
