//! What several providers say. One that lies alone is found out, and one that does not answer is passed over.
//!
//! Which answers are put together how: a score counts as far as enough providers have got; a coin counts when enough providers list it with the
//! same amount; so does an acceptance. What providers can do by leaving something out is delay.

use super::Halt;
use crate::flows::outcalls::{self, Asking};
use crate::ports::{CallError, Runtime};
use futures::future::join_all;
use purser_core::chains::kaspa::rest::{self, FeeBucket, Request};
use purser_core::chains::kaspa::{Address, Network, TxId, Utxo};
use purser_core::primitives::Amount;
use purser_core::terms::FeeSpeed;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

/// How many unspent outputs an answer has room for at first.
const EXPECTED_UTXOS: u32 = 256;
/// The most that an answer may have room for: as many as the Internet Computer allows bytes.
pub const MOST_UTXOS: u32 = 4_990;
/// Private networks are slow or short: bounds that lag by 30 seconds of the public ones would never be reached there.
const PRIVATE_STEP: NonZeroU64 = NonZeroU64::new(10).unwrap();
/// Fee rates are rounded up to this, in sompi per gram, so that replicas that ask a moment apart agree.
const FEERATE_STEP: NonZeroU64 = NonZeroU64::new(50).unwrap();

/// Providers whose scores are more of these steps apart do not just answer a moment after each other.
const FAR_STEPS: u64 = 3;

/// Asks the configured providers.
pub struct Panel<'a, R> {
    pub rt: &'a R,
    /// Who is asked first.
    pub turn: usize,
}

/// What was heard: the answers, and how many providers were not asked yet.
struct Heard<T> {
    answers: Vec<T>,
    asked: usize,
}

