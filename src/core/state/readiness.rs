//! Checklist of an installation's readiness for real money.

use super::State;
use crate::access::Role;
use crate::base::{Asset, BlockIndex, Chain, DAY_NS, HOUR_NS, SECOND_NS, Timestamp, WalletId};
use crate::chains::providers::MIN_MAINNET_PROVIDERS;
use crate::governance::config::PRODUCTION_KEY_NAMES;
use crate::policy::{Counted, Policy, Rule, Scope, TZDB_VERSION, Window};
use ic_stable_structures::Memory;

/// The most wallets that are checked.
const MAX_WALLETS: usize = 500;
/// The most blocks that are verified.
const MAX_BLOCKS: u64 = 100;

/// The greatest age of the newest confirmed copy of the log, in nanoseconds: a week.
const MAX_ARCHIVE_AGE_NS: u64 = 7 * DAY_NS;
/// A mean year, in nanoseconds.
const YEAR_NS: u64 = 365 * DAY_NS + DAY_NS / 4;

/// One item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadinessItem {
    /// The stable name, for programs.
    pub name: &'static str,
    /// Whether the condition holds.
    pub passed: bool,
    /// The reason, with the remedy when the condition does not hold.
    pub reason: String,
}

/// The active wallets, each with its policy.
type Policies = Vec<(WalletId, Option<Policy>)>;

impl<M: Memory> State<M> {
    /// Returns the sixteen items of the checklist, for a canister with so many `cycles` that should have `reserve` of them.
    ///
    /// An item passes only when its condition was checked and holds.
    pub fn production_readiness(&self, cycles: u128, reserve: u128, now: Timestamp) -> Vec<ReadinessItem> {
        let active = self.wallets_after(None).take(MAX_WALLETS).filter(|wallet| !wallet.deactivated);
        let policies: Policies = active.map(|wallet| (wallet.id, self.policy(wallet.id))).collect();
        let mut items = vec![self.no_hardcoded_keys()];
        items.extend(policy_items(self, &policies));
        items.extend([self.circuit_breaker(), persistent_store(), self.audit_active(), self.integrity(), self.private_rpc()]);
        items.extend([self.error_alerting(), self.backups(now), process_manager(cycles, reserve), self.key_storage()]);
        items.extend([time_zones(now), self.admin_quorum()]);
        items
    }

    fn no_hardcoded_keys(&self) -> ReadinessItem {
        let known = self.keys().is_some();
        let why = if known {
            "every key is derived from the subnet's threshold keys"
        } else {
            "the threshold keys are not known yet; wait for them"
        };
        item("no_hardcoded_keys", known, why)
    }

    fn circuit_breaker(&self) -> ReadinessItem {
        let settings = self.settings();
        let (count, seconds) = (settings.breaker_threshold, settings.breaker_cool_down_ns / SECOND_NS);
        let works = seconds > 0;
        item("circuit_breaker", works, format!("{count} denials in a row stop an agent for {seconds} seconds"))
    }

    fn audit_active(&self) -> ReadinessItem {
        let blocks = self.log_len();
        item("audit_active", blocks > 0, format!("every attempt is logged with its decision; {blocks} blocks so far"))
    }

    fn integrity(&self) -> ReadinessItem {
        let from = BlockIndex::new(self.log_len().saturating_sub(MAX_BLOCKS));
        let report = self.verify_log(from, MAX_BLOCKS);
        let checked = report.entries_checked;
        let why = if report.valid {
            format!(
                "the last {checked} blocks are chained up to the certified tip; each upgrade checks the tip, verify_integrity the rest"
            )
        } else {
            "the chain of the log is broken; start an emergency and call verify_integrity".to_owned()
        };
        item("integrity", report.valid, why)
    }

