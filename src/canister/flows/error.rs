//! Reasons for which a flow stops.

use crate::ports::{CallError, CallErrorKind};
use purser_core::base::Chain;
use purser_core::policy::ReasonCode;
use purser_core::state::Refusal;
use std::fmt::{self, Display};

/// The reason for which a flow stops before the end of its step. Errors that pass become the `Progress` of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FlowError {
    /// Another message changed the transfer during an await.
    Changed,
    /// The transfer is blocked for the reason given.
    Blocked(String),
    /// The transfer waits for the event given.
    Waiting(String),
    /// A call failed or an answer was unusable.
    Transient(String),
    /// The providers limit the rate of requests.
    RateLimited(String),
    /// The chain does not allow the step now.
    Deferred(String),
    /// A provider gave no usable answer; otherwise as [`FlowError::Transient`].
    Unusable(UnusableAnswer),
    /// The transfer fails for this reason. No transaction of it can land.
    Refused(ReasonCode, String),
    /// A transaction of the transfer may land, and an operator has to decide for this reason.
    NeedsOperator(ReasonCode, String),
}

/// The answer of a provider that carries no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnusableAnswer {
    /// The provider's chain.
    pub(super) chain: Chain,
    /// The kind of problem, to decide on.
    pub(super) cause: AnswerCause,
    /// The problem in words, for people.
    pub(super) problem: String,
}

/// The kind of problem with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerCause {
    /// The provider limits the rate of requests.
    RateLimited,
    /// The HTTP status is none of success.
    Status(u16),
    /// The provider is of another network than the configured one.
    WrongNetwork,
    /// The body has no result for another reason.
    Other,
}

impl fmt::Display for UnusableAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.chain, self.problem)
    }
}

impl From<CallError> for FlowError {
    fn from(error: CallError) -> Self {
        match error.kind {
            CallErrorKind::RateLimited => Self::RateLimited(error.message),
            _ => Self::Transient(error.message),
        }
    }
}

/// A refusal by the canister's own state is no provider's fault, and so no reason to open a chain's breaker.
impl From<Refusal> for FlowError {
    fn from(refusal: Refusal) -> Self {
        Self::Deferred(refusal.to_string())
    }
}

impl FlowError {
    /// A stop until another event has happened.
    pub fn blocked(why: impl Into<String>) -> Self {
        Self::Blocked(why.into())
    }

    /// The end of a transfer for which no transaction can be built.
    pub fn unbuildable(why: impl Display) -> Self {
        Self::Refused(ReasonCode::Unbuildable, why.to_string())
    }

    /// The end of a transfer that the source's balance does not allow.
    pub fn insufficient(note: String) -> Self {
        Self::Refused(ReasonCode::InsufficientBalance, note)
    }

    /// A record of the canister's own that cannot be read: nothing may be signed or sent on it.
    pub fn unreadable(error: impl Display) -> Self {
        Self::NeedsOperator(ReasonCode::StoreError, format!("the recorded transaction cannot be used: {error}"))
    }

    /// Whether the next provider, or the same one a little later, may answer.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::RateLimited(_))
    }

    /// Whether providers limit the rate of requests, so that nobody is to blame.
    pub fn is_rate_limit(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unusable(UnusableAnswer { cause: AnswerCause::RateLimited, .. }))
    }

    /// The reason for which a transfer waits that stops with this error; `None` when it goes on or ends.
    pub fn waiting_reason(&self) -> Option<String> {
        match self {
            Self::Blocked(why) | Self::Waiting(why) => Some(why.clone()),
            Self::Transient(problem) | Self::RateLimited(problem) | Self::Deferred(problem) => {
                Some(format!("{problem}; it is tried again"))
            }
            Self::Unusable(answer) => Some(format!("{answer}; it is tried again")),
            Self::Changed | Self::Refused(..) | Self::NeedsOperator(..) => None,
        }
    }
}
