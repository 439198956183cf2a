//! Rules, counters and the pure evaluation of a request.

mod activity;
mod budget;
mod calendar;
mod compare;
mod describe;
mod evaluate;
mod finding;
mod hold;
mod limits;
mod lint;
mod mode;
mod reason;
mod recipients;
mod request;
mod rule;
mod scope;
mod spent;

pub use activity::{Activity, Counted, RateWindow};
pub use budget::{Budget, LimitKind, Used, budgets};
pub use calendar::{
    ActiveHours, CalendarError, HoursWindow, LocalTime, Period, TZDB_VERSION, TimeZone, Weekday, period_end, period_start,
};
pub use compare::{Diff, diff, rebase, widens};
pub use describe::describe;
pub use evaluate::{demands, evaluate, evaluate_unpaid};
pub use finding::{ApprovalDemand, Decision, Evaluation, Finding};
pub use hold::{Reservation, Reservations, ReservationsMoved, ReservedPart};
pub use lint::{Lint, LintContext, Severity, lint};
pub use mode::*;
pub use reason::ReasonCode;
pub use request::{AssetValue, PolicyData, RequestContext, ScopedPolicy, Spend};
pub use rule::validate;
pub use rule::{
    AllowEntry, ApprovalRule, DEFAULT_APPROVAL_TIMEOUT_NS, MAX_ALLOWLIST_ENTRIES, MAX_DELAY_NS, MAX_NAME_BYTES, MAX_RATE,
    MAX_RULES, MIN_APPROVAL_TIMEOUT_NS, Policy, RecipientLimit, Rule, RuleError, RuleKind,
};
pub use scope::{CounterKey, CounterKind, Scope};
pub use spent::{Spent, Window};

#[cfg(test)]
mod tests;
