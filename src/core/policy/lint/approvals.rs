//! Lint of approval rules: approvals that nobody can give, and approvals that are never needed.

use super::context::{At, LintContext};
use crate::base::{Amount, Asset};
use crate::policy::rule::{ApprovalRule, Rule};
use crate::policy::spent::Window;

/// Adds the problems of one approval rule.
pub(super) fn check(rule: &ApprovalRule, rules: &[Rule], context: &dyn LintContext, at: &mut At<'_>) {
    satisfiable(rule, context, at);
    if let Some(asset) = rule.asset {
        reachable(rule, asset, rules, at);
    }
}

/// Checks that the group has enough approvers beside each requester. A requester cannot approve the own request, so an agent in the
/// group leaves one fewer.
fn satisfiable(rule: &ApprovalRule, context: &dyn LintContext, at: &mut At<'_>) {
    let (group, quorum) = (&rule.group, rule.quorum as usize);
    let Some(approvers) = context.approvers(group) else {
        return at.error(format!("there is no group {group}, so nobody can approve"), "set its members with set_group first");
    };
    if approvers.len() < quorum {
        let problem = format!("{quorum} of the group {group} have to approve, and {} of its members may", approvers.len());
        return at.error(problem, "lower the quorum, or add members who are Approvers");
    }
    let requesters = context.requesters();
    let stuck = requesters.iter().filter(|requester| {
        let others = approvers.iter().filter(|approver| approver != requester).count();
        others < quorum
    });
    match stuck.count() {
        0 => {}
        count if count == requesters.len() => at.error(
            format!("whoever asks cannot approve, and without the requester the group {group} has fewer than {quorum} who may"),
            "add members other than the agents",
        ),
        count => at.warning(
            format!("what {count} of the agents ask for can never be approved: they are members of the group {group} themselves"),
            "add members other than the agents",
        ),
    }
}

/// Checks that some request can need the approval and is not denied by another rule.
fn reachable(rule: &ApprovalRule, asset: Asset, rules: &[Rule], at: &mut At<'_>) {
    let most_at_once = rules.iter().filter_map(|rule| at_once(rule, asset)).min();
    let most_a_day = rules.iter().filter_map(|rule| a_day(rule, asset)).min();
    let by_amount = most_at_once.into_iter().chain(most_a_day).all(|max| rule.threshold <= max);
    let by_sum = rule.cumulative_24h.is_some_and(|threshold| most_a_day.is_none_or(|max| threshold <= max));
    if !by_amount && !by_sum {
        at.warning(
            format!("no approval is ever asked for: the limits of {asset} deny everything from the threshold on"),
            "lower the threshold, or raise the limits",
        );
    }
}

/// Returns the most that one transfer of an asset may send by this rule.
fn at_once(rule: &Rule, of: Asset) -> Option<Amount> {
    if let Rule::PerTransaction { asset, max } = rule { (*asset == of).then_some(*max) } else { None }
}

/// Returns the most that may leave of an asset within 24 hours by this rule. Calendar windows do not count: twice their limit may
/// leave within 24 hours.
fn a_day(rule: &Rule, of: Asset) -> Option<Amount> {
    match rule {
        Rule::SpendingLimit { asset, window: Window::Rolling24h | Window::Rolling7d | Window::Rolling30d, max } => {
            (*asset == of).then_some(*max)
        }
        _ => None,
    }
}
