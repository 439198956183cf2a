//! Reading a transaction back: what would the chain do with these bytes?
//!
//! The reader is stricter than the chain. It accepts a message only if it is byte for byte the one that
//! [`build_transfer`](super::build_transfer) makes of the transfer it describes, so nothing can hide in an unusual encoding, a
//! second instruction or another account.

use super::{Address, Blockhash, BuildError, MAX_TRANSACTION_BYTES, SystemTransfer, TxSignature, build_transfer, known};
use crate::primitives::Amount;
use solana_message::legacy::Message;
use solana_message::{MessageHeader, VersionedMessage};
use solana_transaction::versioned::VersionedTransaction;
use std::fmt;

/// The tag of the system program's transfer, followed in the instruction data by the lamports, both little-endian.
const TRANSFER_TAG: [u8; 4] = 2u32.to_le_bytes();

/// The one header of a transfer: the payer signs and is writable, of the unsigned accounts only the program is read-only.
const HEADER: MessageHeader =
    MessageHeader { num_required_signatures: 1, num_readonly_signed_accounts: 0, num_readonly_unsigned_accounts: 1 };

/// Why bytes are not exactly one transfer of SOL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescribeError {
    /// More bytes than a transaction may have.
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The bytes do not decode.
    Undecodable,
    /// The bytes decode, but something follows them or they are not the canonical encoding.
    NotCanonical,
    /// A versioned message; only legacy messages are made here.
    NotLegacy,
    /// Not exactly one signature.
    Signatures {
        /// How many.
        found: usize,
    },
    /// The header demands other signers or write locks.
    Header,
    /// Other accounts than payer, recipient and system program.
    Accounts {
        /// How many accounts the message names.
        found: usize,
    },
    /// Not exactly one instruction.
    Instructions {
        /// How many.
        found: usize,
    },
    /// The instruction calls another program than the system program.
    Program {
        /// The program.
        found: Address,
    },
    /// The system program is called for something else than a transfer, or on other accounts than from payer to recipient.
    NotATransfer,
    /// A transfer that would not be built in the first place.
    Refused(BuildError),
}

impl fmt::Display for DescribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(f, "{bytes} bytes are more than the {MAX_TRANSACTION_BYTES} of a transaction"),
            Self::Undecodable => write!(f, "the bytes do not decode"),
            Self::NotCanonical => write!(f, "the bytes are not the canonical encoding"),
            Self::NotLegacy => write!(f, "the message is not a legacy one"),
            Self::Signatures { found } => write!(f, "{found} signatures instead of one"),
            Self::Header => write!(f, "the header demands other signers or locks than a transfer's"),
            Self::Accounts { found } => write!(f, "the message's {found} accounts are not payer, recipient and system program"),
            Self::Instructions { found } => write!(f, "{found} instructions instead of one"),
            Self::Program { found } => write!(f, "the instruction calls {found} instead of the system program"),
            Self::NotATransfer => write!(f, "the instruction is not a transfer from payer to recipient"),
            Self::Refused(error) => write!(f, "the transfer would not be built: {error}"),
        }
    }
}

impl std::error::Error for DescribeError {}

/// The field in which a transfer differs from the intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another account pays.
    From {
        /// As intended.
        expected: Address,
        /// As described.
        found: Address,
    },
    /// Another account is paid.
    To {
        /// As intended.
        expected: Address,
        /// As described.
        found: Address,
    },
    /// Another amount.
    Lamports {
        /// As intended.
        expected: Amount,
        /// As described.
        found: Amount,
    },
    /// Another blockhash, hence another lifetime.
    Blockhash {
        /// As intended.
        expected: Blockhash,
        /// As described.
        found: Blockhash,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { expected, found } => write!(f, "paid by {found} instead of {expected}"),
            Self::To { expected, found } => write!(f, "paid to {found} instead of {expected}"),
            Self::Lamports { expected, found } => write!(f, "{found} lamports instead of {expected}"),
            Self::Blockhash { expected, found } => write!(f, "blockhash {found} instead of {expected}"),
        }
    }
}

