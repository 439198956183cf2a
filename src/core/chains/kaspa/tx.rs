//! Transactions of version 0: inputs, outputs, ids and signature scripts.

use super::hash::{self, Hasher};
use super::script::ScriptPublicKey;
use crate::base::Amount;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The largest number of inputs, and of outputs, that consensus allows.
pub const MAX_INPUTS_OR_OUTPUTS: usize = 1_000;
/// The largest possible amount of money, in sompi: 29 billion KAS.
///
/// Consensus allows no output, and no sum of a transaction's outputs, above it.
pub const MAX_SOMPI: u64 = 29_000_000_000 * 100_000_000;
/// The length, in bytes, of the signature script for a public key of either kind.
pub const SIGNATURE_SCRIPT_LEN: usize = 66;
/// The number of signature operations that an input spending from a public key declares.
pub const SIG_OP_COUNT: u8 = 1;
/// The version of all transactions here.
///
/// Version 1 is hashed in another way, and the REST API cannot carry it.
pub const TRANSACTION_VERSION: u16 = 0;

const PUSH_65: u8 = 0x41;
pub(super) const SIGHASH_ALL: u8 = 1;
pub(super) const NATIVE_SUBNETWORK: [u8; 20] = [0; 20];
pub(super) const NO_GAS: u64 = 0;

/// The id of a transaction: 32 bytes, shown in hexadecimal in their own order, unlike Bitcoin's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TxId(pub [u8; 32]);

impl fmt::Display for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxId({self})")
    }
}

impl FromStr for TxId {
    type Err = InvalidTxId;

    /// Reads exactly 64 lower-case hexadecimal digits, the only form that the REST API writes.
    ///
    /// # Errors
    /// [`InvalidTxId`] for any other text.
    fn from_str(text: &str) -> Result<Self, InvalidTxId> {
        let lower = text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        let mut bytes = [0; 32];
        match lower && hex::decode_to_slice(text, &mut bytes).is_ok() {
            true => Ok(Self(bytes)),
            false => Err(InvalidTxId),
        }
    }
}

impl From<TxId> for String {
    fn from(id: TxId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TxId {
    type Error = InvalidTxId;

    fn try_from(text: String) -> Result<Self, InvalidTxId> {
        text.parse()
    }
}

/// The error that a text is no transaction id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTxId;

impl fmt::Display for InvalidTxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transaction id is 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for InvalidTxId {}

/// The name of one output: its transaction and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outpoint {
    /// The transaction that made the output.
    pub transaction: TxId,
    /// The output's index in that transaction, from 0.
    pub index: u32,
}

impl Outpoint {
    /// Encodes the outpoint as a key of durable tables: the transaction id, then the little-endian index.
    pub fn to_bytes(&self) -> [u8; 36] {
        let mut bytes = [0; 36];
        let (transaction, index) = bytes.split_at_mut(32);
        transaction.copy_from_slice(&self.transaction.0);
        index.copy_from_slice(&self.index.to_le_bytes());
        bytes
    }

    /// Decodes bytes that [`Self::to_bytes`] wrote; `None` unless there are 36.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (transaction, index) = bytes.split_first_chunk()?;
        Some(Self { transaction: TxId(*transaction), index: u32::from_le_bytes(index.try_into().ok()?) })
    }
}

/// An unspent output as a provider reports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utxo {
    /// The name of the output.
    pub outpoint: Outpoint,
    /// The amount of the output, in sompi.
    pub amount: Amount,
    /// The script that locks the output.
    pub script: ScriptPublicKey,
    /// The DAA score of the block that accepted the output.
    pub block_daa_score: u64,
    /// Whether the output is a mining reward, which can be spent only when it is mature.
    pub is_coinbase: bool,
}

/// One input of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The output that the input spends.
    pub previous: Outpoint,
    /// The script that satisfies the spent output's script; empty until the input is signed.
    pub signature_script: Vec<u8>,
    /// The relative lock time; zero for none.
    pub sequence: u64,
    /// The declared number of signature operations, 1,000 grams of mass each; the signature covers it.
    pub sig_op_count: u8,
}

