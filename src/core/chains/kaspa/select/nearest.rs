//! The nearest amounts that can be paid, below and above an amount that cannot.
//!
//! One set of coins can pay two ranges of amounts, one with change and one without; storage mass excludes some amounts of each. The
//! ends of the ranges are computed, because trying every amount would take too long. The sets are those of the search: the largest
//! coins of each number, the adjacent coins with the least sum that covers an amount, and every set of few coins. A set whose
//! amounts are all further away than one already found is skipped, so the number of sets is at most coins times inputs, besides all
//! sets of few coins. Only a refused payment needs this computation.

use super::search::Search;
use crate::base::Amount;
use crate::chains::kaspa::fee::{self, COST_OF_AN_INPUT};
use crate::chains::kaspa::mass::{self, MAX_STORAGE_MASS, Masses};

/// A set of coins, and the range of amounts for which the search tries it.
struct Candidate {
    /// The number of coins.
    count: usize,
    /// The sum of the coins, in sompi.
    sum: u64,
    /// The storage weight of the coins, in grams.
    weights: u64,
    /// The smallest amount, in sompi, for which the set is tried.
    low: u64,
    /// The largest amount, in sompi, that the set covers.
    high: u64,
}

/// A range of amounts; those can be paid whose outputs weigh at most `budget`.
struct Range {
    /// The smallest amount, in sompi.
    low: u64,
    /// The largest amount, in sompi.
    high: u64,
    /// The sum of amount and change, in sompi; `None` without change.
    pot: Option<u64>,
    /// The largest weight of amount and change together, in grams.
    budget: u64,
}

