//! The questions to Kaspa servers, and the answers of several put together.
//!
//! A score counts as far as a quorum of servers has reached it, a coin when a quorum lists it with the same amount, and an acceptance
//! likewise. By leaving something out a server can only cause delay.
//!
//! The replicas of the canister ask a moment apart. A value that moves meanwhile is rounded down to the marks of a grid. Where it passes a
//! mark just then, the replicas receive different answers, and the same server is asked again at once by a grid with other marks.

use super::api::Rest;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::providers::{Providers, Replication};
use crate::ports::{CallError, CallErrorKind, Runtime};
use purser_core::base::{Amount, SECOND_NS, Timestamp};
use purser_core::chains::kaspa::rest::{self, Failure, FeeBucket, Grid, Request, SubmitOutcome};
use purser_core::chains::kaspa::transfer::FeeSpeed;
use purser_core::chains::kaspa::{Address, Network, Transaction, TxId, Utxo};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

/// The number of unspent outputs that an answer has room for at first.
const EXPECTED_UTXOS: u32 = 256;
/// The most unspent outputs that an answer may have room for. The largest answer of an outcall holds as many.
pub(super) const MAX_UTXOS: u32 = 4_990;
/// The grid of scores on private networks. They are slow or short: a mark of the public grid, every 30 seconds, would never be reached.
const PRIVATE_STEP: Grid = grid(10);
/// The grid of scores on private networks that are as fast as the public ones.
const FAST_PRIVATE_STEP: Grid = grid(80);
/// The number of scores for which a private network counts as fast after replicas have disagreed about one.
const FAST_FOR: u32 = 20;
/// The grids to which fee rates are rounded up, in sompi per gram.
///
/// The first rounds nothing. Where a rate moves between the questions of two replicas, each next one is coarser, until they agree. The
/// later grids have no mark at the relay floor, where the rate of a quiet network stays.
const FEERATE_STEPS: [Grid; 4] = [grid(1), grid(10).between(), grid(25).between(), grid(50).between()];
/// The time for which rates are read by the last grid that the replicas agreed on.
const COARSE_NS: u64 = 60 * SECOND_NS;
/// The most steps between the scores of two servers that just answer a moment after each other.
const MAX_STEPS_APART: u64 = 3;

thread_local! {
    /// The number of scores for which a private network still counts as fast.
    static FAST: Cell<u32> = const { Cell::new(0) };
    /// The grid of rates on which the replicas agreed last after a finer one, by its place, and the time.
    static COARSENESS: Cell<(usize, Timestamp)> = const { Cell::new((0, Timestamp::from_nanos(0))) };
}

const fn grid(step: u64) -> Grid {
    Grid::of(NonZeroU64::new(step).expect("a constant"))
}

/// The questions to the configured servers.
pub(super) struct Questions<'a, R> {
    rt: &'a R,
    servers: Providers<'a, R, Rest>,
}

/// The unspent outputs of an address.
pub(super) struct Listed {
    /// The outputs that can be spent.
    pub(super) coins: Vec<Utxo>,
    /// The amount in outputs that are bound to covenants, as all servers asked say.
    pub(super) bound: Amount,
}

/// The questions of a transfer's run.
pub(super) fn questions<'a, R: Runtime>(context: &TransferContext<'a, R>) -> Questions<'a, R> {
    Questions { rt: context.rt, servers: Providers::of(context) }
}

impl<'a, R: Runtime> Questions<'a, R> {
    /// The questions outside of a transfer's run. `offset` is the place of the server that is asked first.
    pub(super) fn new(rt: &'a R, offset: usize) -> Self {
        Self { rt, servers: Providers::new(rt, offset) }
    }

    /// The server that is asked where one is enough.
    fn first(&self, request: &Request) -> Result<String, CallError> {
        self.servers.order(request).into_iter().next().ok_or_else(CallError::no_provider)
    }

    /// One server's answer on which the replicas agree. An answer that changed between their questions is asked for once more.
    async fn ask(&self, server: &str, request: &Request) -> Result<Vec<u8>, CallError> {
        let answer = self.servers.answer_of(server, request).await;
        self.until_agreed(server, answer, std::slice::from_ref(request)).await
    }

    /// The answer itself, or where the replicas disagree the one to the first of `others` on which they agree.
    async fn until_agreed(
        &self,
        server: &str,
        mut answer: Result<Vec<u8>, CallError>,
        others: &[Request],
    ) -> Result<Vec<u8>, CallError> {
        for request in others {
            if !is_disagreement(&answer) {
                break;
            }
            answer = self.servers.answer_of(server, request).await;
        }
        answer
    }

