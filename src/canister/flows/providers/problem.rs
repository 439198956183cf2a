//! Problems of providers, and the one of several that is told.

use crate::flows::error::FlowError;
use crate::ports::{CallError, CallErrorKind};

/// A problem of one provider among several.
pub(in crate::flows) trait Problem {
    /// Whether the provider limits the rate of requests, so that nobody is to blame.
    fn is_rate_limit(&self) -> bool;
}

impl Problem for CallError {
    fn is_rate_limit(&self) -> bool {
        self.kind == CallErrorKind::RateLimited
    }
}

impl Problem for FlowError {
    fn is_rate_limit(&self) -> bool {
        FlowError::is_rate_limit(self)
    }
}

/// Keeps the later of two problems. A rate limit is kept only as long as no provider failed otherwise.
pub(super) fn keep_worst<E: Problem>(kept: &mut Option<E>, problem: E) {
    if !problem.is_rate_limit() || kept.as_ref().is_none_or(E::is_rate_limit) {
        *kept = Some(problem);
    }
}
