//! What a draft of a policy would have decided about the requests in the log.

use super::facts::spend;
use super::{Refusal, State};
use crate::audit::Block;
use crate::base::{Amount, Asset, BlockIndex, DAY_NS, Destination, Timestamp, TransferId, WalletId};
use crate::event::Event;
use crate::policy::{
    self, Activity, AssetValue, CounterKey, Decision, Evaluation, Finding, Mode, Policy, PolicyData, RequestContext, Rule,
    RuleKind, Scope, ScopedPolicy, Spend, Spent, Window,
};
use crate::transfer::{Status, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;

/// The most blocks that one backtest reads.
pub const MAX_BACKTEST_BLOCKS: usize = 1_000;
/// The most days that one backtest looks back.
pub const MAX_BACKTEST_DAYS: u32 = 90;
/// The most changed decisions that one backtest lists.
const MAX_CHANGES: usize = 100;

/// How often each decision was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionCounts {
    /// Allowed at once.
    pub allowed: u32,
    /// Allowed once people agree.
    pub for_approval: u32,
    /// Denied.
    pub denied: u32,
}

impl DecisionCounts {
    fn add(&mut self, decision: Decision) {
        *match decision {
            Decision::Allow => &mut self.allowed,
            Decision::RequireApproval => &mut self.for_approval,
            Decision::Deny => &mut self.denied,
        } += 1;
    }
}

/// A request about which the draft decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedDecision {
    /// Where it is logged.
    pub block: BlockIndex,
    /// When it was made.
    pub at: Timestamp,
    /// Who asked.
    pub agent: Principal,
    /// What was asked.
    pub request: TransferRequest,
    /// What was decided.
    pub was: Decision,
    /// What the draft decides.
    pub becomes: Decision,
    /// Why, in the words of the draft's strictest rule.
    pub why: String,
}

/// What a draft would have decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backtest {
    /// The time from which on requests were looked at; counters were empty then.
    pub since: Timestamp,
    /// Whether older requests of the time asked for were left out, because there are too many or their blocks are gone.
    pub truncated: bool,
    /// What was decided.
    pub was: DecisionCounts,
    /// What the draft decides.
    pub becomes: DecisionCounts,
    /// The decisions that change, oldest first; not all when the counts say there are more.
    pub changes: Vec<ChangedDecision>,
}

/// A request in the log.
struct LoggedRequest {
    block: BlockIndex,
    at: Timestamp,
    agent: Principal,
    request: TransferRequest,
    evaluation: Evaluation,
    transfer: Option<TransferId>,
}

impl<M: Memory> State<M> {
    /// Judges the requests of the last days again, oldest first, with `rules` in the place of a scope's policy. What the other scopes
    /// said stays as it is logged, and so do emergencies and breakers. Counters start empty and hold what the draft lets pass: what a
    /// transfer in fact spent, or amount and fee cap when it did not happen then. Rates, groups and owners are today's. No rule looks
    /// at balances.
    ///
    /// # Errors
    /// When the rules are not well-formed or the number of days is none from 1 to [`MAX_BACKTEST_DAYS`].
    pub fn backtest(&self, scope: Scope, rules: &[Rule], days: u32, now: Timestamp) -> Result<Backtest, Refusal> {
        let invalid = |field, problem| Refusal::InvalidArgument { field, problem };
        if !(1..=MAX_BACKTEST_DAYS).contains(&days) {
            return Err(invalid("days", format!("between 1 and {MAX_BACKTEST_DAYS}")));
        }
        policy::validate(rules).map_err(|error| invalid("rules", error.to_string()))?;
        let since = Timestamp::from_nanos(now.nanos().saturating_sub(u64::from(days) * DAY_NS));
        let (logged, truncated) = self.logged_requests(scope, since);
        let draft = (!rules.is_empty()).then(|| Policy { version: 0, name: None, rules: rules.to_vec() });
        let mut past = ReplayedRequests { state: self, scope, draft, spent: BTreeMap::new(), activity: Activity::default() };
        let mut backtest = Backtest {
            since: if truncated { logged.first().map_or(since, |first| first.at) } else { since },
            truncated,
            was: DecisionCounts::default(),
            becomes: DecisionCounts::default(),
            changes: Vec::new(),
        };
        for logged in logged {
            let (becomes, why) = past.reassess(&logged);
            let was = logged.evaluation.decision;
            backtest.was.add(was);
            backtest.becomes.add(becomes);
            if was != becomes && backtest.changes.len() < MAX_CHANGES {
                let LoggedRequest { block, at, agent, request, .. } = logged;
                backtest.changes.push(ChangedDecision { block, at, agent, request, was, becomes, why });
            }
        }
        Ok(backtest)
    }

