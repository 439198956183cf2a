//! What several providers say. One that lies alone is found out, and one that does not answer is passed over.
//!
//! Which answers are put together how: a score counts as far as enough providers have got; a coin counts when enough providers list it with the
//! same amount; so does an acceptance. What providers can do by leaving something out is delay.
//!
//! The replicas of the canister ask a moment apart. What moves meanwhile is cut to the marks of a grid; where it passes a mark just
//! then, they are given different answers, and the same provider is asked again at once by a grid whose marks lie elsewhere.

use super::FlowError;
use crate::flows::outcalls::{self, Replication};
use crate::ports::{CallError, Runtime};
use futures::future::join_all;
use purser_core::base::{Amount, SECOND_NS, Timestamp};
use purser_core::chains::kaspa::rest::{self, Failure, FeeBucket, Grid, Request, SubmitOutcome};
use purser_core::chains::kaspa::{Address, Network, Transaction, TxId, Utxo};
use purser_core::transfer::kaspa::FeeSpeed;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

/// How many unspent outputs an answer has room for at first.
const EXPECTED_UTXOS: u32 = 256;
/// The most that an answer may have room for: as many as the Internet Computer allows bytes.
pub const MOST_UTXOS: u32 = 4_990;
/// Private networks are slow or short: bounds that lag by 30 seconds of the public ones would never be reached there.
const PRIVATE_STEP: Grid = grid(10);
/// For private networks that are as fast as the public ones.
const FAST_PRIVATE_STEP: Grid = grid(80);
/// For how many scores a private network counts as fast after replicas have disagreed about one.
const FAST_FOR: u32 = 20;
/// To what fee rates are rounded up, in sompi per gram: to nothing, and where a rate moves between the questions of two replicas, a
/// little more coarsely each time, until they agree. The later grids have no mark at the relay floor, where the rate of a quiet network
/// rests.
const FEERATE_STEPS: [Grid; 4] = [grid(1), grid(10).between(), grid(25).between(), grid(50).between()];
/// For how long rates are asked for as coarsely as they last had to be.
const COARSE_NS: u64 = 60 * SECOND_NS;
/// For how long a provider that limits the rate of requests is asked last.
const LIMITED_SECONDS: u64 = 30;

/// Providers whose scores are more of these steps apart do not just answer a moment after each other.
const FAR_STEPS: u64 = 3;

thread_local! {
    /// Until when a provider, by its URL, is asked last. Losing it costs a question.
    static LIMITED: RefCell<BTreeMap<String, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
    /// How many more scores are asked of a private network as of a fast one.
    static FAST: Cell<u32> = const { Cell::new(0) };
    /// Which step replicas last agreed on after they had not agreed on a finer one, and when.
    static COARSENESS: Cell<(usize, Timestamp)> = const { Cell::new((0, Timestamp::from_nanos(0))) };
}

const fn grid(step: u64) -> Grid {
    Grid::of(NonZeroU64::new(step).expect("a constant"))
}

/// Asks the configured providers.
pub struct QuorumClient<'a, R> {
    pub rt: &'a R,
    /// Who is asked first.
    pub provider_offset: usize,
}

/// What was heard: the answers, and how many providers were asked, in which order.
struct Responses<T> {
    answers: Vec<T>,
    asked: usize,
    order: Vec<usize>,
}

/// What is listed of an address.
pub struct Listed {
    /// The outputs that can be spent.
    pub coins: Vec<Utxo>,
    /// What is bound to covenants beside them, as all who were asked say.
    pub bound: Amount,
}

