//! Solana: system transfers of SOL with a recent blockhash, and the JSON-RPC that carries them.
//!
//! Everything here is pure: text and bytes in, values out. A transfer goes through these steps, each of which is one function:
//!
//! ```text
//! Address::parse, check_recipient, check_funds      may this be paid at all?
//! build_transfer -> UnsignedTx                      legacy message; its bytes are what the threshold key signs
//! describe_message(..)?.require(&intent)?           read the bytes back and compare them with the intent, before signing
//! UnsignedTx::attach -> SignedTx                    verifies the signature; wire bytes are the durable form
//! rpc::Request -> rpc::canonicalise -> rpc::parse_* what travels, reduced so that replicas agree
//! landing(lifetime, observation)                    may the reservation be released?
//! ```
//!
//! * [`Address`], [`Blockhash`], [`TxSignature`]: bytes with one textual form, base58
//! * [`Cluster`]: the clusters and their genesis hashes
//! * [`known`]: programs, sysvars and mints, which never are recipients
//! * [`keys`]: derivation of child keys and verification of signatures
//! * [`account`]: what an account is, and whether it can be paid
//! * [`rpc`]: request bodies, canonicalising transforms, parsers

pub mod account;
mod base58;
mod cluster;
mod describe;
#[cfg(test)]
mod fixtures;
pub mod keys;
pub mod known;
mod lifetime;
pub mod rpc;
mod transfer;

pub use base58::{Address, Blockhash, ParseError, TxSignature};
pub use cluster::{Cluster, WrongCluster};
pub use describe::{DescribeError, Mismatch, describe_message, describe_wire};
pub use keys::derive_public_key;
pub use lifetime::{Landing, Lifetime, Observation, SAFETY_MARGIN_BLOCKS, SignatureStatus, StatusLookup, VALIDITY_BLOCKS, landing};
pub use transfer::{
    AttachError, BuildError, LAMPORTS_PER_SIGNATURE, MAX_TRANSACTION_BYTES, SignedTx, SystemTransfer, UnsignedTx, build_transfer,
    signature_fee,
};
