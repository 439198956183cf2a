//! Transactions: the bytes of a plan, and their signature.

use super::TxSignature;
use super::describe::{DescribeError, describe_message, describe_wire};
use super::keys::{self, InvalidSignature};
use super::plan::{BuildError, Plan};
use base64::{Engine, engine::general_purpose::STANDARD};
use solana_message::VersionedMessage;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use std::fmt;

/// A message ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTx {
    plan: Plan,
    message: Vec<u8>,
}

/// A signed transaction.
///
/// Its wire bytes are its durable form: they are stored before the broadcast and sent again unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    plan: Plan,
    signature: TxSignature,
    wire: Vec<u8>,
}

/// A reason why a signature was not attached.
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

impl Plan {
    /// Builds the one legacy message that this plan stands for, ready to be signed.
    ///
    /// Whether the recipients' *accounts* can take the money is another question; see [`account`](super::account).
    ///
    /// # Errors
    /// Those of [`Plan::message`]: the plan is not valid, or does not fit a packet.
    pub fn build(self) -> Result<UnsignedTx, BuildError> {
        let message = self.message()?;
        Ok(UnsignedTx { plan: self, message })
    }
}

impl UnsignedTx {
    /// Reads stored message bytes back.
    ///
    /// # Errors
    /// Those of [`describe_message`]: the bytes are not exactly what [`Plan::build`] makes of some plan.
    pub fn decode(message: &[u8]) -> Result<Self, DescribeError> {
        let plan = describe_message(message)?;
        Ok(Self { plan, message: message.to_vec() })
    }

    /// Returns the bytes to sign: the whole message, not a hash of it.
    pub fn message_bytes(&self) -> &[u8] {
        &self.message
    }

    /// Returns the plan that the message stands for.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the transaction in base64 with an empty signature, as `simulateTransaction` takes it.
    pub fn to_simulate(&self) -> String {
        STANDARD.encode([&[1], &[0; 64][..], &self.message].concat())
    }

    /// Adds the payer's signature after verifying it.
    ///
    /// # Errors
    /// [`AttachError::InvalidSignature`] when the payer did not make the signature over this message, as [`keys::verify`] says;
    /// [`AttachError::Unencodable`] when the transaction cannot be written in the wire format.
    pub fn attach(&self, signature: TxSignature) -> Result<SignedTx, AttachError> {
        keys::verify(&self.plan.payer, &self.message, &signature).map_err(|InvalidSignature| AttachError::InvalidSignature)?;
        let message = wincode::deserialize::<VersionedMessage>(&self.message).map_err(|_| AttachError::Unencodable)?;
        let signatures = vec![Signature::from(*signature.as_bytes())];
        let wire = wincode::serialize(&VersionedTransaction { signatures, message }).map_err(|_| AttachError::Unencodable)?;
        Ok(SignedTx { plan: self.plan.clone(), signature, wire })
    }
}

impl SignedTx {
    /// Reads stored wire bytes back.
    ///
    /// The signature itself is not verified again: that was done when it was attached. See [`SignedTx::verify`].
    ///
    /// # Errors
    /// Those of [`describe_wire`]: the bytes do not hold exactly one signature and the message of exactly one plan.
    pub fn decode(wire: &[u8]) -> Result<Self, DescribeError> {
        let (signature, plan) = describe_wire(wire)?;
        Ok(Self { plan, signature, wire: wire.to_vec() })
    }

    /// Verifies the signature against the payer's key and the message.
    ///
    /// # Errors
    /// [`InvalidSignature`] when the payer did not make the signature over this message, as [`keys::verify`] says.
    pub fn verify(&self) -> Result<(), InvalidSignature> {
        // The count of signatures takes one byte, the signature 64; the message follows.
        let message = self.wire.get(65..).ok_or(InvalidSignature)?;
        keys::verify(&self.plan.payer, message, &self.signature)
    }

    /// Returns the bytes as they travel between nodes, and as they are stored.
    pub fn wire_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// Returns the wire bytes in base64, as `sendTransaction` takes them.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.wire)
    }

    /// Returns the transaction's id: its first signature.
    pub fn txid(&self) -> TxSignature {
        self.signature
    }

    /// Returns the plan that the transaction stands for.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