impl Input {
    /// Makes an unsigned input that spends from a public key: no lock time, one signature operation.
    pub fn unsigned(previous: Outpoint) -> Self {
        Self { previous, signature_script: Vec::new(), sequence: 0, sig_op_count: SIG_OP_COUNT }
    }
}

/// One output of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The amount to lock, in sompi.
    pub amount: Amount,
    /// The script that locks the amount.
    pub script: ScriptPublicKey,
}

/// A transaction of version 0 in the native subnetwork, without gas and payload.
///
/// The REST API drops gas and payload, and a transaction without them would have another id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// The outputs, in order.
    pub outputs: Vec<Output>,
    /// The earliest time or DAA score at which the transaction is valid; zero for any.
    pub lock_time: u64,
}

/// The error that a transaction has no input with this index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchInput {
    /// The index that was asked for.
    pub index: usize,
}

impl fmt::Display for NoSuchInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transaction has no input {}", self.index)
    }
}

impl std::error::Error for NoSuchInput {}

impl Transaction {
    /// Makes an unsigned transaction without lock time that spends outputs locked to public keys.
    pub fn unsigned(spends: impl IntoIterator<Item = Outpoint>, outputs: Vec<Output>) -> Self {
        Self { inputs: spends.into_iter().map(Input::unsigned).collect(), outputs, lock_time: 0 }
    }

    /// Computes the transaction id.
    ///
    /// Signatures are not part of it, so the id is known before signing.
    pub fn id(&self) -> TxId {
        let mut hasher = Hasher::new(hash::TRANSACTION_ID);
        hasher.u16(TRANSACTION_VERSION).u64(self.inputs.len() as u64);
        for input in &self.inputs {
            hash_outpoint(&mut hasher, &input.previous);
            // An empty script stands for the signature script, and the signature count is left out: so the id does not depend on
            // them.
            hasher.var_bytes(&[]).u64(input.sequence);
        }
        hasher.u64(self.outputs.len() as u64);
        for output in &self.outputs {
            hash_output(&mut hasher, output);
        }
        hasher.u64(self.lock_time).bytes(&NATIVE_SUBNETWORK).u64(NO_GAS).var_bytes(&[]);
        TxId(hasher.finish())
    }

    /// Sets the signature script of input `index` to a 64-byte signature.
    ///
    /// The caller has verified the signature, BIP340 or ECDSA with a low `s`, of type ALL.
    ///
    /// # Errors
    /// [`NoSuchInput`] when the transaction has no input `index`.
    pub fn set_signature(&mut self, index: usize, signature: &[u8; 64]) -> Result<(), NoSuchInput> {
        let input = self.inputs.get_mut(index).ok_or(NoSuchInput { index })?;
        input.signature_script = signature_script(signature);
        Ok(())
    }

    /// Tells whether every input has a signature script.
    pub fn is_signed(&self) -> bool {
        self.inputs.iter().all(|input| !input.signature_script.is_empty())
    }
}

/// Makes the signature script for both kinds of key: one push of the signature and its type.
pub fn signature_script(signature: &[u8; 64]) -> Vec<u8> {
    [&[PUSH_65][..], signature, &[SIGHASH_ALL]].concat()
}

pub(super) fn hash_outpoint(hasher: &mut Hasher, outpoint: &Outpoint) {
    hasher.bytes(&outpoint.transaction.0).u32(outpoint.index);
}

pub(super) fn hash_output(hasher: &mut Hasher, output: &Output) {
    hasher.u64(output.amount.get());
    hash_script(hasher, &output.script);
}

pub(super) fn hash_script(hasher: &mut Hasher, script: &ScriptPublicKey) {
    hasher.u16(ScriptPublicKey::VERSION).var_bytes(script.as_bytes());
}
