//! Drafts: transactions that are checked, but have no recent blockhash and no priority fee yet.

use super::nonce::Claim;
use purser_core::base::{Amount, Bytes};
use purser_core::chains::solana::transfer::{NonceUse, SolanaBuilt};
use purser_core::chains::solana::{Address, Blockhash, Budget, Operation, Payment, Plan, RecentHash};

/// The draft of a transaction, by the operation of its transfer.
pub(super) enum Draft {
    /// Payments of one asset.
    Payment {
        /// The payments, in the order of the request.
        payments: Vec<Payment>,
        /// The rent of token accounts that the transaction creates, in lamports.
        rent: Amount,
        /// The least that arrives, in base units, when the mint takes a transfer fee.
        arrives: Option<Amount>,
        /// The nonce that bounds the transaction's life; `None` stands for a recent blockhash.
        nonce: Option<DurableNonce>,
    },
    /// The creation of a nonce account.
    Creation {
        /// The account's number within the wallet.
        index: u16,
        /// The account's rent-exempt minimum, in lamports.
        lamports: Amount,
    },
    /// A revocation, which advances the nonce of another transfer.
    Revocation {
        /// The nonce account.
        account: Address,
        /// The value that it advances.
        advances: NonceUse,
    },
}

/// The nonce account that a transaction uses in the place of a recent blockhash.
pub(super) struct DurableNonce {
    /// The account's number within the wallet.
    pub index: u16,
    /// The account's address.
    pub account: Address,
    /// The account's present value.
    pub value: Blockhash,
    /// The claim that keeps other builds from the account until the transaction is recorded.
    pub _claim: Option<Claim>,
}

impl DurableNonce {
    /// The nonce in its role as recent hash.
    pub fn recent_hash(&self) -> RecentHash {
        RecentHash::Nonce { account: self.account, value: self.value }
    }
}

impl Draft {
    /// The rent of all accounts that the transaction creates, in lamports.
    pub fn rent(&self) -> Amount {
        match self {
            Self::Payment { rent, .. } => *rent,
            Self::Creation { lamports, .. } => *lamports,
            Self::Revocation { .. } => Amount::ZERO,
        }
    }

    /// The nonce in the place of a recent blockhash. Only payments use one: an operation on nonces has to land where nonces do not work.
    pub fn nonce(&self) -> Option<&DurableNonce> {
        match self {
            Self::Payment { nonce, .. } => nonce.as_ref(),
            Self::Creation { .. } | Self::Revocation { .. } => None,
        }
    }

    /// Takes the nonce away, so that a recent blockhash is used.
    pub fn take_nonce(&mut self) -> Option<DurableNonce> {
        match self {
            Self::Payment { nonce, .. } => nonce.take(),
            Self::Creation { .. } | Self::Revocation { .. } => None,
        }
    }

    /// The plan to simulate. The simulation replaces a recent blockhash, so that any value stands for one.
    pub fn preview(&self, payer: Address) -> Plan {
        const REPLACED: RecentHash = RecentHash::Blockhash(Blockhash::from_bytes([0; 32]));
        self.plan(payer, self.nonce().map_or(REPLACED, DurableNonce::recent_hash), None)
    }

    /// The plan with this recent hash and priority fee.
    pub fn plan(&self, payer: Address, recent_hash: RecentHash, budget: Option<Budget>) -> Plan {
        let operation = match self {
            Self::Payment { payments, .. } => Operation::Pay(payments.clone()),
            Self::Creation { index, lamports } => Operation::CreateNonce { index: *index, lamports: *lamports },
            Self::Revocation { account, .. } => Operation::Revoke { account: *account },
        };
        Plan { payer, recent_hash, budget, operation }
    }

    /// The record of the transaction beside its bytes and fee. In the state of `recent_hash_slot` its hash is known.
    pub fn record(&self, recent_hash_slot: u64) -> SolanaBuilt {
        let built = SolanaBuilt { rent: self.rent(), recent_hash_slot: Some(recent_hash_slot), ..SolanaBuilt::default() };
        match self {
            Self::Payment { arrives, nonce, .. } => {
                let used = |nonce: &DurableNonce| NonceUse { index: nonce.index, value: Bytes::new(*nonce.value.as_bytes()) };
                SolanaBuilt { arrives: *arrives, nonce: nonce.as_ref().map(used), ..built }
            }
            Self::Creation { .. } => built,
            Self::Revocation { advances, .. } => SolanaBuilt { advances: Some(advances.clone()), ..built },
        }
    }
}
