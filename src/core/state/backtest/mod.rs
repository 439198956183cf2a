//! Backtest: the decisions that a draft of a policy would have made about the requests in the log.

mod history;

use super::refusal::invalid;
use super::{Refusal, State};
use crate::audit::Block;
use crate::base::{BlockIndex, DAY_NS, Timestamp, WalletId};
use crate::event::Event;
use crate::policy::{self, Decision, Policy, Rule, Scope};
use crate::transfer::TransferRequest;
use candid::Principal;
use history::{LoggedRequest, ReplayedRequests};
use ic_stable_structures::Memory;

/// The most blocks that one backtest reads.
pub const MAX_BACKTEST_BLOCKS: usize = 1_000;
/// The most days that one backtest covers.
pub const MAX_BACKTEST_DAYS: u32 = 90;
/// The most changed decisions that one backtest lists.
const MAX_CHANGES: usize = 100;

/// The number of requests by decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionCounts {
    /// Requests that were allowed at once.
    pub allowed: u32,
    /// Requests that were allowed once people approve.
    pub for_approval: u32,
    /// Requests that were denied.
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

/// A request that the draft decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedDecision {
    /// The block that logs the request.
    pub block: BlockIndex,
    /// The time of the request.
    pub at: Timestamp,
    /// The requester.
    pub agent: Principal,
    /// The request.
    pub request: TransferRequest,
    /// The decision that was made.
    pub was: Decision,
    /// The decision of the draft.
    pub becomes: Decision,
    /// The message of the rule that decided.
    pub why: String,
}

/// The result of a backtest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backtest {
    /// The time from which on requests were evaluated; counters were empty then.
    pub since: Timestamp,
    /// Whether older requests of the asked time were left out, because there are too many or their blocks are pruned.
    pub truncated: bool,
    /// The decisions that were made.
    pub was: DecisionCounts,
    /// The decisions of the draft.
    pub becomes: DecisionCounts,
    /// The decisions that change, oldest first. Some are left out when the counts differ by more.
    pub changes: Vec<ChangedDecision>,
}

impl<M: Memory> State<M> {
    /// Evaluates the requests of the last days again, oldest first, with `rules` in the place of a scope's policy.
    ///
    /// The findings of other scopes stay as they are logged, and so do emergencies and breakers. Counters start empty and count the
    /// requests that the draft allows: with what the transfer spent, or with amount and fee cap when it did not happen. Rates, groups and
    /// owners are those of today. No rule reads balances.
    ///
    /// # Errors
    /// When the rules are invalid, or the number of days is not from 1 to [`MAX_BACKTEST_DAYS`].
    pub fn backtest(&self, scope: Scope, rules: &[Rule], days: u32, now: Timestamp) -> Result<Backtest, Refusal> {
        if !(1..=MAX_BACKTEST_DAYS).contains(&days) {
            return Err(invalid("days", format!("between 1 and {MAX_BACKTEST_DAYS}")));
        }
        policy::validate(rules).map_err(|error| invalid("rules", error.to_string()))?;
        let since = Timestamp::from_nanos(now.nanos().saturating_sub(u64::from(days) * DAY_NS));
        let (requests, truncated) = self.logged_requests(scope, since);
        let draft = (!rules.is_empty()).then(|| Policy { version: 0, name: None, rules: rules.to_vec() });
        let mut history = ReplayedRequests::new(self, scope, draft);
        let mut backtest = Backtest {
            since: if truncated { requests.first().map_or(since, |first| first.at) } else { since },
            truncated,
            was: DecisionCounts::default(),
            becomes: DecisionCounts::default(),
            changes: Vec::new(),
        };
        for logged in requests {
            let (becomes, why) = history.reassess(&logged);
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

    /// Returns the logged requests in a scope since a time, oldest first, and whether some are left out.
    fn logged_requests(&self, scope: Scope, since: Timestamp) -> (Vec<LoggedRequest>, bool) {
        let wallets = self.wallets_in(scope);
        let newest = |wallet: &WalletId| self.request_blocks(*wallet, MAX_BACKTEST_BLOCKS + 1);
        let mut blocks: Vec<BlockIndex> = wallets.iter().flat_map(newest).collect();
        blocks.sort_by(|a, b| b.cmp(a));
        let mut requests = Vec::new();
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
            requests.extend(logged_request(index, block).filter(|logged| applies_to(scope, logged)));
        }
        requests.reverse();
        (requests, truncated)
    }

    /// Returns the wallets whose requests may fall into a scope.
    pub(super) fn wallets_in(&self, scope: Scope) -> Vec<WalletId> {
        match scope {
            Scope::Agent { wallet, .. } => vec![wallet],
            Scope::Session(session) => self.session(session).map(|session| session.wallet).into_iter().collect(),
            Scope::User(owner) => self.wallets_of(&owner).map(|wallet| wallet.id).collect(),
            Scope::Wallet(_) => {
                let all = self.tables.wallets_after(0).map(|wallet| wallet.id);
                all.filter(|wallet| self.wallet_scopes(*wallet).contains(&scope)).collect()
            }
        }
    }
}

fn logged_request(index: BlockIndex, block: Block) -> Option<LoggedRequest> {
    let (agent, request, evaluation, transfer) = match block.event {
        Event::TransferDenied(denied) => (denied.agent, denied.request, denied.evaluation, None),
        Event::TransferReserved(reserved) => (reserved.agent, reserved.request, reserved.evaluation, Some(reserved.id)),
        _ => return None,
    };
    // No policy is evaluated for a consolidation.
    if request.is_consolidation() {
        return None;
    }
    Some(LoggedRequest { block: index, at: block.at, agent, request, evaluation, transfer })
}

/// Whether a request of one of a scope's wallets falls into the scope.
fn applies_to(scope: Scope, logged: &LoggedRequest) -> bool {
    match scope {
        Scope::Agent { agent, .. } => logged.agent == agent,
        Scope::Session(session) => logged.request.session == Some(session),
        Scope::Wallet(_) | Scope::User(_) => true,
    }
}