    /// Offers a transaction to the first server.
    ///
    /// # Errors
    /// When the call fails, or the server limits the rate of requests.
    pub(super) async fn offer(&self, request: &Request) -> Result<SubmitOutcome, FlowError> {
        let (_, answer) = self.servers.first(Replication::SingleNode, request).await?;
        submit_outcome(&answer)
    }

    /// Offers a transaction to every server, by all replicas. `None` stands for a server whose outcome is not known.
    pub(super) async fn offer_everywhere(&self, transaction: &Transaction) -> Vec<Option<SubmitOutcome>> {
        let request = &Request::Submit(transaction.clone());
        let offer = async |server: &str| submit_outcome(&self.ask(server, request).await?);
        let outcomes = self.servers.of_all(request, offer).await;
        outcomes.into_iter().map(|outcome| outcome.filter(|outcome| !matches!(outcome, SubmitOutcome::Unknown { .. }))).collect()
    }

    fn network(&self) -> Network {
        self.rt.read(|state| state.config().chains.kaspa.network)
    }

    /// A lower bound of the virtual DAA score.
    ///
    /// # Errors
    /// When too few servers answer, or one is of another network.
    pub(super) async fn daa_score(&self) -> Result<u64, FlowError> {
        let (network, step) = (self.network(), step(self.network()));
        let request = |step| Request::Dag { step };
        let ask = async |server: &str| Ok(rest::parse_dag(&self.ask_score(server, step, request).await?, network)?);
        self.score(step, request, ask).await
    }

    /// A lower bound of the sink's blue score.
    ///
    /// # Errors
    /// When too few servers answer.
    pub(super) async fn blue_score(&self) -> Result<u64, FlowError> {
        let step = step(self.network());
        let request = |step| Request::BlueScore { step };
        let ask = async |server: &str| Ok(rest::parse_blue_score(&self.ask_score(server, step, request).await?)?);
        self.score(step, request, ask).await
    }

    /// One server's score by a grid on which the replicas agree.
    async fn ask_score(&self, server: &str, step: Grid, request: impl Fn(Grid) -> Request) -> Result<Vec<u8>, CallError> {
        let (closest, others) = match step == PRIVATE_STEP {
            false => (step, vec![step.between()]),
            true if FAST.get() == 0 => (PRIVATE_STEP, vec![FAST_PRIVATE_STEP, FAST_PRIVATE_STEP.between()]),
            true => (FAST_PRIVATE_STEP, vec![FAST_PRIVATE_STEP.between()]),
        };
        let answer = self.servers.answer_of(server, &request(closest)).await;
        FAST.set(if is_disagreement(&answer) { FAST_FOR } else { FAST.get().saturating_sub(1) });
        self.until_agreed(server, answer, &others.into_iter().map(request).collect::<Vec<_>>()).await
    }

    /// The highest score that a quorum of servers has reached. When some are far behind, every server is asked.
    async fn score(
        &self,
        step: Grid,
        request: impl Fn(Grid) -> Request,
        ask: impl AsyncFn(&str) -> Result<u64, FlowError>,
    ) -> Result<u64, FlowError> {
        let apart = |scores: &[u64]| scores.iter().max().zip(scores.iter().min()).map_or(0, |(most, least)| most - least);
        let step = if step == PRIVATE_STEP { FAST_PRIVATE_STEP } else { step };
        let open = |scores: &[u64]| apart(scores) > MAX_STEPS_APART * step.step();
        let mut scores = self.servers.of_quorum_or_more(&request(step), ask, open).await?;
        scores.sort_unstable_by(|a, b| b.cmp(a));
        Ok(scores.get(self.servers.quorum() - 1).copied().unwrap_or_default())
    }

    /// The fee rate to pay, in sompi per gram: the least of a quorum's suggestions, within the configured bounds.
    ///
    /// Without suggestions it is the lower bound: a fee rate is no reason to stop.
    pub(super) async fn feerate(&self, speed: FeeSpeed) -> u64 {
        let config = self.rt.read(|state| state.config().chains.kaspa.clone());
        let bucket = match speed {
            FeeSpeed::Priority => FeeBucket::Priority,
            FeeSpeed::Normal => FeeBucket::Normal,
            FeeSpeed::Low => FeeBucket::Low,
        };
        let request = Request::FeeEstimate { bucket, step: FEERATE_STEPS[0], most: config.max_feerate() };
        let ask = async |server: &str| self.ask_feerate(server, bucket, config.max_feerate()).await;
        let rates = self.servers.of_quorum(&request, ask).await;
        let suggested = rates.ok().and_then(|rates| rates.into_iter().min());
        suggested.unwrap_or(config.feerate).clamp(config.feerate, config.max_feerate())
    }

