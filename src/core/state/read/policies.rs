//! Queries about policies, counters and rates.

use crate::base::{Amount, Asset, Mint, Timestamp, WalletId};
use crate::governance::Rate;
use crate::policy::{Activity, CounterKey, Policy, Rule, Scope, Spent, Window};
use crate::state::State;
use crate::transfer::Transfer;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// The use of a limit over time of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The amount spent within the window, with fees, in base units.
    pub posted: Amount,
    /// The amount reserved for transfers under way, in base units.
    pub reserved: Amount,
}

impl<M: Memory> State<M> {
    /// Returns the policy of a wallet.
    pub fn policy(&self, wallet: WalletId) -> Option<Policy> {
        self.tables.policy(&Scope::Wallet(wallet))
    }

    /// Returns the policy of a scope.
    pub fn policy_of(&self, scope: &Scope) -> Option<Policy> {
        self.tables.policy(scope)
    }

    /// Returns the last version of a scope's policy, a removal included; 0 when the scope never had one.
    pub fn last_policy_version(&self, scope: &Scope) -> u64 {
        self.tables.last_policy_version(scope)
    }

    /// Returns a version of a scope's policy.
    pub fn policy_version(&self, scope: &Scope, version: u64) -> Option<Policy> {
        let past = self.policy_versions_before(scope, Some(version.checked_add(1)?)).next();
        past.map(|(policy, _)| policy).filter(|policy| policy.version == version)
    }

    /// Returns the mints that the policies of a wallet, of its ancestors and of its agents name.
    pub fn mints_of(&self, wallet: WalletId) -> BTreeSet<Mint> {
        let agents = self.agents(wallet).into_iter().map(|agent| Scope::Agent { wallet, agent });
        let scopes = self.wallet_scopes(wallet).into_iter().chain(agents);
        let rules = scopes.filter_map(|scope| self.policy_of(&scope)).flat_map(|policy| policy.rules);
        let mint = |asset| if let Asset::Spl { mint } = asset { Some(mint) } else { None };
        rules.flat_map(|rule| rule.assets()).filter_map(mint).collect()
    }

    /// Returns the recent requests of a scope.
    pub fn activity(&self, scope: &Scope) -> Activity {
        self.tables.activity(scope)
    }

    /// Returns a counter; an empty one when nothing was ever counted.
    pub fn spent(&self, key: &CounterKey) -> Spent {
        self.tables.spent(&key.key())
    }

    /// Returns the rate of an asset, also when it has expired.
    pub fn rate(&self, asset: Asset) -> Option<Rate> {
        self.tables.rate(asset)
    }

    /// Returns the use of a wallet's limit per rolling 24 hours.
    pub fn usage(&self, wallet: WalletId, asset: Asset, now: Timestamp) -> Usage {
        self.usage_of(Scope::Wallet(wallet), asset, &Window::Rolling24h, now)
    }

    /// Returns the use of a scope's limit over time.
    pub fn usage_of(&self, scope: Scope, asset: Asset, window: &Window, now: Timestamp) -> Usage {
        let spent = self.spent(&CounterKey::units(scope, asset.canonical_asset()));
        Usage { posted: spent.posted(window, now), reserved: spent.reserved() }
    }

    /// Returns the minimum balance of an asset after a transfer, in base units.
    ///
    /// It is the highest that the settings and the policies of the transfer's scopes demand: an inner scope must not lower an outer one's.
    pub fn minimum_balance(&self, transfer: &Transfer, asset: Asset) -> Amount {
        let scopes = self.scopes(transfer);
        let rules = scopes.iter().filter_map(|scope| self.tables.policy(scope)).flat_map(|policy| policy.rules);
        let minima = rules.filter_map(|rule| match rule {
            Rule::MinimumBalance { asset: of, min } if of == asset => Some(min),
            _ => None,
        });
        minima.chain([self.settings().min_balance(asset)]).max().unwrap_or_default()
    }
}