    /// The requests that a scope's policy binds, oldest first, and whether there were more.
    fn logged_requests(&self, scope: Scope, since: Timestamp) -> (Vec<LoggedRequest>, bool) {
        let wallets = self.wallets_within(scope);
        let newest = |wallet: &WalletId| self.request_blocks(*wallet, MAX_BACKTEST_BLOCKS + 1);
        let mut blocks: Vec<BlockIndex> = wallets.iter().flat_map(newest).collect();
        blocks.sort_by(|a, b| b.cmp(a));
        let mut logged = Vec::new();
        let mut truncated = blocks.len() > MAX_BACKTEST_BLOCKS;
        for index in blocks.into_iter().take(MAX_BACKTEST_BLOCKS) {
            let Some(block) = self.block(index).and_then(|value| Block::from_value(value).ok()) else {
                truncated = true;
                break;
            };
            if block.at < since {
                truncated = false;
                break;
            }
            logged.extend(read(index, block).filter(|logged| applies_to(scope, logged)));
        }
        logged.reverse();
        (logged, truncated)
    }

    /// The wallets of which a scope's policy binds requests.
    pub(super) fn wallets_within(&self, scope: Scope) -> Vec<WalletId> {
        match scope {
            Scope::Agent { wallet, .. } => vec![wallet],
            Scope::Session(session) => self.session(session).map(|session| session.wallet).into_iter().collect(),
            Scope::User(owner) => self.wallets_of(&owner).map(|wallet| wallet.id).collect(),
            Scope::Wallet(above) => {
                let all = self.tables.wallets_after(0).map(|wallet| wallet.id);
                all.filter(|wallet| self.wallet_chain(*wallet).contains(&above)).collect()
            }
        }
    }
}

fn read(index: BlockIndex, block: Block) -> Option<LoggedRequest> {
    let (agent, request, evaluation, transfer) = match block.event {
        Event::TransferDenied(denied) => (denied.agent, denied.request, denied.evaluation, None),
        Event::TransferReserved(reserved) => (reserved.agent, reserved.request, reserved.evaluation, Some(reserved.id)),
        _ => return None,
    };
    // No policy is asked about coins that only become one.
    if request.is_consolidation() {
        return None;
    }
    Some(LoggedRequest { block: index, at: block.at, agent, request, evaluation, transfer })
}

fn applies_to(scope: Scope, logged: &LoggedRequest) -> bool {
    match scope {
        Scope::Agent { agent, .. } => logged.agent == agent,
        Scope::Session(session) => logged.request.session == Some(session),
        Scope::Wallet(_) | Scope::User(_) => true,
    }
}

/// The past as the draft would have made it.
struct ReplayedRequests<'a, M: Memory> {
    state: &'a State<M>,
    scope: Scope,
    draft: Option<Policy>,
    spent: BTreeMap<CounterKey, Spent>,
    activity: Activity,
}

/// The past as one request sees it.
struct PastFacts<'a, M: Memory> {
    past: &'a ReplayedRequests<'a, M>,
    requester: Principal,
}

impl<M: Memory> PolicyData for PastFacts<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        self.past.spent.get(key).cloned().unwrap_or_default()
    }

    fn value(&self, asset: Asset, amount: Amount) -> AssetValue {
        self.past.value(asset, amount).map_or(AssetValue::Unknown, AssetValue::Worth)
    }

    fn approvers(&self, group: &str) -> u32 {
        let members = self.past.state.approvers_of(group, self.requester).count();
        u32::try_from(members).unwrap_or(u32::MAX)
    }
}