    /// One server's rate, rounded up by the finest grid on which the replicas agree.
    async fn ask_feerate(&self, server: &str, bucket: FeeBucket, most: u64) -> Result<u64, FlowError> {
        let (coarseness, since) = COARSENESS.get();
        let mut coarseness = if self.rt.now().nanos_since(since) < COARSE_NS { coarseness } else { 0 };
        loop {
            let request = Request::FeeEstimate { bucket, step: FEERATE_STEPS[coarseness], most };
            let answer = self.servers.answer_of(server, &request).await;
            if !is_disagreement(&answer) || coarseness + 1 == FEERATE_STEPS.len() {
                return Ok(rest::parse_feerate(&answer?)?);
            }
            coarseness += 1;
            COARSENESS.set((coarseness, self.rt.now()));
        }
    }

    /// The unspent outputs of an address, up to a score, on which a quorum of servers agrees.
    ///
    /// When `open` says of them that more are needed, every server is asked.
    ///
    /// # Errors
    /// When too few servers answer, or the outputs are too many for an answer.
    pub(super) async fn utxos(
        &self,
        address: Address,
        max_daa_score: u64,
        open: impl Fn(&[Utxo]) -> bool,
    ) -> Result<Vec<Utxo>, FlowError> {
        Ok(self.listed(address, max_daa_score, open).await?.coins)
    }

    /// The unspent outputs of an address, with the amount that is bound to covenants and therefore not offered.
    ///
    /// # Errors
    /// As [`Questions::utxos`].
    pub(super) async fn listed(
        &self,
        address: Address,
        max_daa_score: u64,
        open: impl Fn(&[Utxo]) -> bool,
    ) -> Result<Listed, FlowError> {
        let quorum = self.servers.quorum();
        let ask = async |server: &str| {
            let body = self.ask_utxos(server, address, max_daa_score).await?;
            Ok::<_, FlowError>((rest::parse_utxos(&body, &[address])?, rest::parse_bound(&body)?))
        };
        let request = utxos_request(address, max_daa_score, EXPECTED_UTXOS);
        let lists = self.servers.of_quorum_or_more(&request, ask, |lists| open(&agreed(lists, quorum))).await?;
        let bound = lists.iter().map(|(_, bound)| *bound).min().unwrap_or_default();
        Ok(Listed { coins: agreed(&lists, quorum), bound })
    }

    /// One server's list. It is asked for with more room each time it does not fit, because the price depends on the room.
    async fn ask_utxos(&self, server: &str, address: Address, max_daa_score: u64) -> Result<Vec<u8>, FlowError> {
        let mut expected = EXPECTED_UTXOS;
        loop {
            match self.ask(server, &utxos_request(address, max_daa_score, expected)).await {
                Err(CallError { kind: CallErrorKind::TooLarge, .. }) if expected < MAX_UTXOS => {
                    expected = (expected * 4).min(MAX_UTXOS);
                }
                Err(CallError { kind: CallErrorKind::TooLarge, .. }) => {
                    return Err(too_many(self.ask_count(server, address).await.ok()));
                }
                answer => return Ok(answer?),
            }
        }
    }

    async fn ask_count(&self, server: &str, address: Address) -> Result<u64, FlowError> {
        Ok(rest::parse_count(&self.ask(server, &count_request(address)).await?)?)
    }

    /// The number of outputs of an address, as the first server says.
    ///
    /// # Errors
    /// When the server gives no usable answer.
    pub(super) async fn utxo_count(&self, address: Address) -> Result<u64, FlowError> {
        self.ask_count(&self.first(&count_request(address))?, address).await
    }

    /// The highest balance of an address, in sompi, that any of a quorum of servers reports.
    ///
    /// # Errors
    /// When too few servers answer.
    pub(super) async fn highest_balance(&self, address: Address) -> Result<Amount, FlowError> {
        let request = Request::Balance { address };
        let ask = async |server: &str| Ok::<_, FlowError>(rest::parse_balance(&self.ask(server, &request).await?)?);
        let balances = self.servers.of_quorum(&request, ask).await?;
        Ok(balances.into_iter().max().unwrap_or(Amount::ZERO))
    }

