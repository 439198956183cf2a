//! Kaspa: addresses, version-0 transactions, masses and fees, coin selection, threshold keys, and the REST API's bodies.
//!
//! Everything is a pure function over bytes and integers; amounts are sompi (1 KAS = 10^8 sompi). Consensus rules are those of
//! rusty-kaspa 2.1.0 (after the Toccata fork), and the tests compare with that implementation.
//!
//! | module | content |
//! |---|---|
//! | [`address`] | [`Network`], [`Address`]: strict parsing and display, from a public key or a script |
//! | [`script`] | [`ScriptPublicKey`]: the locking scripts of the three address kinds |
//! | [`tx`] | [`Transaction`], [`Outpoint`], [`Utxo`]: version 0, transaction id, signature scripts |
//! | [`codec`] | the durable bytes of a transaction, stored before it is broadcast |
//! | [`config`] | the configuration of Kaspa, with its bounds |
//! | [`coin`] | the units of KAS |
//! | [`sighash`] | [`SighashCache`]: the hash that a signature signs, Schnorr and ECDSA form |
//! | [`mass`] | compute, transient and storage mass (KIP-9) and their limits |
//! | [`fee`] | the relay floor and the [`FeePolicy`] |
//! | [`select`] | coin selection: [`select::plan`] makes a [`Plan`] or names the nearest amounts that can be sent |
//! | [`batch`] | division of many payments into transactions that fit the mass limits |
//! | [`replace`] | replacement of a waiting transaction by one with a higher fee |
//! | [`unsigned`] | [`UnsignedTx`]: the record stored before signing, its digests, and the attachment of verified signatures |
//! | [`intent`] | comparison of a built transaction with the payment that was requested |
//! | [`keys`] | [`WalletKey`] and the Internet Computer's derivation of child public keys |
//! | [`verify`] | local verification of BIP340 and ECDSA signatures |
//! | [`rest`] | requests, canonicalising transforms and typed parsers of the REST API |
//!
//! The steps of a payment:
//!
//! ```text
//! rest::Request::Dag, Utxos → parse_dag, parse_utxos      the wallet's coins, up to a DAA score that replicas agree on
//! select::plan → Plan → Plan::unsigned → UnsignedTx       the outputs to spend; UnsignedTx::to_bytes is stored
//! intent::check                                           reads the transaction back and compares it with the request
//! UnsignedTx::digests → (threshold signatures)            one per input
//! UnsignedTx::attach → Transaction                        verifies each signature; Transaction::to_bytes is stored
//! rest::Request::Submit → parse_submit → SubmitOutcome    the same bytes, repeated until the outcome is known
//! rest::Request::BlueScore, Acceptance → parse_…          the number of confirmations
//! ```

pub mod address;
pub mod batch;
mod bech32;
pub mod codec;
pub mod coin;
pub mod config;
pub mod fee;
mod hash;
pub mod intent;
pub mod keys;
pub mod mass;
mod point;
pub mod replace;
pub mod rest;
pub mod rules;
pub mod script;
pub mod select;
pub mod sighash;
pub mod transfer;
pub mod tx;
pub mod unsigned;
pub mod verify;

#[cfg(test)]
mod tests;

pub use address::{Address, AddressError, AddressKind, Network};
pub use fee::{FLOOR_SOMPI_PER_GRAM, FeePolicy, MINIMUM_TRANSFER_FEE};
pub use keys::{KeyKind, WalletKey, derive_public_key};
pub use mass::Masses;
pub use script::ScriptPublicKey;
pub use select::Plan;
pub use sighash::SighashCache;
pub use tx::{Input, Outpoint, Output, Transaction, TxId, Utxo};
pub use unsigned::UnsignedTx;