impl<R: Runtime> Panel<'_, R> {
    fn providers(&self) -> usize {
        self.rt.read(|state| state.config().kaspa.providers.len())
    }

    /// How many must say the same.
    fn quorum(&self) -> usize {
        self.rt.read(|state| state.config().kaspa.agreement())
    }

    /// Asks one provider after another, as many at once as are still missing, until `wanted` have answered.
    async fn hear<T>(&self, wanted: usize, heard: &mut Heard<T>, ask: impl AsyncFn(usize) -> Result<T, Halt>) -> Result<(), Halt> {
        let (providers, mut last) = (self.providers(), Halt::Trouble("no provider is configured".to_owned()));
        while heard.answers.len() < wanted {
            let next = (wanted - heard.answers.len()).min(providers - heard.asked);
            if next == 0 {
                return Err(last);
            }
            let turns = (heard.asked..heard.asked + next).map(|n| self.turn.wrapping_add(n));
            heard.asked += next;
            for answer in join_all(turns.map(|turn| ask(turn))).await {
                match answer {
                    Ok(answer) => heard.answers.push(answer),
                    Err(halt) => last = halt,
                }
            }
        }
        Ok(())
    }

    /// As many answers as must agree.
    async fn quorum_of<T>(&self, ask: impl AsyncFn(usize) -> Result<T, Halt>) -> Result<Vec<T>, Halt> {
        let mut heard = Heard { answers: Vec::new(), asked: 0 };
        self.hear(self.quorum(), &mut heard, ask).await?;
        Ok(heard.answers)
    }

    /// The same, and everybody else's too when they leave a question open. Those who do not answer then do not matter.
    async fn quorum_or_all<T>(
        &self,
        ask: impl AsyncFn(usize) -> Result<T, Halt>,
        open: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, Halt> {
        let mut heard = Heard { answers: Vec::new(), asked: 0 };
        self.hear(self.quorum(), &mut heard, &ask).await?;
        while open(&heard.answers) && heard.asked < self.providers() {
            let one_more = heard.answers.len() + 1;
            if self.hear(one_more, &mut heard, &ask).await.is_err() {
                break;
            }
        }
        Ok(heard.answers)
    }

    async fn ask(&self, turn: usize, request: &Request) -> Result<Vec<u8>, CallError> {
        outcalls::kaspa(self.rt, turn, Asking::AllReplicas, request).await
    }

    fn network(&self) -> Network {
        self.rt.read(|state| state.config().kaspa.network)
    }

    /// A lower bound of the virtual DAA score.
    pub async fn daa_score(&self) -> Result<u64, Halt> {
        self.daa_score_in(step(self.network())).await
    }

    /// One that lags by up to half a minute on any network, for somebody who waits for the answer: replicas hardly ever disagree about it.
    pub async fn rough_daa_score(&self) -> Result<u64, Halt> {
        self.daa_score_in(rest::DEFAULT_SCORE_STEP).await
    }

    async fn daa_score_in(&self, step: NonZeroU64) -> Result<u64, Halt> {
        let network = self.network();
        let request = Request::Dag { step };
        self.score(step, async |turn| Ok(rest::parse_dag(&self.ask(turn, &request).await?, network)?)).await
    }

    /// A lower bound of the sink's blue score.
    pub async fn blue_score(&self) -> Result<u64, Halt> {
        let network = self.network();
        let request = Request::BlueScore { step: step(network) };
        self.score(step(network), async |turn| Ok(rest::parse_blue_score(&self.ask(turn, &request).await?)?)).await
    }

    /// The highest score that enough providers have reached. When some are far behind, everybody is asked.
    async fn score(&self, step: NonZeroU64, ask: impl AsyncFn(usize) -> Result<u64, Halt>) -> Result<u64, Halt> {
        let apart = |scores: &[u64]| scores.iter().max().zip(scores.iter().min()).map_or(0, |(most, least)| most - least);
        let mut scores = self.quorum_or_all(ask, |scores| apart(scores) > FAR_STEPS * step.get()).await?;
        scores.sort_unstable_by(|a, b| b.cmp(a));
        Ok(scores.get(self.quorum() - 1).copied().unwrap_or_default())
    }

    /// The fee rate to pay, in sompi per gram, between the configured bounds: the least that enough providers suggest. It is no reason
    /// to stop when nobody suggests one.
    pub async fn feerate(&self, speed: FeeSpeed) -> u64 {
        let config = self.rt.read(|state| state.config().kaspa);
        let bucket = match speed {
            FeeSpeed::Priority => FeeBucket::Priority,
            FeeSpeed::Normal => FeeBucket::Normal,
            FeeSpeed::Low => FeeBucket::Low,
        };
        let request = Request::FeeEstimate { bucket, step: FEERATE_STEP, most: config.max_feerate() };
        let rates = self.quorum_of(async |turn| Ok(rest::parse_feerate(&self.ask(turn, &request).await?)?)).await;
        let suggested = rates.ok().and_then(|rates| rates.into_iter().min());
        suggested.unwrap_or(config.feerate).clamp(config.feerate, config.max_feerate())
    }

    /// The unspent outputs of an address on which enough providers agree to the last sompi. When `open` says of them that more are
    /// needed, every provider is asked.
    pub async fn utxos(&self, address: Address, max_daa_score: u64, open: impl Fn(&[Utxo]) -> bool) -> Result<Vec<Utxo>, Halt> {
        let quorum = self.quorum();
        let ask = async |turn| Ok(rest::parse_utxos(&self.ask_utxos(turn, address, max_daa_score).await?, &[address])?);
        let lists = self.quorum_or_all(ask, |lists| open(&agreed(lists, quorum))).await?;
        Ok(agreed(&lists, quorum))
    }

    /// One provider's list, asked for with more room each time it does not fit: the price depends on the room.
    async fn ask_utxos(&self, turn: usize, address: Address, max_daa_score: u64) -> Result<Vec<u8>, Halt> {
        let mut expected = EXPECTED_UTXOS;
        loop {
            let request = Request::Utxos { addresses: address.into(), max_daa_score, expected };
            match self.ask(turn, &request).await {
                Err(error) if error.is_too_large() && expected < MOST_UTXOS => expected = (expected * 4).min(MOST_UTXOS),
                Err(error) if error.is_too_large() => return Err(too_many(self.ask_count(turn, address).await.ok())),
                answer => return Ok(answer?),
            }
        }
    }

    async fn ask_count(&self, turn: usize, address: Address) -> Result<u64, Halt> {
        let request = Request::UtxoCount { address, most: u64::MAX };
        Ok(rest::parse_count(&self.ask(turn, &request).await?)?)
    }

    /// How many outputs an address has, as the provider whose turn it is says.
    pub async fn utxo_count(&self, address: Address) -> Result<u64, Halt> {
        self.ask_count(self.turn, address).await
    }

    /// The most that any of enough providers says an address holds.
    pub async fn highest_balance(&self, address: Address) -> Result<Amount, Halt> {
        let request = Request::Balance { address };
        let balances = self.quorum_of(async |turn| Ok(rest::parse_balance(&self.ask(turn, &request).await?)?)).await?;
        Ok(balances.into_iter().max().unwrap_or(Amount::ZERO))
    }

    /// Which of these transactions enough providers say are accepted at or under the cutoff, one answer for each.
    pub async fn settled(&self, request: &Request, ids: &[TxId], cutoff: u64, route: Route) -> Result<Vec<bool>, Halt> {
        let quorum = self.quorum();
        let ask = async |turn| {
            let body = self.ask(turn, request).await?;
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
    pub async fn is_known_accepted(&self, transaction: TxId) -> Result<bool, Halt> {
        let request = Request::Transaction { transaction, max_blue_score: u64::MAX };
        let answers = self.quorum_of(async |turn| Ok(rest::parse_transaction(&self.ask(turn, &request).await?)?)).await?;
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
fn agreed(lists: &[Vec<Utxo>], quorum: usize) -> Vec<Utxo> {
    let mut support: BTreeMap<&Utxo, usize> = BTreeMap::new();
    for utxo in lists.iter().flatten() {
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

const fn step(network: Network) -> NonZeroU64 {
    match network {
        Network::Mainnet | Network::Testnet10 => rest::DEFAULT_SCORE_STEP,
        Network::Simnet | Network::Devnet => PRIVATE_STEP,
    }
}

/// What to say of a wallet whose outputs no answer holds.
pub fn too_many(count: Option<u64>) -> Halt {
    let count = count.map_or_else(|| format!("more than {MOST_UTXOS}"), |count| count.to_string());
    Halt::NotNow(format!("the address has {count} unspent outputs, more than can be listed; consolidate coins that you name"))
}
