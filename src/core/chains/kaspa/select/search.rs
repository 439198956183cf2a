//! The search over sets of coins for one amount.

use super::plan::{MAX_INPUTS, Obstacle, Payment, Plan};
use crate::base::Amount;
use crate::chains::kaspa::fee::{self, COST_OF_AN_INPUT};
use crate::chains::kaspa::mass::{self, MassError, Masses};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Output, Utxo};

/// The largest number of coins of which all sets are tried: 255 sets.
const FEW_COINS: usize = 8;

/// The reason why no set of coins pays an amount.
pub enum Failure {
    /// The obstacle of the first set that covers the amount but cannot be built.
    Obstacle(Obstacle),
    /// More coins would be needed than may be spent at once.
    InputLimit,
    /// All coins together do not cover the amount and the relay floor.
    Funds,
}

/// The spendable coins of one wallet, with the sums and masses that the search needs.
pub struct Search<'a> {
    /// The coins, largest amount first.
    pub(super) coins: Vec<&'a Utxo>,
    /// The sums in sompi: `sums[n]` is that of the `n` largest coins.
    sums: Vec<u64>,
    /// The storage weights in grams: `weights[n]` is that of the `n` largest coins together.
    weights: Vec<u64>,
    /// The masses without change: `plain[n]` is for `n` inputs and the payments, without storage mass.
    pub(super) plain: Vec<Masses>,
    /// The masses with change: `changed[n]` is for `n` inputs, as many as may be used.
    pub(super) changed: Vec<Masses>,
    /// The sum of the further payments, in sompi.
    pub(super) more: u64,
    /// The payment to select coins for.
    pub(super) payment: &'a Payment<'a>,
}

impl<'a> Search<'a> {
    /// Prepares the search among coins sorted by amount, largest first, whose sum fits 64 bits.
    pub fn new(coins: Vec<&'a Utxo>, payment: &'a Payment<'a>) -> Self {
        let sums = running(coins.iter().map(|utxo| utxo.amount.get()));
        let weights = running(coins.iter().map(|utxo| mass::output_weight(utxo.amount)));
        let more = payment.more.iter().fold(0u64, |sum, output| sum.saturating_add(output.amount.get()));
        let mut search = Self { coins, sums, weights, plain: Vec::new(), changed: Vec::new(), more, payment };
        let mut outputs = search.payments(payment.amount.get());
        search.plain = (0..=search.coins.len()).map(|count| Masses::without_storage(count, &outputs)).collect();
        outputs.push(Self::output(payment.change, 0));
        search.changed = (0..=search.usable()).map(|count| Masses::without_storage(count, &outputs)).collect();
        search
    }

    /// Returns the largest number of inputs allowed.
    pub fn max_inputs(&self) -> usize {
        self.payment.limits.max_inputs.min(MAX_INPUTS)
    }

    /// Returns the sum of all coins, in sompi.
    pub fn total(&self) -> Amount {
        Amount::new(self.sum(0, self.coins.len()))
    }

    /// Finds the plan that pays `amount` sompi to the recipient, and the further payments.
    ///
    /// # Errors
    /// [`Failure::Obstacle`] when a set of coins covers the payments but none tried can be built; [`Failure::InputLimit`] when only
    /// more coins than allowed cover them; [`Failure::Funds`] when all coins together do not.
    pub fn find(&self, amount: u64) -> Result<Plan, Failure> {
        let mut obstacle = None;
        let mut attempt = |inputs: &[&'a Utxo], extra_fee| match self.attempt(inputs, amount, extra_fee) {
            Some(Ok(plan)) => Some(plan),
            Some(Err(first)) => {
                obstacle.get_or_insert(first);
                None
            }
            None => None,
        };
        // Every number of inputs is tried without an extra fee before any set leaves small change to the miner.
        let rounds = [Amount::ZERO, self.payment.limits.max_dust_to_fee];
        for extra_fee in rounds {
            for (start, count) in (1..=self.usable()).flat_map(|count| self.candidates(count, amount)) {
                if let Some(plan) = attempt(&self.coins[start..start + count], extra_fee) {
                    return Ok(plan);
                }
            }
        }
        for extra_fee in rounds {
            if let Some(plan) = self.all_of_few().find_map(|inputs| attempt(&inputs, extra_fee)) {
                return Ok(plan);
            }
        }
        let all = self.coins.len();
        Err(match obstacle {
            Some(obstacle) => Failure::Obstacle(obstacle),
            None if all > self.usable() && self.covers(0, all, amount) => Failure::InputLimit,
            None => Failure::Funds,
        })
    }

