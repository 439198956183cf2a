//! Scopes that have policies, and the counters of their spending.

use crate::base::{Asset, Destination, SessionId, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A scope that can have a policy and counts its spending. A request is evaluated in every scope it falls into and the strictest
/// wins, so an inner scope can only tighten what an outer one allows.
///
/// ```text
/// User ⊃ parent Wallet ⊃ Wallet ⊃ Agent of the wallet ⊃ Session
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All wallets of one owner.
    User(Principal),
    /// One wallet. The paying wallet's is the only scope in which a missing rule denies.
    Wallet(WalletId),
    /// One agent of one wallet.
    Agent {
        /// The wallet.
        wallet: WalletId,
        /// The agent.
        agent: Principal,
    },
    /// One session of one agent of one wallet.
    Session(SessionId),
}

impl Scope {
    /// Returns the stored key. Its layout is frozen; every part has a fixed length or comes last, so no two scopes share a key.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::User(owner) => [&[0], owner.as_slice()].concat(),
            Self::Wallet(wallet) => [&[1], &wallet.get().to_be_bytes()[..]].concat(),
            Self::Agent { wallet, agent } => [&[2], &wallet.get().to_be_bytes()[..], agent.as_slice()].concat(),
            Self::Session(session) => [&[3], &session.get().to_be_bytes()[..]].concat(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(owner) => write!(f, "owner {owner}"),
            Self::Wallet(wallet) => write!(f, "wallet {wallet}"),
            Self::Agent { wallet, agent } => write!(f, "agent {agent} of wallet {wallet}"),
            Self::Session(session) => write!(f, "session {session}"),
        }
    }
}

/// The key of one counter of spent money: scope, asset and kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CounterKey {
    /// The scope whose spending counts.
    pub scope: Scope,
    /// The asset that is spent.
    pub asset: Asset,
    /// The kind of the counter.
    pub kind: CounterKind,
}

/// The kind of a counter: what it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterKind {
    /// Base units of the asset.
    Units,
    /// Millionths of the unit of account, at the rate of the time of the request.
    Value,
    /// Base units of the asset that went to one recipient.
    To(Destination),
    /// Base units of the asset that [`CounterKind::Value`] has counted at a rate. The rest of [`CounterKind::Units`] had no rate
    /// when it was requested, and is valued later.
    Valued,
}

impl CounterKey {
    /// Returns the stored key. Its layout is frozen; each part is preceded by its length.
    pub fn key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        let mut put = |part: &[u8]| {
            key.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            key.extend_from_slice(part);
        };
        put(&self.scope.key());
        put(&self.asset.key_bytes());
        match &self.kind {
            CounterKind::Units => put(&[0]),
            CounterKind::Value => put(&[1]),
            CounterKind::To(destination) => {
                put(&[2]);
                let Destination { chain: _, payload } = destination;
                put(payload);
            }
            CounterKind::Valued => put(&[3]),
        }
        key
    }

    /// Returns the first bytes of the stored keys of a scope's counters. No key of another scope begins with them.
    pub fn prefix(scope: &Scope) -> Vec<u8> {
        let scope = scope.key();
        [&[u8::try_from(scope.len()).unwrap_or(u8::MAX)], &scope[..]].concat()
    }

    /// Returns the key of the base units that a scope spends of an asset.
    pub const fn units(scope: Scope, asset: Asset) -> Self {
        Self { scope, asset, kind: CounterKind::Units }
    }

    /// Returns the key of the value that a scope spends in an asset, in the unit of account.
    pub const fn value(scope: Scope, asset: Asset) -> Self {
        Self { scope, asset, kind: CounterKind::Value }
    }

    /// Returns the key of the base units of an asset whose value is counted in the unit of account.
    pub const fn valued(scope: Scope, asset: Asset) -> Self {
        Self { scope, asset, kind: CounterKind::Valued }
    }

    /// Returns the stored key of the [`CounterKind::Valued`] counter beside a stored key of [`CounterKind::Value`]; `None` for
    /// other kinds.
    pub fn units_valued_by(key: &[u8]) -> Option<Vec<u8>> {
        // The length of what follows the first part, which is preceded by its length.
        let part =
            |key: &[u8]| key.split_first().and_then(|(length, rest)| Some(rest.split_at_checked(usize::from(*length))?.1.len()));
        let after_scope = part(key)?;
        let after_asset = part(&key[key.len() - after_scope..])?;
        let (before, kind) = key.split_at(key.len() - after_asset);
        // Kinds are stored as a length of 1 and a number: 1 for `Value`, 3 for `Valued`.
        (kind == [1, 1]).then(|| [before, &[1, 3]].concat())
    }

    /// Returns the key of the base units of an asset that a scope sends to one recipient.
    pub const fn to(scope: Scope, asset: Asset, to: Destination) -> Self {
        Self { scope, asset, kind: CounterKind::To(to) }
    }
}
