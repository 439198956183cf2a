//! Locking scripts of outputs, and their standard forms.

use super::hash;
use serde::{Deserialize, Serialize};

const OP_BLAKE2B: u8 = 0xaa;
const OP_EQUAL: u8 = 0x87;
const OP_CHECK_SIG: u8 = 0xac;
const OP_CHECK_SIG_ECDSA: u8 = 0xab;
const PUSH_32: u8 = 0x20;
const PUSH_33: u8 = 0x21;

/// A locking script of script version 0, the only version that exists.
///
/// Any bytes are allowed, because a provider may report any; [`Self::form`] recognises the standard forms. The node relays only
/// outputs of a standard form. JSON has the bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScriptPublicKey(Vec<u8>);

/// The standard forms of a locking script, one for each kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScriptForm {
    /// A script that pays to an x-only public key, spent with a BIP340 signature.
    PubKey([u8; 32]),
    /// A script that pays to a compressed public key, spent with an ECDSA signature.
    PubKeyEcdsa([u8; 33]),
    /// A script that pays to the BLAKE2b-256 hash of a redeem script.
    ScriptHash([u8; 32]),
}

impl ScriptPublicKey {
    /// The version of every script here.
    pub const VERSION: u16 = 0;

    /// Wraps script bytes of any form.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Makes the script of a standard form.
    pub fn pay_to(form: ScriptForm) -> Self {
        Self(match form {
            ScriptForm::PubKey(key) => [&[PUSH_32][..], &key, &[OP_CHECK_SIG]].concat(),
            ScriptForm::PubKeyEcdsa(key) => [&[PUSH_33][..], &key, &[OP_CHECK_SIG_ECDSA]].concat(),
            ScriptForm::ScriptHash(hash) => [&[OP_BLAKE2B, PUSH_32][..], &hash, &[OP_EQUAL]].concat(),
        })
    }

    /// Makes the script that pays to the hash of `redeem_script`.
    ///
    /// An input spends such an output if it presents and satisfies the redeem script.
    pub fn pay_to_script_hash(redeem_script: &[u8]) -> Self {
        Self::pay_to(ScriptForm::ScriptHash(hash::unkeyed(redeem_script)))
    }

    /// Returns the standard form of the script; `None` when it has none.
    ///
    /// Keys are not checked to be points of the curve.
    pub fn form(&self) -> Option<ScriptForm> {
        match self.0.as_slice() {
            [PUSH_32, key @ .., OP_CHECK_SIG] => key.try_into().ok().map(ScriptForm::PubKey),
            [PUSH_33, key @ .., OP_CHECK_SIG_ECDSA] => key.try_into().ok().map(ScriptForm::PubKeyEcdsa),
            [OP_BLAKE2B, PUSH_32, hash @ .., OP_EQUAL] => hash.try_into().ok().map(ScriptForm::ScriptHash),
            _ => None,
        }
    }

    /// Returns the bytes of the script, without its version.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<ScriptPublicKey> for String {
    fn from(script: ScriptPublicKey) -> Self {
        hex::encode(script.0)
    }
}

impl TryFrom<String> for ScriptPublicKey {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        hex::decode(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_hash_is_unkeyed_blake2b() {
        let script = ScriptPublicKey::pay_to_script_hash(&[0x51]);
        assert_eq!(hex::encode(script.as_bytes()), "aa20ce57216285125006ec18197bd8184221cefa559bb0798410d99a5bba5b07cd1d87");
    }

    #[test]
    fn every_form_is_recognised_and_near_misses_are_not() {
        for form in [ScriptForm::PubKey([7; 32]), ScriptForm::PubKeyEcdsa([2; 33]), ScriptForm::ScriptHash([9; 32])] {
            let script = ScriptPublicKey::pay_to(form);
            assert_eq!(script.form(), Some(form));
            let mut longer = script.as_bytes().to_vec();
            longer.insert(2, 0);
            assert_eq!(ScriptPublicKey::from_bytes(longer).form(), None);
            assert_eq!(ScriptPublicKey::from_bytes(script.as_bytes()[1..].to_vec()).form(), None);
        }
        assert_eq!(ScriptPublicKey::from_bytes(vec![PUSH_32; 34]).form(), None);
        assert_eq!(ScriptPublicKey::from_bytes(Vec::new()).form(), None);
    }
}
