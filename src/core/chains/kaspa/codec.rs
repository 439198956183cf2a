//! The durable bytes of a transaction.
//!
//! A signed transaction is stored in this form before it is broadcast, and a repeated broadcast sends what these bytes decode to,
//! so it offers the same transaction. Before signing, the unsigned transaction is stored together with the outputs it spends. Only
//! the canister reads this form; the REST API has its own.
//!
//! ```text
//! transaction: format u8 = 1 | lock_time u64
//!              | inputs u16 | inputs * (txid 32 | index u32 | sequence u64 | sig_op_count u8 | script u16 + bytes)
//!              | outputs u16 | outputs * (amount u64 | script u16 + bytes)
//! unsigned:    format u8 = 2 | transaction | inputs * (amount u64 | script u16 + bytes | block_daa_score u64 | is_coinbase u8)
//! integers are little-endian
//! ```

use super::script::ScriptPublicKey;
use super::tx::{Input, MAX_INPUTS_OR_OUTPUTS, Outpoint, Output, Transaction, TxId, Utxo};
use super::unsigned::UnsignedTx;
use crate::base::Amount;
use std::fmt;

const FORMAT_TRANSACTION: u8 = 1;
const FORMAT_UNSIGNED: u8 = 2;

/// The reason why bytes are no stored transaction, or a transaction cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// Bytes that end before the transaction does.
    Truncated,
    /// Bytes that follow the end of the transaction.
    TrailingBytes,
    /// A format number that this version does not know, or that of the other form.
    UnknownFormat {
        /// The format number found.
        format: u8,
    },
    /// More inputs or outputs than [`MAX_INPUTS_OR_OUTPUTS`].
    TooMany,
    /// A script longer than 65,535 bytes.
    ScriptTooLong,
    /// Inputs that do not correspond, in order, to the outputs they spend.
    Inputs,
    /// A byte for a truth value that is neither 0 nor 1.
    NotABool {
        /// The byte found.
        found: u8,
    },
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the stored transaction is truncated"),
            Self::TrailingBytes => f.write_str("bytes follow the stored transaction"),
            Self::UnknownFormat { format } => write!(f, "unknown transaction format {format}"),
            Self::TooMany => f.write_str("the transaction has too many inputs or outputs"),
            Self::ScriptTooLong => f.write_str("the transaction has an overlong script"),
            Self::Inputs => f.write_str("the inputs and the outputs they spend do not correspond"),
            Self::NotABool { found } => write!(f, "{found} is not a truth value"),
        }
    }
}

impl std::error::Error for CodecError {}

impl Transaction {
    /// Encodes the transaction, signed or not, in its durable form.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above [`MAX_INPUTS_OR_OUTPUTS`] inputs or outputs, and [`CodecError::ScriptTooLong`] for a script
    /// above 65,535 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![FORMAT_TRANSACTION];
        out.extend(self.lock_time.to_le_bytes());
        write_count(&mut out, self.inputs.len())?;
        for input in &self.inputs {
            out.extend(input.previous.transaction.0);
            out.extend(input.previous.index.to_le_bytes());
            out.extend(input.sequence.to_le_bytes());
            out.push(input.sig_op_count);
            write_script(&mut out, &input.signature_script)?;
        }
        write_count(&mut out, self.outputs.len())?;
        for output in &self.outputs {
            out.extend(output.amount.get().to_le_bytes());
            write_script(&mut out, output.script.as_bytes())?;
        }
        Ok(out)
    }

    /// Decodes bytes that [`Self::to_bytes`] wrote; no other bytes decode.
    ///
    /// # Errors
    /// [`CodecError::UnknownFormat`] for another first byte, [`CodecError::TooMany`] above [`MAX_INPUTS_OR_OUTPUTS`] inputs or
    /// outputs, [`CodecError::Truncated`] when the bytes end early, and [`CodecError::TrailingBytes`] when bytes follow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader(bytes);
        let transaction = reader.transaction()?;
        reader.end()?;
        Ok(transaction)
    }
}