    fn private_rpc(&self) -> ReadinessItem {
        let chains = &self.config().chains;
        let mut problems = Vec::new();
        let counts = Chain::ALL.map(|chain| {
            let config = chains.of(chain);
            let (providers, quorum) = (config.providers(), config.quorum());
            if providers.len() < MIN_MAINNET_PROVIDERS {
                problems.push(format!("name at least {MIN_MAINNET_PROVIDERS} of {chain}, run by different people"));
            } else if providers.len() <= quorum {
                problems.push(format!("all of {chain}'s must agree, so that one that fails stops payments; name one more"));
            }
            if let Some(plain) = providers.iter().find(|url| url.starts_with("http://")) {
                problems.push(format!("{plain} is not reached over https"));
            }
            format!("{} providers of {chain}, of which {quorum} must agree", providers.len())
        });
        let passed = problems.is_empty();
        let parts: Vec<String> = counts.into_iter().chain(problems).collect();
        item("private_rpc", passed, parts.join("; "))
    }

    fn error_alerting(&self) -> ReadinessItem {
        let members = self.members_after(None);
        let guardians = members.filter(|(_, roles)| roles.has(Role::Guardian) && !roles.has(Role::Admin)).count();
        let why = match guardians {
            0 => "nobody but admins can stop the canister; grant Guardian to whoever watches /health".to_owned(),
            count => format!("{count} guardians besides the admins can stop everything"),
        };
        // The canister sends nothing by itself, and cannot see whether anybody looks.
        item("error_alerting", false, format!("{why}; not checked: whether somebody is called when /health answers 503"))
    }

    fn backups(&self, now: Timestamp) -> ReadinessItem {
        let auditors = self.members_after(None).filter(|(_, roles)| roles.has(Role::Auditor)).count();
        let last = self.retention().archived.get().checked_sub(1);
        let ended_at = last.and_then(|last| self.block(BlockIndex::new(last))?.get("ts")?.as_u64());
        let newest = ended_at.map(|at| now.nanos_since(Timestamp::from_nanos(at)));
        let (passed, why) = match newest {
            _ if auditors == 0 => (false, "nobody is charged with keeping copies of the log; grant Auditor".to_owned()),
            None => (false, "no copy of the log was confirmed; replaying one restores the state: see scripts/backup".to_owned()),
            Some(age) if age > MAX_ARCHIVE_AGE_NS => {
                (false, format!("the newest confirmed copy of the log ends {} days ago; make another", age / DAY_NS))
            }
            Some(age) => {
                (true, format!("{auditors} auditors; the newest confirmed copy of the log ends {} hours ago", age / HOUR_NS))
            }
        };
        item("backups", passed, why)
    }

    fn admin_quorum(&self) -> ReadinessItem {
        let (quorum, admins) = (self.settings().quorum, self.count_admins());
        let recovery = match &self.config().recovery {
            Some(recovery) => format!("a recovery takes {} days", recovery.time_lock_ns / DAY_NS),
            None => "there is no recovery".to_owned(),
        };
        let why = if self.is_every_admin_needed() {
            format!(
                "{quorum} of {admins} admins must agree, so one lost key stops every wider change; {recovery}; name another admin"
            )
        } else {
            format!("{quorum} of {admins} admins must agree; {recovery}")
        };
        item("admin_quorum", !self.is_every_admin_needed(), why)
    }

    fn key_storage(&self) -> ReadinessItem {
        let config = self.config();
        let name = &config.key_name;
        let production = PRODUCTION_KEY_NAMES.contains(&name.as_str());
        let why = if production {
            format!("the key {name} is held in shares by the nodes of a large subnet")
        } else {
            format!("{name} is a test key; install with key_1 before any real money comes")
        };
        item("key_storage", production, why)
    }
}