impl Search<'_> {
    /// Returns the largest amount below `amount` that can be paid; `None` when there is none.
    pub fn nearest_below(&self, amount: u64) -> Option<Amount> {
        let to = amount.checked_sub(1)?;
        let mut best = None;
        for count in 1..=self.usable() {
            best = self.better_below(best, to, &self.window(0, count));
            let first = self.tightest(count, to).unwrap_or(0).max(1);
            for start in first..=self.coins.len() - count {
                let candidate = self.window(start, count);
                // The sets that follow cover less, so none of them can do better.
                if best.is_some_and(|best| candidate.high <= best) {
                    break;
                }
                best = self.better_below(best, to, &candidate);
            }
        }
        let best = self.all_of_few_as_candidates().fold(best, |best, candidate| self.better_below(best, to, &candidate));
        best.map(Amount::new)
    }

    /// Returns the smallest amount above `amount` that can be paid; `None` when there is none.
    pub fn nearest_above(&self, amount: u64) -> Option<Amount> {
        let from = amount.checked_add(1)?;
        let mut best = None;
        for count in 1..=self.usable() {
            let Some(last) = self.tightest(count, from) else { continue };
            best = self.better_above(best, from, &self.window(0, count));
            for start in (1..=last).rev() {
                let candidate = self.window(start, count);
                // The sets that follow are tried for larger amounts only.
                if best.is_some_and(|best| candidate.low >= best) {
                    break;
                }
                best = self.better_above(best, from, &candidate);
            }
        }
        let best = self.all_of_few_as_candidates().fold(best, |best, candidate| self.better_above(best, from, &candidate));
        best.map(Amount::new)
    }

    /// Returns the largest amount up to `to` that `best` or the candidate allows.
    fn better_below(&self, best: Option<u64>, to: u64, candidate: &Candidate) -> Option<u64> {
        let low = best.map_or(candidate.low, |best| candidate.low.max(best + 1));
        let high = candidate.high.min(to);
        self.ranges(candidate).filter_map(|range| range.greatest(low, high)).chain(best).max()
    }

    /// Returns the smallest amount from `from` on that `best` or the candidate allows.
    fn better_above(&self, best: Option<u64>, from: u64, candidate: &Candidate) -> Option<u64> {
        let low = candidate.low.max(from);
        let high = best.map_or(candidate.high, |best| candidate.high.min(best - 1));
        self.ranges(candidate).filter_map(|range| range.least(low, high)).chain(best).min()
    }

    /// Returns the set of `count` adjacent coins from `start` on.
    ///
    /// The search tries the largest coins for every amount they cover, other adjacent coins only for amounts that the next, smaller
    /// ones do not cover.
    fn window(&self, start: usize, count: usize) -> Candidate {
        let sum = self.sum(start, count);
        let next = (start > 0 && start + 1 + count <= self.coins.len()).then(|| self.most(count, self.sum(start + 1, count)));
        let low = next.flatten().map_or(1, |most| most + 1);
        Candidate { count, sum, weights: self.weight(start, count), low, high: self.most(count, sum).unwrap_or(0) }
    }

    /// Lists every set of few coins, each tried for every amount it covers.
    fn all_of_few_as_candidates(&self) -> impl Iterator<Item = Candidate> {
        self.all_of_few().map(|coins| {
            let sum = coins.iter().map(|utxo| utxo.amount.get()).sum();
            let weights = coins.iter().map(|utxo| mass::output_weight(utxo.amount)).sum();
            Candidate { count: coins.len(), sum, weights, low: 1, high: self.most(coins.len(), sum).unwrap_or(0) }
        })
    }

    /// Lists the ranges of amounts that a set can pay, with change and without.
    fn ranges(&self, candidate: &Candidate) -> impl Iterator<Item = Range> {
        [self.with_change_range(candidate), self.without_change_range(candidate)].into_iter().flatten()
    }

    /// Returns the range with change that is worth spending, at the unhurried fee.
    fn with_change_range(&self, candidate: &Candidate) -> Option<Range> {
        let masses = self.changed.get(candidate.count)?;
        let budget = self.budget(candidate, masses, 2)?;
        let fee = self.payment.limits.fee.least(masses.relay_mass()).ok()?;
        let pot = candidate.sum.checked_sub(self.more)?.checked_sub(fee.get())?;
        Some(Range { low: 1, high: pot.checked_sub(COST_OF_AN_INPUT.get())?, pot: Some(pot), budget })
    }

    /// Returns the range without change, where the rest is between the relay floor and the due fee plus the dust limit.
    fn without_change_range(&self, candidate: &Candidate) -> Option<Range> {
        let masses = self.plain.get(candidate.count)?;
        let budget = self.budget(candidate, masses, 1)?;
        let limits = &self.payment.limits;
        let due = limits.fee.least(masses.relay_mass()).ok()?;
        let most_fee = due.checked_add(limits.max_dust_to_fee).unwrap_or(Amount::MAX).min(limits.fee.max_fee);
        let all = candidate.sum.checked_sub(self.more)?;
        let (low, high) = (all.saturating_sub(most_fee.get()), all.checked_sub(fee::floor(masses).get())?);
        Some(Range { low, high, pot: None, budget })
    }

    /// Returns the largest weight, in grams, of the recipient's output and the change together.
    ///
    /// `outputs` is the number of these two, 1 or 2. `None` when another mass is over its limit or the further payments weigh too
    /// much.
    fn budget(&self, candidate: &Candidate, masses: &Masses, outputs: usize) -> Option<u64> {
        let cap = self.payment.limits.storage_mass_cap;
        masses.check_limits(cap).ok()?;
        let more = self.payment.more;
        let relief = mass::input_weight(candidate.count, outputs + more.len(), candidate.sum, candidate.weights);
        let others = more.iter().try_fold(0u64, |sum, output| sum.checked_add(mass::output_weight(output.amount)))?;
        cap.min(MAX_STORAGE_MASS).checked_add(relief)?.checked_sub(others)
    }
}

impl Range {
    /// Returns the smallest amount from `low` to `high` that the range allows.
    fn least(&self, low: u64, high: u64) -> Option<u64> {
        self.first(low.max(self.low), high.min(self.high))
    }

    /// Returns the largest amount from `low` to `high` that the range allows.
    ///
    /// With change, the largest amount leaves the smallest change; weights are symmetric, so that change is searched instead.
    fn greatest(&self, low: u64, high: u64) -> Option<u64> {
        let (low, high) = (low.max(self.low).max(1), high.min(self.high));
        if low > high {
            return None;
        }
        match self.pot {
            Some(pot) => self.first(pot - high, pot - low).map(|change| pot - change),
            None => self.first(high, high),
        }
    }

    /// Returns the smallest of `low..=high` that, together with the rest of the pot, is within the budget.
    ///
    /// As the amount grows, the rest shrinks and weighs more. No solution is therefore below the smallest amount that fits beside
    /// the present rest, and the search goes on from there.
    fn first(&self, low: u64, high: u64) -> Option<u64> {
        let mut amount = low.max(1);
        while amount <= high {
            let rest = self.pot.map_or(0, |pot| mass::output_weight(Amount::new(pot - amount)));
            let room = self.budget.checked_sub(rest)?;
            if mass::output_weight(Amount::new(amount)) <= room {
                return Some(amount);
            }
            amount = mass::least_of_weight(room);
        }
        None
    }
}