impl UnsignedTx {
    /// Encodes the transaction and the outputs it spends in their durable form.
    ///
    /// # Errors
    /// [`CodecError::Inputs`] when the inputs do not name the spent outputs in order; otherwise as [`Transaction::to_bytes`], where
    /// the scripts of the spent outputs count too.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        if !self.transaction.inputs.iter().map(|input| input.previous).eq(self.outpoints()) {
            return Err(CodecError::Inputs);
        }
        let mut out = vec![FORMAT_UNSIGNED];
        out.extend(self.transaction.to_bytes()?);
        for utxo in &self.spent {
            out.extend(utxo.amount.get().to_le_bytes());
            write_script(&mut out, utxo.script.as_bytes())?;
            out.extend(utxo.block_daa_score.to_le_bytes());
            out.push(u8::from(utxo.is_coinbase));
        }
        Ok(out)
    }

    /// Decodes bytes that [`Self::to_bytes`] wrote; no other bytes decode.
    ///
    /// # Errors
    /// As [`Transaction::from_bytes`], and [`CodecError::NotABool`] when the mark of a mining reward is neither 0 nor 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT_UNSIGNED)?;
        let transaction = reader.transaction()?;
        let spent = transaction.inputs.iter().map(|input| reader.utxo(input.previous)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { transaction, spent })
    }
}

fn write_count(out: &mut Vec<u8>, count: usize) -> Result<(), CodecError> {
    let count = u16::try_from(count).ok().filter(|_| count <= MAX_INPUTS_OR_OUTPUTS).ok_or(CodecError::TooMany)?;
    out.extend(count.to_le_bytes());
    Ok(())
}

fn write_script(out: &mut Vec<u8>, script: &[u8]) -> Result<(), CodecError> {
    out.extend(u16::try_from(script.len()).map_err(|_| CodecError::ScriptTooLong)?.to_le_bytes());
    out.extend(script);
    Ok(())
}

/// The bytes that are not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CodecError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(CodecError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn end(&self) -> Result<(), CodecError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodecError::TrailingBytes) }
    }

    fn format(&mut self, expected: u8) -> Result<(), CodecError> {
        let [format] = self.array()?;
        if format == expected { Ok(()) } else { Err(CodecError::UnknownFormat { format }) }
    }

    fn transaction(&mut self) -> Result<Transaction, CodecError> {
        self.format(FORMAT_TRANSACTION)?;
        let lock_time = self.u64()?;
        let inputs = (0..self.count()?).map(|_| self.input()).collect::<Result<_, _>>()?;
        let outputs = (0..self.count()?).map(|_| self.output()).collect::<Result<_, _>>()?;
        Ok(Transaction { inputs, outputs, lock_time })
    }

    fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_le_bytes)
    }

    fn count(&mut self) -> Result<usize, CodecError> {
        let count = usize::from(u16::from_le_bytes(self.array()?));
        if count > MAX_INPUTS_OR_OUTPUTS { Err(CodecError::TooMany) } else { Ok(count) }
    }

    fn script(&mut self) -> Result<Vec<u8>, CodecError> {
        let length = u16::from_le_bytes(self.array()?);
        self.take(usize::from(length)).map(<[u8]>::to_vec)
    }

    fn input(&mut self) -> Result<Input, CodecError> {
        let previous = Outpoint { transaction: TxId(self.array()?), index: u32::from_le_bytes(self.array()?) };
        let sequence = self.u64()?;
        let [sig_op_count] = self.array()?;
        Ok(Input { previous, signature_script: self.script()?, sequence, sig_op_count })
    }

    fn output(&mut self) -> Result<Output, CodecError> {
        Ok(Output { amount: Amount::new(self.u64()?), script: ScriptPublicKey::from_bytes(self.script()?) })
    }

    fn utxo(&mut self, outpoint: Outpoint) -> Result<Utxo, CodecError> {
        let amount = Amount::new(self.u64()?);
        let script = ScriptPublicKey::from_bytes(self.script()?);
        let block_daa_score = self.u64()?;
        let is_coinbase = match self.array()? {
            [0] => false,
            [1] => true,
            [found] => return Err(CodecError::NotABool { found }),
        };
        Ok(Utxo { outpoint, amount, script, block_daa_score, is_coinbase })
    }
}