    /// Returns the largest number of coins that may be used: the limit on inputs, or all.
    pub(super) fn usable(&self) -> usize {
        self.max_inputs().min(self.coins.len())
    }

    /// Returns the sum of `count` adjacent coins, in sompi.
    pub(super) fn sum(&self, start: usize, count: usize) -> u64 {
        self.sums[start + count] - self.sums[start]
    }

    /// Returns the storage weight of `count` adjacent coins, in grams.
    pub(super) fn weight(&self, start: usize, count: usize) -> u64 {
        self.weights[start + count] - self.weights[start]
    }

    /// Lists every allowed set of the coins, smallest sets first, if there are at most [`FEW_COINS`]; otherwise none.
    pub(super) fn all_of_few(&self) -> impl Iterator<Item = Vec<&'a Utxo>> {
        let coins = if self.coins.len() <= FEW_COINS { &self.coins[..] } else { &[] };
        let mut sets: Vec<u32> = (1..1u32 << coins.len()).filter(|set| set.count_ones() as usize <= self.usable()).collect();
        sets.sort_by_key(|set| set.count_ones());
        let members = move |set: u32| coins.iter().enumerate().filter(move |(n, _)| set >> n & 1 == 1).map(|(_, coin)| *coin);
        sets.into_iter().map(move |set| members(set).collect())
    }

    /// Returns the outputs of all payments; the first is of `amount` sompi.
    fn payments(&self, amount: u64) -> Vec<Output> {
        [Self::output(self.payment.recipient, amount)].into_iter().chain(self.payment.more.iter().cloned()).collect()
    }

    fn output(script: &ScriptPublicKey, amount: u64) -> Output {
        Output { amount: Amount::new(amount), script: script.clone() }
    }

    /// Lists the sets of `count` coins to try, as start and count.
    ///
    /// The first set is the largest coins, the second the adjacent coins with the least sum that covers the amount.
    fn candidates(&self, count: usize, amount: u64) -> impl Iterator<Item = (usize, usize)> {
        let tightest = self.tightest(count, amount).filter(|&start| start > 0);
        [Some(0), tightest].into_iter().flatten().map(move |start| (start, count))
    }

    /// Returns the start of the `count` adjacent coins with the least sum that covers the amount.
    ///
    /// Sums fall from start to start, so a binary search finds it. `None` when the largest coins do not cover the amount.
    pub(super) fn tightest(&self, count: usize, amount: u64) -> Option<usize> {
        if !self.covers(0, count, amount) {
            return None;
        }
        let (mut covering, mut beyond) = (0, self.coins.len() - count + 1);
        while beyond - covering > 1 {
            let middle = covering + (beyond - covering) / 2;
            if self.covers(middle, count, amount) {
                covering = middle;
            } else {
                beyond = middle;
            }
        }
        Some(covering)
    }

    /// Tells whether adjacent coins cover the payments and the relay floor of a transaction without change.
    fn covers(&self, start: usize, count: usize, amount: u64) -> bool {
        self.most(count, self.sum(start, count)).is_some_and(|most| amount <= most)
    }

    /// Returns the largest amount, in sompi, that `count` coins of this sum pay: without change, at the relay floor.
    pub(super) fn most(&self, count: usize, sum: u64) -> Option<u64> {
        let floor = fee::floor(self.plain.get(count)?).get();
        sum.checked_sub(floor)?.checked_sub(self.more)
    }

    /// Tries one set; `None` when it does not cover the amount.
    ///
    /// Without change, up to `extra_fee` sompi beyond the due fee may be left to the miner.
    fn attempt(&self, inputs: &[&'a Utxo], amount: u64, extra_fee: Amount) -> Option<Result<Plan, Obstacle>> {
        let sum: u64 = inputs.iter().map(|utxo| utxo.amount.get()).sum();
        self.most(inputs.len(), sum).filter(|&most| amount <= most)?;
        let rest = sum - amount - self.more;
        let result = self.with_change(inputs, amount, rest);
        Some(result.or_else(|obstacle| self.without_change(inputs, amount, rest, extra_fee).ok_or(obstacle)))
    }

    /// Makes the plan that returns the rest less the fee as change.
    ///
    /// The surcharge for speed is computed once, from the masses before it. It makes the change smaller, smaller change weighs
    /// more, and a surcharge computed again would grow again. Where the change does not allow the surcharge, the plan goes without
    /// it.
    fn with_change(&self, inputs: &[&'a Utxo], amount: u64, rest: u64) -> Result<Plan, Obstacle> {
        let policy = &self.payment.limits.fee;
        let relay_mass = self.changed.get(inputs.len()).map_or(u64::MAX, Masses::relay_mass);
        let least = policy.least(relay_mass).map_err(Obstacle::Fee)?;
        let plan = self.returning(inputs, amount, rest, least)?;
        let fee = policy.fee(&plan.masses).map_err(Obstacle::Fee)?;
        Ok(if fee == least { plan } else { self.returning(inputs, amount, rest, fee).unwrap_or(plan) })
    }

    /// Makes the plan that pays exactly `fee` and returns the rest; an error when the change would not be worth spending.
    fn returning(&self, inputs: &[&'a Utxo], amount: u64, rest: u64, fee: Amount) -> Result<Plan, Obstacle> {
        let too_small = Obstacle::Rest { rest: Amount::new(rest) };
        let change = rest.checked_sub(fee.get()).filter(|&change| change >= COST_OF_AN_INPUT.get()).ok_or(too_small)?;
        self.plan(inputs, amount, Some(Self::output(self.payment.change, change)), fee)
    }

    /// Makes the plan without change, if the rest is at most the unhurried fee plus `extra_fee` and within the fee cap.
    fn without_change(&self, inputs: &[&'a Utxo], amount: u64, rest: u64, extra_fee: Amount) -> Option<Plan> {
        let due = self.payment.limits.fee.least(self.plain.get(inputs.len())?.relay_mass()).ok()?;
        let allowed = due.checked_add(extra_fee).unwrap_or(Amount::MAX).min(self.payment.limits.fee.max_fee);
        let fee = Amount::new(rest);
        if fee <= allowed { self.plan(inputs, amount, None, fee).ok() } else { None }
    }

    /// Makes a plan from its parts, if its masses are within their limits.
    fn plan(&self, inputs: &[&'a Utxo], amount: u64, change: Option<Output>, fee: Amount) -> Result<Plan, Obstacle> {
        let payment = Self::output(self.payment.recipient, amount);
        let outputs: Vec<Output> = self.payments(amount).into_iter().chain(change.clone()).collect();
        let masses = Masses::when_signed(inputs.iter().copied(), &outputs);
        let masses = masses.map_err(|_: MassError| Obstacle::Rest { rest: fee })?;
        masses.check_limits(self.payment.limits.storage_mass_cap).map_err(Obstacle::Mass)?;
        let more = self.payment.more.to_vec();
        Ok(Plan { inputs: inputs.iter().map(|utxo| (*utxo).clone()).collect(), payment, more, change, fee, masses })
    }
}

/// Returns the running sums of numbers, from the empty sum on.
fn running(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut sums = vec![0u64];
    sums.extend(numbers.scan(0u64, |sum, number| {
        *sum = sum.saturating_add(number);
        Some(*sum)
    }));
    sums
}
