//! Transactions: what one says, its bytes, and its signature.
//!
//! A [`Plan`] is all that a transaction of this canister can say. There is exactly one message for a plan, and
//! [`describe_message`](super::describe_message) reads the plan back from it.

use super::describe::{DescribeError, describe_wire};
use super::instruction;
use super::keys::{self, InvalidSignature};
use super::{Address, Blockhash, TokenProgram, TxSignature, derived, describe_message, known};
use crate::base::Amount;
use base64::{Engine, engine::general_purpose::STANDARD};
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
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

    /// The one legacy message that says this.
    ///
    /// Whether the recipients' *accounts* can take the money is another question; see [`account`](super::account).
    ///
    /// # Errors
    /// When it says something senseless, or does not fit a packet.
    pub fn build(self) -> Result<UnsignedTx, BuildError> {
        let instructions = self.instructions()?;
        let hash = Hash::new_from_array(*self.recent_hash.hash().as_bytes());
        let message = Message::new_with_blockhash(&instructions, Some(&self.payer.into()), &hash);
        let signatures = usize::from(message.header.num_required_signatures);
        let message = message.serialize();
        check_size(message.len(), signatures)?;
        Ok(UnsignedTx { plan: self, message })
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

/// A message ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTx {
    plan: Plan,
    message: Vec<u8>,
}

/// A signed transaction. Its wire bytes are its durable form: they are stored before the broadcast and sent again unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    plan: Plan,
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

impl UnsignedTx {
    /// Reads stored message bytes back. Fails unless they are exactly what [`Plan::build`] makes of some plan.
    pub fn decode(message: &[u8]) -> Result<Self, DescribeError> {
        let plan = describe_message(message)?;
        Ok(Self { plan, message: message.to_vec() })
    }

    /// The bytes to sign: the whole message, not a hash of it.
    pub fn message_bytes(&self) -> &[u8] {
        &self.message
    }

    /// What the message says.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The transaction in base64 with an empty signature, as it is simulated.
    pub fn to_simulate(&self) -> String {
        STANDARD.encode([&[1], &[0; 64][..], &self.message].concat())
    }

    /// Adds the payer's signature after verifying it.
    pub fn attach(&self, signature: TxSignature) -> Result<SignedTx, AttachError> {
        keys::verify(&self.plan.payer, &self.message, &signature).map_err(|InvalidSignature| AttachError::InvalidSignature)?;
        let message = wincode::deserialize::<VersionedMessage>(&self.message).map_err(|_| AttachError::Unencodable)?;
        let signatures = vec![Signature::from(*signature.as_bytes())];
        let wire = wincode::serialize(&VersionedTransaction { signatures, message }).map_err(|_| AttachError::Unencodable)?;
        Ok(SignedTx { plan: self.plan.clone(), signature, wire })
    }
}

impl SignedTx {
    /// Reads stored wire bytes back. Fails unless they hold exactly one signature over exactly one plan.
    ///
    /// The signature itself is not verified again: that was done when it was attached. See [`SignedTx::verify`].
    pub fn decode(wire: &[u8]) -> Result<Self, DescribeError> {
        let (signature, plan) = describe_wire(wire)?;
        Ok(Self { plan, signature, wire: wire.to_vec() })
    }

    /// Verifies the signature against the payer's key and the message.
    pub fn verify(&self) -> Result<(), InvalidSignature> {
        let message = self.wire.get(65..).ok_or(InvalidSignature)?;
        keys::verify(&self.plan.payer, message, &self.signature)
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

    /// What the transaction says.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

#[cfg(test)]
mod tests;
