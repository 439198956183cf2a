//! Rules about recipients.

use super::finding::Finding;
use super::limits::{self, AmountLimit, note, scaled};
use super::reason::ReasonCode;
use super::request::{RuleEvaluator, Spend};
use super::rule::{AllowEntry, RuleKind};
use super::scope::CounterKey;
use super::spent::Window;
use crate::base::{Amount, Destination, amount_text};
use std::collections::BTreeSet;

/// Checks that every recipient is on the list, usable, and within its own limits. The first objection becomes the finding.
pub(super) fn allowed(evaluator: &RuleEvaluator<'_>, entries: &[AllowEntry]) -> Finding {
    let recipients = evaluator.spend.recipients();
    let objection = recipients.into_iter().find_map(|(to, amount)| objection(evaluator, entries, to, amount));
    objection.unwrap_or_else(|| Finding::passed(RuleKind::Allowlist, "the recipient is on the allowlist"))
}

/// Returns the finding that denies `amount` to a recipient, if there is one.
fn objection(evaluator: &RuleEvaluator<'_>, entries: &[AllowEntry], to: &Destination, amount: Amount) -> Option<Finding> {
    let now = evaluator.context.now;
    let deny = |message: String| Finding::denied(RuleKind::Allowlist, ReasonCode::AddressNotAllowed, message);
    let Ok(position) = entries.binary_search_by(|entry| entry.to.cmp(to)) else {
        return Some(deny("the recipient is not on the allowlist".into()));
    };
    let entry = &entries[position];
    if entry.expires_at.is_some_and(|expires_at| now >= expires_at) {
        return Some(deny("the recipient's entry on the allowlist has expired".into()));
    }
    let waits = entry.usable_from.nanos_since(now);
    if waits > 0 {
        let finding = deny("the recipient is new on the allowlist and cannot be paid yet".into());
        return Some(Finding { retry_after_ns: Some(waits), ..finding });
    }
    own_limits(evaluator, entry, amount)
}

/// Returns the finding of the first recipient limit that the amount exceeds, if there is one.
fn own_limits(evaluator: &RuleEvaluator<'_>, entry: &AllowEntry, amount: Amount) -> Option<Finding> {
    let (mode, spend) = (evaluator.context.mode, evaluator.spend);
    let limit = entry.limits.iter().find(|limit| limit.asset == spend.asset)?;
    if let Some(max) = limit.per_transaction.map(|max| scaled(mode, max)).filter(|max| amount > *max) {
        let ([amount, limit], note) = ([amount, max].map(|amount| amount_text(spend.asset, amount)), note(mode));
        let message = format!("{amount} exceeds the recipient's own limit of {limit} per transaction{note}");
        let finding = Finding::denied(RuleKind::Allowlist, ReasonCode::SpendingLimitExceeded, message);
        return Some(Finding { limit: Some(max), remaining: Some(max), suggested_max: Some(max), ..finding });
    }
    let max = scaled(mode, limit.rolling_24h?);
    let key = CounterKey::to(evaluator.scoped.scope, spend.asset, entry.to.clone());
    let spent = evaluator.data.spent(&key);
    let what = || format!("{} exceeds the recipient's own limit{}", amount_text(spend.asset, amount), note(mode));
    let limit = AmountLimit { asset: spend.asset, window: &Window::Rolling24h, max };
    let finding = limits::check_limit(&spent, &limit, evaluator.context.now, Some(amount), what);
    (!finding.passed).then(|| {
        let suggested_max = Some(finding.remaining.unwrap_or(Amount::ZERO));
        Finding { rule: RuleKind::Allowlist, suggested_max, ..finding }
    })
}

/// Checks that no recipient is on the denylist.
pub(super) fn denied(spend: &Spend<'_>, entries: &BTreeSet<Destination>) -> Finding {
    if spend.payments.iter().any(|(to, _)| entries.contains(*to)) {
        Finding::denied(RuleKind::Denylist, ReasonCode::AddressNotAllowed, "the recipient is on the denylist")
    } else {
        Finding::passed(RuleKind::Denylist, "the recipient is not on the denylist")
    }
}
