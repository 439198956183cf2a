//! Building and signing a transfer of SOL.

use super::describe::{DescribeError, describe_wire};
use super::keys::{self, InvalidSignature};
use super::{Address, Blockhash, TxSignature, describe_message, known};
use crate::primitives::Amount;
use base64::{Engine, engine::general_purpose::STANDARD};
use solana_hash::Hash;
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;
use std::fmt;

/// The base fee per signature in lamports. It is charged whether or not the transaction succeeds.
pub const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// The size limit of a legacy transaction on the wire, signatures included.
pub const MAX_TRANSACTION_BYTES: usize = 1_232;

/// The fee of a transaction with this many signatures and no priority fee, or `None` on overflow.
pub fn signature_fee(signatures: u64) -> Option<Amount> {
    signatures.checked_mul(LAMPORTS_PER_SIGNATURE).map(Amount::new)
}

/// All that a transfer of SOL says: there is exactly one message for it, and exactly one of these for each such message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemTransfer {
    /// The account that is debited, pays the fee and signs.
    pub from: Address,
    /// The account that is credited.
    pub to: Address,
    /// The amount in lamports, without the fee.
    pub lamports: Amount,
    /// The recent blockhash that bounds the transaction's life.
    pub blockhash: Blockhash,
}

/// Why a transfer is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// Nothing to transfer.
    ZeroAmount,
    /// Payer and recipient are one account: only the fee would move.
    SelfTransfer,
    /// The recipient is a program, a sysvar or a mint; the money would be stuck.
    NotARecipient {
        /// What the address is.
        name: &'static str,
    },
    /// The signed transaction would exceed [`MAX_TRANSACTION_BYTES`].
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroAmount => write!(f, "the amount is zero"),
            Self::SelfTransfer => write!(f, "payer and recipient are the same account"),
            Self::NotARecipient { name } => write!(f, "the recipient is the {name}, where money would be stuck"),
            Self::TooLarge { bytes } => {
                write!(f, "the transaction has {bytes} bytes, at most {MAX_TRANSACTION_BYTES} are allowed")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// A message ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTx {
    transfer: SystemTransfer,
    message: Vec<u8>,
}

/// A signed transaction. Its wire bytes are its durable form: they are stored before the broadcast and sent again unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    transfer: SystemTransfer,
    signature: TxSignature,
    wire: Vec<u8>,
}

/// Why a signature was not attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachError {
    /// The payer did not make this signature over this message.
    InvalidSignature,
    /// The transaction cannot be written in the wire format.
    Unencodable,
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidSignature => write!(f, "{InvalidSignature}"),
            Self::Unencodable => write!(f, "the transaction cannot be encoded"),
        }
    }
}

impl std::error::Error for AttachError {}

/// Builds the one legacy message that makes this transfer: one system instruction, the payer being the only signer.
///
/// It sets no compute budget, hence pays no priority fee: its fee is [`signature_fee`] of one signature, known before it is built.
///
/// Whether the recipient's *account* can take the money is another question; see [`account`](super::account).
pub fn build_transfer(intent: &SystemTransfer) -> Result<UnsignedTx, BuildError> {
    if intent.lamports.is_zero() {
        return Err(BuildError::ZeroAmount);
    }
    if intent.from == intent.to {
        return Err(BuildError::SelfTransfer);
    }
    if let Some(name) = known::name_of(&intent.to) {
        return Err(BuildError::NotARecipient { name });
    }
    let payer = intent.from.into();
    let instruction = transfer(&payer, &intent.to.into(), intent.lamports.get());
    let blockhash = Hash::new_from_array(*intent.blockhash.as_bytes());
    let message = Message::new_with_blockhash(&[instruction], Some(&payer), &blockhash);
    let signatures = usize::from(message.header.num_required_signatures);
    let message = message.serialize();
    check_size(message.len(), signatures)?;
    Ok(UnsignedTx { transfer: *intent, message })
}

/// Refuses a message whose signed form is larger than the network carries. Asked before signing, because a signature costs cycles.
fn check_size(message_bytes: usize, signatures: usize) -> Result<(), BuildError> {
    // The count of signatures takes one byte: below 128 the compact form has no second one, and 19 signatures fill the packet.
    let bytes = signatures.saturating_mul(64).saturating_add(message_bytes).saturating_add(1);
    if bytes > MAX_TRANSACTION_BYTES { Err(BuildError::TooLarge { bytes }) } else { Ok(()) }
}

impl UnsignedTx {
    /// Reads stored message bytes back. Fails unless they are exactly what [`build_transfer`] makes of some transfer.
    pub fn decode(message: &[u8]) -> Result<Self, DescribeError> {
        let transfer = describe_message(message)?;
        Ok(Self { transfer, message: message.to_vec() })
    }

    /// The bytes to sign: the whole message, not a hash of it.
    pub fn message_bytes(&self) -> &[u8] {
        &self.message
    }

    /// The transfer that the message makes.
    pub fn transfer(&self) -> &SystemTransfer {
        &self.transfer
    }

    /// Adds the payer's signature after verifying it.
    pub fn attach(&self, signature: TxSignature) -> Result<SignedTx, AttachError> {
        keys::verify(&self.transfer.from, &self.message, &signature).map_err(|InvalidSignature| AttachError::InvalidSignature)?;
        let message = wincode::deserialize::<VersionedMessage>(&self.message).map_err(|_| AttachError::Unencodable)?;
        let signatures = vec![Signature::from(*signature.as_bytes())];
        let wire = wincode::serialize(&VersionedTransaction { signatures, message }).map_err(|_| AttachError::Unencodable)?;
        Ok(SignedTx { transfer: self.transfer, signature, wire })
    }
}

impl SignedTx {
    /// Reads stored wire bytes back. Fails unless they hold exactly one signature over exactly one transfer.
    ///
    /// The signature itself is not verified again: that was done when it was attached. See [`SignedTx::verify`].
    pub fn decode(wire: &[u8]) -> Result<Self, DescribeError> {
        let (signature, transfer) = describe_wire(wire)?;
        Ok(Self { transfer, signature, wire: wire.to_vec() })
    }

    /// Verifies the signature against the payer's key and the message.
    pub fn verify(&self) -> Result<(), InvalidSignature> {
        let message = self.wire.get(65..).ok_or(InvalidSignature)?;
        keys::verify(&self.transfer.from, message, &self.signature)
    }

    /// The bytes as they travel between nodes, and as they are stored.
    pub fn wire_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// The wire bytes in base64, as `sendTransaction` takes them.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.wire)
    }

    /// The transaction's id: its first signature.
    pub fn txid(&self) -> TxSignature {
        self.signature
    }

    /// The transfer that the transaction makes.
    pub fn transfer(&self) -> &SystemTransfer {
        &self.transfer
    }
}

#[cfg(test)]
mod tests;
