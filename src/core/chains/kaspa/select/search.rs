//! The search over sets of coins for one amount, and for the nearest amount that works.

use super::{Obstacle, Payment, Plan};
use crate::chains::kaspa::fee::{self, COST_OF_AN_INPUT};
use crate::chains::kaspa::mass::{MassError, Masses};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Output, Utxo};
use crate::primitives::Amount;

/// Why no set of coins pays an amount.
pub enum Failure {
    /// Some set covers it, but cannot be built.
    Obstacle(Obstacle),
    /// All coins together cover it, but not as many as may be spent at once.
    InputLimit,
    /// Not even all coins together cover it.
    Funds,
}

/// The spendable coins of one wallet, ready to be tried.
pub struct Search<'a> {
    coins: Vec<&'a Utxo>,
    /// `sums[n]` is the sum of the `n` largest coins.
    sums: Vec<u64>,
    /// `floors[n]` is the relay floor of `n` inputs and the payments, without change, which does not depend on the amounts.
    floors: Vec<u64>,
    /// What the further recipients get.
    more: u64,
    payment: &'a Payment<'a>,
}

impl<'a> Search<'a> {
    /// Takes coins sorted by amount, largest first, whose sum fits 64 bits.
    pub fn new(coins: Vec<&'a Utxo>, payment: &'a Payment<'a>) -> Self {
        let mut sums = vec![0u64];
        sums.extend(coins.iter().scan(0u64, |sum, utxo| {
            *sum = sum.saturating_add(utxo.amount.get());
            Some(*sum)
        }));
        let outputs: Vec<Output> =
            [Self::output(payment.recipient, payment.amount.get())].into_iter().chain(payment.more.iter().cloned()).collect();
        let floor = |count| fee::floor_of(Masses::relay_mass_when_signed(count, &outputs)).get();
        let floors = (0..=coins.len()).map(floor).collect();
        let more = payment.more.iter().fold(0u64, |sum, output| sum.saturating_add(output.amount.get()));
        Self { coins, sums, floors, more, payment }
    }

    /// The most inputs that may be used.
    pub fn max_inputs(&self) -> usize {
        self.payment.limits.max_inputs.min(super::MAX_INPUTS)
    }

    /// The sum of all coins.
    pub fn total(&self) -> Amount {
        Amount::new(self.sum(0, self.coins.len()))
    }

    /// The plan for an amount.
    pub fn find(&self, amount: u64) -> Result<Plan, Failure> {
        let mut obstacle = None;
        for extra_fee in [Amount::ZERO, self.payment.limits.max_dust_to_fee] {
            for (start, count) in (1..=self.usable()).flat_map(|count| self.candidates(count, amount)) {
                match self.attempt(start, count, amount, extra_fee) {
                    Some(Ok(plan)) => return Ok(plan),
                    Some(Err(first)) => obstacle = obstacle.or(Some(first)),
                    None => {}
                }
            }
        }
        let all = self.coins.len();
        Err(match obstacle {
            Some(obstacle) => Failure::Obstacle(obstacle),
            None if all > self.usable() && self.covers(0, all, amount) => Failure::InputLimit,
            None => Failure::Funds,
        })
    }

    /// The largest amount that can be sent, with nothing returned.
    pub fn largest(&self) -> Option<Amount> {
        let best = (1..=self.usable()).filter_map(|count| self.send_all(count)).max()?;
        if self.find(best).is_ok() { Some(Amount::new(best)) } else { self.nearest_below(best) }
    }

    /// The nearest smaller amount that can be sent.
    pub fn nearest_below(&self, amount: u64) -> Option<Amount> {
        let works = |distance: u64| amount.checked_sub(distance).is_some_and(|amount| amount > 0 && self.find(amount).is_ok());
        least_distance(works).map(|distance| Amount::new(amount - distance))
    }

    /// The nearest larger amount that can be sent; when the walk upwards finds none, the largest of all.
    pub fn nearest_above(&self, amount: u64) -> Option<Amount> {
        let works = |distance: u64| amount.checked_add(distance).is_some_and(|amount| self.find(amount).is_ok());
        let found = least_distance(works).map(|distance| Amount::new(amount + distance));
        found.or_else(|| self.largest().filter(|largest| largest.get() > amount))
    }

    fn usable(&self) -> usize {
        self.max_inputs().min(self.coins.len())
    }

    fn sum(&self, start: usize, count: usize) -> u64 {
        self.sums[start + count] - self.sums[start]
    }

