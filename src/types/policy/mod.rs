//! Policies and the evaluation of a request.

mod evaluation;
mod rule;
mod scope;

pub use evaluation::{ApprovalDemand, Decision, Evaluation, Finding, ReasonCode, RuleKind};
pub use rule::{Counted, HoursWindow, Period, Policy, PolicyRule, RateWindow, Recipient, RecipientLimit, Rule, Weekday, Window};
pub use scope::Scope;
