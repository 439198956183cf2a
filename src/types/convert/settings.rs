//! Settings, from and to the domain.

use crate::settings::{MinBalance, Settings, SettingsInit};
use purser_core::base::{self, Amount, SECOND_NS};
use purser_core::governance::settings as domain;

impl SettingsInit {
    /// Returns the new settings; an absent one stays as in `current`.
    ///
    /// Nothing is checked here: a duration too long to be counted becomes the longest, which the domain refuses.
    pub fn over(self, current: domain::Settings) -> domain::Settings {
        let nanos = |seconds: Option<u64>, held: u64| seconds.map_or(held, |seconds| seconds.saturating_mul(SECOND_NS));
        let named: Vec<domain::MinBalance> = self.min_balances.unwrap_or_default().into_iter().map(Into::into).collect();
        domain::Settings {
            quorum: self.quorum.unwrap_or(current.quorum),
            time_lock_ns: nanos(self.time_lock_seconds, current.time_lock_ns),
            proposal_ttl_ns: nanos(self.proposal_ttl_seconds, current.proposal_ttl_ns),
            breaker_threshold: self.breaker_threshold.unwrap_or(current.breaker_threshold),
            breaker_cool_down_ns: nanos(self.breaker_cool_down_seconds, current.breaker_cool_down_ns),
            chain_breaker_threshold: self.chain_breaker_threshold.unwrap_or(current.chain_breaker_threshold),
            chain_breaker_cool_down_ns: nanos(self.chain_breaker_cool_down_seconds, current.chain_breaker_cool_down_ns),
            max_wallets_per_owner: self.max_wallets_per_owner.unwrap_or(current.max_wallets_per_owner),
            max_pending_per_agent: self.max_pending_per_agent.unwrap_or(current.max_pending_per_agent),
            attempts_per_minute: self.attempts_per_minute.unwrap_or(current.attempts_per_minute),
            attempts_per_hour: self.attempts_per_hour.unwrap_or(current.attempts_per_hour),
            resume_percent: self.resume_percent.unwrap_or(current.resume_percent),
            min_balances: current.min_balances,
        }
        .with_min_balances(&named)
    }
}

impl From<MinBalance> for domain::MinBalance {
    fn from(MinBalance { asset, min }: MinBalance) -> Self {
        // A mint that is no address becomes the one of zeros: a token, and so refused by the check of the settings.
        let asset = base::Asset::try_from(asset).unwrap_or(base::Asset::Spl { mint: base::Mint([0; 32]) });
        Self { asset, min: Amount::new(min) }
    }
}

impl From<domain::MinBalance> for MinBalance {
    fn from(domain::MinBalance { asset, min }: domain::MinBalance) -> Self {
        Self { asset: asset.into(), min: min.get() }
    }
}

impl From<domain::Settings> for Settings {
    fn from(settings: domain::Settings) -> Self {
        Self {
            quorum: settings.quorum,
            time_lock_seconds: settings.time_lock_ns / SECOND_NS,
            proposal_ttl_seconds: settings.proposal_ttl_ns / SECOND_NS,
            breaker_threshold: settings.breaker_threshold,
            breaker_cool_down_seconds: settings.breaker_cool_down_ns / SECOND_NS,
            chain_breaker_threshold: settings.chain_breaker_threshold,
            chain_breaker_cool_down_seconds: settings.chain_breaker_cool_down_ns / SECOND_NS,
            max_wallets_per_owner: settings.max_wallets_per_owner,
            max_pending_per_agent: settings.max_pending_per_agent,
            attempts_per_minute: settings.attempts_per_minute,
            attempts_per_hour: settings.attempts_per_hour,
            resume_percent: settings.resume_percent,
            min_balances: settings.min_balances.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asset, fixture};

    #[test]
    fn what_is_absent_stays_and_what_is_said_comes() {
        let current = domain::Settings::new(&fixture::config());
        assert_eq!(SettingsInit::default().over(current.clone()), current);
        let shown = Settings::from(current.clone());
        assert_eq!((shown.quorum, shown.time_lock_seconds, shown.proposal_ttl_seconds), (1, 0, 604_800));
        assert_eq!((shown.breaker_cool_down_seconds, shown.min_balances.len()), (300, 2));
        let said = SettingsInit {
            time_lock_seconds: Some(86_400),
            resume_percent: Some(25),
            min_balances: Some(vec![MinBalance { asset: Asset::Kas, min: 7 }]),
            ..SettingsInit::default()
        };
        let kept = domain::MinBalance { asset: base::Asset::Kas, min: Amount::new(7) };
        let expected =
            domain::Settings { time_lock_ns: 86_400_000_000_000, resume_percent: 25, ..current.clone().with_min_balances(&[kept]) };
        assert_eq!(said.over(current), expected);
    }

    #[test]
    fn a_minimum_of_a_token_is_refused_whatever_its_mint() {
        let current = domain::Settings::new(&fixture::config());
        for mint in ["EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "no address"] {
            let named = MinBalance { asset: Asset::Spl { mint: crate::MintText::new(mint) }, min: 1 };
            let said = SettingsInit { min_balances: Some(vec![named]), ..SettingsInit::default() };
            assert_eq!(said.over(current.clone()).validate().map_err(|error| error.field), Err("min_balances"), "{mint}");
        }
    }

    #[test]
    fn a_duration_beyond_counting_is_refused_not_wrapped() {
        let current = domain::Settings::new(&fixture::config());
        let endless = SettingsInit { time_lock_seconds: Some(u64::MAX), ..SettingsInit::default() }.over(current);
        assert_eq!(endless.validate().map_err(|error| error.field), Err("time_lock_seconds"));
    }
}
