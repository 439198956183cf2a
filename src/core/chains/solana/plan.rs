//! What a transaction says, and the bytes of its message.
//!
//! A [`Plan`] is all that a transaction of this canister can say. There is exactly one message for a plan, and
//! [`describe_message`](super::describe_message) reads the plan back from it.

use super::instruction;
use super::{Address, Blockhash, TokenProgram, derived, known};
use crate::base::Amount;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::Message;
use std::fmt;

/// The base fee per signature in lamports. It is charged whether or not the transaction succeeds.
pub const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// The size limit of a legacy transaction on the wire, signatures included.
pub const MAX_TRANSACTION_BYTES: usize = 1_232;

/// The most compute units a transaction may have.
pub const MAX_UNITS: u64 = 1_400_000;
/// What an instruction is allowed by default: one of a built-in program, and any other.
const UNITS_OF_BUILTIN: u64 = 3_000;
const UNITS_OF_OTHERS: u64 = 200_000;

/// The longest memo, in bytes: with everything else a transfer of tokens needs it still fits one packet.
pub const MAX_MEMO_BYTES: usize = 256;

/// The fee of a transaction with this many signatures and no priority fee, or `None` on overflow.
pub fn signature_fee(signatures: u64) -> Option<Amount> {
    signatures.checked_mul(LAMPORTS_PER_SIGNATURE).map(Amount::new)
}

/// What keeps a transaction from being valid for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentHash {
    /// A recent blockhash.
    Blockhash(Blockhash),
    /// The current value of a nonce account, which the transaction uses up.
    Nonce {
        /// The nonce account.
        account: Address,
        /// Its value, which stands where a blockhash would.
        value: Blockhash,
    },
}

impl RecentHash {
    /// What stands in the message as the recent blockhash.
    pub const fn hash(&self) -> Blockhash {
        let (Self::Blockhash(hash) | Self::Nonce { value: hash, .. }) = self;
        *hash
    }
}

/// What a transaction offers for being taken sooner. Without it the fee is that of the signature alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most compute units it may use; the fee is charged on all of them.
    pub limit: u32,
    /// Millionths of a lamport per unit.
    pub price: u64,
}

impl Budget {
    /// The priority fee, rounded up; `None` on overflow.
    pub fn fee(&self) -> Option<Amount> {
        let micro = u128::from(self.limit) * u128::from(self.price);
        u64::try_from(micro.div_ceil(1_000_000)).ok().map(Amount::new)
    }
}

/// A payment in tokens, from the payer's own token account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPayment {
    /// The program that owns the mint.
    pub program: TokenProgram,
    /// What is paid.
    pub mint: Address,
    /// The recipient's token account.
    pub destination: Address,
    /// Whose token account it is, when the transaction creates it.
    pub create_for: Option<Address>,
    /// In the mint's base units.
    pub amount: Amount,
    /// The mint's own, as read from the chain.
    pub decimals: u8,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What is paid.
    pub kind: PaymentKind,
    /// What the chain's log says with it.
    pub memo: Option<String>,
}

/// What is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// SOL.
    Lamports {
        /// Who receives it.
        to: Address,
        /// How much.
        lamports: Amount,
    },
    /// Tokens.
    Tokens(TokenPayment),
}

/// What a transaction does beside paying its fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Payments, at least one, in order.
    Pay(Vec<Payment>),
    /// Creates the payer's nonce account of this number, whatever its address holds already: anybody can send lamports there, and an
    /// account that has some cannot be created in one go.
    CreateNonce {
        /// Which.
        index: u16,
        /// What it is given: its rent-exempt minimum.
        lamports: Amount,
    },
    /// Nothing but using a nonce up, so that whatever else stands on its value can never land. On a recent blockhash, so that it lands
    /// on a network that takes no more transactions on nonces.
    Revoke {
        /// The nonce account.
        account: Address,
    },
}

/// All that a transaction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Pays, signs, and is the authority of the nonce.
    pub payer: Address,
    /// Bounds its life.
    pub recent_hash: RecentHash,
    /// Its priority.
    pub budget: Option<Budget>,
    /// What it does.
    pub operation: Operation,
}

/// Why a transaction is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// No payments.
    Empty,
    /// Nothing to transfer.
    ZeroAmount,
    /// Payer and recipient are one account: only the fee would move.
    SelfTransfer,
    /// The recipient is a program, a sysvar or a mint; the money would be stuck.
    NotARecipient {
        /// What the address is.
        name: &'static str,
    },
    /// No memo is empty or longer than [`MAX_MEMO_BYTES`].
    Memo {
        /// Its length.
        bytes: usize,
    },
    /// A token account that is none of this mint's, or belongs to nobody.
    TokenAccount,
    /// What concerns nonce accounts stands on a recent blockhash.
    RecentHash,
    /// The signed transaction would exceed [`MAX_TRANSACTION_BYTES`].
    TooLarge {
        /// Its size.
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
    /// What the transaction costs, rents not counted: one signature and the priority fee. `None` on overflow.
    pub fn fee(&self) -> Option<Amount> {
        signature_fee(1)?.checked_add(self.budget.map_or(Some(Amount::ZERO), |budget| budget.fee())?)
    }

    /// The compute units that the chain allows the transaction when it names no limit, its budget's own instructions included: 3,000 for
    /// each instruction of a program that is built in, 200,000 for each other one.
    pub fn default_units(&self) -> u64 {
        let budget = if self.budget.is_some() { 0 } else { 2 * UNITS_OF_BUILTIN };
        let builtin = |program: &Address| [known::SYSTEM_PROGRAM, known::COMPUTE_BUDGET].contains(program);
        let of = |instruction: &Instruction| match builtin(&Address::from_bytes(instruction.program_id.to_bytes())) {
            true => UNITS_OF_BUILTIN,
            false => UNITS_OF_OTHERS,
        };
        self.instructions().map_or(MAX_UNITS, |list| list.iter().map(of).fold(budget, u64::saturating_add).min(MAX_UNITS))
    }

    /// The bytes of the one legacy message that says this.
    ///
    /// # Errors
    /// When the plan says something senseless, or does not fit a packet.
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

/// Refuses a message whose signed form is larger than the network carries. Asked before signing, because a signature costs cycles.
fn check_size(message_bytes: usize, signatures: usize) -> Result<(), BuildError> {
    // The count of signatures takes one byte: below 128 the compact form has no second one, and 19 signatures fill the packet.
    let bytes = signatures.saturating_mul(64).saturating_add(message_bytes).saturating_add(1);
    if bytes > MAX_TRANSACTION_BYTES { Err(BuildError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
