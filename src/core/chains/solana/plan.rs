//! Plans of transactions, and the bytes of their messages.
//!
//! A [`Plan`] covers everything that a transaction of this canister can do. There is exactly one message for a plan, and
//! [`describe_message`](super::describe_message) reads the plan back from it.

use super::instruction;
use super::{Address, Blockhash, TokenProgram, derived, known};
use crate::base::Amount;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::Message;
use std::fmt;

/// The base fee per signature in lamports, charged whether or not the transaction succeeds.
pub const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// The size limit of a legacy transaction on the wire in bytes, signatures included.
pub const MAX_TRANSACTION_BYTES: usize = 1_232;

/// The most compute units that a transaction may have.
pub const MAX_UNITS: u64 = 1_400_000;
/// The compute units that the chain allows by default for an instruction of a built-in program, and for any other.
const UNITS_OF_BUILTIN: u64 = 3_000;
const UNITS_OF_OTHERS: u64 = 200_000;

/// The longest memo in bytes; with everything else that a transfer of tokens needs, it still fits one packet.
pub const MAX_MEMO_BYTES: usize = 256;

/// Returns the fee in lamports of a transaction with this many signatures and no priority fee; `None` on overflow.
pub fn signature_fee(signatures: u64) -> Option<Amount> {
    signatures.checked_mul(LAMPORTS_PER_SIGNATURE).map(Amount::new)
}

/// The value in a message that bounds how long the transaction is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentHash {
    /// A recent blockhash, valid for 150 blocks.
    Blockhash(Blockhash),
    /// The current value of a nonce account, which the transaction uses up.
    Nonce {
        /// The nonce account.
        account: Address,
        /// The value of the nonce account, which stands where a blockhash would.
        value: Blockhash,
    },
}

impl RecentHash {
    /// Returns the hash that stands in the message as the recent blockhash.
    pub const fn hash(&self) -> Blockhash {
        let (Self::Blockhash(hash) | Self::Nonce { value: hash, .. }) = self;
        *hash
    }
}

/// The compute budget of a transaction: its limit of units and its priority price.
///
/// Without a budget the fee is that of the signature alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most compute units that the transaction may use; the priority fee is charged on all of them.
    pub limit: u32,
    /// The priority price in millionths of a lamport per unit.
    pub price: u64,
}

impl Budget {
    /// Returns the priority fee in lamports, rounded up; `None` on overflow.
    pub fn fee(&self) -> Option<Amount> {
        let micro = u128::from(self.limit) * u128::from(self.price);
        u64::try_from(micro.div_ceil(1_000_000)).ok().map(Amount::new)
    }
}

/// A payment in tokens from the payer's associated token account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPayment {
    /// The token program that owns the mint.
    pub program: TokenProgram,
    /// The mint of the token.
    pub mint: Address,
    /// The recipient's token account.
    pub destination: Address,
    /// The owner of the token account, when the transaction creates it.
    pub create_for: Option<Address>,
    /// The amount in the mint's base units.
    pub amount: Amount,
    /// The mint's number of decimals, as read from the chain; the token program refuses another one.
    pub decimals: u8,
}

/// One payment of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The asset, the recipient and the amount.
    pub kind: PaymentKind,
    /// The text of a memo instruction right before the transfer, 1 to [`MAX_MEMO_BYTES`] bytes.
    pub memo: Option<String>,
}

/// The asset of a payment, with its recipient and amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// A payment in SOL.
    Lamports {
        /// The address that receives the lamports.
        to: Address,
        /// The amount in lamports, above zero.
        lamports: Amount,
    },
    /// A payment in tokens of one mint.
    Tokens(TokenPayment),
}

/// The action of a transaction, beside paying its fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Payments, at least one, in order.
    Pay(Vec<Payment>),
    /// Creates the payer's nonce account of this number.
    ///
    /// Three instructions do so (transfer, allocate, initialise), because anybody can send lamports to its address, and the single
    /// instruction that creates an account fails for one that has some.
    CreateNonce {
        /// The number of the nonce account, which is part of its seed.
        index: u16,
        /// The lamports that the payer transfers to it: its rent-exempt minimum.
        lamports: Amount,
    },
    /// Uses a nonce up and does nothing else, so that no transaction on its current value can land any more.
    ///
    /// The transaction uses a recent blockhash, so that it lands on a network that takes no more transactions on nonces.
    Revoke {
        /// The nonce account, whose authority is the payer.
        account: Address,
    },
}

