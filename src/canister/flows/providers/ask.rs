//! The order of the providers, and the answer of one.

use super::api::{IdentityError, ProviderApi, Replication};
use super::budget::Budget;
use super::health::{self, health};
use super::problem::keep_worst;
use crate::flows::context::TransferContext;
use crate::ports::{CallError, Runtime};
use purser_core::base::Timestamp;
use std::marker::PhantomData;

/// The access to the providers of one chain.
pub(in crate::flows) struct Providers<'a, R, A> {
    pub(super) rt: &'a R,
    /// The place of the provider that is asked first.
    pub(super) offset: usize,
    pub(super) budget: Budget,
    api: PhantomData<A>,
}

impl<'a, R: Runtime, A: ProviderApi> Providers<'a, R, A> {
    /// The access outside of a transfer's run, with a budget of its own.
    pub(in crate::flows) fn new(rt: &'a R, offset: usize) -> Self {
        Self { rt, offset, budget: Budget::default(), api: PhantomData }
    }

    /// The access of a transfer's run: it begins with the run's provider and shares the run's budget.
    pub(in crate::flows) fn of(context: &TransferContext<'a, R>) -> Self {
        Self { rt: context.rt, offset: context.provider_offset, budget: context.budget.clone(), api: PhantomData }
    }

    /// The number of providers that must agree.
    pub(in crate::flows) fn quorum(&self) -> usize {
        self.rt.read(|state| state.config().chains.of(A::CHAIN).quorum())
    }

    /// The providers that can answer a request, in the order in which they are asked.
    ///
    /// The order begins at the run's provider, and providers that back off come last. For answers that are judged later, those with
    /// demerits come after those without, whatever the offset.
    pub(in crate::flows) fn order(&self, request: &A::Request) -> Vec<String> {
        self.order_from(self.offset, request)
    }

    pub(super) fn order_from(&self, offset: usize, request: &A::Request) -> Vec<String> {
        let can_answer = |name: &&String| A::can_answer(name, request);
        let mut names: Vec<String> =
            self.rt.read(|state| state.config().chains.of(A::CHAIN).providers().iter().filter(can_answer).cloned().collect());
        if let Some(first) = offset.checked_rem(names.len()) {
            names.rotate_left(first);
        }
        let (now, by_demerits) = (self.rt.now(), A::ranks_by_demerits(request));
        names.sort_by_cached_key(|name| {
            let health = health(A::CHAIN, name);
            (health.resting_until() > now, if by_demerits { health.recent_demerits(now) } else { 0 })
        });
        names
    }

    /// The providers whose answers to a request prove something, in the order in which they are asked.
    ///
    /// Those without answers are left out as long as a quorum remains. Demerits exclude none: it may know what the others do not.
    pub(in crate::flows) fn provers(&self, request: &A::Request) -> Vec<String> {
        let mut names = self.order(request);
        names.sort_by_cached_key(|name| self.is_failing(name));
        let answering = names.partition_point(|name| !self.is_failing(name));
        names.truncate(answering.max(self.quorum()));
        names
    }

    /// Whether a provider backs off because of failed calls.
    fn is_failing(&self, name: &str) -> bool {
        health(A::CHAIN, name).rests_until > self.rt.now()
    }

    /// The answer of the first provider, with its name.
    ///
    /// # Errors
    /// When the call fails, or the provider serves another chain.
    pub(in crate::flows) async fn first(
        &self,
        replication: Replication,
        request: &A::Request,
    ) -> Result<(String, Vec<u8>), CallError> {
        let name = self.order(request).into_iter().next().ok_or_else(CallError::no_provider)?;
        let body = self.ask(&name, replication, request).await?;
        Ok((name, body))
    }

    /// A second opinion: the answer of the first provider other than `than`. A provider that is the only one is asked again.
    ///
    /// # Errors
    /// When no other provider gives an answer.
    pub(in crate::flows) async fn another(
        &self,
        than: &str,
        replication: Replication,
        request: &A::Request,
    ) -> Result<Vec<u8>, CallError> {
        let mut names = self.order(request);
        if names.iter().any(|name| name != than) {
            names.retain(|name| name != than);
        }
        first_result(&names, async |name| self.ask(name, replication, request).await.and_then(with_result::<A>)).await
    }

