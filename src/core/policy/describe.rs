//! Descriptions of rules in sentences, for people, and for agents before they send a request.

use super::activity::Counted;
use super::calendar::{ActiveHours, HoursWindow, Weekday};
use super::rule::{AllowEntry, ApprovalRule, Rule};
use crate::base::text::quoted;
use crate::base::{Asset, DAY_NS, Destination, HOUR_NS, MINUTE_NS, SECOND_NS, Timestamp, decimal_text, short_amount_text};

/// The number of recipients that a sentence names; the rest are only counted.
const NAMED: usize = 8;

/// Describes the demand of a rule in sentences. The time `now` tells which entries of an allowlist have expired or cannot be paid
/// yet; `address` writes a recipient as an address.
pub fn describe(rule: &Rule, now: Timestamp, address: &dyn Fn(&Destination) -> String) -> String {
    match rule {
        Rule::PerTransaction { asset, max } => format!("One transfer sends at most {}.", short_amount_text(*asset, *max)),
        Rule::SpendingLimit { asset, window, max } => {
            format!("At most {} may leave per {window}, fees included.", short_amount_text(*asset, *max))
        }
        Rule::ValueLimit { assets, window, max } => {
            let assets = list(assets.iter().map(Asset::to_string));
            format!("At most {} of the unit of account may leave in {assets} per {window}, fees included.", decimal_text(*max, 6))
        }
        Rule::Allowlist { chain, entries, cool_down_ns } => {
            let who = named(entries.iter().map(|entry| recipient(entry, now, address)), entries.len());
            let wait = match cool_down_ns {
                0 => String::new(),
                wait => format!(" A new recipient waits for {}.", duration(*wait)),
            };
            format!("On {chain} only these are paid: {who}.{wait}")
        }
        Rule::AnyAddress { chain } => format!("On {chain} every recipient may be paid."),
        Rule::Denylist { chain, entries } => {
            format!("On {chain} these are never paid: {}.", named(entries.iter().map(address), entries.len()))
        }
        Rule::RateLimit { counted, window, max } => match counted {
            Counted::Attempts => format!("At most {max} requests per {window}, whatever becomes of them."),
            Counted::Executions => format!("At most {max} transfers per {window}."),
        },
        Rule::ActiveHours(hours) => {
            format!("Transfers may be asked for {}, by the clocks of {}.", opening(hours), hours.zone.name())
        }
        Rule::Approval(rule) => approval(rule),
        Rule::MinimumBalance { asset, min } => format!("At least {} stay in the wallet.", short_amount_text(*asset, *min)),
        Rule::RequireSession => "Transfers are asked for within a session.".into(),
    }
}

fn approval(rule: &ApprovalRule) -> String {
    let ApprovalRule { asset, threshold, cumulative_24h, group, quorum, timeout_ns, time_lock_ns } = rule;
    let what = match (asset, cumulative_24h) {
        (None, _) => "Every transfer of an asset without an approval rule of its own".to_owned(),
        (Some(asset), None) => format!("A transfer of at least {}", short_amount_text(*asset, *threshold)),
        (Some(asset), Some(sum)) => {
            let (threshold, sum) = (short_amount_text(*asset, *threshold), short_amount_text(*asset, *sum));
            format!("A transfer of at least {threshold}, or one that brings 24 hours to at least {sum},")
        }
    };
    let lock = match time_lock_ns {
        0 => String::new(),
        lock => format!(" and then waits for {}", duration(*lock)),
    };
    format!("{what} needs the approval of {quorum} of the group {} within {}{lock}.", quoted(group), duration(*timeout_ns))
}

fn recipient(entry: &AllowEntry, now: Timestamp, address: &dyn Fn(&Destination) -> String) -> String {
    let mut text = match &entry.label {
        Some(label) => format!("{} ({})", quoted(label), address(&entry.to)),
        None => address(&entry.to),
    };
    for limit in &entry.limits {
        for (max, per) in [(limit.per_transaction, "transfer"), (limit.rolling_24h, "rolling 24 hours")] {
            if let Some(max) = max {
                text.push_str(&format!(", at most {} per {per}", short_amount_text(limit.asset, max)));
            }
        }
    }
    if entry.expires_at.is_some_and(|end| end <= now) {
        text.push_str(", expired");
    } else if entry.usable_from > now {
        text.push_str(&format!(", from {} on", duration(entry.usable_from.nanos_since(now))));
    }
    text
}

fn opening(hours: &ActiveHours) -> String {
    let window = |window: &HoursWindow| {
        let next = if window.end <= window.start { " of the next day" } else { "" };
        format!("{} from {} to {}{next}", list(window.days.iter().map(|day| weekday(*day).to_owned())), window.start, window.end)
    };
    hours.windows.iter().map(window).collect::<Vec<_>>().join("; ")
}

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn named(texts: impl Iterator<Item = String>, count: usize) -> String {
    let named: Vec<String> = texts.take(NAMED).collect();
    if count > NAMED { format!("{}; and {} more", named.join("; "), count - NAMED) } else { named.join("; ") }
}

fn list(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

/// Writes a duration in the largest unit that divides it; parts of a second are dropped.
fn duration(nanos: u64) -> String {
    let units = [(DAY_NS, "day"), (HOUR_NS, "hour"), (MINUTE_NS, "minute"), (SECOND_NS, "second")];
    let (unit, name) =
        units.into_iter().find(|(unit, _)| nanos >= *unit && nanos.is_multiple_of(*unit)).unwrap_or((SECOND_NS, "second"));
    let count = nanos / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
