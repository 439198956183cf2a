//! Rules and scopes of arguments as the domain reads them.
//!
//! Sizes are checked before the first address is decoded. The domain checks whether the rules fit together.

use crate::chain::Asset;
use crate::convert::address;
use crate::error::Error;
use crate::policy::{HoursWindow, Recipient, RecipientLimit, Rule, Scope, Window};
use purser_core::base::{self, Amount, Chain, Destination, SECOND_NS, SessionId, Timestamp, WalletId};
use purser_core::chains::configs::ChainConfigs;
use purser_core::policy as domain;

/// Reads the rules of a policy.
///
/// # Errors
/// `VALIDATION_FAILED` for the first field that cannot be read; a rule is named by its position.
pub fn parse_rules(rules: Vec<Rule>, chains: &ChainConfigs) -> Result<Vec<domain::Rule>, Error> {
    if rules.len() > domain::MAX_RULES {
        return Err(Error::invalid("rules", format!("{} rules; at most {}", rules.len(), domain::MAX_RULES)));
    }
    for (index, rule) in rules.iter().enumerate() {
        let (what, count) = match rule {
            Rule::Allowlist { recipients, .. } => ("recipients", recipients.len()),
            Rule::Denylist { addresses, .. } => ("addresses", addresses.len()),
            _ => continue,
        };
        if count > domain::MAX_ALLOWLIST_ENTRIES {
            let problem = format!("{count} {what}; at most {}", domain::MAX_ALLOWLIST_ENTRIES);
            return Err(Error::invalid(format!("rules[{index}].{what}"), problem));
        }
    }
    rules.into_iter().enumerate().map(|(index, rule)| Place { index, chains }.rule(rule)).collect()
}

impl From<Scope> for domain::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::User(owner) => Self::User(owner),
            Scope::Wallet(wallet) => Self::Wallet(WalletId::new(wallet)),
            Scope::Agent { wallet_id, agent } => Self::Agent { wallet: WalletId::new(wallet_id), agent },
            Scope::Session(session) => Self::Session(SessionId::new(session)),
        }
    }
}

/// The position of the rule that is read, for errors, and the networks of its addresses.
struct Place<'a> {
    index: usize,
    chains: &'a ChainConfigs,
}

