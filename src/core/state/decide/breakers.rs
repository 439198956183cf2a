//! Breakers and quotas of agents: denials that are counted, and those that share one block of the log.

use crate::base::{Amount, Timestamp, WalletId};
use crate::event::{BreakerOpened, Event, TransferDenied};
use crate::governance::settings::Settings;
use crate::policy::{Activity, Counted, Evaluation, Finding, RateWindow, ReasonCode, RuleKind, Scope};
use crate::state::evaluation::ApplicablePolicies;
use crate::transfer::TransferRequest;
use candid::Principal;

/// Whether a finding is a denial that shares one block with others: by the used-up quota, or by the open breaker.
///
/// Such denials come by the hundred and tell nothing new.
pub(super) fn is_repeated_denial(finding: &Finding) -> bool {
    let quota = finding.rule == RuleKind::RateLimit && finding.rule_index.is_none();
    !finding.passed && (quota || finding.code == Some(ReasonCode::CircuitBreakerOpen))
}

/// Returns the denial by the agent's quota of requests, when it is used up. The quota holds whatever the policies allow.
pub(super) fn quota_denial(
    applicable: &ApplicablePolicies,
    agent: Principal,
    wallet: WalletId,
    settings: &Settings,
    now: Timestamp,
) -> Option<Finding> {
    let activity = agent_activity(applicable, agent, wallet)?;
    let quotas = [(RateWindow::Minute, settings.attempts_per_minute), (RateWindow::Hour, settings.attempts_per_hour)];
    let (window, max) =
        quotas.into_iter().find(|(window, max)| activity.count(Counted::Attempts, *window, now) >= u64::from(*max))?;
    let message = format!("the agent has made {max} requests within the last {window}, as many as the canister takes");
    let finding = Finding::denied(RuleKind::RateLimit, ReasonCode::RateLimitExceeded, message);
    let retry_after_ns = activity.free_after(Counted::Attempts, window, max, now);
    Some(Finding { limit: Some(Amount::new(max.into())), retry_after_ns, ..finding })
}

/// Returns the events of a denial: itself, and the opening of the agent's breaker when it is one too many.
pub(super) fn denial_events(
    agent: Principal,
    request: TransferRequest,
    evaluation: &Evaluation,
    applicable: &ApplicablePolicies,
    settings: &Settings,
    now: Timestamp,
) -> Vec<Event> {
    let wallet = request.wallet;
    let denials = consecutive_denials(applicable, agent, wallet).saturating_add(1);
    let opens = evaluation.is_agent_fault() && denials >= settings.breaker_threshold;
    let until = now.saturating_add(settings.breaker_cool_down_ns);
    let opened = opens.then_some(Event::BreakerOpened(BreakerOpened { wallet, agent, until }));
    let denied = TransferDenied { agent, request, evaluation: evaluation.clone() };
    [Event::TransferDenied(Box::new(denied))].into_iter().chain(opened).collect()
}

/// Returns the number of an agent's requests to a wallet that were denied in a row.
pub(super) fn consecutive_denials(applicable: &ApplicablePolicies, agent: Principal, wallet: WalletId) -> u32 {
    agent_activity(applicable, agent, wallet).map_or(0, |activity| activity.denials)
}

fn agent_activity(applicable: &ApplicablePolicies, agent: Principal, wallet: WalletId) -> Option<&Activity> {
    let scope = Scope::Agent { wallet, agent };
    applicable.policies.iter().find(|scoped| scoped.scope == scope).map(|scoped| &scoped.activity)
}