impl<M: Memory> ReplayedRequests<'_, M> {
    /// What the draft decides, and why; what it lets pass counts from then on.
    fn reassess(&mut self, logged: &LoggedRequest) -> (Decision, String) {
        let paying = Scope::Wallet(logged.request.wallet);
        let findings = &logged.evaluation.findings;
        let others: Vec<&Finding> = findings.iter().filter(|finding| !belongs_to_scope(finding, self.scope, paying)).collect();
        let draft = self.evaluate_draft(logged, paying);
        let decision = if draft.decision == Decision::Deny || others.iter().any(|finding| !finding.passed) {
            Decision::Deny
        } else if draft.decision == Decision::RequireApproval || others.iter().any(|finding| requires_approval(finding)) {
            Decision::RequireApproval
        } else {
            Decision::Allow
        };
        let first_denial = draft.denials().next().or_else(|| others.iter().copied().find(|finding| !finding.passed));
        let asking = || draft.findings.iter().chain(others.iter().copied()).find(|finding| requires_approval(finding));
        let why =
            first_denial.or_else(asking).map_or_else(|| "every rule is content".to_owned(), |finding| finding.message.clone());
        if decision != Decision::Deny {
            self.count(logged);
        }
        let transfers = u16::try_from(logged.request.payments().len()).unwrap_or(u16::MAX);
        self.activity.note_many(1, if decision == Decision::Deny { 0 } else { transfers }, logged.at);
        (decision, why)
    }

    fn evaluate_draft(&self, logged: &LoggedRequest, paying: Scope) -> Evaluation {
        let request = &logged.request;
        let mut policies = vec![ScopedPolicy { scope: self.scope, policy: self.draft.clone(), activity: self.activity.clone() }];
        if self.scope != paying {
            policies.push(ScopedPolicy { scope: paying, policy: Some(permissive_policy(request)), activity: Activity::default() });
        }
        let context = RequestContext {
            mode: Mode::Normal,
            now: logged.at,
            in_session: request.session.is_some(),
            wallet_active: true,
            chain_open_until: None,
            is_recheck: false,
        };
        let payments = request.payments();
        let spend = spend(request, &payments);
        policy::evaluate(&context, paying, &policies, &PastFacts { past: self, requester: logged.agent }, &spend)
    }

    fn value(&self, asset: Asset, amount: Amount) -> Option<Amount> {
        let rate = self.state.tables.rate(asset)?;
        // Whether a rate was valid then is not known; an expired one still says what things are about worth.
        rate.value(amount, Timestamp::default())
    }

    /// What a request let through spends.
    fn count(&mut self, logged: &LoggedRequest) {
        let request = &logged.request;
        let (amount, max_fee) = self.outcome(logged);
        let payments = request.payments();
        let spend = Spend { amount, max_fee, ..spend(request, &payments) };
        let Some(charges) = spend.charges() else { return };
        // All of a batch moved, or nothing.
        let moved = |paid: Amount| if amount.is_zero() { Amount::ZERO } else { paid };
        let to = |to: &Destination| CounterKey::to(self.scope, spend.asset, to.clone());
        let mut counted: Vec<_> = spend.recipients().into_iter().map(|(whom, paid)| (to(whom), moved(paid))).collect();
        for (asset, amount) in charges {
            counted.push((CounterKey::units(self.scope, asset), amount));
            if let Some(value) = self.value(asset, amount) {
                counted.push((CounterKey::value(self.scope, asset), value));
                counted.push((CounterKey::valued(self.scope, asset), amount));
            }
        }
        for (key, amount) in counted {
            let spent = self.spent.entry(key).or_default();
            if let Some(more) = spent.clone().reserve(amount).and_then(|spent| spent.post(amount, amount, logged.at)) {
                *spent = more;
            }
        }
    }

    /// What a transfer moved and paid in fees; what it might have, when it did not happen or is not over.
    fn outcome(&self, logged: &LoggedRequest) -> (Amount, Amount) {
        let (amount, max_fee) = (logged.request.amount, logged.request.max_fee);
        let Some(transfer) = logged.transfer.and_then(|id| self.state.transfer(id)) else { return (amount, max_fee) };
        match transfer.status {
            // In earnest it would have gone on from where the trial ended.
            Status::Cancelled if transfer.simulated => (amount, max_fee),
            Status::Confirmed => (amount, transfer.fee_paid.unwrap_or(max_fee)),
            Status::Failed => (Amount::ZERO, transfer.fee_paid.unwrap_or(max_fee)),
            Status::Cancelled | Status::Rejected => (Amount::ZERO, Amount::ZERO),
            _ => (amount, max_fee),
        }
    }
}

/// A policy that lets a request pass, in the place of a paying wallet whose own word is logged.
fn permissive_policy(request: &TransferRequest) -> Policy {
    let (max, window, asset) = (Amount::MAX, Window::Rolling24h, request.asset.canonical_asset());
    let mut rules = vec![
        Rule::PerTransaction { asset, max },
        Rule::SpendingLimit { asset, window: window.clone(), max },
        Rule::AnyAddress { chain: asset.chain() },
    ];
    if asset.coin() != asset {
        rules.push(Rule::SpendingLimit { asset: asset.coin(), window, max });
    }
    Policy { version: 0, name: None, rules }
}

/// Whether a finding is a scope's policy's: one of its rules, or, of the paying wallet's, that one is missing.
fn belongs_to_scope(finding: &Finding, scope: Scope, paying: Scope) -> bool {
    let standing = matches!(finding.rule, RuleKind::Mode | RuleKind::Wallet | RuleKind::CircuitBreaker | RuleKind::RateLimit);
    let by_rule = finding.rule_index.is_some() || !standing;
    by_rule && finding.scope.unwrap_or(paying) == scope
}

/// Whether a finding says that people have to agree: only those name the threshold.
fn requires_approval(finding: &Finding) -> bool {
    finding.rule == RuleKind::Approval && finding.passed && finding.limit.is_some()
}
