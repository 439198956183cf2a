//! Tables of configuration, settings, roles, groups and agents.

use super::Tables;
use super::records::decode;
use crate::access::{Agent, Roles};
use crate::base::WalletId;
use crate::base::codec::to_record;
use crate::governance::Group;
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::state::VersionedRecord;
use candid::Principal;
use ic_stable_structures::Memory;
use std::ops::Bound;

impl<M: Memory> Tables<M> {
    pub fn config(&self) -> Option<&Config> {
        self.config_cache.as_ref()
    }

    pub fn set_config(&mut self, config: &Config) {
        self.config.set(to_record(config));
        self.config_cache = Some(config.clone());
    }

    pub fn settings(&self) -> Option<&Settings> {
        self.settings_cache.as_ref()
    }

    pub fn set_settings(&mut self, settings: &Settings) {
        self.settings.set(to_record(settings));
        self.settings_cache = Some(settings.clone());
    }

    pub fn roles(&self, principal: &Principal) -> Roles {
        self.roles.get(principal).map(|bytes| decode("roles", &bytes)).unwrap_or_default()
    }

    pub fn set_roles(&mut self, principal: Principal, roles: &Roles) {
        if roles.0.is_empty() {
            self.roles.remove(&principal);
        } else {
            self.roles.insert(principal, to_record(roles));
        }
    }

    pub fn all_roles(&self) -> impl Iterator<Item = (Principal, Roles)> + '_ {
        self.roles.iter().map(|entry| (*entry.key(), decode("roles", &entry.value())))
    }

    pub fn roles_after(&self, after: Option<Principal>) -> impl Iterator<Item = (Principal, Roles)> + '_ {
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.roles.range((first, Bound::Unbounded)).map(|entry| (*entry.key(), decode("roles", &entry.value())))
    }

    pub fn group(&self, name: &str) -> Option<Group> {
        self.groups.get(&name.as_bytes().to_vec()).map(|bytes| decode("groups", &bytes))
    }

    pub fn set_group(&mut self, group: &Group) {
        let key = group.name.as_bytes().to_vec();
        if group.members.is_empty() {
            self.groups.remove(&key);
        } else {
            self.groups.insert(key, to_record(group));
        }
    }

    pub fn all_groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.groups.iter().map(|entry| decode("groups", &entry.value()))
    }

    pub fn groups_after(&self, after: Option<&str>) -> impl Iterator<Item = Group> + '_ {
        let first = after.map_or(Bound::Unbounded, |name| Bound::Excluded(name.as_bytes().to_vec()));
        self.groups.range((first, Bound::Unbounded)).map(|entry| decode("groups", &entry.value()))
    }

    /// Returns the number of changes of a record; see [`crate::state::VersionedRecord`].
    pub fn version(&self, key: &Vec<u8>) -> u64 {
        self.versions.get(key).unwrap_or_default()
    }

    /// Counts a change of a record that has versions of its own.
    pub fn count_version(&mut self, record: &VersionedRecord<'_>) {
        if let Some(key) = record.key() {
            let version = self.version(&key).saturating_add(1);
            self.versions.insert(key, version);
        }
    }

    /// Whether a principal is an agent of a wallet.
    pub fn is_agent(&self, wallet: WalletId, agent: &Principal) -> bool {
        self.agents.contains_key(&(wallet.get(), *agent))
    }

    /// Whether a principal is an agent of any wallet.
    pub fn is_agent_of_any(&self, agent: &Principal) -> bool {
        self.wallets_by_agent.range((*agent, 0)..=(*agent, u64::MAX)).next().is_some()
    }

    /// Returns the wallets of an agent.
    pub fn wallets_of_agent(&self, agent: &Principal) -> impl Iterator<Item = WalletId> {
        self.wallets_by_agent.range((*agent, 0)..=(*agent, u64::MAX)).map(|(_, id)| WalletId::new(id))
    }

    /// Returns the agents of a wallet.
    pub fn agents_of(&self, wallet: WalletId) -> impl Iterator<Item = Principal> + '_ {
        self.agents_after(wallet, None).map(|(agent, _)| agent)
    }

    /// Returns the agents of a wallet that follow `after`.
    pub fn agents_after(&self, wallet: WalletId, after: Option<Principal>) -> impl Iterator<Item = (Principal, Agent)> + '_ {
        let first = match after {
            Some(after) => Bound::Excluded((wallet.get(), after)),
            None => Bound::Included((wallet.get(), Principal::management_canister())),
        };
        let agents = self.agents.range((first, Bound::Unbounded));
        let within = agents.take_while(move |entry| entry.key().0 == wallet.get());
        within.map(|entry| (entry.key().1, decode("agents", &entry.value())))
    }

    pub fn agent(&self, wallet: WalletId, agent: &Principal) -> Option<Agent> {
        self.agents.get(&(wallet.get(), *agent)).map(|bytes| decode("agents", &bytes))
    }

    pub fn set_agent(&mut self, wallet: WalletId, agent: Principal, record: &Agent) {
        self.wallets_by_agent.insert((agent, wallet.get()));
        self.agents.insert((wallet.get(), agent), to_record(record));
    }

    pub fn remove_agent(&mut self, wallet: WalletId, agent: Principal) {
        self.wallets_by_agent.remove(&(agent, wallet.get()));
        self.agents.remove(&(wallet.get(), agent));
    }

    /// Returns the key that clients' metadata is hashed with, once it is stored.
    pub fn client_key(&self) -> Option<Vec<u8>> {
        let key = self.client_key.get();
        (!key.is_empty()).then(|| key.clone())
    }

    pub fn set_client_key(&mut self, key: [u8; 32]) {
        self.client_key.set(key.to_vec());
    }
}
