//! Solana transfers of SOL and tokens on a recent blockhash or a durable nonce, and their JSON-RPC.
//!
//! Everything here is pure: text and bytes in, values out. A transfer goes through these steps, each of which is one function:
//!
//! ```text
//! Address::parse, check_recipient, check_funds      may this be paid at all?
//! Plan::build -> UnsignedTx                         legacy message; its bytes are what the threshold key signs
//! describe_message(..)? == plan                     read the bytes back and compare them with the intent, before signing
//! UnsignedTx::attach -> SignedTx                    verifies the signature; wire bytes are the durable form
//! rpc::Request -> rpc::canonicalise -> rpc::parse_* what travels, reduced so that replicas agree
//! landing(lifetime, observation)                    may the reservation be released?
//! ```
//!
//! * [`Address`], [`Blockhash`], [`TxSignature`]: bytes with one textual form, base58
//! * [`Cluster`]: the clusters and their genesis hashes
//! * [`config`]: the configuration of Solana, with its bounds
//! * [`coin`]: the units of SOL and of the tokens with known mints
//! * [`known`]: programs, sysvars and mints, which never are recipients
//! * [`keys`]: derivation of child keys and verification of signatures
//! * [`batch`]: how many payments one transaction makes
//! * [`account`]: the kinds of accounts, and which can be paid
//! * [`token`]: mints and token accounts of both token programs, and which of their extensions are understood
//! * [`derived`]: associated token accounts and nonce accounts
//! * [`rpc`]: request bodies, canonicalising transforms, parsers

pub mod account;
mod base58;
pub mod batch;
mod cluster;
pub mod coin;
pub mod config;
pub mod derived;
mod describe;
#[cfg(test)]
mod fixtures;
mod instruction;
pub mod keys;
pub mod known;
mod lifetime;
mod plan;
#[cfg(test)]
mod reference;
pub mod rpc;
pub mod rules;
pub mod token;
pub mod transfer;
mod tx;

pub use base58::{Address, Blockhash, ParseError, TxSignature};
pub use cluster::{Cluster, WrongCluster};
pub use describe::{DescribeError, describe_message, describe_wire};
pub use instruction::NONCE_BYTES;
pub use keys::derive_public_key;
pub use lifetime::{
    Evidence, Landing, Lifetime, Observation, SAFETY_MARGIN_BLOCKS, SignatureStatus, StatusLookup, UNBOUND_MARGIN_BLOCKS,
    VALIDITY_BLOCKS, landing,
};
pub use plan::{
    Budget, BuildError, LAMPORTS_PER_SIGNATURE, MAX_MEMO_BYTES, MAX_TRANSACTION_BYTES, MAX_UNITS, Operation, Payment, PaymentKind,
    Plan, RecentHash, TokenPayment, signature_fee,
};
pub use token::TokenProgram;
pub use tx::{AttachError, SignedTx, UnsignedTx};
