//! The reader of transactions: from bytes back to the plan that they carry out.
//!
//! The reader is stricter than the chain. It accepts a message only if it is byte for byte the one that [`Plan::build`] makes of
//! the plan it describes, so nothing can hide in an unusual encoding, another instruction or another account.

use super::instruction as tags;
use super::plan::{Budget, BuildError, MAX_TRANSACTION_BYTES, Operation, Payment, PaymentKind, Plan, RecentHash, TokenPayment};
use super::{Address, Blockhash, TokenProgram, TxSignature, known};
use crate::base::Amount;
use solana_message::VersionedMessage;
use solana_message::compiled_instruction::CompiledInstruction;
use solana_message::legacy::Message;
use solana_transaction::versioned::VersionedTransaction;
use std::fmt;

/// A reason why bytes are not exactly one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescribeError {
    /// The bytes are more than a transaction may have.
    TooLarge {
        /// The number of bytes, above [`MAX_TRANSACTION_BYTES`].
        bytes: usize,
    },
    /// The bytes do not decode.
    Undecodable,
    /// The bytes decode, but other bytes follow or they are not the canonical encoding.
    NotCanonical,
    /// The message is versioned; only legacy messages are made here.
    NotLegacy,
    /// The transaction does not have exactly one signature.
    Signatures {
        /// The number of signatures found.
        found: usize,
    },
    /// An instruction names an account that the message does not have.
    Account,
    /// An instruction is none that this canister makes, or not at this place.
    Instruction {
        /// The position of the instruction in the message, from 0.
        index: usize,
    },
    /// The plan would not be built in the first place.
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
            Self::Account => write!(f, "an instruction names an account that is not there"),
            Self::Instruction { index } => write!(f, "instruction {index} is none that is made here"),
            Self::Refused(error) => write!(f, "the transaction would not be built: {error}"),
        }
    }
}

impl std::error::Error for DescribeError {}

/// Returns the plan that these message bytes carry out if they are signed.
///
/// # Errors
/// [`DescribeError::TooLarge`] above [`MAX_TRANSACTION_BYTES`]; [`DescribeError::Undecodable`], [`DescribeError::NotLegacy`],
/// [`DescribeError::Account`] or [`DescribeError::Instruction`] when the bytes are no legacy message of known instructions;
/// [`DescribeError::Refused`] when [`Plan::build`] would not make their plan; [`DescribeError::NotCanonical`] when it makes other
/// bytes of it.
pub fn describe_message(message: &[u8]) -> Result<Plan, DescribeError> {
    check_length(message)?;
    let decoded = wincode::deserialize::<VersionedMessage>(message).map_err(|_| DescribeError::Undecodable)?;
    let plan = describe(&decoded)?;
    let rebuilt = plan.message().map_err(DescribeError::Refused)?;
    if rebuilt == message { Ok(plan) } else { Err(DescribeError::NotCanonical) }
}

/// Returns the signature and the plan of these wire bytes. The signature is not verified here.
///
/// # Errors
/// [`DescribeError::Signatures`] when the transaction does not have exactly one signature, [`DescribeError::NotCanonical`] when its
/// count and bytes are not at the start; otherwise those of [`describe_message`].
pub fn describe_wire(wire: &[u8]) -> Result<(TxSignature, Plan), DescribeError> {
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

fn describe(message: &VersionedMessage) -> Result<Plan, DescribeError> {
    let VersionedMessage::Legacy(message) = message else {
        return Err(DescribeError::NotLegacy);
    };
    let steps = message.instructions.iter().map(|instruction| Step::read(message, instruction)).collect::<Result<Vec<_>, _>>()?;
    let payer = message.account_keys.first().map(Address::from).ok_or(DescribeError::Account)?;
    let hash = Blockhash::from_bytes(message.recent_blockhash.to_bytes());
    // A revocation is tried first: it begins like a payment on a nonce, and nothing follows.
    if let Some((budget, operation)) = revocation(&steps) {
        return Ok(Plan { payer, recent_hash: RecentHash::Blockhash(hash), budget, operation });
    }
    let mut reader = Reader { steps: &steps, next: 0 };
    let recent_hash = reader.recent_hash(hash);
    let budget = reader.budget();
    let operation = reader.operation()?;
    Ok(Plan { payer, recent_hash, budget, operation })
}

/// Reads a message that uses a nonce up and does nothing else.
fn revocation(steps: &[Step<'_>]) -> Option<(Option<Budget>, Operation)> {
    let mut reader = Reader { steps, next: 0 };
    let budget = reader.budget();
    let account = reader.advanced_nonce()?;
    (reader.next == steps.len()).then_some((budget, Operation::Revoke { account }))
}

/// One instruction with its accounts looked up.
struct Step<'a> {
    program: Address,
    accounts: Vec<Address>,
    data: &'a [u8],
}

impl<'a> Step<'a> {
    fn read(message: &Message, instruction: &'a CompiledInstruction) -> Result<Self, DescribeError> {
        let key = |index: &u8| message.account_keys.get(usize::from(*index)).map(Address::from).ok_or(DescribeError::Account);
        Ok(Self {
            program: key(&instruction.program_id_index)?,
            accounts: instruction.accounts.iter().map(key).collect::<Result<_, _>>()?,
            data: &instruction.data,
        })
    }

    /// Returns the data after `tag` when the instruction is this program's and begins with it.
    fn of(&self, program: Address, tag: &[u8]) -> Option<&'a [u8]> {
        (self.program == program).then(|| self.data.strip_prefix(tag))?
    }
}