impl<R: Runtime> QuorumClient<'_, R> {
    /// The providers by their places in the configuration, in the order in which they are asked: beginning with the one whose turn it
    /// is, and those that limit the rate of requests last.
    fn order(&self) -> Vec<usize> {
        let providers = self.rt.read(|state| state.config().kaspa.providers.clone());
        let mut order: Vec<usize> = (0..providers.len()).collect();
        if let Some(first) = self.provider_offset.checked_rem(order.len()) {
            order.rotate_left(first);
        }
        let now = self.rt.now();
        LIMITED.with_borrow(|limited| order.sort_by_key(|n| limited.get(&providers[*n]).is_some_and(|until| *until > now)));
        order
    }

    /// The provider that is asked where one is enough.
    pub fn first(&self) -> usize {
        self.order().first().copied().unwrap_or_default()
    }

    fn no_responses<T>(&self) -> Responses<T> {
        Responses { answers: Vec::new(), asked: 0, order: self.order() }
    }

    /// How many must say the same.
    fn quorum(&self) -> usize {
        self.rt.read(|state| state.config().kaspa.agreement())
    }

    /// Asks one provider after another, as many at once as are still missing, until `wanted` have answered.
    async fn collect_responses<T>(
        &self,
        wanted: usize,
        responses: &mut Responses<T>,
        ask: impl AsyncFn(usize) -> Result<T, FlowError>,
    ) -> Result<(), FlowError> {
        let mut last = FlowError::Transient("no provider is configured".to_owned());
        while responses.answers.len() < wanted {
            let next = (wanted - responses.answers.len()).min(responses.order.len() - responses.asked);
            if next == 0 {
                return Err(last);
            }
            let asked = responses.asked..responses.asked + next;
            responses.asked += next;
            for answer in join_all(responses.order[asked].iter().map(|provider| ask(*provider))).await {
                match answer {
                    Ok(answer) => responses.answers.push(answer),
                    Err(error) => last = error,
                }
            }
        }
        Ok(())
    }

    /// As many answers as must agree.
    async fn quorum_of<T>(&self, ask: impl AsyncFn(usize) -> Result<T, FlowError>) -> Result<Vec<T>, FlowError> {
        let mut responses = self.no_responses();
        self.collect_responses(self.quorum(), &mut responses, ask).await?;
        Ok(responses.answers)
    }

    /// The same, and everybody else's too when they leave a question open. Those who do not answer then do not matter.
    async fn quorum_or_all<T>(
        &self,
        ask: impl AsyncFn(usize) -> Result<T, FlowError>,
        open: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, FlowError> {
        let mut responses = self.no_responses();
        self.collect_responses(self.quorum(), &mut responses, &ask).await?;
        while open(&responses.answers) && responses.asked < responses.order.len() {
            let one_more = responses.answers.len() + 1;
            if self.collect_responses(one_more, &mut responses, &ask).await.is_err() {
                break;
            }
        }
        Ok(responses.answers)
    }

    /// One provider's answer on which the replicas agree. What they differ about, because it has just changed, they are asked once more.
    async fn ask(&self, provider: usize, request: &Request) -> Result<Vec<u8>, CallError> {
        self.ask_in_turn(provider, &[request, request]).await
    }

    /// The answer to the first of several wordings of a question about which the replicas agree.
    async fn ask_in_turn(&self, provider: usize, wordings: &[&Request]) -> Result<Vec<u8>, CallError> {
        let mut last = CallError("nothing was asked".to_owned());
        for request in wordings {
            match self.ask_once(provider, Replication::Replicated, request).await {
                Err(error) if error.is_disagreement() => last = error,
                answer => return answer,
            }
        }
        Err(last)
    }

    async fn ask_once(&self, provider: usize, replication: Replication, request: &Request) -> Result<Vec<u8>, CallError> {
        let answer = outcalls::kaspa(self.rt, provider, replication, request).await;
        if answer.as_deref().is_ok_and(rest::is_rate_limited) {
            let url = self.rt.read(|state| state.config().kaspa.providers.get(provider).cloned());
            let until = Timestamp::from_nanos(self.rt.now().nanos().saturating_add(LIMITED_SECONDS * SECOND_NS));
            url.map(|url| LIMITED.with_borrow_mut(|limited| limited.insert(url, until)));
        }
        answer
    }

    /// Offers a transaction to the provider whose turn it is.
    pub async fn offer(&self, request: &Request) -> Result<SubmitOutcome, FlowError> {
        submit_outcome(&self.ask_once(self.first(), Replication::SingleNode, request).await?)
    }

    /// Offers a transaction to every provider, by all replicas: what each says of it, where it says anything.
    pub async fn offer_everywhere(&self, transaction: &Transaction) -> Vec<Option<SubmitOutcome>> {
        let request = &Request::Submit(transaction.clone());
        let words = self.order().into_iter().map(|provider| async move {
            let answer = self.ask(provider, request).await.ok()?;
            submit_outcome(&answer).ok().filter(|word| !matches!(word, SubmitOutcome::Unknown { .. }))
        });
        join_all(words).await
    }

    fn network(&self) -> Network {
        self.rt.read(|state| state.config().kaspa.network)
    }

    /// A lower bound of the virtual DAA score.
    pub async fn daa_score(&self) -> Result<u64, FlowError> {
        let (network, step) = (self.network(), step(self.network()));
        let ask =
            async |provider| Ok(rest::parse_dag(&self.ask_score(provider, step, |step| Request::Dag { step }).await?, network)?);
        self.score(step, ask).await
    }

    /// A lower bound of the sink's blue score.
    pub async fn blue_score(&self) -> Result<u64, FlowError> {
        let step = step(self.network());
        let request = |step| Request::BlueScore { step };
        self.score(step, async |provider| Ok(rest::parse_blue_score(&self.ask_score(provider, step, request).await?)?)).await
    }

    /// One provider's score by a grid on which the replicas agree.
    async fn ask_score(&self, provider: usize, step: Grid, request: impl Fn(Grid) -> Request) -> Result<Vec<u8>, CallError> {
        let grids = match step == PRIVATE_STEP {
            false => vec![step, step.between()],
            true if FAST.get() == 0 => vec![PRIVATE_STEP, FAST_PRIVATE_STEP, FAST_PRIVATE_STEP.between()],
            true => vec![FAST_PRIVATE_STEP, FAST_PRIVATE_STEP.between()],
        };
        let closest = request(grids[0]);
        let answer = match self.ask_once(provider, Replication::Replicated, &closest).await {
            Err(error) if error.is_disagreement() => {
                FAST.set(FAST_FOR);
                let others: Vec<Request> = grids[1..].iter().map(|grid| request(*grid)).collect();
                return self.ask_in_turn(provider, &others.iter().collect::<Vec<_>>()).await;
            }
            answer => answer,
        };
        FAST.set(FAST.get().saturating_sub(1));
        answer
    }

    /// The highest score that enough providers have reached. When some are far behind, everybody is asked.
    async fn score(&self, step: Grid, ask: impl AsyncFn(usize) -> Result<u64, FlowError>) -> Result<u64, FlowError> {
        let apart = |scores: &[u64]| scores.iter().max().zip(scores.iter().min()).map_or(0, |(most, least)| most - least);
        let step = if step == PRIVATE_STEP { FAST_PRIVATE_STEP } else { step };
        let mut scores = self.quorum_or_all(ask, |scores| apart(scores) > FAR_STEPS * step.step()).await?;
        scores.sort_unstable_by(|a, b| b.cmp(a));
        Ok(scores.get(self.quorum() - 1).copied().unwrap_or_default())
    }

    /// The fee rate to pay, in sompi per gram, between the configured bounds: the least that enough providers suggest. It is no reason
    /// to stop when nobody suggests one.
    pub async fn feerate(&self, speed: FeeSpeed) -> u64 {
        let config = self.rt.read(|state| state.config().kaspa.clone());
        let bucket = match speed {
            FeeSpeed::Priority => FeeBucket::Priority,
            FeeSpeed::Normal => FeeBucket::Normal,
            FeeSpeed::Low => FeeBucket::Low,
        };
        let rates = self.quorum_of(async |provider| self.ask_feerate(provider, bucket, config.max_feerate()).await).await;
        let suggested = rates.ok().and_then(|rates| rates.into_iter().min());
        suggested.unwrap_or(config.feerate).clamp(config.feerate, config.max_feerate())
    }

    /// One provider's rate, as it is or a little more.
    async fn ask_feerate(&self, provider: usize, bucket: FeeBucket, most: u64) -> Result<u64, FlowError> {
        let (coarseness, since) = COARSENESS.get();
        let mut coarseness = if self.rt.now().nanos_since(since) < COARSE_NS { coarseness } else { 0 };
        loop {
            let request = Request::FeeEstimate { bucket, step: FEERATE_STEPS[coarseness], most };
            match self.ask_once(provider, Replication::Replicated, &request).await {
                Err(error) if error.is_disagreement() && coarseness + 1 < FEERATE_STEPS.len() => {
                    coarseness += 1;
                    COARSENESS.set((coarseness, self.rt.now()));
                }
                answer => return Ok(rest::parse_feerate(&answer?)?),
            }
        }
    }

    /// The unspent outputs of an address on which enough providers agree to the last sompi. When `open` says of them that more are
    /// needed, every provider is asked.
    pub async fn utxos(
        &self,
        address: Address,
        max_daa_score: u64,
        open: impl Fn(&[Utxo]) -> bool,
    ) -> Result<Vec<Utxo>, FlowError> {
        Ok(self.listed(address, max_daa_score, open).await?.coins)
    }

    /// The same, with what is bound to covenants and therefore not offered.
    pub async fn listed(&self, address: Address, max_daa_score: u64, open: impl Fn(&[Utxo]) -> bool) -> Result<Listed, FlowError> {
        let quorum = self.quorum();
        let ask = async |provider| {
            let body = self.ask_utxos(provider, address, max_daa_score).await?;
            Ok((rest::parse_utxos(&body, &[address])?, rest::parse_bound(&body)?))
        };
        let lists = self.quorum_or_all(ask, |lists| open(&agreed(lists, quorum))).await?;
        let bound = lists.iter().map(|(_, bound)| *bound).min().unwrap_or_default();
        Ok(Listed { coins: agreed(&lists, quorum), bound })
    }

    /// One provider's list, asked for with more room each time it does not fit: the price depends on the room.
    async fn ask_utxos(&self, provider: usize, address: Address, max_daa_score: u64) -> Result<Vec<u8>, FlowError> {
        let mut expected = EXPECTED_UTXOS;
        loop {
            let request = Request::Utxos { addresses: address.into(), max_daa_score, expected };
            match self.ask(provider, &request).await {
                Err(error) if error.is_too_large() && expected < MOST_UTXOS => expected = (expected * 4).min(MOST_UTXOS),
                Err(error) if error.is_too_large() => return Err(too_many(self.ask_count(provider, address).await.ok())),
                answer => return Ok(answer?),
            }
        }
    }

    async fn ask_count(&self, provider: usize, address: Address) -> Result<u64, FlowError> {
        let request = Request::UtxoCount { address, most: u64::MAX };
        Ok(rest::parse_count(&self.ask(provider, &request).await?)?)
    }

    /// How many outputs an address has, as the provider whose turn it is says.
    pub async fn utxo_count(&self, address: Address) -> Result<u64, FlowError> {
        self.ask_count(self.first(), address).await
    }

    /// The most that any of enough providers says an address holds.
    pub async fn highest_balance(&self, address: Address) -> Result<Amount, FlowError> {
        let request = Request::Balance { address };
        let balances = self.quorum_of(async |provider| Ok(rest::parse_balance(&self.ask(provider, &request).await?)?)).await?;
        Ok(balances.into_iter().max().unwrap_or(Amount::ZERO))
    }

    /// Which of these transactions enough providers say are accepted at or under the cutoff, one answer for each.
    pub async fn settled(&self, request: &Request, ids: &[TxId], cutoff: u64, route: Route) -> Result<Vec<bool>, FlowError> {
        let quorum = self.quorum();
        let ask = async |provider| {
            let body = self.ask(provider, request).await?;
            let accepted = match route {
                Route::Batch => rest::parse_acceptance(&body, ids)?,
                Route::Single => vec![rest::parse_transaction(&body)?],
            };
            Ok(accepted.into_iter().map(|accepted| accepted.is_at_most(cutoff)).collect::<Vec<bool>>())
        };
        let votes = |answers: &[Vec<bool>], n: usize| answers.iter().filter(|answer| answer.get(n) == Some(&true)).count();
        let open = |answers: &[Vec<bool>]| (0..ids.len()).any(|n| (1..quorum).contains(&votes(answers, n)));
        let answers = self.quorum_or_all(ask, open).await?;
        Ok((0..ids.len()).map(|n| votes(&answers, n) >= quorum).collect())
    }

    /// Whether any of enough providers says that a transaction is accepted, however lately.
    pub async fn is_known_accepted(&self, transaction: TxId) -> Result<bool, FlowError> {
        let request = Request::Transaction { transaction, max_blue_score: u64::MAX };
        let answers = self.quorum_of(async |provider| Ok(rest::parse_transaction(&self.ask(provider, &request).await?)?)).await?;
        Ok(answers.into_iter().any(|accepted| accepted.is_at_most(u64::MAX)))
    }
}

/// By which of the server's two routes an acceptance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Any number of transactions.
    Batch,
    /// One transaction; it still knows blue scores that the batch has lost.
    Single,
}

/// The outputs that at least `quorum` lists have, each the same in all respects. Lists that name one outpoint with different contents,
/// and find enough support for both, settle nothing about it.
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

/// What a provider says of a transaction that it was offered.
fn submit_outcome(canonical: &[u8]) -> Result<SubmitOutcome, FlowError> {
    match rest::parse_submit(canonical) {
        SubmitOutcome::RateLimited => Err(FlowError::UnusableAnswer(Failure::RateLimited)),
        outcome => Ok(outcome),
    }
}

const fn step(network: Network) -> Grid {
    match network {
        Network::Mainnet | Network::Testnet10 => rest::DEFAULT_SCORE_STEP,
        Network::Simnet | Network::Devnet => PRIVATE_STEP,
    }
}

/// What to say of a wallet whose outputs no answer holds.
pub fn too_many(count: Option<u64>) -> FlowError {
    let count = count.map_or_else(|| format!("more than {MOST_UTXOS}"), |count| count.to_string());
    FlowError::Deferred(format!(
        "the address has {count} unspent outputs, more than can be listed; consolidate coins that you name"
    ))
}
