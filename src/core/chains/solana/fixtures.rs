//! Fixtures of the Solana tests: a published transaction and the key that signed it.

use super::{Address, Blockhash, Operation, Payment, PaymentKind, Plan, RecentHash, TxSignature};
use crate::base::Amount;
use base64::{Engine, engine::general_purpose::STANDARD};

/// A signed transfer of 49 lamports from the test suite of `@solana/web3.js` ("parse wire format and serialize").
pub const PUBLISHED_WIRE: &str = concat!(
    "AVuErQHaXv0SG0/PchunfxHKt8wMRfMZzqV0tkC5qO6owYxWU2v871AoWywGoFQr4z+q/7mE8lIufNl/kxj+nQ0BAAEDE5j2LG0aRXxRumpLXz29L2n8qTIWIY3I",
    "mX5Ba9F9k8r9Q5/Mtmcn8onFxt47xKj+XdXXd3C8j/FcPu7csUrz/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAxJrndgN4IFTxep3s6kO0ROug7bEs",
    "bx0xxuDkqEvwUusBAgIAAQwCAAAAMQAAAAAAAAA=",
);
/// The id of the published transaction, as another implementation of the format reads it.
pub const PUBLISHED_TXID: &str = "2q8Fs6wmDHcdNKJnVJoXYnDVqrWm8GYsxYt2QwUPvadkEQXinWJRwWVzxdUmJY9YH8iZETcXjk3ZdBcDUkuUtfKz";

/// The key of the published transaction: the Ed25519 key of a seed of eights.
pub fn payer_key() -> ic_ed25519::PrivateKey {
    ic_ed25519::PrivateKey::deserialize_raw_32(&[8; 32])
}

/// The address of [`payer_key`].
pub fn payer() -> Address {
    Address::from_bytes(payer_key().public_key().serialize_raw())
}

/// The recipient of the published transaction. It happens to lie off the curve.
pub fn recipient() -> Address {
    Address::parse("J3dxNj7nDRRqRRXuEMynDG57DkZK4jYRuv3Garmb1i99").expect("an address")
}

/// The plan of the published transaction.
pub fn published_plan() -> Plan {
    pays(recipient(), 49)
}

/// The published transaction with another recipient and amount.
pub fn pays(to: Address, lamports: u64) -> Plan {
    let hash = Blockhash::parse("EETubP5AKHgjPAhzPAFcb8BAY1hMH639CWCFTqi3hq1k").expect("a hash");
    let payment = Payment { kind: PaymentKind::Lamports { to, lamports: Amount::new(lamports) }, memo: None };
    Plan { payer: payer(), recent_hash: RecentHash::Blockhash(hash), budget: None, operation: Operation::Pay(vec![payment]) }
}

/// The published transaction's bytes.
pub fn published_wire() -> Vec<u8> {
    STANDARD.decode(PUBLISHED_WIRE).expect("base64")
}

/// The payer's signature over a message.
pub fn sign(message: &[u8]) -> TxSignature {
    TxSignature::from_bytes(payer_key().sign_message(message))
}