    /// The answer of the provider `places` after the first, counted around those that answer.
    ///
    /// # Errors
    /// As [`Providers::first`].
    pub(in crate::flows) async fn next(&self, places: usize, request: &A::Request) -> Result<Vec<u8>, CallError> {
        let mut names = self.order(request);
        names.retain(|name| !self.is_failing(name));
        match places.checked_rem(names.len()) {
            Some(place) => self.ask(&names[place], Replication::SingleNode, request).await,
            None => self.first(Replication::SingleNode, request).await.map(|(_, body)| body),
        }
    }

    /// The first answer that is not passed over, with the provider's name. `passes` gives the problem of an answer that is.
    ///
    /// # Errors
    /// When a call fails, or every answer is passed over.
    pub(in crate::flows) async fn first_unless(
        &self,
        replication: Replication,
        request: &A::Request,
        passes: impl Fn(&[u8]) -> Option<CallError>,
    ) -> Result<(String, Vec<u8>), CallError> {
        let mut passed = None;
        for name in self.order(request) {
            let body = self.ask(&name, replication, request).await?;
            match passes(&body) {
                Some(problem) => passed = Some(problem),
                None => return Ok((name, body)),
            }
        }
        Err(passed.unwrap_or_else(CallError::no_provider))
    }

    /// The first result that can be read, of the providers one after another. Information only: one provider's word decides nothing.
    ///
    /// # Errors
    /// When no provider gives one.
    pub(in crate::flows) async fn any<T, E: std::fmt::Display>(
        &self,
        request: &A::Request,
        read: impl Fn(&[u8]) -> Result<T, E>,
    ) -> Result<T, CallError> {
        let ask = async |name: &str| {
            let body = self.answer_of(name, request).await?;
            read(&body).map_err(CallError::unusable)
        };
        first_result(&self.order(request), ask).await
    }

    /// The result that one provider gives and all replicas agree on.
    ///
    /// # Errors
    /// When the call fails, or its answer carries no result.
    pub(in crate::flows) async fn result_of(&self, name: &str, request: &A::Request) -> Result<Vec<u8>, CallError> {
        self.answer_of(name, request).await.and_then(with_result::<A>)
    }

    /// The answer that one provider gives and all replicas agree on, be it a result or a failure.
    ///
    /// # Errors
    /// When the call fails.
    pub(in crate::flows) async fn answer_of(&self, name: &str, request: &A::Request) -> Result<Vec<u8>, CallError> {
        self.ask(name, Replication::Replicated, request).await
    }

    /// The answer of one provider, unless it limits the rate of requests. Before its first question it shows which chain it serves.
    ///
    /// # Errors
    /// When the provider is not asked, the call fails, or the provider serves another chain.
    pub(in crate::flows) async fn ask(
        &self,
        name: &str,
        replication: Replication,
        request: &A::Request,
    ) -> Result<Vec<u8>, CallError> {
        if self.limited_until(name) > self.rt.now() {
            return Err(CallError::rate_limited());
        }
        if let Some(identity) = self.rt.read(|state| A::identity_request(state, name)) {
            self.identify(name, &identity).await?;
        }
        self.call(name, replication, request).await
    }

    fn limited_until(&self, name: &str) -> Timestamp {
        health(A::CHAIN, name).limited_until
    }

    /// Checks that a provider serves the configured chain, and logs that where the chain wants it.
    async fn identify(&self, name: &str, request: &A::Request) -> Result<(), CallError> {
        let body = self.call(name, Replication::Replicated, request).await?;
        match self.rt.read(|state| A::check_identity(state, name, &body)) {
            Ok(decided) => {
                decided.into_iter().for_each(|decided| self.rt.commit(decided));
                Ok(())
            }
            Err(IdentityError::Unusable(problem)) => Err(CallError::unusable(problem)),
            Err(IdentityError::WrongChain(problem)) => {
                health::record_wrong_chain(A::CHAIN, name, &problem, self.rt.now());
                Err(CallError::unusable(problem))
            }
        }
    }
}

/// The first result of the providers, asked one after another.
///
/// # Errors
/// When none gives one: the problem that is told of several.
async fn first_result<T>(names: &[String], ask: impl AsyncFn(&str) -> Result<T, CallError>) -> Result<T, CallError> {
    let mut worst = None;
    for name in names {
        match ask(name).await {
            Ok(result) => return Ok(result),
            Err(problem) => keep_worst(&mut worst, problem),
        }
    }
    Err(worst.unwrap_or_else(CallError::no_provider))
}

/// An answer that carries a result.
fn with_result<A: ProviderApi>(body: Vec<u8>) -> Result<Vec<u8>, CallError> {
    match A::failure_of(&body) {
        None => Ok(body),
        Some(failure) => Err(CallError::unusable(failure.problem)),
    }
}
