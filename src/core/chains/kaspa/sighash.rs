//! Signing hashes of transaction inputs, for the signature type ALL.
//!
//! A signature of this type covers every input and every output, so no part of the transaction can change after signing.

use super::hash::{self, Hasher};
use super::script::ScriptPublicKey;
use super::tx::{
    NATIVE_SUBNETWORK, NO_GAS, NoSuchInput, SIGHASH_ALL, TRANSACTION_VERSION, Transaction, hash_outpoint, hash_output, hash_script,
};
use crate::base::Amount;
use sha2::{Digest, Sha256};

/// The payload hash of a transaction without payload; consensus prescribes zeros.
const NO_PAYLOAD: [u8; 32] = [0; 32];

/// The parts of the preimage that all inputs of one transaction share, hashed once.
///
/// The cache borrows the transaction, so the transaction cannot change while its hashes are in use.
pub struct SighashCache<'a> {
    transaction: &'a Transaction,
    previous_outputs: [u8; 32],
    sequences: [u8; 32],
    sig_op_counts: [u8; 32],
    outputs: [u8; 32],
}

impl<'a> SighashCache<'a> {
    /// Hashes the previous outputs, sequences, signature operation counts and outputs of `transaction`.
    pub fn new(transaction: &'a Transaction) -> Self {
        let [mut previous, mut sequences, mut sig_ops, mut outputs] = [(); 4].map(|()| Hasher::new(hash::SIGNING_HASH));
        for input in &transaction.inputs {
            hash_outpoint(&mut previous, &input.previous);
            sequences.u64(input.sequence);
            sig_ops.u8(input.sig_op_count);
        }
        for output in &transaction.outputs {
            hash_output(&mut outputs, output);
        }
        Self {
            transaction,
            previous_outputs: previous.finish(),
            sequences: sequences.finish(),
            sig_op_counts: sig_ops.finish(),
            outputs: outputs.finish(),
        }
    }

    /// Returns the 32 bytes that a BIP340 signature of input `index` signs.
    ///
    /// `script` and `amount` (in sompi) are those of the output that the input spends.
    ///
    /// # Errors
    /// [`NoSuchInput`] when the transaction has no input `index`.
    pub fn schnorr(&self, index: usize, script: &ScriptPublicKey, amount: Amount) -> Result<[u8; 32], NoSuchInput> {
        let input = self.transaction.inputs.get(index).ok_or(NoSuchInput { index })?;
        let mut hasher = Hasher::new(hash::SIGNING_HASH);
        hasher.u16(TRANSACTION_VERSION).bytes(&self.previous_outputs).bytes(&self.sequences).bytes(&self.sig_op_counts);
        hash_outpoint(&mut hasher, &input.previous);
        hash_script(&mut hasher, script);
        hasher.u64(amount.get()).u64(input.sequence).u8(input.sig_op_count).bytes(&self.outputs);
        hasher.u64(self.transaction.lock_time).bytes(&NATIVE_SUBNETWORK).u64(NO_GAS).bytes(&NO_PAYLOAD).u8(SIGHASH_ALL);
        Ok(hasher.finish())
    }

    /// Returns the 32-byte digest that an ECDSA signature of input `index` signs.
    ///
    /// The digest is the SHA-256 of the hashed ECDSA domain and the Schnorr form. `script` and `amount` (in sompi) are those of the
    /// output that the input spends.
    ///
    /// # Errors
    /// [`NoSuchInput`] when the transaction has no input `index`.
    pub fn ecdsa(&self, index: usize, script: &ScriptPublicKey, amount: Amount) -> Result<[u8; 32], NoSuchInput> {
        let inner = self.schnorr(index, script, amount)?;
        Ok(Sha256::new().chain_update(Sha256::digest(hash::SIGNING_HASH_ECDSA)).chain_update(inner).finalize().into())
    }
}
