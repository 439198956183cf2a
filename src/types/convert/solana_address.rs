//! Addresses of Solana, from and to text. A recipient is the 32 bytes of its address.

use purser_core::base::{Chain, Destination};
use purser_core::chains::solana::{Address, known};

/// Reads the address of a recipient.
///
/// # Errors
/// The problem in a sentence, also for a program that cannot be paid.
pub(super) fn parse(text: &str) -> Result<Destination, String> {
    let address = Address::parse(text).map_err(|error| error.to_string())?;
    match known::name_of(&address) {
        Some(name) => Err(format!("it is the {name}, where money is lost")),
        None => Ok(Destination::new(Chain::Solana, address.as_bytes().to_vec())),
    }
}

/// Returns the address of a recipient; `None` for bytes that are no address.
pub(super) fn text(payload: &[u8]) -> Option<String> {
    <[u8; 32]>::try_from(payload).ok().map(|bytes| Address::from_bytes(bytes).to_string())
}

/// Returns the address of an Ed25519 public key; empty when there is no key.
///
/// # Panics
/// When the key has another length, which no derivation yields.
pub(super) fn of_key(key: &[u8]) -> String {
    if key.is_empty() {
        return String::new();
    }
    text(key).expect("BUG: a wallet with an impossible key")
}
