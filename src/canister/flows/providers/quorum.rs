//! The answers of several providers.

use super::api::{ProviderApi, Replication};
use super::ask::Providers;
use super::problem::{Problem, keep_worst};
use crate::ports::{CallError, CallErrorKind, Runtime};
use futures::future::join_all;
use std::collections::BTreeMap;

/// The answers to one question, and the problem of a provider that gave none.
struct Collected<T, E> {
    answers: Vec<T>,
    problem: Option<E>,
}

impl<R: Runtime, A: ProviderApi> Providers<'_, R, A> {
    /// Asks one provider after another, as many at once as answers are `missing`, until none is missing or all were asked.
    async fn collect<T, E: Problem>(
        &self,
        order: &[String],
        missing: impl Fn(&[T]) -> usize,
        ask: impl AsyncFn(&str) -> Result<T, E>,
    ) -> Collected<T, E> {
        let (mut collected, mut asked) = (Collected { answers: Vec::new(), problem: None }, 0);
        loop {
            let next = missing(&collected.answers).min(order.len() - asked);
            if next == 0 {
                return collected;
            }
            for answer in join_all(order[asked..asked + next].iter().map(|name| ask(name))).await {
                match answer {
                    Ok(answer) => collected.answers.push(answer),
                    Err(problem) => keep_worst(&mut collected.problem, problem),
                }
            }
            asked += next;
        }
    }

    /// The answers of as many providers as the quorum, whatever they say.
    ///
    /// # Errors
    /// When too few providers answer.
    pub(in crate::flows) async fn of_quorum<T, E: Problem + From<CallError>>(
        &self,
        request: &A::Request,
        ask: impl AsyncFn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        self.of_quorum_or_more(request, ask, |_| false).await
    }

    /// The answers of as many providers as the quorum, and of further ones as long as the question is `open`. Those need not answer.
    ///
    /// # Errors
    /// When fewer providers answer than the quorum.
    pub(in crate::flows) async fn of_quorum_or_more<T, E: Problem + From<CallError>>(
        &self,
        request: &A::Request,
        ask: impl AsyncFn(&str) -> Result<T, E>,
        open: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, E> {
        let quorum = self.quorum();
        let missing = |answers: &[T]| match quorum.saturating_sub(answers.len()) {
            0 => usize::from(open(answers)),
            more => more,
        };
        let Collected { answers, problem } = self.collect(&self.order(request), missing, ask).await;
        match answers.len() >= quorum {
            true => Ok(answers),
            false => Err(problem.unwrap_or_else(|| CallError::no_provider().into())),
        }
    }

    /// The answers of all providers, in the order in which they are asked; `None` for one that gives none.
    pub(in crate::flows) async fn of_all<T, E>(
        &self,
        request: &A::Request,
        ask: impl AsyncFn(&str) -> Result<T, E>,
    ) -> Vec<Option<T>> {
        let order = self.order(request);
        join_all(order.iter().map(|name| async { ask(name).await.ok() })).await
    }

    /// The answer that a quorum of providers gives.
    ///
    /// # Errors
    /// When too few providers give the same answer. With a quorum of one the provider's answer counts, failures included.
    pub(in crate::flows) async fn agreed(&self, request: &A::Request) -> Result<Vec<u8>, CallError> {
        self.agreed_from(self.offset, request).await
    }

    async fn agreed_from(&self, offset: usize, request: &A::Request) -> Result<Vec<u8>, CallError> {
        let (quorum, mut order) = (self.quorum(), self.order_from(offset, request));
        if quorum == 1 {
            let name = order.first().ok_or_else(CallError::no_provider)?;
            return self.ask(name, Replication::Replicated, request).await;
        }
        // A canister takes longer and costs more: where nodes answer, they are enough.
        let now = self.rt.now();
        order.sort_by_cached_key(|name| (super::health(A::CHAIN, name).resting_until() > now, A::canister(name).is_some()));
        let missing = |answers: &[Vec<u8>]| quorum - most_common::<A>(request, answers).map_or(0, |(votes, _)| votes).min(quorum);
        let Collected { answers, problem } = self.collect(&order, missing, async |name| self.result_of(name, request).await).await;
        match most_common::<A>(request, &answers) {
            Some((votes, answer)) if votes >= quorum => Ok(answer.to_vec()),
            _ => Err(no_quorum(quorum, differ::<A>(request, &answers), problem)),
        }
    }

    /// The answer on which two providers agree even with a quorum of one, where two are configured; otherwise as [`Providers::agreed`].
    ///
    /// One of the two is another provider than the one that a quorum of one has asked before.
    ///
    /// # Errors
    /// When the two do not give the same answer.
    pub(in crate::flows) async fn agreed_by_two(&self, request: &A::Request) -> Result<Vec<u8>, CallError> {
        let order = self.order(request);
        let [first, second, ..] = &order[..] else { return self.agreed(request).await };
        if self.quorum() > 1 {
            return self.agreed_from(self.offset.wrapping_add(1), request).await;
        }
        let (one, other) = (self.result_of(first, request).await?, self.result_of(second, request).await?);
        match differ::<A>(request, &[&one, &other]) {
            true => Err(CallError::new(CallErrorKind::NoQuorum, "two providers disagree")),
            false => Ok(one),
        }
    }
}

/// The answer that most providers gave, in the wording of the first, with their number.
fn most_common<'a, A: ProviderApi>(request: &A::Request, answers: &'a [Vec<u8>]) -> Option<(usize, &'a [u8])> {
    let mut votes = BTreeMap::new();
    for answer in answers {
        let (count, _) = votes.entry(A::comparable(request, answer)).or_insert((0usize, &answer[..]));
        *count += 1;
    }
    votes.into_values().max_by_key(|(count, _)| *count)
}

/// Whether any two of the answers differ.
fn differ<A: ProviderApi>(request: &A::Request, answers: &[impl AsRef<[u8]>]) -> bool {
    answers.windows(2).any(|pair| A::comparable(request, pair[0].as_ref()) != A::comparable(request, pair[1].as_ref()))
}

/// The error of a question on which too few providers agree.
fn no_quorum(quorum: usize, differ: bool, problem: Option<CallError>) -> CallError {
    let error = |kind, why: &str| CallError::new(kind, format!("no {quorum} providers say the same: {why}"));
    match problem {
        _ if differ => error(CallErrorKind::NoQuorum, "they disagree"),
        Some(problem) if problem.is_rate_limit() => problem,
        // The kind stays: an answer that is too large for one provider is so for the quorum.
        Some(problem) => error(problem.kind, &problem.message),
        None => error(CallErrorKind::NoQuorum, "too few are named"),
    }
}
