//! The installation argument as a configuration.

use crate::init::{InitArgs, RecoveryInit};
use candid::Principal;
use purser_core::base::SECOND_NS;
use purser_core::chains::configs::ChainConfigs;
use purser_core::governance::config::Config;
use purser_core::governance::{DEFAULT_RECOVERY_LOCK_NS, Recovery};
use std::collections::BTreeSet;

impl InitArgs {
    /// Returns the configuration; an absent field has its value in `current` at an upgrade and its default at installation.
    ///
    /// Nothing is checked here; `Config::validate` does that.
    pub fn into_config(self, current: Option<&Config>) -> Config {
        let Self { admins, guardians, key_name, recovery, solana, kaspa, settings: _ } = self;
        Config {
            admins,
            guardians,
            key_name,
            recovery: recovery.map(Recovery::from).or_else(|| current.and_then(|config| config.recovery.clone())),
            chains: ChainConfigs {
                kaspa: kaspa.into_config(current.map(|config| &config.chains.kaspa)),
                solana: solana.into_config(current.map(|config| &config.chains.solana)),
            },
        }
    }
}

impl From<RecoveryInit> for Recovery {
    fn from(init: RecoveryInit) -> Self {
        let RecoveryInit { members, quorum, time_lock_seconds } = init;
        let members: BTreeSet<Principal> = members.into_iter().collect();
        let quorum = quorum.unwrap_or_else(|| u32::try_from(members.len()).unwrap_or(u32::MAX));
        let time_lock_ns = time_lock_seconds.map_or(DEFAULT_RECOVERY_LOCK_NS, |seconds| seconds.saturating_mul(SECOND_NS));
        Self { members, quorum, time_lock_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use purser_core::base::Amount;
    use purser_core::chains::config::ChainConfig;
    use purser_core::chains::{kaspa, solana};

    #[test]
    fn what_is_absent_has_the_documented_default() {
        let config = fixture::init_args().into_config(None);
        assert_eq!(config.chains.solana.max_fee, Amount::new(10_000));
        assert_eq!(config.chains.kaspa.max_fee, Amount::new(5_000_000));
        assert_eq!(config.chains.kaspa.feerate, 100);
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn what_is_said_is_kept() {
        let mut args = fixture::init_args();
        args.solana.max_fee = Some(7_000);
        args.kaspa.max_fee = Some(300_000);
        args.kaspa.feerate = Some(250);
        args.kaspa.confirmations = Some(3);
        (args.kaspa.max_feerate, args.kaspa.quorum) = (Some(900), Some(1));
        let config = args.into_config(None);
        assert_eq!((config.chains.solana.max_fee, config.chains.kaspa.max_fee), (Amount::new(7_000), Amount::new(300_000)));
        assert_eq!((config.chains.kaspa.feerate, config.chains.kaspa.confirmations), (250, 3));
        assert_eq!((config.chains.kaspa.max_feerate(), config.chains.kaspa.quorum()), (900, 1));
        assert_eq!(config.chains.solana.network, solana::Cluster::Local);
        assert_eq!(config.chains.kaspa.network, kaspa::Network::Simnet);
    }

    #[test]
    fn all_members_of_a_recovery_agree_after_14_days_unless_it_says_otherwise() {
        let member = |n| Principal::from_slice(&[n, 7]);
        let mut args = fixture::init_args();
        args.recovery =
            Some(RecoveryInit { members: vec![member(1), member(2), member(1)], quorum: None, time_lock_seconds: None });
        let recovery = args.into_config(None).recovery.expect("named");
        assert_eq!((recovery.members.len(), recovery.quorum, recovery.time_lock_ns), (2, 2, 14 * 86_400 * SECOND_NS));
    }

    #[test]
    fn an_upgrade_keeps_what_it_does_not_name() {
        let mut args = fixture::init_args();
        (args.solana.max_fee, args.kaspa.max_fee) = (Some(7_000), Some(300_000));
        (args.kaspa.feerate, args.kaspa.confirmations) = (Some(250), Some(3));
        (args.kaspa.max_feerate, args.kaspa.quorum) = (Some(900), Some(1));
        args.recovery =
            Some(RecoveryInit { members: vec![Principal::from_slice(&[1, 7])], quorum: Some(1), time_lock_seconds: Some(86_400) });
        let current = args.into_config(None);
        assert_eq!(fixture::init_args().into_config(Some(&current)), current);
    }
}
