//! Decisions about installation, upgrades and root keys.

use crate::event::{Event, Upgraded};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use crate::wallet::RootKeys;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// Decides the first events of a log, on the command of the controller who installs the canister.
    ///
    /// # Errors
    /// When a field of the configuration or of the settings cannot be accepted, the admins cannot reach the quorum, or the state was
    /// initialised before.
    pub fn decide_init(&self, caller: Principal, config: Config, settings: Settings) -> Result<Decided, Refusal> {
        if self.tables.config().is_some() {
            return Err(Refusal::AlreadySo { what: "the canister is already initialised" });
        }
        config.validate()?;
        settings.validate()?;
        let admins: BTreeSet<&Principal> = config.admins.iter().collect();
        self.check_quorum(settings.quorum, admins.len() as u64)?;
        let mut decided = Decided::by_caller(caller, Event::Initialised(Box::new(config)));
        decided.events.push(Event::SettingsChanged(Box::new(settings)));
        Ok(decided)
    }

    /// Decides an upgrade on the command of the controller who installs it, with a new configuration or the old one.
    ///
    /// # Errors
    /// When the configuration cannot be accepted, or changes a field on which derivation paths or roles depend.
    pub fn decide_upgrade(&self, caller: Principal, version: String, config: Option<Config>) -> Result<Decided, Refusal> {
        if let Some(config) = &config {
            let current = self.config();
            let frozen = |field| invalid(field, "fixed at installation: another value would mean other addresses");
            if config.key_name != current.key_name {
                return Err(frozen("key_name"));
            }
            if let Some(field) = current.chains.changed_network(&config.chains) {
                return Err(frozen(field));
            }
            let by_role = |field| invalid(field, "roles change by grant_role and revoke_role, not by an upgrade");
            if config.admins != current.admins {
                return Err(by_role("admins"));
            }
            if config.guardians != current.guardians {
                return Err(by_role("guardians"));
            }
            config.validate()?;
        }
        Ok(Decided::by_caller(caller, Event::Upgraded(Upgraded { version, config: config.map(Box::new) })))
    }

    /// Decides the registration of the root public keys. They never change: other keys would mean other addresses.
    ///
    /// # Errors
    /// When keys are registered already, or a key has a wrong length.
    pub fn decide_register_keys(&self, keys: RootKeys) -> Result<Decided, Refusal> {
        if self.tables.keys().is_some() {
            return Err(Refusal::AlreadySo { what: "the root keys are already registered" });
        }
        let lengths = [("ed25519", &keys.ed25519, 32), ("schnorr", &keys.schnorr, 33), ("ecdsa", &keys.ecdsa, 33)];
        for (field, key, length) in lengths {
            if key.public_key.len() != length || key.chain_code.len() != 32 {
                return Err(invalid(field, format!("a public key of {length} bytes with a chain code of 32 bytes is needed")));
            }
        }
        Ok(Decided::by_canister(Event::KeysRegistered(keys)))
    }
}
