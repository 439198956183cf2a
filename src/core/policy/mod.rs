//! Rules, counters and the pure evaluation of a request.

mod counter;
mod evaluate;
mod rule;

pub use counter::{RollingCounter, WINDOW_NS};
pub use evaluate::{Decision, Evaluation, Finding, ReasonCode, Spend, evaluate};
pub(crate) use rule::validate;
pub use rule::{MAX_ALLOWLIST_ENTRIES, MAX_RULES, Policy, Rule, RuleError, RuleKind};