impl Place<'_> {
    fn recipient_limit(&self, limit: &RecipientLimit) -> Result<domain::RecipientLimit, Error> {
        Ok(domain::RecipientLimit {
            asset: self.asset(limit.asset)?,
            per_transaction: limit.per_transaction.map(Amount::new),
            rolling_24h: limit.rolling_24h.map(Amount::new),
        })
    }

    fn asset(&self, asset: Asset) -> Result<base::Asset, Error> {
        asset.read(|| format!("rules[{}].asset", self.index))
    }

    fn rule(&self, rule: Rule) -> Result<domain::Rule, Error> {
        Ok(match rule {
            Rule::PerTransaction { asset, max } => {
                domain::Rule::PerTransaction { asset: self.asset(asset)?, max: Amount::new(max) }
            }
            Rule::SpendingLimit { asset, window, max } => {
                domain::Rule::SpendingLimit { asset: self.asset(asset)?, window: self.window(window)?, max: Amount::new(max) }
            }
            Rule::ValueLimit { assets, window, max } => domain::Rule::ValueLimit {
                assets: assets.into_iter().map(|asset| self.asset(asset)).collect::<Result<_, _>>()?,
                window: self.window(window)?,
                max: Amount::new(max),
            },
            Rule::Allowlist { chain, recipients, cool_down_seconds } => domain::Rule::Allowlist {
                chain: chain.into(),
                entries: self.recipients(chain.into(), recipients)?,
                cool_down_ns: self.nanos("cool_down_seconds", cool_down_seconds)?,
            },
            Rule::AnyAddress { chain } => domain::Rule::AnyAddress { chain: chain.into() },
            Rule::Denylist { chain, addresses } => {
                let chain = chain.into();
                let entry = |(position, text): (usize, &String)| self.address(text, chain, &format!("addresses[{position}]"));
                let entries = addresses.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
                domain::Rule::Denylist { chain, entries }
            }
            Rule::RateLimit { counted, window, max } => {
                domain::Rule::RateLimit { counted: counted.into(), window: window.into(), max }
            }
            Rule::ActiveHours { time_zone, windows } => domain::Rule::ActiveHours(self.hours(&time_zone, windows)?),
            Rule::Approval { asset, threshold, cumulative_24h, group, quorum, timeout_seconds, time_lock_seconds } => {
                let timeout = timeout_seconds.map(|seconds| self.nanos("timeout_seconds", seconds)).transpose()?;
                domain::Rule::Approval(domain::ApprovalRule {
                    asset: asset.map(|asset| self.asset(asset)).transpose()?,
                    threshold: Amount::new(threshold),
                    cumulative_24h: cumulative_24h.map(Amount::new),
                    group,
                    quorum,
                    timeout_ns: timeout.unwrap_or(domain::DEFAULT_APPROVAL_TIMEOUT_NS),
                    time_lock_ns: self.nanos("time_lock_seconds", time_lock_seconds)?,
                })
            }
            Rule::MinimumBalance { asset, min } => {
                domain::Rule::MinimumBalance { asset: self.asset(asset)?, min: Amount::new(min) }
            }
            Rule::RequireSession => domain::Rule::RequireSession,
        })
    }

    fn error(&self, field: &str, problem: impl Into<String>) -> Error {
        Error::invalid(format!("rules[{}].{field}", self.index), problem)
    }

    fn nanos(&self, field: &str, seconds: u64) -> Result<u64, Error> {
        let nanos = seconds.checked_mul(SECOND_NS).filter(|nanos| *nanos <= domain::MAX_DELAY_NS);
        nanos.ok_or_else(|| self.error(field, format!("{seconds} seconds; at most 30 days")))
    }

    fn address(&self, text: &str, chain: Chain, field: &str) -> Result<Destination, Error> {
        address::parse(text, chain, self.chains).map_err(|problem| self.error(field, problem))
    }

    fn zone(&self, name: &str) -> Result<domain::TimeZone, Error> {
        domain::TimeZone::parse(name).map_err(|error| self.error("time_zone", error.to_string()))
    }

    fn window(&self, window: Window) -> Result<domain::Window, Error> {
        Ok(match window {
            Window::Rolling24h => domain::Window::Rolling24h,
            Window::Rolling7d => domain::Window::Rolling7d,
            Window::Rolling30d => domain::Window::Rolling30d,
            Window::Calendar { period, time_zone } => {
                domain::Window::Calendar { period: period.into(), zone: self.zone(&time_zone)? }
            }
        })
    }

    fn recipients(&self, chain: Chain, recipients: Vec<Recipient>) -> Result<Vec<domain::AllowEntry>, Error> {
        let mut entries = Vec::with_capacity(recipients.len());
        for (position, recipient) in recipients.into_iter().enumerate() {
            let Recipient { address, label, limits, expires_at, usable_at: _ } = recipient;
            entries.push(domain::AllowEntry {
                to: self.address(&address, chain, &format!("recipients[{position}].address"))?,
                label,
                limits: limits.iter().map(|limit| self.recipient_limit(limit)).collect::<Result<_, _>>()?,
                expires_at: expires_at.map(Timestamp::from_nanos),
                usable_from: Timestamp::default(),
            });
        }
        entries.sort_by(|a, b| a.to.cmp(&b.to));
        Ok(entries)
    }

    fn hours(&self, time_zone: &str, windows: Vec<HoursWindow>) -> Result<domain::ActiveHours, Error> {
        let zone = self.zone(time_zone)?;
        let window = |(position, window): (usize, HoursWindow)| {
            let time = |field: &str, text: &str| {
                domain::LocalTime::parse(text)
                    .map_err(|error| self.error(&format!("windows[{position}].{field}"), error.to_string()))
            };
            Ok(domain::HoursWindow {
                days: window.days.into_iter().map(Into::into).collect(),
                start: time("start", &window.start)?,
                end: time("end", &window.end)?,
            })
        };
        let windows = windows.into_iter().enumerate().map(window).collect::<Result<_, Error>>()?;
        Ok(domain::ActiveHours { zone, windows })
    }
}
