//! Addresses, from and to text.
//!
//! A text is read once, here: the domain compares recipients as bytes.

use super::chain::{address_text, read_address};
use purser_core::base::text::echo;
use purser_core::base::{Chain, Destination};
use purser_core::chains::configs::ChainConfigs;

/// The longest text that is read as an address, in bytes. Every address is shorter.
pub const MAX_ADDRESS_BYTES: usize = 128;

/// Reads the address of a recipient on the configured network. The work is bounded whatever the length of the text.
///
/// # Errors
/// The problem in a sentence: another chain's or network's address, a typing error, or a program that cannot be paid. The text is
/// repeated only in part.
pub fn parse(text: &str, chain: Chain, chains: &ChainConfigs) -> Result<Destination, String> {
    if text.len() > MAX_ADDRESS_BYTES {
        return Err(format!("{} bytes are too long for an address", text.len()));
    }
    read_address(text, chain, chains)
        .map_err(|problem| format!("`{}` is no {chain} address that can be paid: {problem}", echo(text)))
}

/// Returns the address of a recipient as text, on the configured network.
///
/// Bytes that are no address, which only a bug could have stored, become hexadecimal digits.
pub fn text(destination: &Destination, chains: &ChainConfigs) -> String {
    address_text(destination, chains).unwrap_or_else(|| hex::encode(&destination.payload[..]))
}

#[cfg(test)]
mod tests;