    fn inputs(&self, start: usize, count: usize) -> impl ExactSizeIterator<Item = &'a Utxo> + Clone {
        self.coins[start..start + count].iter().copied()
    }

    /// The payments, of which the first is of this amount.
    fn payments(&self, amount: u64) -> Vec<Output> {
        [Self::output(self.payment.recipient, amount)].into_iter().chain(self.payment.more.iter().cloned()).collect()
    }

    fn output(script: &ScriptPublicKey, amount: u64) -> Output {
        Output { amount: Amount::new(amount), script: script.clone() }
    }

    /// The sets of `count` coins to try, as positions: the largest ones, and the neighbours with the least sum that covers.
    fn candidates(&self, count: usize, amount: u64) -> impl Iterator<Item = (usize, usize)> {
        let (mut covering, mut beyond) = (0, self.coins.len() - count + 1);
        if self.covers(0, count, amount) {
            while beyond - covering > 1 {
                let middle = covering + (beyond - covering) / 2;
                if self.covers(middle, count, amount) {
                    covering = middle;
                } else {
                    beyond = middle;
                }
            }
        }
        [Some(0), Some(covering).filter(|&start| start > 0)].into_iter().flatten().map(move |start| (start, count))
    }

    /// Whether a set pays the amount and at least the relay floor of a transaction with one output.
    fn covers(&self, start: usize, count: usize, amount: u64) -> bool {
        let needed = self.floors.get(count).and_then(|floor| amount.checked_add(*floor)?.checked_add(self.more));
        needed.is_some_and(|needed| needed <= self.sum(start, count))
    }

    /// Tries one set; `None` when it does not cover the amount. Up to `extra_fee` may be left to the miner beyond the fee.
    fn attempt(&self, start: usize, count: usize, amount: u64, extra_fee: Amount) -> Option<Result<Plan, Obstacle>> {
        if !self.covers(start, count, amount) {
            return None;
        }
        let rest = self.sum(start, count) - amount - self.more;
        let result = self.with_change(start, count, amount, rest);
        Some(result.or_else(|obstacle| self.without_change(start, count, amount, rest, extra_fee).ok_or(obstacle)))
    }

    /// A plan that returns the rest less the fee. The fee is set once, by the masses with the floor as its fee: following the
    /// storage mass that the fee itself causes would chase its own tail.
    fn with_change(&self, start: usize, count: usize, amount: u64, rest: u64) -> Result<Plan, Obstacle> {
        let too_small = Obstacle::Rest { rest: Amount::new(rest) };
        let masses = |change: u64| {
            let mut outputs = self.payments(amount);
            outputs.push(Self::output(self.payment.change, change));
            Masses::when_signed(self.inputs(start, count), &outputs).map_err(|_: MassError| too_small)
        };
        let floor = fee::floor(&masses(rest)?).get();
        let at_floor = masses(rest.checked_sub(floor).ok_or(too_small)?)?;
        let fee = self.payment.limits.fee.fee(&at_floor).map_err(Obstacle::Fee)?;
        let change = rest.checked_sub(fee.get()).filter(|&change| change >= COST_OF_AN_INPUT.get()).ok_or(too_small)?;
        let change = Some(Self::output(self.payment.change, change));
        self.plan(start, count, amount, change, fee)
    }

    /// A plan that leaves the rest to the miner, if the rest is not more than the fee should be plus `extra_fee`.
    fn without_change(&self, start: usize, count: usize, amount: u64, rest: u64, extra_fee: Amount) -> Option<Plan> {
        let plan = self.plan(start, count, amount, None, Amount::new(rest)).ok()?;
        let due = self.payment.limits.fee.fee(&plan.masses).ok()?;
        let allowed = due.checked_add(extra_fee).unwrap_or(Amount::MAX).min(self.payment.limits.fee.max_fee);
        (plan.fee <= allowed).then_some(plan)
    }

    fn plan(&self, start: usize, count: usize, amount: u64, change: Option<Output>, fee: Amount) -> Result<Plan, Obstacle> {
        let payment = Self::output(self.payment.recipient, amount);
        let outputs: Vec<Output> = self.payments(amount).into_iter().chain(change.clone()).collect();
        let masses = Masses::when_signed(self.inputs(start, count), &outputs).map_err(|_| Obstacle::Rest { rest: fee })?;
        masses.check_limits(self.payment.limits.storage_mass_cap).map_err(Obstacle::Mass)?;
        let more = self.payment.more.to_vec();
        Ok(Plan { inputs: self.inputs(start, count).cloned().collect(), payment, more, change, fee, masses })
    }

    /// What the `count` largest coins can pay when nothing returns.
    fn send_all(&self, count: usize) -> Option<u64> {
        let sum = self.sum(0, count).checked_sub(self.more).filter(|&sum| sum > 0)?;
        let masses = Masses::when_signed(self.inputs(0, count), &self.payments(sum)).ok()?;
        let fee = self.payment.limits.fee.fee(&masses).ok()?;
        sum.checked_sub(fee.get()).filter(|&amount| amount > 0)
    }
}

/// The least distance that works, within the doubling step in which the first one was found.
fn least_distance(works: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = (0..u64::BITS).map(|bit| 1u64 << bit).find(|&distance| works(distance))?;
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if works(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}