impl std::error::Error for Mismatch {}

impl SystemTransfer {
    /// Demands that this transfer, as described from bytes, is the intended one in every field.
    pub fn require(&self, intent: &Self) -> Result<(), Mismatch> {
        if self.from != intent.from {
            return Err(Mismatch::From { expected: intent.from, found: self.from });
        }
        if self.to != intent.to {
            return Err(Mismatch::To { expected: intent.to, found: self.to });
        }
        if self.lamports != intent.lamports {
            return Err(Mismatch::Lamports { expected: intent.lamports, found: self.lamports });
        }
        if self.blockhash != intent.blockhash {
            return Err(Mismatch::Blockhash { expected: intent.blockhash, found: self.blockhash });
        }
        Ok(())
    }
}

/// The transfer that these message bytes make if they are signed.
pub fn describe_message(message: &[u8]) -> Result<SystemTransfer, DescribeError> {
    check_length(message)?;
    let decoded = wincode::deserialize::<VersionedMessage>(message).map_err(|_| DescribeError::Undecodable)?;
    let transfer = describe(&decoded)?;
    let rebuilt = build_transfer(&transfer).map_err(DescribeError::Refused)?;
    if rebuilt.message_bytes() == message { Ok(transfer) } else { Err(DescribeError::NotCanonical) }
}

/// The signature and the transfer of these wire bytes. The signature is not verified here.
pub fn describe_wire(wire: &[u8]) -> Result<(TxSignature, SystemTransfer), DescribeError> {
    check_length(wire)?;
    let decoded = wincode::deserialize::<VersionedTransaction>(wire).map_err(|_| DescribeError::Undecodable)?;
    let [signature] = decoded.signatures.as_slice() else {
        return Err(DescribeError::Signatures { found: decoded.signatures.len() });
    };
    let signature = TxSignature::from_bytes(*signature.as_array());
    let message = wire.strip_prefix(&[1]).and_then(|rest| rest.strip_prefix(signature.as_bytes()));
    Ok((signature, describe_message(message.ok_or(DescribeError::NotCanonical)?)?))
}

fn check_length(bytes: &[u8]) -> Result<(), DescribeError> {
    if bytes.len() > MAX_TRANSACTION_BYTES { Err(DescribeError::TooLarge { bytes: bytes.len() }) } else { Ok(()) }
}

fn describe(message: &VersionedMessage) -> Result<SystemTransfer, DescribeError> {
    let VersionedMessage::Legacy(message) = message else {
        return Err(DescribeError::NotLegacy);
    };
    if message.header != HEADER {
        return Err(DescribeError::Header);
    }
    let [from, to, program] = message.account_keys.as_slice() else {
        return Err(DescribeError::Accounts { found: message.account_keys.len() });
    };
    if Address::from(program) != known::SYSTEM_PROGRAM {
        return Err(DescribeError::Program { found: program.into() });
    }
    Ok(SystemTransfer {
        from: from.into(),
        to: to.into(),
        lamports: lamports(message)?,
        blockhash: Blockhash::from_bytes(message.recent_blockhash.to_bytes()),
    })
}

/// The amount of the message's one instruction, which must be a transfer from its first account to its second.
fn lamports(message: &Message) -> Result<Amount, DescribeError> {
    let [instruction] = message.instructions.as_slice() else {
        return Err(DescribeError::Instructions { found: message.instructions.len() });
    };
    if instruction.program_id_index != 2 || instruction.accounts != [0, 1] {
        return Err(DescribeError::NotATransfer);
    }
    let amount = instruction.data.strip_prefix(&TRANSFER_TAG).ok_or(DescribeError::NotATransfer)?;
    let amount = <[u8; 8]>::try_from(amount).map_err(|_| DescribeError::NotATransfer)?;
    Ok(Amount::new(u64::from_le_bytes(amount)))
}

#[cfg(test)]
mod tests;