/// A reader that takes the instructions from the front, one part of the plan after the other.
///
/// The checks here may be incomplete: whatever is overlooked, the message that is rebuilt from the plan differs, and the bytes are
/// refused.
struct Reader<'a> {
    steps: &'a [Step<'a>],
    next: usize,
}

impl<'a> Reader<'a> {
    /// Takes the next instruction if `read` returns a value for it; otherwise leaves it.
    fn take<T>(&mut self, read: impl FnOnce(&'a Step<'a>) -> Option<T>) -> Option<T> {
        let taken = read(self.steps.get(self.next)?)?;
        self.next += 1;
        Some(taken)
    }

    fn recent_hash(&mut self, hash: Blockhash) -> RecentHash {
        self.advanced_nonce().map_or(RecentHash::Blockhash(hash), |account| RecentHash::Nonce { account, value: hash })
    }

    fn advanced_nonce(&mut self) -> Option<Address> {
        self.take(|step| {
            step.of(known::SYSTEM_PROGRAM, &tags::ADVANCE_NONCE)?;
            step.accounts.first().copied()
        })
    }

    fn budget(&mut self) -> Option<Budget> {
        let limit = self.take(|step| number(step.of(known::COMPUTE_BUDGET, &[tags::UNIT_LIMIT])?).map(u32::from_le_bytes))?;
        let price = self.take(|step| number(step.of(known::COMPUTE_BUDGET, &[tags::UNIT_PRICE])?).map(u64::from_le_bytes))?;
        Some(Budget { limit, price })
    }

    fn operation(&mut self) -> Result<Operation, DescribeError> {
        if let Some(operation) = self.create_nonce() {
            return Ok(operation);
        }
        let mut payments = Vec::new();
        while self.next < self.steps.len() {
            payments.push(self.payment().ok_or(DescribeError::Instruction { index: self.next })?);
        }
        Ok(Operation::Pay(payments))
    }

    /// Reads all remaining instructions as the creation of a nonce account.
    fn create_nonce(&self) -> Option<Operation> {
        let [transfer, allocate, initialise] = self.steps.get(self.next..)? else { return None };
        let lamports = u64::from_le_bytes(number(transfer.of(known::SYSTEM_PROGRAM, &tags::TRANSFER)?)?);
        // After the tag: base (32 bytes), length of the seed (8 bytes), the seed.
        let data = allocate.of(known::SYSTEM_PROGRAM, &tags::ALLOCATE_WITH_SEED)?.get(32..)?;
        let (length, data) = data.split_first_chunk::<8>()?;
        let (seed, _) = data.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        initialise.of(known::SYSTEM_PROGRAM, &tags::INITIALISE_NONCE)?;
        let index = std::str::from_utf8(seed).ok()?.strip_prefix("purser-nonce-")?.parse().ok()?;
        Some(Operation::CreateNonce { index, lamports: Amount::new(lamports) })
    }

    fn payment(&mut self) -> Option<Payment> {
        let create_for = self.take(|step| {
            step.of(known::ASSOCIATED_TOKEN_PROGRAM, &[tags::CREATE_IDEMPOTENT])?;
            // The accounts are payer, token account, owner, mint and two programs.
            step.accounts.get(2).copied()
        });
        let memo = self.take(|step| Some(std::str::from_utf8(step.of(known::MEMO_PROGRAM, &[])?).ok()?.to_owned()));
        let lamports = self.take(|step| {
            let amount = number(step.of(known::SYSTEM_PROGRAM, &tags::TRANSFER)?)?;
            Some(PaymentKind::Lamports { to: *step.accounts.get(1)?, lamports: Amount::new(u64::from_le_bytes(amount)) })
        });
        let kind = match lamports {
            Some(_) if create_for.is_some() => return None,
            Some(lamports) => lamports,
            None => self.take(|step| tokens(step, create_for))?,
        };
        // The source must be the payer's own token account; the comparison with the rebuilt message shows that it is.
        Some(Payment { kind, memo })
    }
}

fn tokens(step: &Step<'_>, create_for: Option<Address>) -> Option<PaymentKind> {
    let program = TokenProgram::of(&step.program)?;
    let data = step.of(step.program, &[tags::TRANSFER_CHECKED])?;
    let (amount, decimals) = data.split_first_chunk::<8>()?;
    let [_, mint, destination, _] = step.accounts[..] else { return None };
    let ([decimals], amount) = (decimals, Amount::new(u64::from_le_bytes(*amount))) else { return None };
    Some(PaymentKind::Tokens(TokenPayment { program, mint, destination, create_for, amount, decimals: *decimals }))
}

fn number<const N: usize>(data: &[u8]) -> Option<[u8; N]> {
    data.try_into().ok()
}

#[cfg(test)]
mod tests;
