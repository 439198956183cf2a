//! Memos, nonce accounts, tokens and providers, which only Solana has.

use crate::asset::Units;
use crate::named::{Named, name_variants};
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The parameters of a request, or of one payment of a batch, that only Solana has.
#[derive(Clone, Debug, Default, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaTransferParams {
    /// The memo in the chain's log, 1 to 256 bytes.
    pub memo: Option<String>,
    /// Whether the recipient may be a program's vault, an address without a private key.
    pub allow_off_curve: Option<bool>,
}

/// A transfer that maintains nonce accounts and pays nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum NonceOperation {
    /// Creates a nonce account.
    Create {
        /// The account's number within the wallet.
        index: u16,
    },
    /// Uses a transfer's nonce up, so that the transfer can no longer land.
    Revoke {
        /// The revoked transfer.
        transfer_id: u64,
    },
}

name_variants!(NonceOperation { Create, Revoke });

/// The details of a transfer that only Solana has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaDetails {
    /// The memo in the chain's log.
    pub memo: Option<String>,
    /// Whether the recipient may be a program's vault.
    pub off_curve: bool,
    /// The upkeep of nonce accounts that it does; absent for payments.
    pub operation: Option<Named<NonceOperation>>,
    /// The part of the fee that is rent for new accounts, in lamports. After the end, the part that was paid.
    pub rent: u64,
    /// The number of the nonce account that it uses; absent when it uses a recent blockhash.
    pub nonce: Option<u16>,
    /// The least that arrives, in base units, when the mint takes a fee.
    pub arrives: Option<u64>,
    /// The last transfer that was to keep it from landing.
    pub revoked_by: Option<u64>,
    /// The block height after which the current transaction cannot land.
    pub deadline_height: Option<u64>,
}

plain_enum! {
    /// The lifetime of a wallet's transactions.
    pub enum LifetimeChoice = purser_core::chains::solana::transfer::LifetimeChoice {
        /// A nonce when the wallet has working nonce accounts, a recent blockhash otherwise.
        Auto,
        /// Always a recent blockhash.
        Blockhash,
    }
}

/// The settings of a wallet on Solana.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaSettings {
    /// The lifetime of the wallet's transactions.
    pub lifetime: LifetimeChoice,
}

/// The status of a nonce account.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum NonceStatus {
    /// A transfer creates it.
    Creating {
        /// The transfer.
        transfer_id: u64,
    },
    /// The account can be used.
    Ready,
    /// The chain has another account at its address; it is not used.
    Broken {
        /// The account that was found.
        reason: String,
    },
}

name_variants!(NonceStatus { Creating, Ready, Broken });

/// A nonce account of a wallet; transactions that use it do not expire.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct NonceAccount {
    /// The account's number within the wallet.
    pub index: u16,
    /// The account's address.
    pub address: String,
    /// The account's status.
    pub status: Named<NonceStatus>,
    /// The transfer that uses its present value.
    pub held_by: Option<u64>,
}

plain_enum! {
    /// A token program.
    pub enum TokenProgram = purser_core::chains::solana::TokenProgram {
        /// The SPL Token program.
        Classic,
        /// The Token-2022 program.
        Token2022,
    }
}

/// A wallet's balance of a token, finalized, as the quorum of providers reports it.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TokenBalance {
    /// The address of the token's mint.
    pub mint: String,
    /// The token's program.
    pub program: Named<TokenProgram>,
    /// The address of the token account.
    pub account: String,
    /// The balance, in the mint's base units.
    pub amount: u64,
    /// The units of the amount.
    pub units: Units,
    /// Whether the account is frozen, so that nothing moves in or out.
    pub frozen: bool,
}
