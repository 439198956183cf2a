//! Checklist of an installation's readiness for real money.

use super::State;
use crate::access::Role;
use crate::base::{Asset, BlockIndex, Chain, SECOND_NS, WalletId};
use crate::chains::providers::MIN_MAINNET_PROVIDERS;
use crate::governance::config::PRODUCTION_KEY_NAMES;
use crate::policy::{Counted, Policy, Rule, Scope, Window};
use ic_stable_structures::Memory;

/// The most wallets that are checked.
const MAX_WALLETS: usize = 500;
/// The most blocks that are verified.
const MAX_BLOCKS: u64 = 100;

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
    /// Returns the fourteen items of the checklist, for a canister with so many `cycles` that should have `reserve` of them.
    pub fn production_readiness(&self, cycles: u128, reserve: u128) -> Vec<ReadinessItem> {
        let active = self.wallets_after(None).take(MAX_WALLETS).filter(|wallet| !wallet.deactivated);
        let policies: Policies = active.map(|wallet| (wallet.id, self.policy(wallet.id))).collect();
        let mut items = vec![self.no_hardcoded_keys()];
        items.extend(policy_items(self, &policies));
        items.extend([self.circuit_breaker(), persistent_store(), self.audit_active(), self.integrity(), self.private_rpc()]);
        items.extend([self.error_alerting(), self.backups(), process_manager(cycles, reserve), self.key_storage()]);
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
        let providers = Chain::ALL.map(|chain| (chain, chains.of(chain).providers().len()));
        let enough = providers.iter().all(|(_, count)| *count >= MIN_MAINNET_PROVIDERS);
        let counts = providers.map(|(chain, count)| format!("{count} providers of {chain}")).join(" and ");
        let need = if enough { "" } else { "; name at least 2 of each, run by different people" };
        item("private_rpc", enough, format!("{counts}, over https{need}"))
    }

    fn error_alerting(&self) -> ReadinessItem {
        let members = self.members_after(None);
        let guardians = members.filter(|(_, roles)| roles.has(Role::Guardian) && !roles.has(Role::Admin)).count();
        let why = match guardians {
            0 => "nobody but admins can stop the canister; grant Guardian to whoever watches /health".to_owned(),
            count => format!("/health says when something is wrong, and {count} guardians besides the admins can stop everything"),
        };
        item("error_alerting", guardians > 0, why)
    }

    fn backups(&self) -> ReadinessItem {
        let auditors = self.members_after(None).filter(|(_, roles)| roles.has(Role::Auditor)).count();
        let why = match auditors {
            0 => "replaying the log restores the state, but nobody is charged with keeping copies of it; grant Auditor".to_owned(),
            count => format!("replaying the log restores the state; {count} auditors are charged with keeping copies"),
        };
        item("backups", auditors > 0, why)
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

fn item(name: &'static str, passed: bool, reason: impl Into<String>) -> ReadinessItem {
    ReadinessItem { name, passed, reason: reason.into() }
}
