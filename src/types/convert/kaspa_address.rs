//! Addresses of Kaspa, from and to text. A recipient is the version of its address, and the payload.

use purser_core::base::{Chain, Destination};
use purser_core::chains::kaspa::script::{ScriptForm, ScriptPublicKey};
use purser_core::chains::kaspa::{Address, AddressKind, Network};

const SCHNORR: u8 = 0;
const ECDSA: u8 = 1;
const SCRIPT_HASH: u8 = 8;

/// Reads the address of a recipient on a network.
///
/// # Errors
/// The problem in a sentence.
pub(super) fn parse(text: &str, network: Network) -> Result<Destination, String> {
    let address = Address::parse(text, network).map_err(|error| error.to_string())?;
    let version = match address.kind() {
        AddressKind::PubKey => SCHNORR,
        AddressKind::PubKeyEcdsa => ECDSA,
        AddressKind::ScriptHash => SCRIPT_HASH,
    };
    Ok(Destination::new(Chain::Kaspa, [&[version], address.payload()].concat()))
}

/// Returns the address of a recipient on a network; `None` for bytes that are no address.
pub(super) fn text(payload: &[u8], network: Network) -> Option<String> {
    let (&version, key) = payload.split_first()?;
    let form = match version {
        SCHNORR => ScriptForm::PubKey(key.try_into().ok()?),
        ECDSA => ScriptForm::PubKeyEcdsa(key.try_into().ok()?),
        SCRIPT_HASH => ScriptForm::ScriptHash(key.try_into().ok()?),
        _ => return None,
    };
    Address::from_script(network, &ScriptPublicKey::pay_to(form)).map(|address| address.to_string())
}

/// The message of a panic about a key that no derivation yields.
const BUG: &str = "BUG: a wallet with an impossible key";

/// Returns the Schnorr address of a public key; empty when there is no key.
///
/// # Panics
/// When the key is not a point of its curve, which no derivation yields.
pub(super) fn of_schnorr_key(key: &[u8], network: Network) -> String {
    if key.is_empty() {
        return String::new();
    }
    Address::from_schnorr_key(network, key.try_into().expect(BUG)).expect(BUG).to_string()
}

/// Returns the ECDSA address of a public key; empty when there is no key.
///
/// # Panics
/// When the key is not a point of its curve, which no derivation yields.
pub(super) fn of_ecdsa_key(key: &[u8], network: Network) -> String {
    if key.is_empty() {
        return String::new();
    }
    Address::from_ecdsa_key(network, key.try_into().expect(BUG)).expect(BUG).to_string()
}
