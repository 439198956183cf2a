//! Rules about amounts, numbers of requests and hours.

use super::activity::{Activity, Counted, RateWindow};
use super::calendar::ActiveHours;
use super::finding::Finding;
use super::reason::ReasonCode;
use super::request::{AssetValue, RuleEvaluator};
use super::rule::RuleKind;
use super::scope::{CounterKey, Scope};
use super::spent::{Spent, Window};
use crate::base::{Amount, Asset, Timestamp, amount_text, value_text};
use crate::policy::Mode;
use std::collections::BTreeSet;

/// Returns a limit of money as the mode leaves it: reduced to a percentage, rounded down, in [`Mode::Limited`], otherwise whole.
pub(super) fn scaled(mode: Mode, max: Amount) -> Amount {
    match mode {
        Mode::Limited { percent, .. } => max.share(u64::from(percent), 100),
        Mode::Normal | Mode::Emergency { .. } => max,
    }
}

/// Returns the note for messages that says that limits are reduced, or nothing.
pub(super) fn note(mode: Mode) -> &'static str {
    if matches!(mode, Mode::Limited { .. }) { " (limits are reduced while operation resumes after an emergency)" } else { "" }
}

/// Checks that the amount of a transfer is within the limit per transaction: `amount ≤ max`.
pub(super) fn per_transaction(evaluator: &RuleEvaluator<'_>, max: Amount) -> Finding {
    let (mode, spend) = (evaluator.context.mode, evaluator.spend);
    let max = scaled(mode, max);
    if spend.amount <= max {
        let finding = Finding::passed(RuleKind::PerTransaction, "within the limit per transaction");
        return Finding { limit: Some(max), remaining: Some(max), ..finding };
    }
    let [amount, limit] = [spend.amount, max].map(|amount| amount_text(spend.asset, amount));
    let message = format!("{amount} exceeds the limit of {limit} per transaction{}", note(mode));
    let finding = Finding::denied(RuleKind::PerTransaction, ReasonCode::SpendingLimitExceeded, message);
    Finding { limit: Some(max), remaining: Some(max), suggested_max: Some(max), ..finding }
}

/// Checks that used and requested units of an asset together are `≤ max`; `None` when the request spends nothing of the asset.
pub(super) fn over_time(evaluator: &RuleEvaluator<'_>, asset: Asset, window: &Window, max: Amount) -> Option<Finding> {
    let (mode, spend) = (evaluator.context.mode, evaluator.spend);
    let (is_amount, is_fee) = (asset == spend.asset, asset == spend.asset.native_asset());
    if !is_amount && !is_fee {
        return None;
    }
    let fee = if is_fee { spend.max_fee } else { Amount::ZERO };
    let amount = if is_amount { spend.amount } else { Amount::ZERO };
    let max = scaled(mode, max);
    let spent = evaluator.data.spent(&CounterKey::units(evaluator.scoped.scope, asset));
    let what = || {
        let (amount, fee) = (amount_text(asset, amount), amount_text(asset, fee));
        let spends = match (is_amount, is_fee) {
            (true, true) => format!("{amount} and up to {fee} in fees exceed"),
            (true, false) => format!("{amount} exceeds"),
            (false, _) => format!("up to {fee} in fees exceeds"),
        };
        format!("{spends} the limit{}", note(mode))
    };
    let limit = AmountLimit { asset, window, max };
    let finding = check_limit(&spent, &limit, evaluator.context.now, amount.checked_add(fee), what);
    // The fee cap is reserved beside the amount, so the largest amount that fits is what remains after it.
    let suggested = (!finding.passed && is_amount).then(|| finding.remaining.unwrap_or_default().remaining_after(fee));
    Some(Finding { rule: RuleKind::SpendingLimit, suggested_max: suggested, ..finding })
}

/// Checks that the value of several assets together is `≤ max`; `None` when the request charges none of them.
pub(super) fn of_value(evaluator: &RuleEvaluator<'_>, assets: &BTreeSet<Asset>, window: &Window, max: Amount) -> Option<Finding> {
    let charges = evaluator.spend.charges();
    let charged: Vec<_> = charges.iter().flatten().filter(|(asset, _)| assets.contains(asset)).collect();
    if charged.is_empty() {
        return None;
    }
    let mut total = Some(Amount::ZERO);
    for (asset, amount) in charged {
        match evaluator.data.value(*asset, *amount) {
            AssetValue::Worth(value) => total = total.and_then(|total| total.checked_add(value)),
            AssetValue::Unknown => {
                let message = format!("there is no valid rate for {asset}; an admin sets one with set_rate");
                return Some(Finding::denied(RuleKind::ValueLimit, ReasonCode::PolicyDenied, message));
            }
        }
    }
    let max = scaled(evaluator.context.mode, max);
    let value = |asset, amount| match evaluator.data.value(asset, amount) {
        AssetValue::Worth(value) => Some(value),
        AssetValue::Unknown => None,
    };
    let spent = |key: &CounterKey| evaluator.data.spent(key);
    let (posted, reserved) = used_value(evaluator.scoped.scope, assets, &spent, &value, (window, evaluator.context.now));
    let used = posted.checked_add(reserved).unwrap_or(Amount::MAX);
    let remaining = max.remaining_after(used);
    let finding = if total.is_some_and(|total| total <= remaining) {
        Finding::passed(RuleKind::ValueLimit, format!("within the limit of value per {window}"))
    } else {
        let message = format!(
            "worth {}; {} are left of {} per {window}{}{}",
            value_text(total.unwrap_or(Amount::MAX)),
            value_text(remaining),
            value_text(max),
            note(evaluator.context.mode),
            full(used)
        );
        Finding::denied(RuleKind::ValueLimit, ReasonCode::SpendingLimitExceeded, message)
    };
    Some(Finding { limit: Some(max), used: Some(used), remaining: Some(remaining), ..finding })
}