/// The full content of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The account that pays, signs, and is the authority of the nonce.
    pub payer: Address,
    /// The blockhash or nonce that bounds how long the transaction is valid.
    pub recent_hash: RecentHash,
    /// The compute budget; `None` leaves the chain's default units and no priority fee.
    pub budget: Option<Budget>,
    /// The action of the transaction.
    pub operation: Operation,
}

/// A reason why a transaction is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The list of payments is empty.
    Empty,
    /// A payment has an amount of zero.
    ZeroAmount,
    /// Payer and recipient are one account: only the fee would move.
    SelfTransfer,
    /// The recipient is a program, a sysvar or a mint; the money could not be moved any more.
    NotARecipient {
        /// The name of the address, for messages.
        name: &'static str,
    },
    /// The memo is empty or longer than [`MAX_MEMO_BYTES`].
    Memo {
        /// The length of the memo in bytes.
        bytes: usize,
    },
    /// The token account to create is not the associated one of its owner and mint, or none can be derived.
    TokenAccount,
    /// A nonce account is to be created or used up on a nonce instead of a recent blockhash.
    RecentHash,
    /// The signed transaction would exceed [`MAX_TRANSACTION_BYTES`].
    TooLarge {
        /// The size of the signed transaction in bytes.
        bytes: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "there is nothing to pay"),
            Self::ZeroAmount => write!(f, "the amount is zero"),
            Self::SelfTransfer => write!(f, "payer and recipient are the same account"),
            Self::NotARecipient { name } => write!(f, "the recipient is the {name}, where money would be stuck"),
            Self::Memo { bytes } => write!(f, "a memo has 1 to {MAX_MEMO_BYTES} bytes, not {bytes}"),
            Self::TokenAccount => write!(f, "the token account does not follow from its owner and mint"),
            Self::RecentHash => write!(f, "the transaction stands on the wrong kind of hash"),
            Self::TooLarge { bytes } => {
                write!(f, "the transaction has {bytes} bytes, at most {MAX_TRANSACTION_BYTES} are allowed")
            }
        }
    }
}

impl std::error::Error for BuildError {}

impl Plan {
    /// Returns the fee in lamports of one signature and the priority, rents not counted; `None` on overflow.
    pub fn fee(&self) -> Option<Amount> {
        signature_fee(1)?.checked_add(self.budget.map_or(Some(Amount::ZERO), |budget| budget.fee())?)
    }

    /// Returns the compute units that the chain allows the transaction when it sets no limit.
    ///
    /// They are 3,000 for each instruction of a built-in program and 200,000 for each other one, at most [`MAX_UNITS`]. The two
    /// instructions of a budget are counted even where the plan has none yet. [`MAX_UNITS`] for a plan that cannot be built.
    pub fn default_units(&self) -> u64 {
        let budget = if self.budget.is_some() { 0 } else { 2 * UNITS_OF_BUILTIN };
        let builtin = |program: &Address| [known::SYSTEM_PROGRAM, known::COMPUTE_BUDGET].contains(program);
        let of = |instruction: &Instruction| match builtin(&Address::from_bytes(instruction.program_id.to_bytes())) {
            true => UNITS_OF_BUILTIN,
            false => UNITS_OF_OTHERS,
        };
        self.instructions().map_or(MAX_UNITS, |list| list.iter().map(of).fold(budget, u64::saturating_add).min(MAX_UNITS))
    }

    /// Returns the bytes of the one legacy message that this plan stands for.
    ///
    /// # Errors
    /// [`BuildError::Empty`] without payments. [`BuildError::Memo`], [`BuildError::ZeroAmount`], [`BuildError::SelfTransfer`],
    /// [`BuildError::NotARecipient`] or [`BuildError::TokenAccount`] for a payment that is not valid. [`BuildError::RecentHash`]
    /// when a nonce account is created or used up on a nonce. [`BuildError::TooLarge`] when the signed form would exceed
    /// [`MAX_TRANSACTION_BYTES`].
    pub fn message(&self) -> Result<Vec<u8>, BuildError> {
        let instructions = self.instructions()?;
        let hash = Hash::new_from_array(*self.recent_hash.hash().as_bytes());
        let message = Message::new_with_blockhash(&instructions, Some(&self.payer.into()), &hash);
        let signatures = usize::from(message.header.num_required_signatures);
        let message = message.serialize();
        check_size(message.len(), signatures)?;
        Ok(message)
    }

