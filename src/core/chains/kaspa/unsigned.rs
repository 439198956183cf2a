//! Unsigned payments between selection and broadcast: their digests and the attachment of signatures.

use super::keys::WalletKey;
use super::sighash::SighashCache;
use super::tx::{Outpoint, Transaction, Utxo};
use super::verify::SignatureError;
use std::fmt;

/// An unsigned transaction and the outputs it spends. Its durable form is in [`super::codec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTx {
    /// The transaction, none of whose inputs is signed.
    pub transaction: Transaction,
    /// The outputs that the transaction spends, one for each input and in their order.
    pub spent: Vec<Utxo>,
}

/// The reason why a transaction cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningError {
    /// Inputs that do not name the spent outputs in order.
    Inputs,
    /// An input whose spent output is not locked to the key.
    ForeignInput {
        /// The input's index.
        index: usize,
    },
    /// A number of signatures that is not the number of inputs.
    SignatureCount {
        /// The number of inputs.
        expected: usize,
        /// The number of signatures.
        found: usize,
    },
    /// A signature that does not verify.
    Signature {
        /// The index of the input it is for.
        index: usize,
        /// The reason why the signature is not accepted.
        error: SignatureError,
    },
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs => f.write_str("the inputs and the outputs they spend do not correspond"),
            Self::ForeignInput { index } => write!(f, "input {index} spends an output of another key"),
            Self::SignatureCount { expected, found } => write!(f, "{found} signatures for {expected} inputs"),
            Self::Signature { index, error } => write!(f, "input {index}: {error}"),
        }
    }
}

impl std::error::Error for SigningError {}

impl UnsignedTx {
    /// Returns the outputs to reserve until the outcome of the payment is known.
    pub fn outpoints(&self) -> impl Iterator<Item = Outpoint> {
        self.spent.iter().map(|utxo| utxo.outpoint)
    }

    /// Returns the 32 bytes to sign for each input, in order, as [`WalletKey::digest`] makes them.
    ///
    /// # Errors
    /// [`SigningError::Inputs`] when the inputs do not name the spent outputs in order, and [`SigningError::ForeignInput`] for the
    /// first input whose spent output is not locked to `key`.
    pub fn digests(&self, key: &WalletKey) -> Result<Vec<[u8; 32]>, SigningError> {
        if !self.transaction.inputs.iter().map(|input| input.previous).eq(self.outpoints()) {
            return Err(SigningError::Inputs);
        }
        let script = key.script_public_key();
        let cache = SighashCache::new(&self.transaction);
        let digest = |(index, utxo): (usize, &Utxo)| match utxo.script == script {
            true => key.digest(&cache, index, utxo.amount).map_err(|_| SigningError::Inputs),
            false => Err(SigningError::ForeignInput { index }),
        };
        self.spent.iter().enumerate().map(digest).collect()
    }

    /// Returns the signed transaction, after each signature has been verified.
    ///
    /// `signatures` are in the order of the inputs. An ECDSA signature is attached with the low `s` that the node demands.
    ///
    /// # Errors
    /// The errors of [`Self::digests`]; [`SigningError::SignatureCount`] when there is not one signature for each input; and
    /// [`SigningError::Signature`] with the first input whose signature does not verify under `key`.
    pub fn attach(&self, key: &WalletKey, signatures: &[impl AsRef<[u8]>]) -> Result<Transaction, SigningError> {
        let digests = self.digests(key)?;
        if digests.len() != signatures.len() {
            return Err(SigningError::SignatureCount { expected: digests.len(), found: signatures.len() });
        }
        let mut signed = self.transaction.clone();
        for (index, (digest, signature)) in digests.iter().zip(signatures).enumerate() {
            let accepted = key.accept_signature(digest, signature.as_ref());
            let accepted = accepted.map_err(|error| SigningError::Signature { index, error })?;
            signed.set_signature(index, &accepted).map_err(|_| SigningError::Inputs)?;
        }
        Ok(signed)
    }
}