/// Returns the posted and the reserved value of assets in a scope within a window, in millionths of the unit of account. Units that
/// were posted without a rate count at the present rate, or not at all while there is none.
pub(super) fn used_value(
    scope: Scope,
    assets: &BTreeSet<Asset>,
    spent: &dyn Fn(&CounterKey) -> Spent,
    value: &dyn Fn(Asset, Amount) -> Option<Amount>,
    (window, now): (&Window, Timestamp),
) -> (Amount, Amount) {
    let (mut posted, mut reserved) = (Some(Amount::ZERO), Some(Amount::ZERO));
    let add = |sum: &mut Option<Amount>, amount: Amount| *sum = sum.and_then(|sum| sum.checked_add(amount));
    for asset in assets {
        let worth = spent(&CounterKey::value(scope, *asset));
        let units = spent(&CounterKey::units(scope, *asset));
        let unvalued = units.posted_outside(&spent(&CounterKey::valued(scope, *asset)), window, now);
        let later = if unvalued.is_zero() { None } else { value(*asset, unvalued) };
        add(&mut posted, worth.posted(window, now));
        add(&mut posted, later.unwrap_or(Amount::ZERO));
        add(&mut reserved, worth.reserved());
    }
    (posted.unwrap_or(Amount::MAX), reserved.unwrap_or(Amount::MAX))
}

/// Returns the note for messages that says that a counter is at its largest number. No limit then has anything left until old
/// spending has left the window.
fn full(used: Amount) -> &'static str {
    if used == Amount::MAX { " (more was counted than a counter holds; it is full)" } else { "" }
}

/// A limit of an asset's amount within a window.
pub(super) struct AmountLimit<'a> {
    /// The asset whose base units count.
    pub asset: Asset,
    /// The window.
    pub window: &'a Window,
    /// The inclusive maximum, in base units.
    pub max: Amount,
}

/// Checks that what a counter has used and `total` together are within a limit; a `total` of `None` overflowed and is denied. The
/// caller sets the rule and the largest amount that would pass.
pub(super) fn check_limit(
    spent: &Spent,
    limit: &AmountLimit<'_>,
    now: Timestamp,
    total: Option<Amount>,
    what: impl FnOnce() -> String,
) -> Finding {
    let AmountLimit { asset, window, max } = *limit;
    let used = spent.used(window, now);
    let remaining = max.remaining_after(used);
    let finding = if total.is_some_and(|total| total <= remaining) {
        Finding::passed(RuleKind::SpendingLimit, format!("within the limit per {window}"))
    } else {
        let [left, most] = [remaining, max].map(|amount| amount_text(asset, amount));
        let message = format!("{}: {left} are left of {most} per {window}{}", what(), full(used));
        let retry_after_ns = total.and_then(|total| spent.free_after(window, now, max, total));
        let finding = Finding::denied(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded, message);
        Finding { retry_after_ns, ..finding }
    };
    Finding { limit: Some(max), used: Some(used), remaining: Some(remaining), ..finding }
}

/// Checks that the requests of the window and `more` new ones together are `≤ max`.
pub(super) fn rate(activity: &Activity, counted: Counted, window: RateWindow, max: u32, more: u32, now: Timestamp) -> Finding {
    let used = activity.count(counted, window, now);
    let remaining = u64::from(max).saturating_sub(used);
    let what = match counted {
        Counted::Attempts => "requests",
        Counted::Executions => "transfers",
    };
    let finding = if remaining >= u64::from(more) {
        Finding::passed(RuleKind::RateLimit, format!("within the rate per {window}"))
    } else {
        let message = format!("{used} {what} were made within the last {window}; at most {max}");
        let finding = Finding::denied(RuleKind::RateLimit, ReasonCode::RateLimitExceeded, message);
        // `more` requests fit at once when there is room for one of them beside the others.
        let room = max.saturating_sub(more.saturating_sub(1));
        Finding { retry_after_ns: activity.free_after(counted, window, room, now), ..finding }
    };
    let number = |n: u64| Some(Amount::new(n));
    Finding { limit: number(max.into()), used: number(used), remaining: number(remaining), ..finding }
}

/// Checks that the hours are open now.
pub(super) fn hours(hours: &ActiveHours, now: Timestamp) -> Finding {
    match hours.opens_after_ns(now) {
        Some(0) => Finding::passed(RuleKind::ActiveHours, "within the active hours"),
        opens_after => {
            let message = format!("outside the active hours of {}", hours.zone.name());
            let finding = Finding::denied(RuleKind::ActiveHours, ReasonCode::OutsideTimeWindow, message);
            Finding { retry_after_ns: opens_after, ..finding }
        }
    }
}
