//! A built payment between selection and broadcast: what is stored before signing, what is signed, and how signatures go in.

use super::keys::WalletKey;
use super::sighash::SighashCache;
use super::tx::{Outpoint, Transaction, Utxo};
use super::verify::SignatureError;
use std::fmt;

/// An unsigned transaction and the outputs it spends. Its durable form is in [`super::codec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTx {
    /// The transaction; none of its inputs is signed.
    pub transaction: Transaction,
    /// The outputs it spends, one for each input and in their order.
    pub spent: Vec<Utxo>,
}

/// Why a transaction cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningError {
    /// An input does not spend the output listed for it, or one of the two is missing.
    Inputs,
    /// An input spends an output that is not locked to the key.
    ForeignInput {
        /// The input's index.
        index: usize,
    },
    /// There is not one signature for each input.
    SignatureCount {
        /// The number of inputs.
        expected: usize,
        /// The number of signatures.
        found: usize,
    },
    /// A signature is wrong.
    Signature {
        /// Index of the input it was meant for.
        index: usize,
        /// What is wrong with it.
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
    /// The outputs to lock until the payment's fate is known.
    pub fn outpoints(&self) -> impl Iterator<Item = Outpoint> {
        self.spent.iter().map(|utxo| utxo.outpoint)
    }

    /// What the threshold signer must sign for each input, in order, as [`WalletKey::digest`] says.
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

    /// The signed transaction. Each signature, in the order of the inputs, is verified before it is put in; ECDSA ones are brought to
    /// the low `s` that the node demands.
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
