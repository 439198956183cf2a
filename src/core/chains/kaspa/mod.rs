//! Kaspa: addresses, version-0 transactions, masses and fees, coin selection, threshold keys, and the REST API's bodies.
//!
//! Everything is a pure function over bytes and integers; amounts are sompi (1 KAS = 10^8 sompi). Consensus rules are those of
//! rusty-kaspa 2.1.0 (after the Toccata fork), and the tests compare with that implementation.
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | [`Network`], [`Address`]: strict parsing and display, from a public key or a script |
//! | [`script`] | [`ScriptPublicKey`]: the locking scripts of the three address kinds |
//! | [`tx`] | [`Transaction`], [`Outpoint`], [`Utxo`]: version 0, transaction id, signature scripts |
//! | [`codec`] | the durable bytes of a transaction, stored before it is broadcast |
//! | [`sighash`] | [`SighashCache`]: what is signed, Schnorr and ECDSA form |
//! | [`mass`] | compute, transient and storage mass (KIP-9) and their limits |
//! | [`fee`] | the relay floor and the [`FeePolicy`] |
//! | [`select`] | coin selection: [`select::plan`] makes a [`Plan`] or says what could be sent instead |
//! | [`intent`] | comparing a built transaction with what was asked for |
//! | [`keys`] | [`WalletKey`] and the Internet Computer's derivation of child public keys |
//! | [`verify`] | local verification of BIP340 and ECDSA signatures |
//! | [`rest`] | requests, canonicalising transforms and typed parsers of the REST API |
//!
//! The way of a payment: [`rest::Request::utxos`] → [`rest::parse_utxos`] → [`select::plan`] → [`Plan::transaction`] →
//! [`intent::check`] → [`WalletKey::digest`] → (threshold signature) → [`WalletKey::accept_signature`] →
//! [`Transaction::set_signature`] → [`Transaction::to_bytes`] (store) → [`rest::Request::submit`] → [`rest::parse_submit`] →
//! [`rest::parse_acceptance`].

pub mod address;
mod bech32;
pub mod codec;
pub mod fee;
mod hash;
pub mod intent;
pub mod keys;
pub mod mass;
pub mod rest;
pub mod script;
pub mod select;
pub mod sighash;
pub mod tx;
pub mod unsigned;
pub mod verify;

pub use address::{Address, AddressError, AddressKind, Network};
pub use fee::{FLOOR_SOMPI_PER_GRAM, FeePolicy, MINIMUM_TRANSFER_FEE};
pub use keys::{KeyKind, WalletKey, derive_public_key};
pub use mass::Masses;
pub use script::ScriptPublicKey;
pub use select::Plan;
pub use sighash::SighashCache;
pub use tx::{Input, Outpoint, Output, Transaction, TxId, Utxo};
pub use unsigned::UnsignedTx;