    /// For each of `ids`, whether a quorum of servers reports the transaction as accepted at or under the cutoff.
    ///
    /// # Errors
    /// When too few servers answer.
    pub(super) async fn settled(&self, request: &Request, ids: &[TxId], cutoff: u64, route: Route) -> Result<Vec<bool>, FlowError> {
        let quorum = self.servers.quorum();
        let ask = async |server: &str| {
            let body = self.ask(server, request).await?;
            let accepted = match route {
                Route::Batch => rest::parse_acceptance(&body, ids)?,
                Route::Single => vec![rest::parse_transaction(&body)?],
            };
            Ok::<_, FlowError>(accepted.into_iter().map(|accepted| accepted.is_at_most(cutoff)).collect::<Vec<bool>>())
        };
        let votes = |answers: &[Vec<bool>], n: usize| answers.iter().filter(|answer| answer.get(n) == Some(&true)).count();
        let open = |answers: &[Vec<bool>]| (0..ids.len()).any(|n| (1..quorum).contains(&votes(answers, n)));
        let answers = self.servers.of_quorum_or_more(request, ask, open).await?;
        Ok((0..ids.len()).map(|n| votes(&answers, n) >= quorum).collect())
    }

    /// Whether any of a quorum of servers reports a transaction as accepted, however lately.
    ///
    /// # Errors
    /// When too few servers answer.
    pub(super) async fn is_known_accepted(&self, transaction: TxId) -> Result<bool, FlowError> {
        let request = Request::Transaction { transaction, max_blue_score: u64::MAX };
        let ask = async |server: &str| Ok::<_, FlowError>(rest::parse_transaction(&self.ask(server, &request).await?)?);
        let answers = self.servers.of_quorum(&request, ask).await?;
        Ok(answers.into_iter().any(|accepted| accepted.is_at_most(u64::MAX)))
    }
}

/// The route of the REST server by which an acceptance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The route for any number of transactions.
    Batch,
    /// The route for one transaction, which still knows blue scores that the batch has lost.
    Single,
}

fn utxos_request(address: Address, max_daa_score: u64, expected: u32) -> Request {
    Request::Utxos { addresses: address.into(), max_daa_score, expected }
}

const fn count_request(address: Address) -> Request {
    Request::UtxoCount { address, most: u64::MAX }
}

fn is_disagreement(answer: &Result<Vec<u8>, CallError>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind == CallErrorKind::NoConsensus)
}

/// The outputs that at least `quorum` lists have, each the same in all respects.
///
/// Lists that name one outpoint with different contents, and find enough support for both, settle nothing about it.
fn agreed(lists: &[(Vec<Utxo>, Amount)], quorum: usize) -> Vec<Utxo> {
    let mut support: BTreeMap<&Utxo, usize> = BTreeMap::new();
    for utxo in lists.iter().flat_map(|(coins, _)| coins) {
        *support.entry(utxo).or_default() += 1;
    }
    let supported: Vec<&Utxo> = support.into_iter().filter(|(_, lists)| *lists >= quorum).map(|(utxo, _)| utxo).collect();
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for utxo in &supported {
        if !seen.insert(utxo.outpoint) {
            twice.insert(utxo.outpoint);
        }
    }
    supported.into_iter().filter(|utxo| !twice.contains(&utxo.outpoint)).cloned().collect()
}

/// A server's outcome of a broadcast.
fn submit_outcome(canonical: &[u8]) -> Result<SubmitOutcome, FlowError> {
    match rest::parse_submit(canonical) {
        SubmitOutcome::RateLimited => Err(Failure::RateLimited.into()),
        outcome => Ok(outcome),
    }
}

const fn step(network: Network) -> Grid {
    match network {
        Network::Mainnet | Network::Testnet10 => rest::DEFAULT_SCORE_STEP,
        Network::Simnet | Network::Devnet => PRIVATE_STEP,
    }
}

/// The error for an address whose outputs fit no answer.
pub(super) fn too_many(count: Option<u64>) -> FlowError {
    let count = count.map_or_else(|| format!("more than {MAX_UTXOS}"), |count| count.to_string());
    FlowError::Deferred(format!(
        "the address has {count} unspent outputs, more than can be listed; consolidate coins that you name"
    ))
}