/// Returns the items that hold when the policy of every active wallet meets a condition.
fn policy_items<M: Memory>(state: &State<M>, policies: &Policies) -> [ReadinessItem; 4] {
    let lacking = |test: &dyn Fn(WalletId, &Policy) -> bool| -> Vec<WalletId> {
        let lacks = |(wallet, policy): &&(WalletId, Option<Policy>)| policy.as_ref().is_none_or(|policy| !test(*wallet, policy));
        policies.iter().filter(lacks).map(|(wallet, _)| *wallet).collect()
    };
    let every = |name, test: &dyn Fn(WalletId, &Policy) -> bool, has: &str, lacks: &str| {
        let without = lacking(test);
        let passed = without.is_empty() && !policies.is_empty();
        let why = match without.first() {
            _ if policies.is_empty() => "there is no active wallet yet; create one and set its policy".to_owned(),
            None => format!("{has} in {} wallets", policies.len()),
            Some(first) => format!("{} of {} wallets {lacks}, wallet {first} for one", without.len(), policies.len()),
        };
        item(name, passed, why)
    };
    let has_rate = |wallet: WalletId, policy: &Policy| {
        let limits =
            |policy: &Policy| policy.rules.iter().any(|rule| matches!(rule, Rule::RateLimit { counted: Counted::Executions, .. }));
        let agents = state.agents(wallet);
        let agent_limited = |agent| state.policy_of(&Scope::Agent { wallet, agent }).is_some_and(|policy| limits(&policy));
        limits(policy) || !agents.is_empty() && agents.into_iter().all(agent_limited)
    };
    let asks = |_, policy: &Policy| policy.rules.iter().any(|rule| matches!(rule, Rule::Approval(_)));
    [
        every("allowlist", &|_, policy| has_allowlist(policy), "recipients are listed", "have no policy or pay every address"),
        every(
            "spending_limits",
            &|_, policy| has_limits(policy),
            "each transfer and each day is limited",
            "lack a limit per transaction or per day",
        ),
        every("rate_limits", &has_rate, "transfers are limited in number", "have no RateLimit of executions"),
        every("approval_gate", &asks, "people are asked about large amounts", "never ask people; add an Approval"),
    ]
}

/// Whether only listed recipients can be paid.
fn has_allowlist(policy: &Policy) -> bool {
    let any = |test: &dyn Fn(&Rule) -> bool| policy.rules.iter().any(test);
    any(&|rule| matches!(rule, Rule::Allowlist { .. })) && !any(&|rule| matches!(rule, Rule::AnyAddress { .. }))
}

/// Whether every asset that can be sent is limited per transaction and per day.
fn has_limits(policy: &Policy) -> bool {
    let any = |test: &dyn Fn(&Rule) -> bool| policy.rules.iter().any(test);
    let daily = |asset: Asset| {
        any(&|rule| matches!(rule, Rule::SpendingLimit { asset: of, window: Window::Rolling24h, .. } if *of == asset))
    };
    let assets: Vec<Asset> = policy
        .rules
        .iter()
        .filter_map(|rule| if let Rule::PerTransaction { asset, .. } = rule { Some(*asset) } else { None })
        .collect();
    !assets.is_empty() && assets.into_iter().all(daily)
}

fn persistent_store() -> ReadinessItem {
    item("persistent_store", true, "the state lives in stable memory, which upgrades keep")
}

fn process_manager(cycles: u128, reserve: u128) -> ReadinessItem {
    let why = if cycles >= reserve {
        "the subnet runs the canister and restarts its timers"
    } else {
        "the cycles run low; top the canister up"
    };
    item("process_manager", cycles >= reserve, format!("{why}; {cycles} cycles are left, {reserve} are wanted"))
}

/// Time zone rules change several times a year, mostly on short notice.
fn time_zones(now: Timestamp) -> ReadinessItem {
    let year = TZDB_VERSION.get(..4).and_then(|year| year.parse::<u64>().ok()).unwrap_or_default();
    // Releases of a year end with it, and half of the next one is a fair time for an upgrade.
    let good_until = Timestamp::from_nanos(year.saturating_sub(1970).saturating_mul(YEAR_NS).saturating_add(YEAR_NS + YEAR_NS / 2));
    let passed = now < good_until;
    let why = if passed {
        ""
    } else {
        "; upgrade to a module with newer ones, or ActiveHours and calendar limits may begin at the wrong time"
    };
    item("time_zones", passed, format!("the time zone rules are those of {TZDB_VERSION}{why}"))
}

fn item(name: &'static str, passed: bool, reason: impl Into<String>) -> ReadinessItem {
    ReadinessItem { name, passed, reason: reason.into() }
}