    fn instructions(&self) -> Result<Vec<Instruction>, BuildError> {
        let mut list = Vec::new();
        // The chain takes the hash for a nonce only when the first instruction advances that nonce.
        if let RecentHash::Nonce { account, .. } = &self.recent_hash {
            list.push(instruction::advance_nonce(account, &self.payer));
        }
        if let Some(budget) = &self.budget {
            list.push(instruction::unit_limit(budget.limit));
            list.push(instruction::unit_price(budget.price));
        }
        match (&self.operation, &self.recent_hash) {
            (Operation::Pay(payments), _) if payments.is_empty() => return Err(BuildError::Empty),
            (Operation::Pay(payments), _) => {
                for payment in payments {
                    self.pay(payment, &mut list)?;
                }
            }
            (Operation::CreateNonce { .. } | Operation::Revoke { .. }, RecentHash::Nonce { .. }) => {
                return Err(BuildError::RecentHash);
            }
            (Operation::CreateNonce { index, lamports }, RecentHash::Blockhash(_)) => {
                let nonce = derived::nonce_account(&self.payer, *index);
                list.push(instruction::transfer(&self.payer, &nonce, lamports.get()));
                list.push(instruction::allocate_nonce(&self.payer, &nonce, &derived::nonce_seed(*index)));
                list.push(instruction::initialise_nonce(&nonce, &self.payer));
            }
            (Operation::Revoke { account }, RecentHash::Blockhash(_)) => {
                list.push(instruction::advance_nonce(account, &self.payer))
            }
        }
        Ok(list)
    }

    fn pay(&self, payment: &Payment, list: &mut Vec<Instruction>) -> Result<(), BuildError> {
        let memo = payment.memo.as_ref();
        if let Some(bytes) = memo.map(String::len).filter(|bytes| *bytes == 0 || *bytes > MAX_MEMO_BYTES) {
            return Err(BuildError::Memo { bytes });
        }
        // A recipient that demands a memo looks for it right before the transfer.
        let memo = memo.map(|text| instruction::memo(text, &self.payer));
        match &payment.kind {
            PaymentKind::Lamports { to, lamports } => {
                self.check_recipient(to, *lamports)?;
                list.extend(memo);
                list.push(instruction::transfer(&self.payer, to, lamports.get()));
            }
            PaymentKind::Tokens(payment) => {
                let source = self.token_account(&self.payer, payment)?;
                self.check_recipient(&payment.destination, payment.amount)?;
                if source == payment.destination {
                    return Err(BuildError::SelfTransfer);
                }
                let TokenPayment { program, mint, destination, amount, decimals, .. } = payment;
                if let Some(owner) = &payment.create_for {
                    if self.token_account(owner, payment)? != *destination {
                        return Err(BuildError::TokenAccount);
                    }
                    list.push(instruction::create_token_account(&self.payer, destination, owner, mint, *program));
                }
                list.extend(memo);
                let (amount, owner) = (amount.get(), &self.payer);
                list.push(instruction::transfer_checked(*program, &source, mint, destination, owner, amount, *decimals));
            }
        }
        Ok(())
    }

    fn check_recipient(&self, to: &Address, amount: Amount) -> Result<(), BuildError> {
        if amount.is_zero() {
            return Err(BuildError::ZeroAmount);
        }
        if *to == self.payer {
            return Err(BuildError::SelfTransfer);
        }
        known::name_of(to).map_or(Ok(()), |name| Err(BuildError::NotARecipient { name }))
    }

    fn token_account(&self, owner: &Address, payment: &TokenPayment) -> Result<Address, BuildError> {
        derived::token_account(owner, &payment.mint, payment.program).ok_or(BuildError::TokenAccount)
    }
}

/// Checks that the signed form of a message is no larger than the network carries.
///
/// The check precedes the signature, because a threshold signature costs cycles.
fn check_size(message_bytes: usize, signatures: usize) -> Result<(), BuildError> {
    // The count of signatures takes one byte: below 128 the compact form has no second one, and 19 signatures fill the packet.
    let bytes = signatures.saturating_mul(64).saturating_add(message_bytes).saturating_add(1);
    if bytes > MAX_TRANSACTION_BYTES { Err(BuildError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
